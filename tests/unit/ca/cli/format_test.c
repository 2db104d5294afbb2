#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ca/cli/format.h"

static WIRE_FIELDS *
sample(void)
{
	WIRE_FIELDS *l = field_list_new();

	assert_non_null(l);
	assert_int_equal(field_add_text(l, "text", "ä\x1b[2J"), 1);
	assert_int_equal(field_add_int(l, "int", -7), 1);
	assert_int_equal(field_add_flag(l, "flag", 1), 1);
	assert_int_equal(field_add_time(l, "time", 1795244400), 1);
	assert_int_equal(field_add_text(l, "none", NULL), 1);
	assert_int_equal(field_add_bytes(l, "bytes", "\x00\xff", 2), 1);
	assert_int_equal(field_add_text(l, "hidden", "x"), 1);
	return l;
}

static void
test_time(void **state)
{
	char buf[FORMAT_TIME_MAX];

	(void)state;
	assert_string_equal(format_time(0, buf), "1970-01-01T00:00:00Z");
	assert_string_equal(
	    format_time(INT64_C(253402300799), buf), "9999-12-31T23:59:59Z");
	assert_string_equal(format_time(INT64_MAX, buf), "?");
}

static void
test_show(void **state)
{
	static const char *const EXCEPT[] = {"hidden", NULL};
	WIRE_FIELDS *l = sample();
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	format_show(f, l, EXCEPT);
	fclose(f);
	assert_string_equal(text,
	    "text: ä\\x1b[2J\nint: -7\nflag: yes\n"
	    "time: 2026-11-21T07:00:00Z\nnone: -\nbytes: 00ff\n");
	free(text);
	field_list_free(l);
}

static void
test_field(void **state)
{
	unsigned char big[FORMAT_MAX];
	WIRE_FIELDS *l = field_list_new();
	char buf[FORMAT_MAX];

	(void)state;
	memset(big, 0xab, sizeof(big));
	assert_string_equal(format_field(NULL, buf), "-");
	assert_int_equal(field_add_bytes(l, "b", big, sizeof(big)), 1);
	format_field(field_find(l, "b", 0), buf);
	assert_true(strlen(buf) < FORMAT_MAX);
	assert_string_equal(buf + strlen(buf) - 5, "ab...");
	assert_int_equal(field_add_bytes(l, "e", NULL, 0), 1);
	assert_string_equal(format_field(field_find(l, "e", 0), buf), "");
	field_list_free(l);
}

static void
lines(const char *in, const char *want)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	format_lines(f, in);
	fclose(f);
	assert_string_equal(text, want);
	free(text);
}

static void
test_lines(void **state)
{
	char in[1001], want[1001];
	size_t i;

	(void)state;
	lines("", "");
	lines("a\tb\n\nc\n", "a\tb\n\nc\n");
	lines("a\rb\x1b\n", "a\\x0db\\x1b\n");
	lines("\xff\n", "\\xff\n");
	/* A long line of characters of two octets stays whole. */
	for (i = 0; i < 1000; i += 2)
		memcpy(in + i, "\xc3\xa4", 2);
	in[0] = 'x';
	in[1] = 'y';
	in[1000] = '\0';
	memcpy(want, in, sizeof(want));
	lines(in, want);
}

static void
test_width(void **state)
{
	(void)state;
	assert_int_equal(format_width(""), 0);
	assert_int_equal(format_width("gerät"), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_show),
	    cmocka_unit_test(test_field),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
