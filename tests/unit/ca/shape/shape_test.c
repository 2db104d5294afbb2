#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ca/shape/shape.h"

static void
there_and_back(void **state)
{
	char text[SHAPE_TEXT_MAX];
	unsigned i, all = 0;

	(void)state;
	for (i = 0; i < SHAPE_N; i++) {
		assert_int_equal(shape_parse(shape_name(i)), 1u << i);
		assert_true(strlen(shape_says(i)) > 5);
		all |= 1u << i;
	}
	assert_int_equal(shape_parse(shape_text(all, text)), all);
	assert_string_equal(shape_text(SHAPE_CRLF | SHAPE_DER, text),
	    "crlf,raw-der");
	assert_string_equal(shape_text(0, text), "");
}

static void
foreign_names(void **state)
{
	(void)state;
	assert_int_equal(shape_parse(""), 0);
	assert_int_equal(shape_parse("crl,crlfx,,x,"), 0);
	assert_int_equal(shape_parse("x,crlf,"), SHAPE_CRLF);
}

static void
habits_are_no_departures(void **state)
{
	(void)state;
	assert_int_equal(
	    shape_departures(SHAPE_BARE | SHAPE_LATE | SHAPE_PEM), SHAPE_PEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(foreign_names),
	    cmocka_unit_test(habits_are_no_departures),
	};

	return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
