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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example), cmocka_unit_test(refused),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
