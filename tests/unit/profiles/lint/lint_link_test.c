#include "tests/unit/profiles/lint/samples.h"
#include "tests/unit/profiles/lint/link_samples.h"

static void
good_and_bad(void **state)
{
	(void)state;
	samples_run(
	    link_samples, sizeof(link_samples) / sizeof(link_samples[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good_and_bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
