#include "tests/unit/ca/cli/lines.h"

/* Commands of devices, fleets and secrets: words to requests. */

/* A bare word is the name; dates become times. */
static void
devices(void **state)
{
	(void)state;
	line_asks(
	    "device add --fleet f --name d1 --serial S7 --set a.b=c --set "
	    "d.e=f",
	    "device.add", "fleet=f name=d1 serial=S7 set=a.b=c set=d.e=f");
	line_asks("device list --fleet f --state parked --limit 5",
	    "device.list", "fleet=f state=parked limit=6");
	line_asks("device show d1", "device.show", "name=d1");
	line_asks("device show --name d1 --fleet f", "device.show",
	    "name=d1 fleet=f");
	line_asks("device disable d1 --reason lost", "device.disable",
	    "name=d1 reason=lost");
	line_asks("device enable d1", "device.enable", "name=d1");
	line_asks("device set d1 --set m=X --late-renewal yes", "device.set",
	    "name=d1 set=m=X late_renewal=yes");
	line_asks(
	    "device revoke d1 --reason keyCompromise --invalidity-date "
	    "2026-11-20",
	    "device.revoke",
	    "name=d1 reason=keyCompromise invalidity_date=@1795132800");
	line_asks("device retire d1 --note scrapped", "device.retire",
	    "name=d1 note=scrapped");
	line_asks("device replace d1 --by d2 --serial S8 --reason superseded",
	    "device.replace", "name=d1 by=d2 serial=S8 reason=superseded");
	line_asks("device transfer d1 --to g", "device.transfer",
	    "name=d1 to=g");
}

/* What was made is listed in pages; a duration is sent in seconds. */
static void
fleets_and_secrets(void **state)
{
	(void)state;
	line_asks("fleet list", "fleet.list", "");
	line_asks("maker crls", "maker.crl.list", "");
	line_asks("fleet show f", "fleet.show", "name=f");
	line_asks(
	    "secret new --fleet f --fleet g --ttl 12h --reusable --user u",
	    "secret.new", "fleet=f fleet=g ttl=43200 reusable=1 user=u");
	line_asks("secret list --limit 1", "secret.list", "limit=2");
	line_asks("secret revoke u", "secret.revoke", "user=u");
}

static void
mistakes(void **state)
{
	(void)state;
	line_wrong("device add --name d1", "--fleet is missing");
	line_wrong("device show", "--name is missing");
	line_wrong("device show a b", "--name stands twice");
	line_wrong("device disable d1 --note x", "unknown option --note");
	line_wrong("device revoke d1 --reason lost",
	    "is not a revocation reason");
	line_wrong("device revoke d1 --invalidity-date soon", "is not a time");
	line_wrong("device replace d1", "--by is missing");
	line_wrong("device transfer d1", "--to is missing");
	line_wrong("device add --fleet f --name d --set x",
	    "is not FIELD=VALUE");
	line_wrong("secret new --fleet f --ttl 12x", "is not a duration");
	line_wrong("secret revoke", "--user is missing");
	line_wrong("fleet list x", "unknown argument");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(devices),
	    cmocka_unit_test(fleets_and_secrets),
	    cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, line_start, canned_stop);
}
