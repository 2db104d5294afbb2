#include "tests/unit/ca/cli/lines.h"

/* Commands of CAs and of the instance: words to requests. */

/* A bare word is the name; lifetimes are sent in seconds. */
static void
cas(void **state)
{
	(void)state;
	line_asks("ca list", "ca.list", "");
	line_asks(
	    "ca request devices --path-len 1 --key-type ec-p384 "
	    "--crl-lifetime 1d",
	    "ca.request",
	    "name=devices path_len=1 key_type=ec-p384 crl_lifetime=86400");
	line_asks("ca request devices --abandon --keep-expired", "ca.request",
	    "name=devices abandon=1 keep_expired=1");
	line_asks("ca show devices-g2", "ca.show", "name=devices-g2");
	line_asks("ca disable devices-g2 --reason over", "ca.disable",
	    "name=devices-g2 reason=over");
	line_asks("ca enable devices-g2", "ca.enable", "name=devices-g2");
}

/* Issuing stops and goes on. */
static void
instance(void **state)
{
	(void)state;
	line_asks("ca stop --reason drill", "ca.stop", "reason=drill");
	line_asks("ca resume --confirm-time", "ca.resume", "confirm_time=1");
}

static void
mistakes(void **state)
{
	(void)state;
	line_wrong("ca request", "--name is missing");
	line_wrong("ca request devices --path-len x", "is not a number");
	line_wrong("ca request devices --crl-interval 6x", "is not a duration");
	line_wrong("ca import devices", "--cert is missing");
	line_wrong("ca delegate devices", "--csr is missing");
	line_wrong("ca show", "--name is missing");
	line_wrong("ca disable", "--name is missing");
	line_wrong("ca enable a b", "--name stands twice");
	line_wrong("ca stop drill", "unknown argument");
	line_wrong("ca resume --reason x", "unknown option --reason");
	line_wrong("ca adoption devices", "unknown argument");
	line_wrong("status --check=1", "--check takes no value");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cas),
	    cmocka_unit_test(instance),
	    cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, line_start, canned_stop);
}
