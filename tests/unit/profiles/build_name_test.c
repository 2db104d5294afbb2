#include "tests/unit/profiles/build_case.h"

#define RULE "{ attribute = \"CN\"; from = \"identity.cn\"; }"

static void
rules_make_the_subject(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE, RULE,
		"{ attribute = \"O\"; value = \"Ex\"; },"
		"{ attribute = \"OU\"; from = \"csr.OU\"; },"
		"{ attribute = \"L\"; from = \"registry.site\"; "
		"optional = true; }," RULE),
	    "CN=other,OU=Lab,ST=Nowhere", NULL);
	job_builds(&j);
	subject_is(&j, "/O=Ex/OU=Lab/CN=dev1");
	assert_string_equal(j.notes, "subject CN ignored; subject ST ignored");
	job_field(&j, "registry.site", "Kyoto");
	job_builds(&j);
	subject_is(&j, "/O=Ex/OU=Lab/L=Kyoto/CN=dev1");
	job_close(&j);
}

static void
what_is_needed_must_be_there(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE, RULE,
		"{ attribute = \"CN\"; "
		"from = \"csr.CN\"; }"),
	    "O=x", NULL);
	job_refused(&j, PROFILE_E_REFUSED,
	    "subject.CN: CN is not in the request's subject");
	job_close(&j);
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	j.fields[1].value = "";
	job_refused(
	    &j, PROFILE_E_REFUSED, "subject.CN: identity.cn is not known");
	j.req.n_fields = 0;
	job_refused(
	    &j, PROFILE_E_REFUSED, "subject.CN: identity.cn is not known");
	job_close(&j);
}

static void
values_are_bounded(void **state)
{
	char text[2000];
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	memset(text, 'a', sizeof(text));
	text[65] = '\0';
	j.fields[1].value = text;
	job_refused(&j, PROFILE_E_REFUSED, "subject.CN: identity.cn is longer");
	text[65] = 'a';
	text[sizeof(text) - 1] = '\0';
	job_refused(&j, PROFILE_E_REFUSED, "subject.CN: identity.cn is too");
	job_close(&j);
	job_open(&j,
	    compiles(BASE, RULE,
		"{ attribute = \"serialNumber\"; from = \"identity.serial\"; "
		"}"),
	    "CN=dev1", NULL);
	job_field(&j, "identity.serial", "a_b");
	job_refused(&j, PROFILE_E_REFUSED, "PrintableString");
	/* U+0085 is a line end to some, U+00A0 none. */
	j.fields[1].value = "a\xc2\x85" "b";
	j.fields[2].value = "S1";
	profile_free(j.p);
	j.req.profile = j.p = compiles(BASE, NULL, "");
	job_refused(&j, PROFILE_E_REFUSED, "without control characters");
	j.fields[1].value = "a\xc2\xa0" "b";
	job_builds(&j);
	job_close(&j);
}

static void
nobody_is_refused(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE, RULE,
		"{ attribute = \"CN\"; from = \"identity.serial\"; "
		"optional = true; }"),
	    "CN=dev1", NULL);
	job_refused(&j, PROFILE_E_REFUSED, "subject: neither");
	job_close(&j);
}

static void
renewal_keeps_the_subject(void **state)
{
	static const unsigned char old[] = {0x30, 0x0e, 0x31, 0x0c, 0x30, 0x0a,
	    0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x03, 'o', 'l', 'd', 0};
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=old", NULL);
	j.req.subject = old;
	j.req.subject_len = sizeof(old) - 1;
	job_builds(&j);
	subject_is(&j, "/CN=old");
	assert_string_equal(j.notes, "");
	j.req.subject_len = sizeof(old);
	job_refused(&j, PROFILE_E_BADREQUEST, "subject: not a Name");
	job_close(&j);
}

static void
subject_alone(void **state)
{
	unsigned char *der;
	struct job j;
	size_t len;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	assert_int_equal(build_subject(&j.req, &der, &len), 1);
	assert_int_equal(len, 17);
	assert_memory_equal(der + 13, "dev1", 4);
	OPENSSL_free(der);
	j.req.n_fields = 0;
	assert_int_equal(build_subject(&j.req, &der, &len), 0);
	assert_null(der);
	assert_raised(PROFILE_E_REFUSED, "subject.CN");
	job_close(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_make_the_subject),
	    cmocka_unit_test(what_is_needed_must_be_there),
	    cmocka_unit_test(values_are_bounded),
	    cmocka_unit_test(nobody_is_refused),
	    cmocka_unit_test(renewal_keeps_the_subject),
	    cmocka_unit_test(subject_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
