#include "tests/unit/profiles/build_case.h"

#define EKU "extended_key_usage: { purposes = [ \"clientAuth\" ]; };"
#define ADDRESSES                                                              \
	"crl_distribution_point = true;"                                       \
	"authority_info_access: { ocsp = true; issuer = true; };"

static void
addresses_are_the_issuers(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ADDRESSES), "CN=dev1", NULL);
	job_builds(&j);
	ext_is(
	    &j, NID_crl_distribution_points, 0, "Full Name:\n  URI:" RIG_CRL);
	ext_is(&j, NID_info_access, 0,
	    "OCSP - URI:" RIG_OCSP "\nCA Issuers - URI:" RIG_CER);
	assert_string_equal(j.notes, "");
	j.ca.issuer.crl_url = j.ca.issuer.ocsp_url = NULL;
	j.ca.issuer.issuer_url = NULL;
	job_builds(&j);
	ext_is(&j, NID_crl_distribution_points, 0, "");
	ext_is(&j, NID_info_access, 0, "");
	assert_string_equal(j.notes,
	    "the issuer has no CRL address; the issuer has no ocsp_url; "
	    "the issuer has no issuer_url");
	job_close(&j);
}

static void
addresses_are_http(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ADDRESSES), "CN=dev1", NULL);
	j.ca.issuer.crl_url = "https://pki.example/a.crl";
	job_refused(&j, PROFILE_E_REFUSED, "build.crl_url");
	j.ca.issuer.crl_url = RIG_CRL;
	j.ca.issuer.ocsp_url = "ldap://pki.example/";
	job_refused(&j, PROFILE_E_REFUSED, "build.ocsp_url");
	j.ca.issuer.ocsp_url = RIG_OCSP;
	j.ca.issuer.issuer_url = "http://";
	job_refused(&j, PROFILE_E_REFUSED, "build.issuer_url");
	job_close(&j);
}

static void
evidence_decides(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE, EKU,
		"extended_key_usage: { if_attested = [ \"2.23.133.8.3\" ]; };"
		"policies = ( { oid = \"1.2.3\"; unless_attested = true; }, "
		"{ oid = \"1.2.4\"; cps = \"http://a/b\"; } );"),
	    "CN=dev1", NULL);
	job_builds(&j);
	ext_is(&j, NID_ext_key_usage, 0, "");
	ext_is(&j, NID_certificate_policies, 0,
	    "Policy: 1.2.3\nPolicy: 1.2.4\n  CPS: http://a/b");
	j.req.attested = 1;
	job_builds(&j);
	ext_is(&j, NID_certificate_policies, 0,
	    "Policy: 1.2.4\n  CPS: http://a/b");
	job_close(&j);
}

static void
usages_as_written(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE, "\"digitalSignature\" ]",
		"\"digitalSignature\", \"keyAgreement\", \"decipherOnly\" ]"),
	    "CN=dev1", NULL);
	job_builds(&j);
	ext_is(&j, NID_key_usage, 1,
	    "Digital Signature, Key Agreement, Decipher Only");
	ext_is(&j, NID_ext_key_usage, 0, "TLS Web Client Authentication");
	ext_is(&j, NID_basic_constraints, 0, "");
	job_close(&j);
	job_open(&j,
	    compiles(BASE, NULL,
		"basic_constraints: { ca = false; }; mud_url = "
		"\"https://m/d\"; no_rev_avail = true; "
		"subject_key_identifier = false;"),
	    "CN=dev1", NULL);
	job_builds(&j);
	ext_is(&j, NID_basic_constraints, 1, "CA:FALSE");
	ext_is(&j, NID_subject_key_identifier, 0, "");
	job_close(&j);
}

static void
the_issuers_identifier_is_copied(void **state)
{
	static const unsigned char id[] = {1, 2, 3, 4};
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	j.ca.issuer.key_id = id;
	j.ca.issuer.key_id_len = sizeof(id);
	job_builds(&j);
	ext_is(&j, NID_authority_key_identifier, 0, "01:02:03:04");
	j.ca.issuer.key_id = NULL;
	j.ca.issuer.key_id_len = 0;
	job_refused(&j, PROFILE_E_REFUSED, "build.aki");
	job_close(&j);
}

static void
own_ski(struct job *j, unsigned char out[20])
{
	X509 *x = job_x509(j);
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x);

	assert_non_null(id);
	assert_int_equal(ASN1_STRING_length(id), 20);
	memcpy(out, ASN1_STRING_get0_data(id), 20);
	X509_free(x);
}

/* A foreign CA's identifier stays what stands in what it issued; nobody else has
   a say. */
static void
a_foreign_identifier_is_kept(void **state)
{
	static const unsigned char id[] = {9, 8, 7};
	static const struct build_field cn[] = {{"request.cn", "Theirs"}};
	unsigned char before[20], after[20];
	struct job j;

	(void)state;
	job_open(&j, profile_read_file("profiles/shipped/issuing-ca.conf"),
	    "CN=dev1", NULL);
	j.req.fields = cn;
	j.req.n_fields = 1;
	j.req.key_id = id;
	j.req.key_id_len = sizeof(id);
	j.ca.issuer.path_len = -1;
	job_builds(&j);
	ext_is(&j, NID_subject_key_identifier, 0, "09:08:07");
	job_close(&j);
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	job_builds(&j);
	own_ski(&j, before);
	j.req.key_id = id;
	j.req.key_id_len = sizeof(id);
	job_builds(&j);
	own_ski(&j, after);
	assert_memory_equal(before, after, 20);
	job_close(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_the_issuers),
	    cmocka_unit_test(addresses_are_http),
	    cmocka_unit_test(evidence_decides),
	    cmocka_unit_test(usages_as_written),
	    cmocka_unit_test(the_issuers_identifier_is_copied),
	    cmocka_unit_test(a_foreign_identifier_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
