#include <openssl/crypto.h>

#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/cose.h"

/* base64url has one form for each value; and an example of RFC 7515. */

static void
base64url(void **state)
{
	static const struct {
		const char *text, *octets;
	} good[] = { { "", "" }, { "Zg", "f" }, { "Zm8", "fo" },
		{ "Zm9v", "foo" }, { "-_-_", "\xfb\xff\xbf" } };
	static const char *const bad[] = { "Z", "Zg==", "Zh", "Zm9", "Zm9v\n",
		"Zm+v", "Zm/v", " Zg", "Zm9vZ" };
	unsigned char *p;
	char text[16];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		len = 99;
		p = base64url_decode(text_of(good[i].text), &len);
		assert_non_null(p);
		assert_int_equal(len, strlen(good[i].octets));
		assert_memory_equal(p, good[i].octets, len);
		base64url_encode(p, len, text);
		assert_string_equal(text, good[i].text);
		OPENSSL_free(p);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(base64url_decode(text_of(bad[i]), &len));
}

/* RFC 7515, A.3: ES256. */
static void
example(void **state)
{
	static const char token[] =
	    "eyJhbGciOiJFUzI1NiJ9."
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
	    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
	    "pmWQxfKTUJqPP3-Kg6NU1Q";
	size_t x_len = 0, y_len = 0;
	unsigned char *x = base64url_decode(
	    text_of("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), &x_len);
	unsigned char *y = base64url_decode(
	    text_of("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"), &y_len);
	EVP_PKEY *key = attest_ec_key("eat.key", "jwk", NID_X9_62_prime256v1,
	    octets_of(x, x_len), octets_of(y, y_len));
	struct envelope e;

	(void)state;
	assert_non_null(key);
	assert_true(jws_read(text_of(token), &e));
	assert_int_equal(e.alg, -7);
	assert_true(envelope_verify(&e, key));
	e.signed_a.len--;
	assert_false(envelope_verify(&e, key));
	assert_rule("attest.eat.signature");
	envelope_clear(&e);
	EVP_PKEY_free(key);
	OPENSSL_free(x);
	OPENSSL_free(y);
}

static void
headers(void **state)
{
	/* {"alg":"none"}, {"alg":"HS256"}, {"alg":"ES256","alg":"ES256"},
	   {"alg":"ES256","typ":"JWT"}, [] */
	static const struct {
		const char *token, *rule;
	} bad[] = {
		{ "eyJhbGciOiJub25lIn0.e30.AA", "attest.eat.alg" },
		{ "eyJhbGciOiJIUzI1NiJ9.e30.AA", "attest.eat.alg" },
		{ "eyJhbGciOiJFUzI1NiIsImFsZyI6IkVTMjU2In0.e30.AA",
		    "attest.eat.jws" },
		{ "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30.AA",
		    "attest.eat.jws" },
		{ "W10.e30.AA", "attest.eat.jws" },
		{ "eyJhbGciOiJFUzI1NiJ9.e30", "attest.eat.jws" },
		{ "eyJhbGciOiJFUzI1NiJ9.e30.AA.AA", "attest.eat.jws" },
		{ "", "attest.eat.jws" },
	};
	struct envelope e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(jws_read(text_of(bad[i].token), &e));
		assert_rule(bad[i].rule);
		envelope_clear(&e);
	}
}

/* A token by this header, of no claims and a signature of one octet. */
static struct attest_octets
token_by(const char *header)
{
	static char token[32768];

	base64url_encode(
	    (const unsigned char *)header, strlen(header), token);
	strcat(token, ".e30.AA");
	return text_of(token);
}

/* What must be understood, and what could be read in two ways. */
static void
header_fields(void **state)
{
	static const char *const good[] = {
		"{\"alg\":\"ES256\",\"kid\":\"k1\",\"other\":1}",
		"{\"alg\":\"ES256\"}" };
	static const char *const bad[] = {
		"{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"ES256\",\"b64\":false}",
		"{\"alg\":\"ES256\",\"kid\":7}",
		"{\"alg\":\"ES256\",\"x5c\":[]}",
		"{\"alg\":\"ES256\",\"x5c\":\"AA==\"}",
		"{\"alg\":\"ES256\",\"x5c\":[7]}",
		"{\"alg\":\"ES256\",\"x5c\":[\"AA==\"]}",
		"{\"alg\":\"ES256\",\"x5c\":[\"MAA\"]}",
		"{\"alg\":\"ES256\",\"x5c\":[\"MA\\nAA\"]}" };
	struct envelope e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(jws_read(token_by(good[i]), &e));
		assert_true(octets_equal(
		    e.kid, (const unsigned char *)"k1", i == 0 ? 2 : 0));
		envelope_clear(&e);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(jws_read(token_by(bad[i]), &e));
		assert_rule("attest.eat.jws");
		envelope_clear(&e);
	}
}

/* A certificate of x5c, with octets behind it, and more than there may be. */
static void
certificates(void **state)
{
	struct maker m = new_maker("Maker");
	unsigned char *der = NULL, copy[2048];
	char text[3000], header[16384];
	int len = i2d_X509(m.root, &der), i, n;
	struct envelope e;

	(void)state;
	memcpy(copy, der, (size_t)len);
	memset(copy + len, 0, 3);
	EVP_EncodeBlock((unsigned char *)text, der, len);
	snprintf(header, sizeof(header),
	    "{\"alg\":\"ES256\",\"x5c\":[\"%s\"]}", text);
	assert_true(jws_read(token_by(header), &e));
	assert_int_equal(sk_X509_num(e.x5c), 1);
	envelope_clear(&e);
	n = snprintf(header, sizeof(header),
	    "{\"alg\":\"ES256\",\"x5c\":[\"%s\"", text);
	for (i = 0; i < ENVELOPE_CERTS_MAX; i++)
		n += snprintf(header + n, sizeof(header) - (size_t)n,
		    ",\"%s\"", text);
	snprintf(header + n, sizeof(header) - (size_t)n, "]}");
	assert_false(jws_read(token_by(header), &e));
	assert_rule("attest.eat.jws");
	envelope_clear(&e);
	EVP_EncodeBlock((unsigned char *)text, copy, len + 3);
	snprintf(header, sizeof(header),
	    "{\"alg\":\"ES256\",\"x5c\":[\"%s\"]}", text);
	assert_false(jws_read(token_by(header), &e));
	assert_rule("attest.eat.jws");
	envelope_clear(&e);
	OPENSSL_free(der);
	free_maker(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64url), cmocka_unit_test(example),
		cmocka_unit_test(headers), cmocka_unit_test(header_fields),
		cmocka_unit_test(certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
