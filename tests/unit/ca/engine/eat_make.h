#ifndef TESTS_UNIT_CA_ENGINE_EAT_MAKE_H
#define TESTS_UNIT_CA_ENGINE_EAT_MAKE_H

#include <openssl/asn1t.h>
#include <openssl/ecdsa.h>

/* Requests that carry evidence: an entity attestation token (RFC 9711) as a JWT,
   of a signer that the verifier is told of by the key identifier "k1". */

#define EAT_ARC "1.3.6.1.4.1.32473.7"
#define EAT_ATTRIBUTE "1.2.840.113549.1.9.16.2.59"

static inline char *
b64url(const unsigned char *p, size_t len)
{
	char *out = malloc(4 * (len / 3 + 1) + 1), *c;

	EVP_EncodeBlock((unsigned char *)out, p, (int)len);
	for (c = out; *c != '\0' && *c != '='; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	*c = '\0';
	return out;
}

/* r and s, side by side. */
static inline void
eat_sign(EVP_PKEY *key, const char *text, unsigned char out[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char der[128];
	const unsigned char *p = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig;

	assert_int_equal(
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &len,
			     (const unsigned char *)text, strlen(text)), 1);
	sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	assert_non_null(sig);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}

/* Claims about ${key}; ${dbgstat} as JSON has it. To be freed. */
static inline char *
eat_token(EVP_PKEY *signer, EVP_PKEY *key, const unsigned char *nonce,
    size_t len, const char *dbgstat)
{
	unsigned char point[80], sig[64];
	char claims[1024], *token = calloc(1, 4096);
	char *n = b64url(nonce, len), *x, *y, *h, *c, *s;
	size_t size = 0;

	assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point,
			     sizeof(point), &size), 1);
	assert_int_equal(size, 65);
	x = b64url(point + 1, 32);
	y = b64url(point + 33, 32);
	snprintf(claims, sizeof(claims),
	    "{\"eat_profile\":\"tag:example.com,2026:d\",\"eat_nonce\":\"%s\","
	    "\"dbgstat\":\"%s\",\"cnf\":{\"jwk\":{\"kty\":\"EC\",\"crv\":"
	    "\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}}}", n, dbgstat, x, y);
	h = b64url((const unsigned char *)"{\"alg\":\"ES256\",\"kid\":\"k1\"}", 26);
	c = b64url((const unsigned char *)claims, strlen(claims));
	snprintf(token, 4096, "%s.%s", h, c);
	eat_sign(signer, token, sig);
	s = b64url(sig, 64);
	strcat(strcat(token, "."), s);
	free(n);
	free(x);
	free(y);
	free(h);
	free(c);
	free(s);
	return token;
}

static inline size_t
tlv(unsigned char tag, const unsigned char *p, size_t len, unsigned char *out)
{
	unsigned char *q = out;

	ASN1_put_object(&q, (tag & 0x20) != 0, (int)len, tag & 0x1f,
	    V_ASN1_UNIVERSAL);
	memmove(q, p, len);
	return (size_t)(q - out) + len;
}

/* SEQUENCE { SEQUENCE { SEQUENCE { type, token } } }: one statement. */
static inline size_t
eat_bundle(const char *token, unsigned char out[8192])
{
	unsigned char a[4096], b[4096], *p = a;
	ASN1_OBJECT *type = OBJ_txt2obj(EAT_ARC ".8", 1);
	size_t n = (size_t)i2d_ASN1_OBJECT(type, &p);

	n += tlv(0x0c, (const unsigned char *)token, strlen(token), a + n);
	n = tlv(0x30, a, n, b);
	n = tlv(0x30, b, n, a);
	n = tlv(0x30, a, n, out);
	ASN1_OBJECT_free(type);
	return n;
}

/* A request of ${key} that carries ${token}; to be freed with OPENSSL_free(). */
static inline unsigned char *
eat_csr(EVP_PKEY *key, const char *cn, const char *token, int *len)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	unsigned char bundle[8192], *der = NULL;
	size_t n = eat_bundle(token, bundle);

	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0));
	assert_true(X509_REQ_set_subject_name(req, name) &&
	    X509_REQ_set_pubkey(req, key) &&
	    X509_REQ_add1_attr_by_txt(
		req, EAT_ATTRIBUTE, V_ASN1_SEQUENCE, bundle, (int)n) &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0);
	*len = i2d_X509_REQ(req, &der);
	assert_true(*len > 0);
	X509_NAME_free(name);
	X509_REQ_free(req);
	return der;
}

/* Reference values by which ${signer}'s tokens are believed, and ${more}. */
static inline void
eat_references(EVP_PKEY *signer, const char *more, char *out, size_t size)
{
	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(signer, &spki);
	char hex[512];
	size_t n;

	assert_true(len > 0);
	assert_int_equal(OPENSSL_buf2hexstr_ex(hex, sizeof(hex), &n, spki,
			     (size_t)len, '\0'), 1);
	snprintf(out, size, "eat: { profiles = [ \"tag:example.com,2026:d\" ];"
	    " keys = ( { id = \"6b31\"; spki = \"%s\"; } ); %s };\n", hex, more);
	OPENSSL_free(spki);
}

#endif
