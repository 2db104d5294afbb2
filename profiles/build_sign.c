#include <string.h>

#include <openssl/crypto.h>

#include "profiles/asn1.h"
#include "profiles/error.h"
#include "profiles/sig.h"
#include "profiles/build.h"

#define SIG_MAX 1024

static int
internal(const char *what)
{
	profile_raise(PROFILE_E_INTERNAL, "sign: %s", what);
	return 0;
}

/* How we sign with this key; 0 when we do not. */
static int
sig_for(const EVP_PKEY *key, int pss, struct sig *sig)
{
	*sig = (struct sig){.md = EVP_sha256()};
	if (EVP_PKEY_is_a(key, "ED25519")) {
		sig->key_nid = EVP_PKEY_ED25519;
		sig->md = NULL;
		return 1;
	}
	if (EVP_PKEY_is_a(key, "RSA")) {
		sig->key_nid = EVP_PKEY_RSA;
		sig->pss = pss;
		sig->salt_len = 32; /* as long as the digest (RFC 4055 3.1) */
		return 1;
	}
	if (!EVP_PKEY_is_a(key, "EC"))
		return 0;
	sig->key_nid = EVP_PKEY_EC;
	if (EVP_PKEY_get_bits(key) == 384)
		sig->md = EVP_sha384();
	return EVP_PKEY_get_bits(key) == 256 || EVP_PKEY_get_bits(key) == 384;
}

int
build_sigalg(const EVP_PKEY *key, int pss, unsigned char **out, size_t *out_len)
{
	X509_ALGOR *alg = X509_ALGOR_new();
	struct sig sig;
	int n = -1;

	*out = NULL;
	if (alg != NULL && sig_for(key, pss, &sig) && sig_write(&sig, alg))
		n = i2d_X509_ALGOR(alg, out);
	X509_ALGOR_free(alg);
	if (n <= 0)
		return internal("no algorithm for this kind of key");
	*out_len = (size_t)n;
	return 1;
}

static int
enter(const unsigned char **p, const unsigned char *end, int want_tag,
    int want_class, long *len)
{
	int tag, class, rc;

	rc = ASN1_get_object(p, len, &tag, &class, end - *p);
	return (rc & 0x81) == 0 && tag == want_tag && class == want_class;
}

/* The signature field of a TBS: version, serial, then it. */
static X509_ALGOR *
tbs_algorithm(const unsigned char *tbs, size_t tbs_len)
{
	const unsigned char *p = tbs, *end = tbs + tbs_len;
	long len;

	if (tbs_len > BUILD_TBS_MAX ||
	    !enter(&p, end, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &len) ||
	    p + len != end || !enter(&p, end, 0, V_ASN1_CONTEXT_SPECIFIC, &len))
		return NULL;
	p += len;
	if (!enter(&p, end, V_ASN1_INTEGER, V_ASN1_UNIVERSAL, &len))
		return NULL;
	p += len;
	return d2i_X509_ALGOR(NULL, &p, end - p);
}

/*
 * Octets as a BIT STRING without unused bits. Set by ASN1_STRING_set() it would
 * lose trailing zero bits when encoded, as named bits do; a decoded one keeps
 * them, and that is the only way without touching OpenSSL's struct.
 */
static int
set_bits(ASN1_BIT_STRING *out, const unsigned char *value, size_t len)
{
	unsigned char der[SIG_MAX + 8], *w = der;
	const unsigned char *p = der;

	ASN1_put_object(
	    &w, 0, (int)len + 1, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL);
	*w++ = 0;
	memcpy(w, value, len);
	w += len;
	return d2i_ASN1_BIT_STRING(&out, &p, w - der) != NULL;
}

/* One shot, so that keys in tokens and Ed25519 work alike. */
static int
sign_octets(const struct sig *sig, EVP_PKEY *key, const unsigned char *tbs,
    size_t tbs_len, ASN1_BIT_STRING *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char value[SIG_MAX];
	size_t len = sizeof(value);
	int ok;

	ok = ctx != NULL && sig_sign_init(sig, ctx, key) &&
	    EVP_DigestSign(ctx, value, &len, tbs, tbs_len) == 1 &&
	    set_bits(out, value, len);
	EVP_MD_CTX_free(ctx);
	return ok ? 1 : internal("the key does not sign, or does not fit");
}

static int
encode(INKAN_CERT *cert, const unsigned char *tbs, size_t tbs_len,
    unsigned char **out, size_t *out_len)
{
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	int n;

	if (s == NULL || !ASN1_STRING_set(s, tbs, (int)tbs_len)) {
		ASN1_STRING_free(s);
		return internal("out of memory");
	}
	ASN1_TYPE_set(cert->tbs, V_ASN1_SEQUENCE, s);
	if ((n = i2d_INKAN_CERT(cert, out)) <= 0)
		return internal("cannot be encoded");
	*out_len = (size_t)n;
	return 1;
}

int
build_sign(const unsigned char *tbs, size_t tbs_len, EVP_PKEY *key,
    unsigned char **out, size_t *out_len)
{
	INKAN_CERT *cert = INKAN_CERT_new();
	X509_ALGOR *alg = NULL;
	struct sig sig;
	int ok = 0;

	*out = NULL;
	*out_len = 0;
	if (cert == NULL) {
		internal("out of memory");
		goto out;
	}
	if ((alg = tbs_algorithm(tbs, tbs_len)) == NULL) {
		internal("not a TBSCertificate");
		goto out;
	}
	X509_ALGOR_free(cert->algorithm);
	cert->algorithm = alg;
	ok = sig_read(alg, "sign", &sig) &&
	    sign_octets(&sig, key, tbs, tbs_len, cert->signature) &&
	    encode(cert, tbs, tbs_len, out, out_len);
out:
	INKAN_CERT_free(cert);
	return ok;
}
