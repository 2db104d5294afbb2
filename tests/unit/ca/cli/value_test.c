#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>
#include "ca/cli/value.h"
#include "ca/error.h"
#include "ca/report/report.h"

#define FORTY "4f00112233445566778899aabbccddeeff001122"

static void
serial(const char *text, const char *want)
{
	char out[VALUE_HEX_SIZE] = "";

	ERR_clear_error();
	if (value_serial(text, out) != (want != NULL))
		fail_msg("serial \"%s\"", text);
	if (want != NULL)
		assert_string_equal(out, want);
	else
		assert_int_equal(report_last_reason(), CA_E_BADREQUEST);
}

static void
test_serial(void **state)
{
	(void)state;
	serial("4f", "4f");
	serial("4F:0a", "4f0a");
	serial("0x4F", "4f");
	serial("0X4f0A", "4f0a");
	serial("4f 0a", "4f0a");
	serial("f", "0f");
	serial("f0a", "0f0a");
	serial("0", "00");
	/* openssl prints a leading 00 where DER needs one to stay positive */
	serial("00:8f:01", "8f01");
	serial(FORTY, FORTY);
	serial("00" FORTY, FORTY);
}

static void
test_serial_refused(void **state)
{
	(void)state;
	serial("", NULL);
	serial("0x", NULL);
	serial(":", NULL);
	serial("4g", NULL);
	serial("-4f", NULL);
	serial("4f\n", NULL);
	serial("0x0x4f", NULL);
	serial(FORTY "01", NULL);
	serial(FORTY FORTY FORTY, NULL);
}

static void
test_reason(void **state)
{
	char text[256];

	(void)state;
	assert_string_equal(value_reason("keyCompromise"), "keyCompromise");
	assert_string_equal(value_reason("KEYCOMPROMISE"), "keyCompromise");
	assert_string_equal(value_reason("cacompromise"), "cACompromise");
	assert_string_equal(value_reason("certificateHold"), "certificateHold");
	assert_null(value_reason("keyCompromized"));
	report_last_text(text, sizeof(text));
	assert_non_null(strstr(text, "did you mean \"keyCompromise\""));
	assert_null(value_reason("removeFromCRL"));
	report_last_text(text, sizeof(text));
	assert_non_null(strstr(text, "inkan release"));
	assert_null(value_reason(""));
	assert_null(value_reason("1"));
	ERR_clear_error();
}

static void
duration(const char *text, int64_t want)
{
	int64_t n = 0;

	assert_int_equal(value_duration(text, &n), want != 0);
	if (want != 0)
		assert_true(n == want);
	ERR_clear_error();
}

static void
test_duration(void **state)
{
	(void)state;
	duration("90", 90);
	duration("90s", 90);
	duration("5m", 300);
	duration("12h", 43200);
	duration("30d", 2592000);
	duration("2y", 63072000);
	duration("", 0);
	duration("0", 0);
	duration("d", 0);
	duration("-5m", 0);
	duration("5 m", 0);
	duration("5mm", 0);
	duration("5w", 0);
	duration("1001y", 0);
	duration("99999999999999999999", 0);
}

static void
when(const char *text, int64_t want)
{
	int64_t n = 0;

	if (value_time(text, 1000, &n) != (want != 0))
		fail_msg("time \"%s\"", text);
	if (want != 0)
		assert_true(n == want);
	ERR_clear_error();
}

static void
test_time(void **state)
{
	(void)state;
	when("2026-11-21T07:00:00Z", 1795244400);
	when("2026-11-21", 1795219200);
	when("2028-02-29", 1835395200);
	when("+60s", 1060);
	when("2027-02-29", 0);
	when("2026-13-01", 0);
	when("2026-11-21T07:00:00", 0);
	when("2026-11-21T07:00:00+01", 0);
	when("21.11.2026", 0);
	when("2026-11-2x", 0);
	when("+", 0);
	when("", 0);
}

static void
test_int(void **state)
{
	int64_t n;

	(void)state;
	assert_int_equal(value_int("7", 1, 9, &n), 1);
	assert_int_equal(n, 7);
	assert_int_equal(value_int("0", 1, 9, &n), 0);
	assert_int_equal(value_int("10", 1, 9, &n), 0);
	assert_int_equal(value_int("-1", -5, 9, &n), 0);
	assert_int_equal(value_int("7x", 1, 9, &n), 0);
	assert_int_equal(value_int("", 0, 9, &n), 0);
	ERR_clear_error();
}

static void
test_set(void **state)
{
	(void)state;
	assert_int_equal(value_set("model=X 9=z"), 1);
	assert_int_equal(value_set("a.b_c-1="), 1);
	assert_int_equal(value_set("=x"), 0);
	assert_int_equal(value_set("model"), 0);
	assert_int_equal(value_set("mo del=x"), 0);
	assert_int_equal(value_set(""), 0);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_serial),
	    cmocka_unit_test(test_serial_refused),
	    cmocka_unit_test(test_reason),
	    cmocka_unit_test(test_duration),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_int),
	    cmocka_unit_test(test_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
