#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ca/store/reasons.h"

static void
names(void **state)
{
	int i;

	(void)state;
	assert_int_equal(reasons_code("keyCompromise"), 1);
	assert_int_equal(reasons_code("KEYCOMPROMISE"), 1);
	assert_int_equal(reasons_code("unspecified"), 0);
	assert_int_equal(reasons_code("removeFromCRL"), -1);
	assert_int_equal(reasons_code("7"), -1);
	assert_int_equal(reasons_code(""), -1);
	assert_null(reasons_name(7));
	assert_null(reasons_name(8));
	assert_null(reasons_name(-1));
	assert_null(reasons_name(11));
	for (i = 0; i <= 10; i++)
		if (reasons_name(i) != NULL)
			assert_int_equal(
			    reasons_code(reasons_name(i)), i);
}


static void
all_of_them(void **state)
{
	const char *const *names = reasons_names();
	size_t i;

	(void)state;
	for (i = 0; i < REASONS_N; i++)
		assert_string_equal(reasons_name(reasons_code(names[i])),
		    names[i]);
	assert_string_equal(reasons_name(0), "unspecified");
	assert_string_equal(reasons_name(6), "certificateHold");
	assert_string_equal(reasons_name(10), "aACompromise");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
