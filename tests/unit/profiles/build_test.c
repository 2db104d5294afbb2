#include "tests/unit/profiles/build_case.h"

#define END "validity: { duration = \"30d\"; };"

static void
same_input_same_octets(void **state)
{
	unsigned char *again;
	struct job j;
	size_t len;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	job_builds(&j);
	assert_string_equal(j.notes, "");
	assert_int_equal(build_tbs(&j.req, &again, &len, NULL), 1);
	assert_int_equal(len, j.tbs_len);
	assert_memory_equal(again, j.tbs, len);
	OPENSSL_free(again);
	job_close(&j);
}

static void
head_is_as_asked(void **state)
{
	const unsigned char *p, *spki;
	INKAN_TBS *tbs;
	struct job j;
	size_t len;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	job_builds(&j);
	p = j.tbs;
	tbs = d2i_INKAN_TBS(NULL, &p, (long)j.tbs_len);
	assert_non_null(tbs);
	assert_ptr_equal(p, j.tbs + j.tbs_len);
	assert_int_equal(ASN1_INTEGER_get(tbs->version), 2);
	assert_int_equal(ASN1_STRING_length(tbs->serial), 20);
	assert_memory_equal(ASN1_STRING_get0_data(tbs->serial), rig_serial, 20);
	assert_memory_equal(ASN1_STRING_get0_data(tbs->issuer->value.sequence),
	    issuer_name, sizeof(issuer_name));
	spki = csr_spki(j.csr, &len);
	assert_memory_equal(
	    ASN1_STRING_get0_data(tbs->spki->value.sequence), spki, len);
	INKAN_TBS_free(tbs);
	job_close(&j);
}

static int64_t
end_of(struct job *j)
{
	X509 *x = job_x509(j);
	struct tm tm;
	time_t t;

	assert_int_equal(ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm), 1);
	t = timegm(&tm);
	X509_free(x);
	return t;
}

static void
validity_is_counted_inclusive(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	job_builds(&j);
	assert_int_equal(end_of(&j), RIG_NOW - 300 + 30 * 86400 - 1);
	/* Up to the issuer's last second, and no further. */
	j.ca.issuer.not_after = RIG_NOW + 1000;
	job_builds(&j);
	assert_int_equal(end_of(&j), RIG_NOW + 1000);
	assert_string_equal(j.notes, "notAfter cut off at the issuer's end");
	j.ca.issuer.not_after = RIG_NOW;
	job_refused(&j, PROFILE_E_REFUSED, "validity.issuer");
	job_close(&j);
}

static void
outliving_the_issuer_is_a_choice(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE, END,
		"validity: { duration = \"30d\"; may_outlive_issuer = true; "
		"};"),
	    "CN=dev1", NULL);
	j.ca.issuer.not_after = RIG_NOW + 1000;
	job_builds(&j);
	assert_int_equal(end_of(&j), RIG_NOW - 300 + 30 * 86400 - 1);
	/* But not of one that has ended. */
	j.ca.issuer.not_after = RIG_NOW + 1;
	job_builds(&j);
	j.ca.issuer.not_after = RIG_NOW;
	job_refused(&j, PROFILE_E_REFUSED, "validity.issuer");
	job_close(&j);
}

#define IDEVID                                                                 \
	"name = \"i\"; class = \"idevid\"; issued_by = [ \"operator\" ];"      \
	"issuer = \"d\"; key_types = [ \"ec-p256\" ];"                         \
	"validity: { not_after = \"none\"; };"                                 \
	"subject = ( { attribute = \"serialNumber\"; "                         \
	"from = \"identity.serial\"; } );"                                     \
	"key_usage: { bits = [ \"digitalSignature\" ]; };"

static void
no_end_is_never_cut_off(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(IDEVID, NULL, ""), "CN=dev1", NULL);
	job_field(&j, "identity.serial", "S1");
	job_builds(&j);
	assert_int_equal(end_of(&j), BUILD_NO_END);
	j.ca.issuer.not_after = BUILD_NO_END - 1;
	job_refused(&j, PROFILE_E_REFUSED, "validity.not_after");
	job_close(&j);
	job_open(&j,
	    compiles(
		IDEVID, "\"none\";", "\"none\"; may_outlive_issuer = true;"),
	    "CN=dev1", NULL);
	job_field(&j, "identity.serial", "S1");
	j.ca.issuer.not_after = RIG_NOW + 1000;
	job_builds(&j);
	assert_int_equal(end_of(&j), BUILD_NO_END);
	j.ca.issuer.not_after = RIG_NOW;
	job_refused(&j, PROFILE_E_REFUSED, "validity.issuer");
	job_close(&j);
}

static void
times_change_form_in_2050(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, END, "validity: { duration = \"1d\"; };"),
	    "CN=dev1", NULL);
	j.req.now = 2524607999; /* 20491231235959Z */
	job_builds(&j);
	j.req.now = 2524608300;
	job_builds(&j);
	job_close(&j);
}

static void
keys_must_be_of_the_profile(void **state)
{
	unsigned char *spki, bad[10] = {0x30, 8};
	struct job j;
	size_t len;
	EVP_PKEY *rsa = rig_key("device-rsa");

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	rig_spki(rsa, &spki, &len);
	j.req.csr = NULL;
	j.req.spki = spki;
	j.req.spki_len = len;
	job_refused(&j, PROFILE_E_REFUSED,
	    "key.types: rsa-2048 is not a key of profile dev");
	j.req.spki = bad;
	j.req.spki_len = sizeof(bad);
	job_refused(&j, PROFILE_E_BADREQUEST, "key.");
	OPENSSL_free(spki);
	EVP_PKEY_free(rsa);
	job_close(&j);
}

static void
path_length_is_under_the_issuers(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(CA_BASE, "ca = true;", "ca = true; path_len = 1;"), "CN=x",
	    NULL);
	j.ca.issuer.path_len = 2;
	job_builds(&j);
	j.ca.issuer.path_len = 1;
	job_refused(&j, PROFILE_E_REFUSED, "basic_constraints.path_len");
	job_close(&j);
	job_open(&j, compiles(CA_BASE, NULL, ""), "CN=x", NULL);
	j.ca.issuer.path_len = 3;
	job_refused(&j, PROFILE_E_REFUSED, "basic_constraints.path_len");
	job_close(&j);
}

static void
mistakes_of_the_caller(void **state)
{
	unsigned char serial[BUILD_SERIAL_LEN] = {0x80};
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	j.req.serial = serial;
	job_refused(&j, PROFILE_E_INTERNAL, "serial");
	serial[0] = 0;
	job_refused(&j, PROFILE_E_INTERNAL, "serial");
	j.req.serial = rig_serial;
	j.ca.issuer.name = NULL;
	job_refused(&j, PROFILE_E_REFUSED, "build.issuer");
	j.ca.issuer.name = issuer_name;
	j.ca.issuer.sigalg_len--;
	job_refused(&j, PROFILE_E_INTERNAL, "algorithm");
	job_close(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_input_same_octets),
	    cmocka_unit_test(head_is_as_asked),
	    cmocka_unit_test(validity_is_counted_inclusive),
	    cmocka_unit_test(outliving_the_issuer_is_a_choice),
	    cmocka_unit_test(no_end_is_never_cut_off),
	    cmocka_unit_test(times_change_form_in_2050),
	    cmocka_unit_test(keys_must_be_of_the_profile),
	    cmocka_unit_test(path_length_is_under_the_issuers),
	    cmocka_unit_test(mistakes_of_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
