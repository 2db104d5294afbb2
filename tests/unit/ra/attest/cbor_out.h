#ifndef INKAN_TESTS_RA_CBOR_OUT_H
#define INKAN_TESTS_RA_CBOR_OUT_H

#include <openssl/core_names.h>

#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/cose.h"

/* CBOR written by hand: what libcbor would not write, too. */

struct cbor_out {
	unsigned char p[8192];
	size_t len;
};

static inline void
put_head(struct cbor_out *o, unsigned char major, size_t n)
{
	o->len += tree_head(o->p + o->len, major, n);
}

static inline void
put_raw(struct cbor_out *o, struct attest_octets in)
{
	assert_true(o->len + in.len < sizeof(o->p));
	if (in.len)
		memcpy(o->p + o->len, in.p, in.len);
	o->len += in.len;
}

static inline void
put_bytes(struct cbor_out *o, struct attest_octets in)
{
	put_head(o, 0x40, in.len);
	put_raw(o, in);
}

static inline void
put_text(struct cbor_out *o, const char *s)
{
	put_head(o, 0x60, strlen(s));
	put_raw(o, text_of(s));
}

static inline void
put_int(struct cbor_out *o, int64_t n)
{
	if (n >= 0)
		put_head(o, 0x00, (size_t)n);
	else
		put_head(o, 0x20, (size_t)(-1 - n));
}

static inline struct attest_octets
out_of(const struct cbor_out *o)
{
	return octets_of(o->p, o->len);
}

static inline void
put_coordinate(struct cbor_out *o, EVP_PKEY *key, const char *which)
{
	unsigned char x[32];
	BIGNUM *bn = NULL;

	assert_true(EVP_PKEY_get_bn_param(key, which, &bn));
	assert_int_equal(BN_bn2binpad(bn, x, 32), 32);
	BN_free(bn);
	put_bytes(o, octets_of(x, 32));
}

/* A COSE_Key of P-256. */
static inline void
put_key(struct cbor_out *o, EVP_PKEY *key, int alg)
{
	put_head(o, 0xa0, alg ? 5 : 4);
	put_int(o, 1);
	put_int(o, 2);
	if (alg) {
		put_int(o, 3);
		put_int(o, alg);
	}
	put_int(o, -1);
	put_int(o, 1);
	put_int(o, -2);
	put_coordinate(o, key, OSSL_PKEY_PARAM_EC_PUB_X);
	put_int(o, -3);
	put_coordinate(o, key, OSSL_PKEY_PARAM_EC_PUB_Y);
}

/* An ECDSA signature of P-256 with SHA-256: r || s, or DER. */
static inline struct cbor_out
es256(EVP_PKEY *key, struct attest_octets m, int der)
{
	struct cbor_out out = { { 0 }, 0 };
	unsigned char sig[128];
	const unsigned char *p = sig;
	size_t len = sizeof(sig);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *ec;

	assert_true(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) > 0);
	assert_true(EVP_DigestSign(ctx, sig, &len, m.p, m.len) > 0);
	EVP_MD_CTX_free(ctx);
	if (der) {
		put_raw(&out, octets_of(sig, len));
		return out;
	}
	ec = d2i_ECDSA_SIG(NULL, &p, (long)len);
	BN_bn2binpad(ECDSA_SIG_get0_r(ec), out.p, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(ec), out.p + 32, 32);
	out.len = 64;
	ECDSA_SIG_free(ec);
	return out;
}

#endif
