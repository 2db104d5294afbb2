#include "tests/unit/profiles/lint/samples.h"
#include "tests/unit/profiles/lint/sig_samples.h"

static void
good_and_bad(void **state)
{
	(void)state;
	samples_run(
	    sig_samples, sizeof(sig_samples) / sizeof(sig_samples[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good_and_bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
