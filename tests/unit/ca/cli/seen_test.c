#include "tests/unit/ca/cli/canned.h"
#include "ca/cli/seen.h"

static void
knows(void **state)
{
	struct seen *s = seen_new();
	char text[16];
	int i;

	(void)state;
	assert_non_null(s);
	assert_int_equal(seen_add(s, "ab", "c"), 1);
	assert_int_equal(seen_add(s, "a", "bc"), 1);
	assert_int_equal(seen_add(s, "ab", "c"), 0);
	/* Past the size that it begins with. */
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(seen_add(s, "n", text), 1);
	}
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(seen_add(s, "n", text), 0);
	}
	assert_int_equal(seen_add(s, "a", "bc"), 0);
	seen_free(s);
	seen_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(knows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
