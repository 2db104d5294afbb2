import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.net.Socket;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Collections;
import javax.net.ssl.KeyManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.CACertsResponse;
import org.bouncycastle.est.CSRRequestResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTException;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.ChannelBindingProvider;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/*
 * The EST client of Bouncy Castle over its own TLS, which knows tls-unique:
 *
 *   BcEst PORT ROOT.pem USER SECRET LABEL KEYS FOLDER
 *
 * LABEL is a fleet that wants the POP link, KEYS one that makes keys. Each line of the output
 * tells of one operation; certificates go to FOLDER.
 */
public class BcEst {
	static final char[] NONE = new char[0];
	static String host, label, keys, folder;
	static X509Certificate root;
	static ESTAuth auth, wrong;

	/* The binding of this connection, or what is no binding of any. */
	static class Binding implements ChannelBindingProvider {
		final boolean right;

		Binding(boolean right) { this.right = right; }

		public boolean canAccessChannelBinding(Socket s) {
			return s instanceof BCSSLSocket;
		}

		public byte[] getChannelBinding(Socket s, String type) {
			byte[] b = ((BCSSLSocket)s).getConnection()
			    .getChannelBinding(type).clone();
			if (!right)
				b[0] ^= 1;
			return b;
		}
	}

	interface Try { String run() throws Exception; }

	static void tell(String what, Try t) {
		String said;

		try {
			said = "ok " + t.run();
		} catch (ESTException e) {
			said = "refused " + e.getStatusCode();
			e.printStackTrace();
		} catch (Exception e) {
			said = "failed " + e;
		}
		System.out.println(what + ": " + said);
	}

	static ESTService service(String to, boolean right, KeyPair key,
	    X509Certificate cert) throws Exception {
		JsseESTServiceBuilder b = new JsseESTServiceBuilder(host,
		    JcaJceUtils.getCertPathTrustManager(Collections.singleton(
		    new TrustAnchor(root, null)), null));

		if (to != null)
			b.withLabel(to);
		if (cert != null) {
			KeyStore ks = KeyStore.getInstance("PKCS12", "BC");
			ks.load(null, null);
			ks.setKeyEntry("me", key.getPrivate(), NONE,
			    new Certificate[] { cert });
			KeyManagerFactory f = JcaJceUtils.createKeyManagerFactory(
			    "X509", "BCJSSE", ks, NONE);
			b.withKeyManagers(f.getKeyManagers());
		}
		return b.withProvider("BCJSSE").withTLSVersion("TLSv1.2")
		    .withChannelBindingProvider(new Binding(right))
		    .withTimeout(20000).build();
	}

	static KeyPair key() throws Exception {
		KeyPairGenerator g = KeyPairGenerator.getInstance("EC", "BC");

		g.initialize(new ECGenParameterSpec("P-256"));
		return g.generateKeyPair();
	}

	static PKCS10CertificationRequestBuilder csr(KeyPair k, String cn) {
		return new JcaPKCS10CertificationRequestBuilder(
		    new X500Principal("CN=" + cn), k.getPublic());
	}

	static ContentSigner signer(KeyPair k) throws Exception {
		return new JcaContentSignerBuilder("SHA256withECDSA")
		    .setProvider("BC").build(k.getPrivate());
	}

	static X509Certificate keep(EnrollmentResponse r, String name)
	    throws Exception {
		X509CertificateHolder[] got = ESTService.storeToArray(r.getStore());

		if (got.length != 1)
			throw new Exception(got.length + " certificates");
		JcaPEMWriter w = new JcaPEMWriter(new OutputStreamWriter(
		    new FileOutputStream(new File(folder, name + ".pem"))));
		w.writeObject(got[0]);
		w.close();
		return new JcaX509CertificateConverter().setProvider("BC")
		    .getCertificate(got[0]);
	}

	public static void main(String[] a) throws Exception {
		Security.addProvider(new BouncyCastleProvider());
		Security.addProvider(new BouncyCastleJsseProvider());
		host = "localhost:" + a[0];
		root = (X509Certificate)CertificateFactory.getInstance("X.509")
		    .generateCertificate(new FileInputStream(a[1]));
		auth = new JcaHttpAuthBuilder(a[2], a[3].toCharArray())
		    .setProvider("BC").build();
		wrong = new JcaHttpAuthBuilder(a[2], "wrong".toCharArray())
		    .setProvider("BC").build();
		label = a[4];
		keys = a[5];
		folder = a[6];
		KeyPair k = key(), k2 = key(), other = key();
		X509Certificate[] got = new X509Certificate[1];

		tell("cacerts", () -> {
			CACertsResponse r = service(null, true, null, null)
			    .getCACerts();
			return ESTService.storeToArray(
			    r.getCertificateStore()).length + " certificates";
		});
		tell("csrattrs", () -> {
			CSRRequestResponse r = service(label, true, null, null)
			    .getCSRAttributes();
			return r.getAttributesResponse().getRequirements().size() +
			    " requirements";
		});
		tell("simpleenroll", () -> {
			keep(service(null, true, null, null).simpleEnroll(false,
			    csr(other, "bc-0").build(signer(other)), auth), "bc-0");
			return "";
		});
		tell("a wrong secret", () -> {
			service(null, true, null, null).simpleEnroll(false,
			    csr(other, "bc-9").build(signer(other)), wrong);
			return "";
		});
		tell("simpleenroll with the link", () -> {
			got[0] = keep(service(label, true, null, null)
			    .simpleEnrollPoP(false, csr(k, "bc-1"), signer(k), auth),
			    "bc-1");
			return "";
		});
		tell("simpleenroll without the link", () -> {
			service(label, true, null, null).simpleEnroll(false,
			    csr(k2, "bc-8").build(signer(k2)), auth);
			return "";
		});
		tell("simpleenroll with a wrong link", () -> {
			service(label, false, null, null).simpleEnrollPoP(false,
			    csr(k2, "bc-8"), signer(k2), auth);
			return "";
		});
		tell("simplereenroll with the link", () -> {
			keep(service(label, true, k, got[0]).simpleEnrollPoP(true,
			    csr(k2, "bc-1"), signer(k2), null), "bc-2");
			return "";
		});
		tell("serverkeygen", () -> {
			EnrollmentResponse r = service(keys, true, null, null)
			    .simpleEnrollWithServersideCreation(
			    csr(other, "bc-3").build(signer(other)), auth);
			keep(r, "bc-3");
			FileOutputStream out = new FileOutputStream(
			    new File(folder, "bc-3.key"));
			out.write(r.getPrivateKeyInfo().getEncoded());
			out.close();
			return "";
		});
	}
}
