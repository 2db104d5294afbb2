#include <string.h>
#include <openssl/evp.h>
#include "profiles/conform_rule.h"

/*
 * Algorithms and keys as octets. Not repeated here: whether a point lies on its
 * curve; whoever checked the proof of possession has computed with it.
 */

#define RSA_ENC "1.2.840.113549.1.1.1"

static const unsigned char p256_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
static const unsigned char p384_head[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
    0x00, 0x22, 0x03, 0x62, 0x00, 0x04};
static const unsigned char ed25519_head[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static const struct fixed_key {
	enum spki_type type;
	const unsigned char *head;
	size_t head_len, len;
} fixed_keys[] = {
    {SPKI_EC_P256, p256_head, sizeof(p256_head), 91},
    {SPKI_EC_P384, p384_head, sizeof(p384_head), 120},
    {SPKI_ED25519, ed25519_head, sizeof(ed25519_head), 44},
};

/* ecdsa-with-SHAxxx, shaxxxWithRSAEncryption, id-Ed25519 (RFC 5758 3.2, RFC
   4055 5, RFC 8410 3): NULL parameters for RSA, none for the others. */
static const struct plain_alg {
	const char *oid;
	int key_nid, null;
	const char *md;
} plain_algs[] = {
    {"1.2.840.10045.4.3.2", EVP_PKEY_EC, 0, "SHA256"},
    {"1.2.840.10045.4.3.3", EVP_PKEY_EC, 0, "SHA384"},
    {"1.2.840.10045.4.3.4", EVP_PKEY_EC, 0, "SHA512"},
    {"1.2.840.113549.1.1.11", EVP_PKEY_RSA, 1, "SHA256"},
    {"1.2.840.113549.1.1.12", EVP_PKEY_RSA, 1, "SHA384"},
    {"1.2.840.113549.1.1.13", EVP_PKEY_RSA, 1, "SHA512"},
    {"1.3.101.112", EVP_PKEY_ED25519, 0, NULL},
};

static const struct pss_hash {
	const char *oid, *md;
	int len;
} pss_hashes[] = {
    {"2.16.840.1.101.3.4.2.1", "SHA256", 32},
    {"2.16.840.1.101.3.4.2.2", "SHA384", 48},
    {"2.16.840.1.101.3.4.2.3", "SHA512", 64},
};

/* AlgorithmIdentifier of a hash; its parameters NULL or absent (RFC 4055 2.1
   makes both legal). */
static const struct pss_hash *
pss_hash_read(struct der in)
{
	struct der seq, oid, none;
	size_t i;

	if (!der_only(in, DER_SEQUENCE, &seq) ||
	    !der_take(&seq, DER_OID, &oid) ||
	    (seq.len > 0 && (!der_only(seq, DER_NULL, &none) || none.len > 0)))
		return NULL;
	for (i = 0; i < sizeof(pss_hashes) / sizeof(pss_hashes[0]); i++)
		if (der_oid_is(&oid, pss_hashes[i].oid))
			return &pss_hashes[i];
	return NULL;
}

/* RSASSA-PSS-params (RFC 4055 3.1): hash and mask with one and the same hash,
   a salt as long as it, everything explicit, trailerField at its default. */
static int
pss_read(struct der params, struct conform_alg *alg)
{
	struct der seq, hash, mask, mask_seq, oid, salt, num;
	const struct pss_hash *h;

	if (!der_only(params, DER_SEQUENCE, &seq) ||
	    !der_take(&seq, DER_CONTEXT_CONS(0), &hash) ||
	    !der_take(&seq, DER_CONTEXT_CONS(1), &mask) ||
	    !der_take(&seq, DER_CONTEXT_CONS(2), &salt) || seq.len > 0)
		return 0;
	h = pss_hash_read(hash);
	if (h == NULL || !der_only(mask, DER_SEQUENCE, &mask_seq) ||
	    !der_take(&mask_seq, DER_OID, &oid) ||
	    !der_oid_is(&oid, "1.2.840.113549.1.1.8") ||
	    pss_hash_read(mask_seq) != h)
		return 0;
	if (!der_only(salt, DER_INTEGER, &num) || num.len != 1 ||
	    num.p[0] != h->len)
		return 0;
	*alg = (struct conform_alg){EVP_PKEY_RSA, h->md, 1, h->len};
	return 1;
}

int
conform_alg_read(struct der sigalg, struct conform_alg *alg)
{
	const struct plain_alg *a;
	struct der seq, oid, none;
	size_t i;

	if (!der_only(sigalg, DER_SEQUENCE, &seq) ||
	    !der_take(&seq, DER_OID, &oid))
		return 0;
	if (der_oid_is(&oid, "1.2.840.113549.1.1.10"))
		return pss_read(seq, alg);
	for (i = 0; i < sizeof(plain_algs) / sizeof(plain_algs[0]); i++) {
		a = &plain_algs[i];
		if (!der_oid_is(&oid, a->oid))
			continue;
		if (a->null ? !der_only(seq, DER_NULL, &none) || none.len > 0
			    : seq.len > 0)
			return 0;
		*alg = (struct conform_alg){a->key_nid, a->md, 0, 0};
		return 1;
	}
	return 0;
}

static int
check_algorithm(struct conform_view *v)
{
	const struct build_issuer *issuer = v->ctx->issuer;
	struct conform_alg alg;

	if (!conform_alg_read(v->sigalg, &alg))
		return conform_breach(
		    v, "signature algorithm unknown, or its parameters wrong");
	if (!der_equal(&v->sigalg, issuer->sigalg, issuer->sigalg_len))
		return conform_breach(v, "not the algorithm of the issuer");
	return 1;
}

static int
check_key_same(struct conform_view *v)
{
	return der_equal(&v->spki, v->ctx->spki, v->ctx->spki_len)
	    ? 1
	    : conform_breach(v, "not the public key that was asked for");
}

/* RSAPublicKey (RFC 3279 2.3.1) of one of our sizes; 0 when it is none. */
static enum spki_type
rsa_type(struct der bits)
{
	struct der seq, n, e;

	if (bits.len < 1 || bits.p[0] != 0)
		return SPKI_UNKNOWN;
	bits.p++;
	bits.len--;
	if (der_strict(bits) || !der_only(bits, DER_SEQUENCE, &seq) ||
	    !der_take(&seq, DER_INTEGER, &n) ||
	    !der_take(&seq, DER_INTEGER, &e) || seq.len > 0)
		return SPKI_UNKNOWN;
	/* Odd, positive, 65537 or more, at most 64 bits. */
	if (!(e.p[e.len - 1] & 1) || e.p[0] >= 0x80 || e.len < 3 || e.len > 9 ||
	    (e.len == 9 && e.p[0] != 0) || (e.len == 3 && e.p[0] == 0))
		return SPKI_UNKNOWN;
	/* The highest bit set, so that the size is exact; odd. */
	if (n.p[0] != 0 || n.len < 2 || n.p[1] < 0x80 || !(n.p[n.len - 1] & 1))
		return SPKI_UNKNOWN;
	switch (n.len - 1) {
	case 256:
		return SPKI_RSA_2048;
	case 384:
		return SPKI_RSA_3072;
	case 512:
		return SPKI_RSA_4096;
	default:
		return SPKI_UNKNOWN;
	}
}

static enum spki_type
key_type(struct der spki)
{
	struct der seq, alg, oid, none, bits;
	size_t i;

	for (i = 0; i < sizeof(fixed_keys) / sizeof(fixed_keys[0]); i++)
		if (spki.len == fixed_keys[i].len &&
		    memcmp(spki.p, fixed_keys[i].head,
			fixed_keys[i].head_len) == 0)
			return fixed_keys[i].type;
	if (!der_only(spki, DER_SEQUENCE, &seq) ||
	    !der_take(&seq, DER_SEQUENCE, &alg) ||
	    !der_take(&seq, DER_BIT_STRING, &bits) || seq.len > 0 ||
	    !der_take(&alg, DER_OID, &oid) || !der_oid_is(&oid, RSA_ENC) ||
	    !der_only(alg, DER_NULL, &none))
		return SPKI_UNKNOWN;
	return rsa_type(bits);
}

static int
check_key_form(struct conform_view *v)
{
	v->key = key_type(v->spki);
	return v->key != SPKI_UNKNOWN
	    ? 1
	    : conform_breach(v, "a key that none of our types describes");
}

static int
check_key_type(struct conform_view *v)
{
	if (!(v->ctx->profile->key_types & v->key))
		return conform_breach(v, "%s is not a key type of profile %s",
		    spki_type_name(v->key), v->ctx->profile->name);
	return 1;
}

const struct conform_rule conform_key_rules[] = {
    {"algorithm", "RFC 5280 4.1.1.2, RFC 4055 5, RFC 5758 3.2, RFC 8410 3",
	check_algorithm},
    {"key.same", "profile", check_key_same},
    {"key.form", "RFC 3279 2.3.1, RFC 5480 2, RFC 8410 4", check_key_form},
    {"key.type", "profile", check_key_type}, {NULL, NULL, NULL}};
