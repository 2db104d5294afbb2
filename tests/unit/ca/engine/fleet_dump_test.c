#include "tests/unit/ca/engine/admit_change.h"

static void
dump_is_stable(void **state)
{
	static const char want[] =
	    "name = f\nlabel = f\ndefault = false\nprofile = device-ldevid\n"
	    "authenticate.manufacturer = maker\n"
	    "authenticate.manufacturer.maker.depth = 3\n"
	    "authenticate.manufacturer.maker.device_from = serialNumber\n"
	    "authenticate.manufacturer.maker.anchor = CN=Maker Root\n"
	    "authenticate.basic = true\n"
	    "authenticate.own_certificate = true\n"
	    "registration = just-in-time\nnames = a-*\nnames = b\n"
	    "idevid_key_reuse = false\nre_enrol = refuse\n"
	    "renewal.window = 3600s\nrenewal.san_optional = true\n"
	    "renewal.san_subset = false\nrenewal.superseded = keep\n"
	    "pop_link = required\n"
	    "attest = pinned-key\nlimits.per_device_hour = 2\n"
	    "limits.per_day = 0\nanswer_wrap = 64\n";
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(dump_is_stable), world_test(each_choice_has_its_word)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
