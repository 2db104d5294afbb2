#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ra/attest/cose.h"

#define HEADER_ALG 1
#define HEADER_CRIT 2
#define HEADER_KID 4
#define HEADER_X5CHAIN 33

static const struct {
	int alg;
	const char *key, *digest;
	size_t coordinate;
	int pss;
} algorithms[] = {
	{ -7, "EC", "SHA256", 32, 0 },
	{ -35, "EC", "SHA384", 48, 0 },
	{ -36, "EC", "SHA512", 66, 0 },
	{ -8, "ED25519", NULL, 0, 0 },
	{ -37, "RSA", "SHA256", 0, 1 },
	{ -38, "RSA", "SHA384", 0, 1 },
	{ -39, "RSA", "SHA512", 0, 1 },
	/* WebAuthn only: RS256. A token that says so is refused by its reader. */
	{ -257, "RSA", "SHA256", 0, 0 },
};
#define N_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

/* Ed25519 wants its message in one piece. */
static int
verify_joined(EVP_PKEY *key, const struct attest_signature *s,
    struct attest_octets a, struct attest_octets b)
{
	unsigned char *whole = OPENSSL_malloc(a.len + b.len + 1);
	int ok = 0;

	if (whole) {
		if (a.len)
			memcpy(whole, a.p, a.len);
		if (b.len)
			memcpy(whole + a.len, b.p, b.len);
		ok = attest_verify(key, s, octets_of(whole, a.len + b.len));
	}
	OPENSSL_free(whole);
	return ok;
}

int
cose_verify(int alg, EVP_PKEY *key, int der, struct attest_octets signature,
    struct attest_octets a, struct attest_octets b)
{
	struct attest_signature s = { NULL, 0, signature };
	unsigned char *owned = NULL;
	size_t i = 0, n, len = 0;
	int ok;

	while (i < N_ALGORITHMS && algorithms[i].alg != alg)
		i++;
	if (i == N_ALGORITHMS || !EVP_PKEY_is_a(key, algorithms[i].key))
		return 0;
	s.digest = algorithms[i].digest;
	s.pss = algorithms[i].pss;
	n = algorithms[i].coordinate;
	if (n && attest_coordinate(key) != n)
		return 0;
	if (n && !der) {
		if (signature.len != 2 * n ||
		    !attest_ecdsa_der(octets_of(signature.p, n),
			octets_of(signature.p + n, n), &owned, &len))
			return 0;
		s.octets = octets_of(owned, len);
	}
	ok = s.digest ? attest_verify2(key, &s, a, b)
		      : verify_joined(key, &s, a, b);
	OPENSSL_free(owned);
	return ok;
}

int
envelope_verify(const struct envelope *e, EVP_PKEY *key)
{
	if (!cose_verify(e->alg, key, 0, e->signature, e->signed_a, e->signed_b))
		return attest_refuse("eat.signature", "signature",
		    "not the signer's over this token, by algorithm %d", e->alg);
	return 1;
}

void
envelope_clear(struct envelope *e)
{
	size_t i;

	sk_X509_pop_free(e->x5c, X509_free);
	if (e->tree)
		cbor_decref(&e->tree);
	if (e->protected)
		cbor_decref(&e->protected);
	OPENSSL_free(e->head);
	OPENSSL_free(e->tail);
	for (i = 0; i < 3; i++)
		OPENSSL_free(e->decoded[i]);
	memset(e, 0, sizeof(*e));
}

/* ---- COSE_Sign1 ---- */

static int
push_cert(STACK_OF(X509) *list, const cbor_item_t *item)
{
	struct attest_octets der;
	const unsigned char *p;
	X509 *cert;

	if (!tree_bytes(item, &der))
		return 0;
	p = der.p;
	cert = d2i_X509(NULL, &p, (long)der.len);
	if (cert && p == der.p + der.len && sk_X509_push(list, cert) > 0)
		return 1;
	X509_free(cert);
	return 0;
}

STACK_OF(X509) *
cose_certs(const char *rule, const char *field, const cbor_item_t *value)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	size_t i, n = tree_count(value);
	int ok = list != NULL && n <= ENVELOPE_CERTS_MAX;

	if (ok && n == 0)
		ok = push_cert(list, value);
	for (i = 0; ok && i < n; i++)
		ok = push_cert(list, tree_at(value, i));
	if (ok)
		return list;
	sk_X509_pop_free(list, X509_free);
	attest_malformed(rule, field,
	    "not 1 to %d certificates that can be read", ENVELOPE_CERTS_MAX);
	return NULL;
}

/* A header of either map; in both it is refused. */
static int
header(const struct envelope *e, const cbor_item_t *unprotected, int64_t label,
    cbor_item_t **out)
{
	cbor_item_t *in = tree_int_key(e->protected, label);
	cbor_item_t *beside = tree_int_key(unprotected, label);

	*out = in ? in : beside;
	return in == NULL || beside == NULL ||
	    attest_malformed("eat.cose", "headers",
		"%lld stands in both", (long long)label);
}

static int
read_headers(struct envelope *e, const cbor_item_t *unprotected)
{
	cbor_item_t *kid, *chain;
	int64_t alg;

	if (tree_int_key(unprotected, HEADER_ALG) ||
	    !tree_int(tree_int_key(e->protected, HEADER_ALG), &alg))
		return attest_refuse("eat.alg", "headers.alg",
		    "not protected, or not there");
	if (alg > -7 || alg < -39)
		return attest_refuse("eat.alg", "headers.alg",
		    "%lld is not accepted", (long long)alg);
	if (tree_int_key(unprotected, HEADER_CRIT) ||
	    tree_int_key(e->protected, HEADER_CRIT))
		return attest_refuse("eat.cose", "headers.crit",
		    "nothing that is critical is known here");
	e->alg = (int)alg;
	if (!header(e, unprotected, HEADER_KID, &kid) ||
	    !header(e, unprotected, HEADER_X5CHAIN, &chain))
		return 0;
	if (kid && !tree_bytes(kid, &e->kid))
		return attest_malformed("eat.cose", "headers.kid",
		    "not a byte string");
	if (chain == NULL)
		return 1;
	e->x5c = cose_certs("eat.cose", "x5chain", chain);
	return e->x5c != NULL;
}

/* Sig_structure: ["Signature1", protected, h'', payload]; the payload itself is
   the second part. */
static int
to_be_signed(struct envelope *e, struct attest_octets protected)
{
	static const unsigned char begin[] = "\x84\x6aSignature1";
	unsigned char *p = OPENSSL_malloc(sizeof(begin) + protected.len + 32);

	e->head = p;
	if (p == NULL)
		return attest_internal("eat.cose", "memory", "there is none");
	memcpy(p, begin, sizeof(begin) - 1);
	p += sizeof(begin) - 1;
	p += tree_head(p, 0x40, protected.len);
	memcpy(p, protected.p, protected.len);
	p += protected.len;
	*p++ = 0x40;
	p += tree_head(p, 0x40, e->payload.len);
	e->signed_a = octets_of(e->head, (size_t)(p - e->head));
	e->signed_b = e->payload;
	return 1;
}

/* Tag 61 (CWT) may be there, tag 18 (COSE_Sign1) must. Taken off by hand: libcbor
   knows no tags between 6 and 20 before its version 0.11. */
static int
take_tags(struct attest_octets *in)
{
	if (in->len > 2 && in->p[0] == 0xd8 && in->p[1] == 61)
		*in = octets_of(in->p + 2, in->len - 2);
	if (in->len < 2 || in->p[0] != 0xd2)
		return attest_malformed("eat.cose", "token",
		    "not tagged as COSE_Sign1");
	*in = octets_of(in->p + 1, in->len - 1);
	return 1;
}

int
cose_read(struct attest_octets in, struct envelope *out)
{
	struct attest_octets protected;
	cbor_item_t *sign1;

	memset(out, 0, sizeof(*out));
	if (!take_tags(&in))
		return 0;
	sign1 = out->tree = tree_read("eat.cose", "token", in);
	if (sign1 == NULL)
		return 0;
	if (tree_count(sign1) != 4 ||
	    !tree_bytes(tree_at(sign1, 0), &protected) || protected.len == 0 ||
	    !cbor_isa_map(tree_at(sign1, 1)) ||
	    !tree_bytes(tree_at(sign1, 2), &out->payload) ||
	    !tree_bytes(tree_at(sign1, 3), &out->signature))
		return attest_malformed("eat.cose", "token",
		    "not a COSE_Sign1 with its content inside");
	out->protected = tree_read("eat.cose", "headers", protected);
	if (out->protected == NULL)
		return 0;
	if (!cbor_isa_map(out->protected))
		return attest_malformed("eat.cose", "headers", "not a map");
	return read_headers(out, tree_at(sign1, 1)) &&
	    to_be_signed(out, protected);
}

/* ---- COSE_Key ---- */

EVP_PKEY *
cose_ed25519(const char *rule, const char *field, struct attest_octets x)
{
	EVP_PKEY *key = NULL;

	if (x.len == 32)
		key = EVP_PKEY_new_raw_public_key_ex(
		    NULL, "ED25519", NULL, x.p, x.len);
	if (key == NULL)
		attest_refuse(rule, field, "not an Ed25519 key");
	return key;
}

EVP_PKEY *
cose_key(const char *rule, const cbor_item_t *map)
{
	static const int curves[] = { 0, NID_X9_62_prime256v1, NID_secp384r1,
		NID_secp521r1 };
	struct attest_octets a, b;
	int64_t type = 0, curve = 0;

	tree_int(tree_int_key(map, 1), &type);
	if (type == 3 && tree_bytes(tree_int_key(map, -1), &a) &&
	    tree_bytes(tree_int_key(map, -2), &b))
		return attest_rsa_key(rule, "COSE_Key", a, b);
	tree_int(tree_int_key(map, -1), &curve);
	if (type == 2 && curve >= 1 && curve <= 3 &&
	    tree_bytes(tree_int_key(map, -2), &a) &&
	    tree_bytes(tree_int_key(map, -3), &b))
		return attest_ec_key(rule, "COSE_Key", curves[curve], a, b);
	if (type == 1 && curve == 6 && tree_bytes(tree_int_key(map, -2), &a))
		return cose_ed25519(rule, "COSE_Key", a);
	attest_refuse(rule, "COSE_Key",
	    "neither RSA nor an uncompressed point nor Ed25519");
	return NULL;
}
