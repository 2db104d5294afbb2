#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ra/error.h"
#include "ra/freshness.h"

static WIRE_FIELDS *
reads(const char *text)
{
	WIRE_FIELDS *l = field_list_new();

	if (!freshness_read(text, strlen(text), l))
		fail_msg("refused: %s", text);
	return l;
}

static void
refuses(const char *text)
{
	WIRE_FIELDS *l = field_list_new();

	if (freshness_read(text, strlen(text), l))
		fail_msg("accepted: %s", text);
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error()), RA_E_BADREQUEST);
	ERR_clear_error();
	field_list_free(l);
}

static void
a_request(void **state)
{
	WIRE_FIELDS *l = reads("{}");
	size_t len = 0;

	(void)state;
	assert_int_equal(sk_WIRE_FIELD_num(l), 0);
	field_list_free(l);
	l = reads("{\"len\":64,\"reqTypeInfo\":{\"type\":\"1.2.3\",\"reqInfo\":"
		  "{\"ekCerts\":[\"AQ\",\"AgM\"],\"akPub\":\"-_8\"}}}");
	assert_int_equal(field_int(l, "len", 0), 64);
	assert_string_equal(field_text(l, "type", ""), "1.2.3");
	assert_int_equal(field_count(l, "ek_cert"), 2);
	assert_memory_equal(
	    field_bytes(l, "ak_public", &len), "\xfb\xff", 2);
	assert_int_equal(len, 2);
	assert_null(field_bytes(l, "ek_public", &len));
	field_list_free(l);
}

static void
no_request(void **state)
{
	(void)state;
	refuses("");
	refuses("[]");
	refuses("{} x");
	refuses("{\"len\":7}");
	refuses("{\"len\":65}");
	refuses("{\"len\":\"32\"}");
	refuses("{\"len\":32,\"len\":32}");
	refuses("{\"reqTypeInfo\":{}}");
	refuses("{\"reqTypeInfo\":{\"type\":\"ab\"}}");
	refuses("{\"reqTypeInfo\":{\"type\":\"1.2\",\"reqInfo\":3}}");
	refuses("{\"reqTypeInfo\":{\"type\":\"1.2\",\"reqInfo\":"
		"{\"akPub\":\"AQ==\"}}}");
	refuses("{\"reqTypeInfo\":{\"type\":\"1.2\",\"reqInfo\":"
		"{\"akPub\":\"A+B/\"}}}");
	refuses("{\"reqTypeInfo\":{\"type\":\"1.2\",\"reqInfo\":"
		"{\"ekPub\":\"A+B/\"}}}");
	refuses("{\"reqTypeInfo\":{\"type\":\"1.2\",\"reqInfo\":"
		"{\"akPub\":\"AB\"}}}");
	refuses("{\"reqTypeInfo\":{\"type\":\"1.2\",\"reqInfo\":{\"ekCerts\":"
		"[\"AQ\",\"AQ\",\"AQ\",\"AQ\",\"AQ\"]}}}");
}

/* Good, but for its length. */
static void
a_long_request(void **state)
{
	WIRE_FIELDS *l = field_list_new();
	char *text = malloc(FRESHNESS_MAX + 2);

	(void)state;
	memset(text, ' ', FRESHNESS_MAX + 2);
	memcpy(text, "{}", 2);
	assert_true(freshness_read(text, FRESHNESS_MAX, l));
	assert_false(freshness_read(text, FRESHNESS_MAX + 1, l));
	ERR_clear_error();
	field_list_free(l);
	free(text);
}

static void
an_answer(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	char *text;

	(void)state;
	assert_true(field_add_bytes(a->values, "nonce", "", 0));
	text = freshness_write(a);
	assert_string_equal(text, "{\"nonce\":\"\"}");
	free(text);
	WIRE_ANSWER_free(a);
	a = message_answer(1, WIRE_OK);
	assert_true(field_add_bytes(a->values, "nonce", "\xfb\xff\xfe", 3) &&
	    field_add_int(a->values, "expiry", 300) &&
	    field_add_text(a->values, "type", "1.2.3.2") &&
	    field_add_bytes(a->values, "id_object", "a", 1) &&
	    field_add_bytes(a->values, "enc_secret", "b", 1) &&
	    field_add_bytes(a->values, "ak_name", "c", 1) &&
	    field_add_text(a->values, "binding", "sha256-v1"));
	text = freshness_write(a);
	assert_string_equal(text, "{\"nonce\":\"-__-\",\"expiry\":300,"
	    "\"respTypeInfo\":{\"type\":\"1.2.3.2\",\"respInfo\":{"
	    "\"idObject\":\"YQ\",\"encSecret\":\"Yg\",\"akName\":\"Yw\","
	    "\"binding\":\"sha256-v1\"}}}");
	free(text);
	WIRE_ANSWER_free(a);
	a = message_answer(1, WIRE_OK); /* without a nonce */
	assert_null(freshness_write(a));
	ERR_clear_error();
	WIRE_ANSWER_free(a);
}

#define TOKEN                                                                  \
	"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static void
a_cookie(void **state)
{
	char out[FRESHNESS_TOKEN_MAX + 1];

	(void)state;
	assert_true(freshness_cookie(FRESHNESS_COOKIE "=" TOKEN, out));
	assert_string_equal(out, TOKEN);
	assert_true(
	    freshness_cookie("a=b; " FRESHNESS_COOKIE "=" TOKEN "; c", out));
	assert_false(freshness_cookie(NULL, out));
	assert_false(freshness_cookie("", out));
	assert_false(freshness_cookie("a=b", out));
	assert_false(freshness_cookie("x" FRESHNESS_COOKIE "=" TOKEN, out));
	assert_false(freshness_cookie(FRESHNESS_COOKIE "=" TOKEN "0", out));
	assert_false(freshness_cookie(FRESHNESS_COOKIE "=12", out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_request),
	    cmocka_unit_test(no_request), cmocka_unit_test(a_long_request),
	    cmocka_unit_test(an_answer),
	    cmocka_unit_test(a_cookie)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
