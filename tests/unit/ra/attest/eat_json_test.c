#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/eat.h"

/* Claims of a JWT, one by one. */

static int
claims(const char *json, struct eat_claims *c)
{
	return eat_read_json(text_of(json), c);
}

static void
are_read(void **state)
{
	struct eat_claims c;

	(void)state;
	assert_true(claims("{\"eat_nonce\":[\"AAAAAAAAAAA\",\"BBBBBBBBBBA\"],"
			   "\"ueid\":\"AQID\",\"oemid\":37049,\"iat\":7,"
			   "\"dbgstat\":\"disabled\",\"oemboot\":true,"
			   "\"measurements\":[[\"a/b\",\"AQID\"]],\"else\":{}}",
	    &c));
	assert_int_equal(c.n_nonces, 2);
	assert_int_equal(c.nonce[1].len, 8);
	assert_int_equal(c.ueid.len, 3);
	assert_memory_equal(c.oemid.p, "37049", 5);
	assert_true(c.iat == 7 && c.exp == EAT_CLAIM_ABSENT);
	assert_true(c.dbgstat == 1 && c.oemboot == 1 && c.submods == 0);
	assert_int_equal(c.n_measurements, 1);
	assert_null(c.cnf);
	eat_claims_clear(&c);
}

static void
have_types(void **state)
{
	static const char *const bad[] = {
		"[]", "{\"eat_nonce\":7}", "{\"eat_nonce\":\"A\"}",
		"{\"eat_nonce\":[\"AA\",7]}",
		"{\"eat_nonce\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}",
		"{\"eat_profile\":7}", "{\"ueid\":\"AQI=\"}", "{\"oemid\":1.5}",
		"{\"iat\":\"now\"}", "{\"iat\":1.5}", "{\"exp\":-1}",
		"{\"dbgstat\":\"off\"}", "{\"dbgstat\":3}",
		"{\"oemboot\":\"true\"}", "{\"measurements\":{}}",
		"{\"measurements\":[[\"a/b\"]]}",
	};
	struct eat_claims c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(claims(bad[i], &c));
		assert_rule("attest.eat.claims");
		eat_claims_clear(&c);
	}
}

#define X25519 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define JWK(x) "{\"cnf\":{\"jwk\":{" x "}}}"

static void
key_is_one_that_signs(void **state)
{
	static const char *const bad[] = {
		"{\"cnf\":7}", "{\"cnf\":{\"kid\":\"x\"}}",
		JWK("\"kty\":\"oct\",\"k\":\"AQID\""),
		JWK("\"kty\":\"OKP\",\"x\":\"" X25519 "\""),
		JWK("\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X25519 "\""),
		JWK("\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQID\""),
		JWK("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X25519
		    "\",\"y\":\"" X25519 "\""),
		JWK("\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X25519
		    "\",\"y\":\"" X25519 "\""),
	};
	struct eat_claims c;
	size_t i;

	(void)state;
	assert_true(claims(JWK("\"kty\":\"OKP\",\"crv\":\"Ed25519\","
			       "\"x\":\"" X25519 "\""), &c));
	assert_true(EVP_PKEY_is_a(c.cnf, "ED25519"));
	eat_claims_clear(&c);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(claims(bad[i], &c));
		assert_rule("attest.eat.cnf");
		eat_claims_clear(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_read), cmocka_unit_test(have_types),
		cmocka_unit_test(key_is_one_that_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
