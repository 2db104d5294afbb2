#include <openssl/rsa.h>

#include "tests/unit/ra/attest/cbor_out.h"

/* COSE_Sign1 as others write it: sign-pass-01 and its kin of cose-wg/Examples. */

#define BODY "8443a10126a10442313154546869732069732074686520636f6e74656e742e5840"
#define SIGNATURE                                                              \
	"eae868ecc176883766c5dc5ba5b8dca25dab3c2e56a551ce5705b793914348e1"    \
	"9f43d6c6ba654472da301b645b293c9ba939295b97c4bdb847782bff384c5794"

static EVP_PKEY *
key_11(void)
{
	unsigned char x[32], y[32];
	EVP_PKEY *key;

	unhex("bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff",
	    x, 32);
	unhex("20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	    y, 32);
	key = attest_ec_key("x", "x", NID_X9_62_prime256v1, octets_of(x, 32),
	    octets_of(y, 32));
	assert_non_null(key);
	return key;
}

static int
read_hex(const char *hex, struct envelope *e)
{
	static unsigned char in[512];
	size_t len = unhex(hex, in, sizeof(in));

	return cose_read(octets_of(in, len), e);
}

static void
example(void **state)
{
	EVP_PKEY *key = key_11(), *other = new_key("P-256");
	struct envelope e;

	(void)state;
	assert_true(read_hex("d2" BODY SIGNATURE, &e));
	assert_int_equal(e.alg, -7);
	assert_true(octets_equal(e.kid, (const unsigned char *)"11", 2));
	assert_true(octets_equal(
	    e.payload, (const unsigned char *)"This is the content.", 20));
	assert_true(envelope_verify(&e, key));
	assert_false(envelope_verify(&e, other));
	assert_rule("attest.eat.signature");
	envelope_clear(&e);
	assert_true(read_hex("d83dd2" BODY SIGNATURE, &e));
	assert_true(envelope_verify(&e, key));
	envelope_clear(&e);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static void
refused(void **state)
{
	static const struct {
		const char *hex, *rule;
	} bad[] = {
		{ BODY SIGNATURE, "attest.eat.cose" },	     /* no tag */
		{ "d1" BODY SIGNATURE, "attest.eat.cose" },  /* Mac0's */
		{ "d2d83d" BODY SIGNATURE, "attest.eat.cose" },
		{ "d2" BODY SIGNATURE "00", "attest.eat.cose" },
		{ "d2" BODY "00", "attest.eat.cose" },
		/* detached content; alg beside; kid in both; no alg */
		{ "d28443a10126a0f64100", "attest.eat.cose" },
		{ "d28443a10126a1012641004100", "attest.eat.alg" },
		{ "d28446a20126044131a104413141004100", "attest.eat.cose" },
		{ "d28441a0a041004100", "attest.eat.alg" },
		{ "d28440a041004100", "attest.eat.cose" },
	};
	struct envelope e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(read_hex(bad[i].hex, &e));
		assert_rule(bad[i].rule);
		envelope_clear(&e);
	}
}

static void
keys(void **state)
{
	struct cbor_out o = { { 0 }, 0 };
	EVP_PKEY *key = new_key("P-256"), *got;
	cbor_item_t *map;

	(void)state;
	put_key(&o, key, -7);
	map = tree_read("eat.cnf", "key", out_of(&o));
	got = cose_key("eat.cnf", map);
	assert_int_equal(EVP_PKEY_eq(got, key), 1);
	EVP_PKEY_free(got);
	cbor_decref(&map);
	o.p[o.len - 1] ^= 1; /* off the curve */
	map = tree_read("eat.cnf", "key", out_of(&o));
	assert_null(cose_key("eat.cnf", map));
	assert_rule("attest.eat.cnf");
	cbor_decref(&map);
	assert_null(cose_key("eat.cnf", NULL));
	assert_rule("attest.eat.cnf");
	EVP_PKEY_free(key);
}

/* ${key}'s signature over "ab", as OpenSSL writes it. */
static struct attest_octets
signed_by(EVP_PKEY *key, const char *digest, int pss)
{
	static unsigned char sig[512];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	size_t len = sizeof(sig);

	assert_true(EVP_DigestSignInit_ex(
	    ctx, &pctx, digest, NULL, NULL, key, NULL));
	if (pss)
		assert_true(EVP_PKEY_CTX_set_rsa_padding(
				pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(
			pctx, RSA_PSS_SALTLEN_DIGEST) > 0);
	assert_true(EVP_DigestSign(
	    ctx, sig, &len, (const unsigned char *)"ab", 2));
	EVP_MD_CTX_free(ctx);
	return octets_of(sig, len);
}

/* Does it hold over what is signed in two parts? ECDSA as DER. */
static int
holds(int alg, EVP_PKEY *key, struct attest_octets sig)
{
	return cose_verify(alg, key, 1, sig, text_of("a"), text_of("b"));
}

/* An algorithm goes with one kind of key, and ECDSA's with one curve: a signature
   that is right holds by no other. */
static void
algorithms(void **state)
{
	EVP_PKEY *ec = new_key("P-256"), *p384 = new_key("P-384");
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	struct attest_octets sig;

	(void)state;
	sig = signed_by(ec, "SHA256", 0);
	assert_true(holds(-7, ec, sig));
	assert_false(holds(-8, ec, sig));
	assert_false(holds(-37, ec, sig));
	assert_false(holds(-7, p384, sig));
	assert_false(cose_verify(-7, ec, 1, sig, text_of("a"), text_of("c")));
	sig = signed_by(ec, "SHA384", 0); /* a digest of the other curve */
	assert_false(holds(-35, ec, sig));
	sig = signed_by(p384, "SHA384", 0);
	assert_true(holds(-35, p384, sig));
	sig = signed_by(ed, NULL, 0);
	assert_true(holds(-8, ed, sig));
	assert_true(cose_verify(-8, ed, 0, sig, text_of("ab"),
	    octets_of(NULL, 0)));
	assert_false(holds(-7, ed, sig));
	assert_false(cose_verify(-8, ed, 0, sig, text_of("a"), text_of("c")));
	sig = signed_by(rsa, "SHA256", 1);
	assert_true(holds(-37, rsa, sig));
	assert_false(holds(-8, rsa, sig));
	assert_false(holds(0, rsa, sig));
	ERR_clear_error();
	EVP_PKEY_free(ec);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(ed);
	EVP_PKEY_free(rsa);
}

/* { 1: 1, -1: 6, -2: x }, and x one octet short. */
static void
ed25519_keys(void **state)
{
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), *got;
	struct cbor_out o;
	unsigned char x[32];
	size_t len = sizeof(x), short_by;
	cbor_item_t *map;

	(void)state;
	assert_true(EVP_PKEY_get_raw_public_key(ed, x, &len));
	for (short_by = 0; short_by < 2; short_by++) {
		o = (struct cbor_out){ { 0 }, 0 };
		put_head(&o, 0xa0, 3);
		put_int(&o, 1);
		put_int(&o, 1);
		put_int(&o, -1);
		put_int(&o, 6);
		put_int(&o, -2);
		put_bytes(&o, octets_of(x, 32 - short_by));
		map = tree_read("eat.cnf", "key", out_of(&o));
		got = cose_key("eat.cnf", map);
		if (short_by == 0)
			assert_int_equal(EVP_PKEY_eq(got, ed), 1);
		else
			assert_null(got);
		EVP_PKEY_free(got);
		cbor_decref(&map);
	}
	assert_rule("attest.eat.cnf");
	EVP_PKEY_free(ed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example), cmocka_unit_test(refused),
		cmocka_unit_test(keys), cmocka_unit_test(algorithms),
		cmocka_unit_test(ed25519_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
