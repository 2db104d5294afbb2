#include "tests/unit/profiles/profile_case.h"

#define CLASS "\"ldevid\""
#define VALIDITY "validity: { duration = \"30d\"; };"

static void
bases_compile(void **state)
{
	(void)state;
	accepted(BASE, NULL, "");
	accepted(CA_BASE, NULL, "");
	accepted(OCSP_BASE, NULL, "");
	accepted(CODE_BASE, NULL, "");
}

static void
what_is_written_is_read(void **state)
{
	struct profile *p = compiles(BASE, VALIDITY,
	    "description = \"d\";\nvalidity: { duration = \"1d\"; "
	    "backdate = \"1m\"; may_outlive_issuer = true; };");

	(void)state;
	assert_string_equal(p->name, "dev");
	assert_string_equal(p->description, "d");
	assert_string_equal(p->issuer, "devices");
	assert_int_equal(p->class, PROFILE_LDEVID);
	assert_int_equal(p->issued_by, PROFILE_BY_EST);
	assert_int_equal(p->key_types, SPKI_EC_P256);
	assert_int_equal(p->duration, 86400);
	assert_int_equal(p->backdate, 60);
	assert_int_equal(p->may_outlive_issuer, 1);
	assert_int_equal(p->no_end, 0);
	assert_int_equal(p->path_len, -1);
	assert_true(p->ski && p->aki && !p->crl_dp && !p->aia_ocsp);
	assert_true(p->key_usage_critical && !p->eku_critical);
	profile_free(p);
}

static void
keys_are_held_to_the_table(void **state)
{
	char text[512];
	const char *conf = BASE "valdity: { };\n";

	(void)state;
	assert_null(profile_compile("device.conf", conf, strlen(conf)));
	assert_int_equal(raised(text, sizeof(text)), PROFILE_E_CONFIG);
	assert_string_equal(text,
	    "device.conf:10: unknown key \"valdity\" "
	    "(did you mean \"validity\"?)");
	refused(BASE, "class = \"ldevid\";", "", "missing key \"class\"");
	refused(BASE, VALIDITY, "validity: { duration = \"30d\"; x = 1; };",
	    "p.conf:6: unknown key \"x\"");
	refused(
	    BASE, "\"est\"", "\"est\", \"est\"", "issued_by: \"est\" twice");
	refused(BASE, "\"est\"", "\"ets\"", "(did you mean \"est\"?)");
	refused(BASE, "\"est\"", "", "p.conf:3: issued_by: is empty");
	refused(BASE, "ec-p256", "ec-256",
	    "p.conf:5: key_types: unknown value \"ec-256\" (did you mean "
	    "\"ec-p256\"?)");
	refused(BASE, "\"dev\"", "\"De v\"", "p.conf:1: name: only a-z");
	refused(BASE, "\"dev\"", "\"../x\"", "p.conf:1: name: only a-z");
	refused(BASE, CLASS, "\"ldvid\"", "(did you mean \"ldevid\"?)");
	refused(BASE, "name = \"dev\";", "name = \"dev\"; name = \"a\";",
	    "p.conf:1: the same key twice");
}

static void
long_texts_are_refused(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "\"%064d\"", 1);
	refused(BASE, "\"dev\"", text, "name: longer than 63 octets");
}

static void
validity_is_checked(void **state)
{
	(void)state;
	refused(BASE, "duration = \"30d\";", "",
	    "p.conf:6: missing key \"duration\"");
	refused(BASE, "\"30d\"", "\"30\"", "is not a duration");
	refused(BASE, "\"30d\"", "\"1s\"", "duration: \"1s\" must lie");
	refused(BASE, "\"30d\"", "\"101y\"", "duration: \"101y\" must lie");
	refused(BASE, "\"30d\";", "\"1h\"; backdate = \"1h\";",
	    "backdate: not less than the duration");
	refused(BASE, "duration = \"30d\";", "not_after = \"never\";",
	    "not_after: can only be \"none\"");
	refused(BASE, "\"30d\";", "\"30d\"; not_after = \"none\";",
	    "duration: not beside not_after");
}

static void
names_of_classes_and_askers(void **state)
{
	(void)state;
	assert_string_equal(profile_class_name(PROFILE_CA), "ca");
	assert_string_equal(
	    profile_class_name(PROFILE_CODE_SIGNING), "code-signing");
	assert_string_equal(profile_by_name(PROFILE_BY_SERVICE), "service");
	assert_null(profile_by_name((enum profile_by)3));
}

static void
only_the_named_may_ask(void **state)
{
	struct profile *p = compiles(BASE, NULL, "");

	(void)state;
	assert_int_equal(profile_allows(p, PROFILE_BY_EST), 1);
	assert_int_equal(profile_allows(p, PROFILE_BY_OPERATOR), 0);
	assert_raised(PROFILE_E_REFUSED, "profile.issued_by");
	assert_int_equal(profile_allows(p, PROFILE_BY_SERVICE), 0);
	assert_raised(PROFILE_E_REFUSED, "profile.issued_by");
	profile_free(p);
}

static void
files_are_read(void **state)
{
	struct profile *p =
	    profile_read_file("profiles/shipped/device-ldevid.conf");

	(void)state;
	assert_non_null(p);
	assert_string_equal(p->name, "device-ldevid");
	profile_free(p);
	assert_null(profile_read_file("profiles/shipped/none.conf"));
	assert_raised(PROFILE_E_CONFIG, "cannot be opened");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bases_compile),
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(keys_are_held_to_the_table),
	    cmocka_unit_test(long_texts_are_refused),
	    cmocka_unit_test(validity_is_checked),
	    cmocka_unit_test(names_of_classes_and_askers),
	    cmocka_unit_test(only_the_named_may_ask),
	    cmocka_unit_test(files_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
