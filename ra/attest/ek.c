#include <string.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "profiles/spki.h"
#include "ra/attest/tpm.h"
#include "ra/attest/ek.h"

#define EKU_EK "2.23.133.8.1"

X509 *
ek_cert_read(const unsigned char *der, size_t len, unsigned quirks)
{
	const unsigned char *p = der, *end = der + len;
	X509 *cert = NULL;

	if (len > 0 && len <= ATTEST_STMT_MAX)
		cert = d2i_X509(NULL, &p, (long)len);
	while (cert && (quirks & ATTEST_QUIRK_EK_PADDING) && p < end &&
	    (*p == 0x00 || *p == 0xff))
		p++;
	if (cert == NULL || p != end) {
		attest_malformed("tpm.ek-cert", "ekCerts",
		    "%zu octets that are not one certificate", len);
		X509_free(cert);
		cert = NULL;
	}
	return cert;
}

/* ---- The key ---- */

/* Some makers write id-RSAES-OAEP where rsaEncryption belongs, which OpenSSL
   does not take: the key inside is the same. */
static EVP_PKEY *
oaep_key(X509 *cert)
{
	const unsigned char *p;
	ASN1_OBJECT *alg;
	int len;

	if (!X509_PUBKEY_get0_param(
		&alg, &p, &len, NULL, X509_get_X509_PUBKEY(cert)) ||
	    OBJ_obj2nid(alg) != NID_rsaesOaep)
		return NULL;
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, len);
}

static int
is_fit(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return EVP_PKEY_is_a(key, "RSA") ? bits >= 2048 && bits <= 4096
					 : attest_coordinate(key) != 0;
}

static EVP_PKEY *
cert_key(X509 *cert, unsigned quirks)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key)
		EVP_PKEY_up_ref(key);
	else if (quirks & ATTEST_QUIRK_EK_OAEP)
		key = oaep_key(cert);
	if (key == NULL || !is_fit(key)) {
		attest_refuse("tpm.ek-key", "ekCerts",
		    "neither an RSA key of 2048 to 4096 bits nor P-256, P-384, "
		    "P-521");
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

/* The TCG's templates, one for each kind of key. */
static void
default_template(struct credential_ek *ek)
{
	int bits = EVP_PKEY_get_bits(ek->key);

	if (bits == 2048 || bits == 256) {
		ek->hash = NID_sha256;
		ek->aes = 128;
	} else {
		ek->hash = bits == 521 ? NID_sha512 : NID_sha384;
		ek->aes = 256;
	}
}

static int
fits_template(const struct tpm_public *pub, struct credential_ek *ek)
{
	const TPMT_SYM_DEF_OBJECT *sym = &pub->t.parameters.asymDetail.symmetric;
	uint32_t attr = pub->t.objectAttributes;

	if (!(attr & TPMA_OBJECT_RESTRICTED) || !(attr & TPMA_OBJECT_DECRYPT) ||
	    (attr & TPMA_OBJECT_SIGN_ENCRYPT))
		return attest_refuse("tpm.ek-template", "ekPub.attributes",
		    "%08x: not a restricted decryption key", attr);
	if (sym->algorithm != TPM2_ALG_AES || sym->mode.aes != TPM2_ALG_CFB)
		return attest_refuse("tpm.ek-template", "ekPub.symmetric",
		    "not AES in CFB mode");
	ek->hash = pub->hash;
	ek->aes = sym->keyBits.aes;
	if (ek->aes != (ek->hash == NID_sha256 ? 128 : 256))
		return attest_refuse("tpm.ek-template", "ekPub.symmetric",
		    "AES-%d does not go with this nameAlg", ek->aes);
	return 1;
}

/* ${ek}->key is the certificate's, or NULL: then the public area gives it. */
static int
read_template(const struct credential_ask *ask, struct credential_ek *ek)
{
	struct tpm_public pub;
	int ok = 0;

	if (ask->ek_public.len == 0) {
		default_template(ek);
		return 1;
	}
	if (!tpm_public_read("tpm.ek-public", "ekPub", ask->ek_public,
		ask->policy->quirks, &pub))
		goto out;
	if (ek->key == NULL) {
		ek->key = pub.key;
		pub.key = NULL;
	} else if (!spki_same(ek->key, pub.key)) {
		attest_refuse("tpm.ek-key", "ekPub",
		    "not the key of the EK's certificate");
		goto out;
	}
	ok = fits_template(&pub, ek);
out:
	tpm_public_clear(&pub);
	return ok;
}

/* ---- The certificate ---- */

static int
check_usage(X509 *cert, const EVP_PKEY *key, unsigned quirks)
{
	uint32_t want = EVP_PKEY_is_a(key, "RSA") ? KU_KEY_ENCIPHERMENT
						  : KU_KEY_AGREEMENT;
	int no_eku = X509_get_ext_by_NID(cert, NID_ext_key_usage, -1) < 0;

	if (X509_check_ca(cert) != 0)
		return attest_refuse("tpm.ek-cert",
		    "certificate.basicConstraints", "a CA");
	if (!(X509_get_key_usage(cert) & want))
		return attest_refuse("tpm.ek-cert", "certificate.keyUsage",
		    "without %s",
		    want == KU_KEY_AGREEMENT ? "keyAgreement"
					     : "keyEncipherment");
	if (!chain_has_eku(cert, EKU_EK) &&
	    !(no_eku && (quirks & ATTEST_QUIRK_EK_NO_EKU)))
		return attest_refuse("tpm.ek-cert", "certificate.extKeyUsage",
		    "without %s", EKU_EK);
	return 1;
}

static int
check_cert(const struct credential_ask *ask, X509 *cert, EVP_PKEY *key,
    struct attest_facts *facts)
{
	static const char *const known[] = { "2.5.29.9", NULL };
	static const struct ek_rules maker = { "tpm.ek-san", "tpm.ek-class" };
	unsigned quirks = ask->policy->quirks;
	const struct chain_rules rules = { "tpm.ek-path", &ask->policy->tpm.ek,
		known, 0, X509_get0_pubkey(cert) ? NULL : key };

	return check_usage(cert, key, quirks) &&
	    ek_maker_check(&maker, cert, ask->policy, facts) &&
	    chain_check(&rules, cert, ask->certs, ask->now, NULL) &&
	    chain_fact(facts, "tpm.ek.certificate", cert);
}

/* An EK without a certificate: the operator has told us its key. */
static int
check_pinned(const struct credential_ask *ask, const EVP_PKEY *key,
    struct attest_facts *facts)
{
	const struct attest_trust *trust = &ask->policy->tpm.ek;
	unsigned char md[32];
	size_t i;
	int hit = 0;

	if (!attest_key_sha256(key, md))
		return attest_internal("tpm.ek-pin", "ekPub", "no digest");
	for (i = 0; i < trust->n_denied; i++)
		if (memcmp(trust->denied[i], md, 32) == 0)
			return attest_refuse("tpm.ek-pin", "ekPub",
			    "this key is denied");
	for (i = 0; i < trust->n_pinned && !hit; i++)
		hit = memcmp(trust->pinned[i], md, 32) == 0;
	if (!hit)
		return attest_refuse("tpm.ek-pin", "ekPub",
		    "no certificate, and the key is not known");
	if (!(ask->policy->tpm.classes & ATTEST_TPM_NO_CERT))
		return attest_refuse("tpm.ek-class", "policy.classes",
		    "TPMs without a certificate are not accepted");
	return facts_string(facts, "tpm.class", "no-certificate");
}

int
ek_check(const struct credential_ask *ask, struct credential_ek *out,
    struct attest_facts *facts)
{
	X509 *cert = sk_X509_num(ask->certs) > 0 ? sk_X509_value(ask->certs, 0)
						 : NULL;
	unsigned char md[32];

	memset(out, 0, sizeof(*out));
	if (sk_X509_num(ask->certs) > ATTEST_CERTS_MAX)
		return attest_malformed("tpm.ek-cert", "ekCerts",
		    "more than %d certificates", ATTEST_CERTS_MAX);
	if (cert == NULL && ask->ek_public.len == 0)
		return attest_malformed("tpm.ek-cert", "ekCerts",
		    "neither a certificate nor a public area");
	if (cert && (out->key = cert_key(cert, ask->policy->quirks)) == NULL)
		return 0;
	if (!read_template(ask, out) ||
	    !(cert ? check_cert(ask, cert, out->key, facts)
		   : check_pinned(ask, out->key, facts)) ||
	    !attest_key_sha256(out->key, md) ||
	    !facts_octets(facts, "tpm.ek.key", md, sizeof(md))) {
		EVP_PKEY_free(out->key);
		out->key = NULL;
		return 0;
	}
	return 1;
}
