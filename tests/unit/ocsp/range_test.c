#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ocsp/range.h"

static void
ranges(void **state)
{
	static const struct {
		const char *header;
		enum range_result result;
		size_t first, last;
	} rows[] = {
	    {NULL, RANGE_NONE, 0, 0},
	    {"bytes=0-0", RANGE_PART, 0, 0},
	    {"Bytes=0-", RANGE_PART, 0, 99},
	    {"bytes= 5-9", RANGE_PART, 5, 9},
	    {"bytes=99-100", RANGE_PART, 99, 99},
	    {"bytes=-1", RANGE_PART, 99, 99},
	    {"bytes=-100", RANGE_PART, 0, 99},
	    {"bytes=-99999999999999999999999999", RANGE_PART, 0, 99},
	    {"bytes=5-99999999999999999999999999", RANGE_PART, 5, 99},
	    {"bytes=-0", RANGE_UNSATISFIABLE, 0, 0},
	    {"bytes=100-", RANGE_UNSATISFIABLE, 0, 0},
	    {"bytes=99999999999999999999999999-", RANGE_UNSATISFIABLE, 0, 0},
	    {"bytes=9-5", RANGE_NONE, 0, 0},
	    {"bytes=", RANGE_NONE, 0, 0},
	    {"bytes=-", RANGE_NONE, 0, 0},
	    {"bytes=1", RANGE_NONE, 0, 0},
	    {"bytes=1-2x", RANGE_NONE, 0, 0},
	    {"bytes=x-2", RANGE_NONE, 0, 0},
	    {"bytes=0-1,3-4", RANGE_NONE, 0, 0},
	    {"bytes=--1", RANGE_NONE, 0, 0},
	    {"octets=0-1", RANGE_NONE, 0, 0},
	};
	size_t i, first, last;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    range_read(rows[i].header, 100, &first, &last),
		    rows[i].result);
		if (rows[i].result != RANGE_PART)
			continue;
		assert_int_equal(first, rows[i].first);
		assert_int_equal(last, rows[i].last);
	}
}

static void
if_range(void **state)
{
	const char *etag = "\"ab\"", *date = "Sun, 06 Nov 1994 08:49:37 GMT";

	(void)state;
	assert_true(range_still_same(NULL, etag, date));
	assert_true(range_still_same("\"ab\"", etag, date));
	assert_true(range_still_same(date, etag, date));
	assert_false(range_still_same("W/\"ab\"", etag, date));
	assert_false(range_still_same("\"abc\"", etag, date));
	assert_false(
	    range_still_same("Sun, 06 Nov 1994 08:49:38 GMT", etag, date));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ranges),
	    cmocka_unit_test(if_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
