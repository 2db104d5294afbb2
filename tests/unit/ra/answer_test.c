#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ra/answer.h"

static void
every_status_has_its_http(void **state)
{
	static const int http[] = {200, 400, 401, 403, 404, 202, 429, 503, 500};
	int s;

	(void)state;
	for (s = WIRE_OK; s <= WIRE_INTERNAL; s++) {
		assert_int_equal(answer_http((enum wire_status)s), http[s]);
		assert_string_not_equal(answer_reason(http[s]), "Status");
	}
	assert_int_equal(answer_http((enum wire_status)99), 500);
	assert_string_equal(answer_reason(299), "Status");
}

static void
retry_after(void **state)
{
	(void)state;
	assert_int_equal(answer_retry(503, 0), ANSWER_RETRY_DEFAULT);
	assert_int_equal(answer_retry(429, 0), ANSWER_RETRY_DEFAULT);
	assert_int_equal(answer_retry(202, 0), ANSWER_RETRY_PENDING);
	assert_int_equal(answer_retry(202, 3), 3);
	assert_int_equal(answer_retry(202, (int64_t)1 << 40), ANSWER_RETRY_MAX);
	assert_int_equal(answer_retry(503, -5), ANSWER_RETRY_DEFAULT);
	assert_int_equal(answer_retry(403, 10), 0);
	assert_int_equal(answer_retry(200, 10), 0);
}

static void
wrap(void **state)
{
	(void)state;
	assert_int_equal(answer_wrap_parse("one-line"), ANSWER_ONE_LINE);
	assert_int_equal(answer_wrap_parse("64"), ANSWER_WRAP_64);
	assert_int_equal(answer_wrap_parse("auto"), ANSWER_AUTO);
	assert_int_equal(answer_wrap_parse(NULL), ANSWER_AUTO);
	/* 750 octets are 1,000 characters. */
	assert_int_equal(answer_columns(ANSWER_AUTO, 750, 0), 0);
	assert_int_equal(answer_columns(ANSWER_AUTO, 751, 0), 64);
	assert_int_equal(answer_columns(ANSWER_AUTO, 751, 1), 0);
	assert_int_equal(answer_columns(ANSWER_ONE_LINE, 9999, 0), 0);
	assert_int_equal(answer_columns(ANSWER_WRAP_64, 10, 1), 64);
}

static void
lines(void **state)
{
	char buf[64];

	(void)state;
	answer_line(buf, sizeof(buf), "a", "b", "c");
	assert_string_equal(buf, "a: b: c\n");
	answer_line(buf, sizeof(buf), "", "", "c");
	assert_string_equal(buf, "c\n");
	answer_line(buf, sizeof(buf), "", "b", "x\r\ny\x01\xc3");
	assert_string_equal(buf, "b: x  y??\n");
	answer_line(buf, 8, "stage", "rule", "text");
	assert_string_equal(buf, "stage:\n");
}

static void
refusal(enum wire_status status, const char *field, const char *text,
    const char *expected)
{
	WIRE_ANSWER *a = message_answer(1, status);
	char buf[ANSWER_TEXT_MAX];

	message_set_refusal(a, "st", "ru", field, text);
	answer_refusal(buf, sizeof(buf), a);
	assert_string_equal(buf, expected);
	WIRE_ANSWER_free(a);
}

static void
refusals(void **state)
{
	(void)state;
	refusal(WIRE_DENIED, NULL, "no", "st: ru: no\n");
	refusal(WIRE_DENIED, "san", "no", "st: ru: no [san]\n");
	refusal(WIRE_DENIED, "san", "san differs", "st: ru: san differs\n");
	refusal(WIRE_DENIED, NULL, NULL, "st: ru: denied\n");
	/* What failed on our side is told to the operator only. */
	refusal(WIRE_UNAVAILABLE, "pin", "/path",
	    "st: ru: not available now, try again later\n");
	refusal(WIRE_INTERNAL, "pin", "/path", "st: ru: internal error\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_status_has_its_http),
	    cmocka_unit_test(retry_after),
	    cmocka_unit_test(wrap),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
