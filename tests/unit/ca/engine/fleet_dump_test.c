#include "tests/unit/ca/engine/admit_change.h"

static void
dump_is_stable(void **state)
{
	static const char want[] =
	    "name = f\nlabel = f\ndefault = false\nprofile = device-ldevid\n"
	    "authenticate.manufacturer = maker\n"
	    "authenticate.manufacturer.maker.depth = 3\n"
	    "authenticate.manufacturer.maker.device_from = serialNumber\n"
	    "authenticate.manufacturer.maker.serial_from = serialNumber\n"
	    "authenticate.manufacturer.maker.registry_serial = ignored\n"
	    "authenticate.manufacturer.maker.revocation = none\n"
	    "authenticate.manufacturer.maker.anchor = CN=Maker Root\n"
	    "authenticate.basic = true\n"
	    "authenticate.own_certificate = true\n"
	    "registration = just-in-time\nnames = a-*\nnames = b\n"
	    "idevid_key_reuse = false\nre_enrol = refuse\n"
	    "renewal.window = 3600s\nrenewal.san_optional = true\n"
	    "renewal.san_subset = false\nrenewal.superseded = keep\n"
	    "renewal.identity_update = false\nrenewal.after_expiry = 0s\n"
	    "pop_link = required\n"
	    "attest = pinned-key\nlimits.per_device_hour = 2\n"
	    "limits.per_day = 0\nlimits.per_address_minute = 0\nanswer_wrap = 64\n";
	struct world *w = *state;
	char *text;

	world_rules(w,
	    "names = [ \"a-*\", \"b\" ]; re_enrol = \"refuse\";"
	    "renewal: { window = \"1h\"; san_optional = true; };"
	    "pop_link = \"required\"; attest = \"pinned-key\";"
	    "limits: { per_device_hour = 2; }; answer_wrap = \"64\";");
	text = policy_fleet_dump(policy_fleet(w->policy, "f"));
	assert_string_equal(text, want);
	OPENSSL_free(text);
}

static void
each_choice_has_its_word(void **state)
{
	struct world *w = *state;
	char *text;

	world_rules(w,
	    "registration = \"pre-registered\";"
	    "renewal: { window = \"last-third\"; };"
	    "pop_link = \"verify-if-present\";");
	text = policy_fleet_dump(policy_fleet(w->policy, "f"));
	assert_non_null(strstr(text, "\nregistration = pre-registered\n"));
	assert_non_null(strstr(text, "\nrenewal.window = last-third\n"));
	assert_non_null(strstr(text, "\npop_link = verify-if-present\n"));
	assert_non_null(strstr(text, "\nre_enrol = allow\n"));
	assert_non_null(strstr(text, "\nattest = none\n"));
	assert_null(strstr(text, "serverkeygen"));
	OPENSSL_free(text);
	world_rules(w, "serverkeygen: { key_types = [ \"ec-p384\" ]; };");
	text = policy_fleet_dump(policy_fleet(w->policy, "f"));
	assert_non_null(strstr(text, "\nserverkeygen.plain = false\n"
				     "serverkeygen.key_types = ec-p384\n"));
	OPENSSL_free(text);
	text = policy_fleet_dump(policy_fleet(w->policy, "g"));
	assert_non_null(strstr(text, "\ndefault = true\n"));
	assert_non_null(strstr(text, "\nrenewal.window = whole\n"));
	OPENSSL_free(text);
}

static void
rules_of_a_maker(void **state)
{
	struct world *w = *state;
	char *text;

	world_rules(w,
	    "authenticate: { manufacturers = ( { name = \"maker\"; anchors ="
	    " \"maker.pem\"; device_from = \"CN\"; serial_from ="
	    " \"hardware-module-name\"; hw_types = [ \"1.3.6.1.4.1.32473.1\" ];"
	    " subject = ( { attribute = \"O\"; match = [ \"A*\", \"B\" ]; } );"
	    " issuer = ( { attribute = \"CN\"; match = \"CA *\"; } );"
	    " revocation = \"crl\"; revocation_missing = \"pass\"; } ); };"
	    "renewal: { identity_update = true; after_expiry = \"7d\";"
	    " after_expiry_key = \"new\"; after_expiry_consent = \"fleet\"; };");
	text = policy_fleet_dump(policy_fleet(w->policy, "f"));
#define M "\nauthenticate.manufacturer.maker."
	assert_non_null(strstr(text, M "device_from = CN\n"));
	assert_non_null(
	    strstr(text, M "serial_from = hardware-module-name\n"));
	assert_non_null(strstr(text, M "registry_serial = if-known\n"));
	assert_non_null(strstr(text, M "hw_type = 1.3.6.1.4.1.32473.1\n"));
	assert_non_null(strstr(text, M "subject.O = A*" M "subject.O = B\n"));
	assert_non_null(strstr(text, M "issuer.CN = CA *\n"));
	assert_non_null(strstr(
	    text, M "revocation = crl" M "revocation_missing = pass\n"));
	assert_non_null(strstr(text, "\nrenewal.identity_update = true\n"
	    "renewal.after_expiry = 604800s\nrenewal.after_expiry_key = new\n"
	    "renewal.after_expiry_consent = fleet\n"));
	OPENSSL_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(rules_of_a_maker),
	    world_test(dump_is_stable), world_test(each_choice_has_its_word)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
