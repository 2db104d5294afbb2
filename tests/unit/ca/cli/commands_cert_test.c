#include "tests/unit/ca/cli/lines.h"

/* Commands of certificates and CRLs: words to requests. */

/* A bare word is the serial. */
static void
certificates(void **state)
{
	(void)state;
	line_asks(
	    "cert list --issuer devices --state held --expires-before +1d "
	    "--limit 3",
	    "cert.list",
	    "issuer=devices state=held expires_before=@1795330800 limit=4");
	line_asks("cert show 4F01 --issuer devices", "cert.show",
	    "serial=4f01 issuer=devices");
	line_asks("release --serial 4f01", "release", "serial=4f01");
	line_asks("campaign list --limit 2", "campaign.list", "limit=3");
	line_asks("campaign show 7", "campaign.show", "id=7");
	line_asks("revoke --serial 4f01 --reason superseded", "revoke",
	    "serial=4f01 reason=superseded");
}

/* One CA, or all of them. */
static void
crls(void **state)
{
	(void)state;
	line_asks("crl issue", "crl.issue", "");
	line_asks("crl issue --issuer devices", "crl.issue", "issuer=devices");
	line_asks("crl show devices --shard 3", "crl.show",
	    "issuer=devices shard=3");
	line_asks("crl shards --issuer devices --shards 16", "crl.shards",
	    "issuer=devices shards=16");
	line_asks(
	    "crl plan --fleet-size 1000 --revocation-rate 0.5 --validity "
	    "365d --ocsp",
	    "crl.plan",
	    "fleet_size=1000 revocation_rate=0.5 validity=31536000 ocsp=1");
}

static void
mistakes(void **state)
{
	(void)state;
	line_wrong("issue --profile p", "--csr is missing");
	line_wrong("issue --csr x", "--profile is missing");
	line_wrong("explain --fleet f", "--csr or --request");
	line_wrong("cert show", "--serial is missing");
	line_wrong("cert show xyz", "is not a serial number");
	line_wrong("cert list --limit 2 --all", "exclude each other");
	line_wrong("cert list --limit x", "--limit");
	line_wrong("campaign show", "--id is missing");
	line_wrong("campaign show seven", "is not a number");
	line_wrong("release 4f01", "unknown argument");
	line_wrong("crl shards --issuer devices", "--shards is missing");
	line_wrong("crl plan --validity 1x", "is not a duration");
	line_wrong("crl issue devices", "unknown argument");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(crls),
	    cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, line_start, canned_stop);
}
