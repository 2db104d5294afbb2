#include <string.h>

#include <openssl/x509v3.h>

#include "ocsp/error.h"
#include "ocsp/signer.h"
#include "profiles/spki.h"

const EVP_MD *
signer_digest(const EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) > 256)
		return EVP_sha384();
	return EVP_sha256();
}

static int
signed_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *pub = X509_get0_pubkey(issuer);

	return X509_NAME_cmp(X509_get_issuer_name(cert),
		   X509_get_subject_name(issuer)) == 0 &&
	    pub != NULL && X509_verify(cert, pub) == 1;
}

static int
check(EVP_PKEY *key, X509 *cert, X509 *issuer)
{
	uint32_t flags = X509_get_extension_flags(cert);

	if (!spki_same(X509_get0_pubkey(cert), key)) {
		ocsp_raise(
		    OCSP_E_DELEGATE, "the certificate is for another key");
		return 0;
	}
	if (!signed_by(cert, issuer)) {
		ocsp_raise(OCSP_E_DELEGATE,
		    "the certificate is not signed by this issuer's key");
		return 0;
	}
	if ((flags & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(cert) & XKU_OCSP_SIGN) == 0) {
		ocsp_raise(
		    OCSP_E_DELEGATE, "the certificate lacks id-kp-OCSPSigning");
		return 0;
	}
	if ((flags & EXFLAG_CA) != 0) {
		ocsp_raise(OCSP_E_DELEGATE, "the certificate is a CA's");
		return 0;
	}
	return 1;
}

static int
to_time(const ASN1_TIME *t, time_t *out)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	*out = timegm(&tm);
	return 1;
}

struct signer *
signer_new(EVP_PKEY *key, X509 *cert, X509 *issuer)
{
	struct signer *s = NULL;
	unsigned md_len = 0;
	int len;

	if (!check(key, cert, issuer))
		return NULL;
	if ((s = OPENSSL_zalloc(sizeof(*s))) == NULL)
		return NULL;
	atomic_init(&s->refs, 1);
	atomic_init(&s->failed_at, 0);
	atomic_init(&s->rate, 0);
	len = i2d_X509(cert, &s->cert);
	if (len <= 0 || !to_time(X509_get0_notBefore(cert), &s->not_before) ||
	    !to_time(X509_get0_notAfter(cert), &s->not_after) ||
	    X509_pubkey_digest(cert, EVP_sha1(), s->key_hash, &md_len) != 1) {
		ocsp_raise(OCSP_E_DELEGATE, "the certificate cannot be read");
		signer_free(s);
		return NULL;
	}
	s->cert_len = (size_t)len;
	s->key = key;
	return s;
}

struct signer *
signer_up_ref(struct signer *signer)
{
	atomic_fetch_add(&signer->refs, 1);
	return signer;
}

void
signer_free(struct signer *signer)
{
	if (signer == NULL || atomic_fetch_sub(&signer->refs, 1) != 1)
		return;
	EVP_PKEY_free(signer->key);
	OPENSSL_free(signer->cert);
	OPENSSL_free(signer);
}

/* ---- the probe ---- */

#define PROBES 16 /* signatures that tell the speed */

static int
sign_probe(struct signer *s)
{
	static const unsigned char text[] = "inkan-ocsp: can this key sign?";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[1024];
	size_t len = sizeof(sig);
	int ok;

	ok = ctx != NULL &&
	    EVP_DigestSignInit(
		ctx, NULL, signer_digest(s->key), NULL, s->key) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, text, sizeof(text)) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		ocsp_raise(OCSP_E_DELEGATE, "its key does not sign");
	return ok;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
signer_probe(struct signer *s, time_t now, unsigned *rate)
{
	int i, n = atomic_load(&s->rate) == 0 ? PROBES : 1;
	double from = seconds(), took;

	for (i = 0; i < n; i++)
		if (!sign_probe(s)) {
			atomic_store(&s->failed_at, now);
			return 0;
		}
	took = seconds() - from;
	if (n == PROBES)
		atomic_store(&s->rate,
		    took > 0 ? (unsigned)(PROBES / took) + 1 : 1);
	*rate = atomic_load(&s->rate);
	return 1;
}
