#include "tests/unit/profiles/lint/samples.h"
#include "tests/unit/profiles/lint/usage_samples.h"

static void
good_and_bad(void **state)
{
	(void)state;
	samples_run(
	    usage_samples, sizeof(usage_samples) / sizeof(usage_samples[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good_and_bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
