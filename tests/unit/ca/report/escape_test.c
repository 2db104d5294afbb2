#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ca/report/report.h"

static void
same(const char *in, const char *want)
{
	char out[256];

	report_escape(in, out, sizeof(out));
	assert_string_equal(out, want);
}

static void
test_plain(void **state)
{
	(void)state;
	same("", "");
	same("Gerät \"7\" \\ €", "Gerät \"7\" \\ €");
	same("\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91");
}

static void
test_escaped(void **state)
{
	(void)state;
	same("a\tb\r\n", "a\\x09b\\x0d\\x0a");
	same("\x1b]0;x\x07", "\\x1b]0;x\\x07");
	same("\x7f", "\\x7f");
	/* C1 controls, turned direction, line separators */
	same("\xc2\x9b", "\\xc2\\x9b");
	same("\xe2\x80\xae", "\\xe2\\x80\\xae");
	same("\xe2\x80\xa8", "\\xe2\\x80\\xa8");
	/* not UTF-8: lone, cut, overlong, surrogate, beyond Unicode */
	same("\xff", "\\xff");
	same("\xc3", "\\xc3");
	same("\xc0\xaf", "\\xc0\\xaf");
	same("\xed\xa0\x80", "\\xed\\xa0\\x80");
	same("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

static void
test_cut(void **state)
{
	char in[200], out[32], fits[200 + 20];
	size_t i;

	(void)state;
	memset(in, 'a', sizeof(in) - 1);
	in[sizeof(in) - 1] = '\0';
	memset(out, 'z', sizeof(out));
	report_escape(in, out, sizeof(out));
	assert_true(strlen(out) < sizeof(out));
	assert_string_equal(out + strlen(out) - 3, "...");
	report_escape(in, fits, sizeof(fits));
	assert_string_equal(fits, in);
	/* A character of several octets is not cut in its middle. */
	for (i = 0; i + 1 < sizeof(in) - 1; i += 2)
		memcpy(in + i, "\xc3\xa4", 2);
	report_escape(in, out, sizeof(out));
	assert_int_equal((strlen(out) - 3) % 2, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_escaped),
	    cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
