#include "tests/unit/ca/cli/lines.h"

/* Commands of the log: words to requests. */

static void
requests(void **state)
{
	(void)state;
	line_asks("log list --from 7 --limit 3", "log.list", "limit=4 from=7");
}

static void
mistakes(void **state)
{
	(void)state;
	line_wrong("log prove", "--serial is missing");
	line_wrong("log prove xyz", "is not a serial number");
	line_wrong("log check p --cert c", "--key is missing");
	line_wrong("log check --cert c --key k", "--proof is missing");
	line_wrong("log monitor --url u --key k", "--state is missing");
	line_wrong("log monitor --key k --state s", "--url is missing");
	line_wrong("log witness --url u --key k --state s --name n",
	    "--sign-key is missing");
	line_wrong("log cosign", "--file is missing");
	line_wrong("log vkey --name n", "--sign-key is missing");
	line_wrong("log verify --url a --dir b", "exclude each other");
	line_wrong("log list --store x", "--store is for");
	line_wrong("log monitor --url u --key k --state s --interval 1x",
	    "is not a duration");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, line_start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(requests),
	    TEST(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
