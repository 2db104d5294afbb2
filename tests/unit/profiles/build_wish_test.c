#include "tests/unit/profiles/build_case.h"

static void
wish(struct job *j, int n, const int *nids, const char *const *values)
{
	csr_free(j->csr);
	j->csr = rig_csr_ext(j->key, "CN=dev1", n, nids, values);
	j->req.csr = j->csr;
	job_builds(j);
}

static void
wishes_are_noted_and_not_copied(void **state)
{
	static const int nids[] = {NID_basic_constraints, NID_key_usage,
	    NID_ext_key_usage, NID_name_constraints, NID_info_access};
	static const char *const values[] = {"critical,CA:TRUE",
	    "critical,keyCertSign", "serverAuth", "permitted;DNS:example.org",
	    "OCSP;URI:http://evil.example/"};
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	wish(&j, 5, nids, values);
	assert_string_equal(j.notes,
	    "basicConstraints cA ignored; keyUsage ignored; eku ignored; "
	    "extension 2.5.29.30 ignored; extension 1.3.6.1.5.5.7.1.1 "
	    "ignored");
	ext_is(&j, NID_basic_constraints, 0, "");
	ext_is(&j, NID_key_usage, 1, "Digital Signature");
	ext_is(&j, NID_ext_key_usage, 0, "TLS Web Client Authentication");
	ext_is(&j, NID_name_constraints, 0, "");
	ext_is(&j, NID_info_access, 0, "");
	job_close(&j);
}

static void
what_is_given_anyway_is_no_deviation(void **state)
{
	static const int nids[] = {
	    NID_basic_constraints, NID_key_usage, NID_ext_key_usage};
	static const char *const values[] = {
	    "CA:FALSE", "digitalSignature", "clientAuth"};
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	wish(&j, 3, nids, values);
	assert_string_equal(j.notes, "");
	job_close(&j);
}

static void
notes_have_an_end(void **state)
{
	char san[4096] = "";
	struct job j;
	int i;

	(void)state;
	for (i = 0; i < 50; i++)
		sprintf(san + strlen(san), "%sDNS:name-%048d.example",
		    i ? "," : "", i);
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", san);
	job_builds(&j);
	assert_true(strlen(j.notes) < BUILD_NOTES_MAX);
	assert_true(strlen(j.notes) > BUILD_NOTES_MAX / 2);
	job_close(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wishes_are_noted_and_not_copied),
	    cmocka_unit_test(what_is_given_anyway_is_no_deviation),
	    cmocka_unit_test(notes_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
