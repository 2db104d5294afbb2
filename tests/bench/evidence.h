#ifndef TESTS_BENCH_EVIDENCE_H
#define TESTS_BENCH_EVIDENCE_H

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/sha.h>
#include "maker.h"

/* Evidence as a TPM gives it, by a key in memory: TPM2_Certify of a device's
   key over a nonce, signed by an attestation key that a CA has certified. A
   server cannot tell, and no TPM is fast enough to keep one busy. */

#define EVIDENCE_OID "1.2.840.113549.1.9.16.2.59"
#define EVIDENCE_EKU "2.23.133.8.3"
#define EVIDENCE_NAME 34	/* a Name: SHA-256 and its number */

struct attester {
	struct bench_maker by;	/* device_key is the attestation key */
	X509 *cert;
};

struct octets {
	unsigned char p[4096];
	size_t len;
};

MAYBE void
put(struct octets *o, const void *p, size_t len)
{
	must(o->len + len <= sizeof(o->p), "room for evidence");
	memcpy(o->p + o->len, p, len);
	o->len += len;
}

/* ${n}, of ${size} octets, the highest first. */
MAYBE void
put_number(struct octets *o, unsigned long n, size_t size)
{
	unsigned char c;

	while (size-- > 0) {
		c = (unsigned char)(n >> (8 * size));
		put(o, &c, 1);
	}
}

/* A TPM2B: its length before it. */
MAYBE void
put_sized(struct octets *o, const void *p, size_t len)
{
	put_number(o, len, 2);
	put(o, p, len);
}

MAYBE void
put_der(struct octets *o, unsigned char tag, const void *p, size_t len)
{
	put(o, &tag, 1);
	if (len > 255)
		put_number(o, 0x82, 1);
	else if (len > 127)
		put_number(o, 0x81, 1);
	put_number(o, len, len > 255 ? 2 : 1);
	put(o, p, len);
}

MAYBE void
put_coordinate(struct octets *o, EVP_PKEY *key, const char *which)
{
	unsigned char x[32];
	BIGNUM *bn = NULL;

	must(EVP_PKEY_get_bn_param(key, which, &bn) &&
	    BN_bn2binpad(bn, x, sizeof(x)) == sizeof(x), "coordinate");
	put_sized(o, x, sizeof(x));
	BN_free(bn);
}

/* TPMT_PUBLIC of a P-256 key that signs, and its Name. */
MAYBE void
put_public(struct octets *o, EVP_PKEY *key, unsigned char name[EVIDENCE_NAME])
{
	put_number(o, 0x0023000b, 4);	/* ECC, SHA-256 */
	put_number(o, 0x00040072, 4);	/* fixed here, made here; signs */
	put_number(o, 0, 2);		/* no policy */
	put_number(o, 0x00100010, 4);	/* no cipher, no scheme */
	put_number(o, 0x00030010, 4);	/* P-256, no KDF */
	put_coordinate(o, key, OSSL_PKEY_PARAM_EC_PUB_X);
	put_coordinate(o, key, OSSL_PKEY_PARAM_EC_PUB_Y);
	name[0] = 0x00;
	name[1] = 0x0b;
	SHA256(o->p, o->len, name + 2);
}

/* TPMS_ATTEST of a certified key. */
MAYBE void
put_attest(struct octets *o, const unsigned char name[EVIDENCE_NAME],
    const unsigned char *nonce, size_t nonce_len)
{
	unsigned char qualified[EVIDENCE_NAME];

	memcpy(qualified, name, sizeof(qualified));
	qualified[5] ^= 1;
	put_number(o, 0xff544347, 4);	/* made by a TPM, */
	put_number(o, 0x8017, 2);	/* a certified key */
	put_sized(o, qualified, sizeof(qualified));
	put_sized(o, nonce, nonce_len);
	put_number(o, 1000, 8);		/* clock, resets, restarts, safe */
	put_number(o, 1, 4);
	put_number(o, 0, 4);
	put_number(o, 1, 1);
	put_number(o, 0x100, 8);	/* firmware */
	put_sized(o, name, EVIDENCE_NAME);
	put_sized(o, qualified, sizeof(qualified));
}

/* TPMT_SIGNATURE. */
MAYBE void
put_signature(struct octets *o, EVP_PKEY *key, const struct octets *what)
{
	unsigned char sig[128], r[32], s[32];
	const unsigned char *p = sig;
	size_t len = sizeof(sig);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *ec;

	must(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) > 0 &&
	    EVP_DigestSign(ctx, sig, &len, what->p, what->len) > 0 &&
	    (ec = d2i_ECDSA_SIG(NULL, &p, (long)len)) != NULL, "statement");
	BN_bn2binpad(ECDSA_SIG_get0_r(ec), r, sizeof(r));
	BN_bn2binpad(ECDSA_SIG_get0_s(ec), s, sizeof(s));
	put_number(o, 0x0018000b, 4);	/* ECDSA, SHA-256 */
	put_sized(o, r, sizeof(r));
	put_sized(o, s, sizeof(s));
	ECDSA_SIG_free(ec);
	EVP_MD_CTX_free(ctx);
}

MAYBE void
put_cert(struct octets *o, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	must(len > 0, "certificate in DER");
	put(o, der, (size_t)len);
	OPENSSL_free(der);
}

/* The bundle: a row of one statement, a row of one certificate. */
MAYBE struct octets
evidence_bundle(const struct attester *a, EVP_PKEY *key,
    const unsigned char *nonce, size_t nonce_len)
{
	static const unsigned char type[] = "\x06\x05\x67\x81\x05\x14\x01";
	struct octets public = {.len = 0}, attest = {.len = 0},
	    signature = {.len = 0}, parts = {.len = 0}, one = {.len = 0},
	    row = {.len = 0}, certs = {.len = 0}, rows = {.len = 0},
	    out = {.len = 0};
	unsigned char name[EVIDENCE_NAME];

	put_public(&public, key, name);
	put_attest(&attest, name, nonce, nonce_len);
	put_signature(&signature, a->by.device_key, &attest);
	put_der(&parts, 0x04, attest.p, attest.len);
	put_der(&parts, 0x04, signature.p, signature.len);
	put_der(&parts, 0x04, public.p, public.len);
	put(&one, type, sizeof(type) - 1);
	put_der(&one, 0x30, parts.p, parts.len);
	put_der(&row, 0x30, one.p, one.len);
	put_der(&rows, 0x30, row.p, row.len);
	put_cert(&certs, a->cert);
	put_der(&rows, 0x30, certs.p, certs.len);
	put_der(&out, 0x30, rows.p, rows.len);
	return out;
}

/* The nonce of an answer {"nonce":"..."}: base64url without padding. */
MAYBE size_t
evidence_nonce(const char *json, unsigned char out[64])
{
	const char *text = strstr(json, "\"nonce\":\"");
	unsigned char decoded[72];
	char b64[96];
	size_t i, n;

	must(text != NULL, "nonce");
	text += strlen("\"nonce\":\"");
	n = strcspn(text, "\"");
	must(n > 0 && n <= 86, "length of a nonce");
	for (i = 0; i < n; i++)
		b64[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	for (; i % 4 != 0; i++)
		b64[i] = '=';
	must(EVP_DecodeBlock(decoded, (unsigned char *)b64, (int)i) > 0,
	    "nonce in base64");
	n = n * 3 / 4;
	memcpy(out, decoded, n);
	return n;
}

/* bench_sign() of ${req}, with evidence over the nonce of ${json}. */
MAYBE int
evidence_csr(const struct attester *a, X509_REQ *req, EVP_PKEY *key,
    const char *json, unsigned char **out)
{
	unsigned char nonce[64];
	size_t len = evidence_nonce(json, nonce);
	struct octets bundle = evidence_bundle(a, key, nonce, len);

	must(X509_REQ_add1_attr_by_txt(req, EVIDENCE_OID, V_ASN1_SEQUENCE,
	    bundle.p, (int)bundle.len), "attribute");
	return bench_sign(req, key, out);
}

/* A CA of attestation keys, and one of these. */
MAYBE void
attester_read(struct attester *a, const char *cert, const char *key)
{
	EXTENDED_KEY_USAGE *eku = sk_ASN1_OBJECT_new_null();

	bench_maker_read(&a->by, cert, key);
	a->cert = bench_maker_cert(&a->by, "ak-1", 1);
	must(sk_ASN1_OBJECT_push(eku, OBJ_txt2obj(EVIDENCE_EKU, 1)) > 0 &&
	    X509_add1_ext_i2d(a->cert, NID_ext_key_usage, eku, 0,
		X509V3_ADD_DEFAULT) == 1 &&
	    X509_sign(a->cert, a->by.ca_key, EVP_sha256()) > 0,
	    "certificate of an attestation key");
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
}

MAYBE void
attester_clear(struct attester *a)
{
	X509_free(a->cert);
	bench_maker_clear(&a->by);
}

#endif
