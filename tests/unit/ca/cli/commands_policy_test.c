#include "tests/unit/ca/cli/lines.h"

/* Commands of policy and profiles: words to requests. */

/* Versions and their files. */
static void
policy(void **state)
{
	(void)state;
	line_asks("policy diff", "policy.diff", "");
	line_asks("policy check", "policy.check", "");
	line_asks("policy activate --note why", "policy.activate", "note=why");
	line_asks("policy activate --unchecked", "policy.activate",
	    "unchecked=1");
	line_asks("policy show --version 3 --path profiles/p.profile",
	    "policy.show", "version=3 path=profiles/p.profile");
}

/* A name without slash or dot is asked for. */
static void
profiles(void **state)
{
	(void)state;
	line_asks("profile list", "profile.list", "");
	line_asks("profile show device-ldevid", "profile.show",
	    "name=device-ldevid");
}

static void
mistakes(void **state)
{
	(void)state;
	line_wrong("policy show --version x", "is not a number");
	line_wrong("policy activate why", "unknown argument");
	line_wrong("policy diff --version 1", "unknown option --version");
	line_wrong("policy check --unchecked", "unknown option --unchecked");
	line_wrong("profile show", "--name is missing");
	line_wrong("profile check", "--file is missing");
	line_wrong("profile diff", "--profile is missing");
	line_wrong("profile replay f.profile", "--last is missing");
	line_wrong("profile replay --last 5", "--file is missing");
	line_wrong("lint --rules=x", "--rules takes no value");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(policy),
	    cmocka_unit_test(profiles),
	    cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, line_start, canned_stop);
}
