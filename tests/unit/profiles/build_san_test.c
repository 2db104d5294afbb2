#include "tests/unit/profiles/build_case.h"
#include "profiles/san.h"

#define SAN(x) "san = ( " x " );"
#define FROM_CSR                                                               \
	"{ type = \"dns\"; from = \"csr.san\"; max = 2; match = "              \
	"\"{identity.device},{identity.device}.*\"; "
#define IGNORE FROM_CSR "otherwise = \"ignore\"; optional = true; }"

static void
names_come_by_rule(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, SAN(IGNORE)), "CN=dev1",
	    "DNS:DEV1,DNS:evil.example,IP:10.0.0.1,DNS:dev1.lan,DNS:dev10");
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0, "DNS:DEV1, DNS:dev1.lan");
	assert_string_equal(j.notes,
	    "san dns:evil.example ignored; san ip:10.0.0.1 ignored; "
	    "san dns:dev10 ignored");
	job_close(&j);
}

static void
more_than_max_is_outside(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, SAN(IGNORE)), "CN=dev1",
	    "DNS:dev1.a,DNS:dev1.b,DNS:dev1.c");
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0, "DNS:dev1.a, DNS:dev1.b");
	assert_string_equal(j.notes, "san dns:dev1.c ignored");
	job_close(&j);
}

static void
without_a_rule_nothing_is_copied(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1",
	    "DNS:dev1,otherName:1.2.3;UTF8:x");
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0, "");
	assert_string_equal(
	    j.notes, "san dns:dev1 ignored; san of another type ignored");
	job_close(&j);
}

static void
a_strict_rule_refuses(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, SAN(FROM_CSR "}")), "CN=dev1",
	    "DNS:evil.example");
	job_refused(
	    &j, PROFILE_E_REFUSED, "san.dns: evil.example is not allowed");
	job_close(&j);
	job_open(&j, compiles(BASE, NULL, SAN(FROM_CSR "}")), "CN=dev1", NULL);
	job_refused(&j, PROFILE_E_REFUSED,
	    "san.dns: no name that is allowed was asked for");
	job_close(&j);
}

/* What has the letters of a name and is none is outside, as what no pattern
   matches is: the certificate would not conform. */
static void
what_only_looks_like_a_name(void **state)
{
	static const struct {
		const char *type, *san, *note;
	} bad[] = {{"dns", "DNS:10.0.0.5", "san dns:10.0.0.5 ignored"},
	    {"email", "email:a..b@example.org",
		"san email:a..b@example.org ignored"},
	    {"uri", "URI:http://a_b/x", "san uri:http://a_b/x ignored"},
	    {"uri", "URI:https:///x", "san uri:https:///x ignored"},
	    {"uri", "URI:http://@a/", "san uri:http://@a/ ignored"},
	    {"uri", "URI:coap://[::]/", "san uri:coap://[::]/ ignored"}};
	char rule[160];
	struct job j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(rule, sizeof(rule), SAN("{ type = \"%s\"; from = "
		    "\"csr.san\"; otherwise = \"ignore\"; optional = true; }"),
		    bad[i].type);
		job_open(&j, compiles(BASE, NULL, rule), "CN=dev1", bad[i].san);
		job_builds(&j);
		assert_string_equal(j.notes, bad[i].note);
		job_close(&j);
		snprintf(rule, sizeof(rule),
		    SAN("{ type = \"%s\"; from = \"csr.san\"; }"),
		    bad[i].type);
		job_open(&j, compiles(BASE, NULL, rule), "CN=dev1", bad[i].san);
		job_refused(&j, PROFILE_E_REFUSED, "is not allowed");
		job_close(&j);
	}
}

static void
what_is_a_name(void **state)
{
	static const char *const good[][2] = {{"dns", "DNS:10.0.0.5a"},
	    {"dns", "DNS:1.2.3"}, {"email", "email:a.b@example.org"},
	    {"uri", "URI:https://u@10.0.0.5:8443/x_y?z"},
	    {"uri", "URI:coap://[2001:db8::1]:5683/"}, {"uri", "URI:urn:a_b"}};
	char rule[160];
	struct job j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(rule, sizeof(rule),
		    SAN("{ type = \"%s\"; from = \"csr.san\"; }"), good[i][0]);
		job_open(
		    &j, compiles(BASE, NULL, rule), "CN=dev1", good[i][1]);
		job_builds(&j);
		assert_string_equal(j.notes, "");
		job_close(&j);
	}
}

static void
a_star_in_a_field_is_no_wildcard(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, SAN(IGNORE)), "CN=dev1",
	    "DNS:evil.example");
	j.fields[0].value = "*";
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0, "");
	j.fields[0].value = "x,evil.example";
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0, "");
	j.fields[0].value = NULL;
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0, "");
	job_close(&j);
}

static void
fields_hold_several(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE, NULL,
		SAN("{ type = \"dns\"; from = \"request.dns\"; },"
		    "{ type = \"ip\"; from = \"request.ip\"; "
		    "optional = true; }")),
	    "CN=dev1", NULL);
	job_refused(&j, PROFILE_E_REFUSED, "san.dns: request.dns is not known");
	job_field(&j, "request.dns", "a, b ,a");
	job_field(&j, "request.ip", "127.0.0.1,::1");
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0,
	    "DNS:a, DNS:b, IP Address:127.0.0.1, IP "
	    "Address:0:0:0:0:0:0:0:1");
	j.fields[2].value = "a,,b";
	job_refused(&j, PROFILE_E_BADREQUEST, "san.dns: \"\"");
	j.fields[2].value = "a_b";
	job_refused(&j, PROFILE_E_BADREQUEST, "is not a DNS name");
	job_close(&j);
}

static void
an_empty_subject_makes_it_critical(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE,
		"subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } "
		");",
		SAN("{ type = \"dns\"; from = \"identity.device\"; }")),
	    "CN=dev1", NULL);
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 1, "DNS:dev1");
	job_close(&j);
}

static void
renewal_keeps_the_names(void **state)
{
	static const unsigned char old[] = {
	    0x30, 0x05, 0x82, 0x03, 'o', 'l', 'd', 0};
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, SAN(IGNORE)), "CN=dev1", "DNS:dev1");
	j.req.subject = issuer_name;
	j.req.subject_len = sizeof(issuer_name);
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0, "");
	j.req.san = old;
	j.req.san_len = sizeof(old) - 1;
	job_builds(&j);
	ext_is(&j, NID_subject_alt_name, 0, "DNS:old");
	j.req.san_len = sizeof(old);
	job_refused(&j, PROFILE_E_BADREQUEST, "san: not GeneralNames");
	job_close(&j);
}

/* Of a certificate that is renewed: its names stand in place of the CSR's. */
static void
identity_made_anew(void **state)
{
	unsigned char *subject = NULL, *san = NULL;
	size_t subject_len, san_len;
	GENERAL_NAMES *wish = sk_GENERAL_NAME_new_null();
	const unsigned char *p;
	GENERAL_NAMES *names;
	struct job j;

	(void)state;
	job_open(&j, compiles(BASE, NULL, SAN(IGNORE)), "CN=dev1", "DNS:dev1");
	j.req.subject = issuer_name; /* says nothing here */
	j.req.subject_len = sizeof(issuer_name);
	assert_int_equal(
	    build_identity(&j.req, &subject, &subject_len, &san, &san_len), 1);
	assert_memory_not_equal(subject, issuer_name, sizeof(issuer_name));
	assert_non_null(san);
	OPENSSL_free(subject);
	OPENSSL_free(san);
	sk_GENERAL_NAME_push(wish, san_make(PROFILE_SAN_DNS, "", "dev1.old"));
	sk_GENERAL_NAME_push(wish, san_make(PROFILE_SAN_DNS, "", "evil"));
	j.req.wish_san = wish;
	assert_int_equal(
	    build_identity(&j.req, &subject, &subject_len, &san, &san_len), 1);
	p = san;
	names = d2i_GENERAL_NAMES(NULL, &p, (long)san_len);
	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	assert_int_equal(GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, 0),
			     sk_GENERAL_NAME_value(wish, 0)),
	    0);
	GENERAL_NAMES_free(names);
	GENERAL_NAMES_free(wish);
	OPENSSL_free(subject);
	OPENSSL_free(san);
	/* Rules that refuse do so here, too. */
	j.req.wish_san = NULL;
	j.req.n_fields = 0;
	profile_free(j.p);
	j.p = compiles(BASE, NULL, SAN("{ type = \"dns\"; from ="
	    " \"registry.host\"; }"));
	j.req.profile = j.p;
	assert_int_equal(
	    build_identity(&j.req, &subject, &subject_len, &san, &san_len), 0);
	assert_null(subject);
	assert_null(san);
	ERR_clear_error();
	job_close(&j);
}

/* The shipped profile for keys that a TPM has shown: nothing else names the
   endorsement key, not even an operator. */
static void
an_attestation_key_needs_its_evidence(void **state)
{
	struct job j;

	(void)state;
	job_open(&j, rig_profile("tpm-ak"), "CN=dev1", NULL);
	job_refused(&j, PROFILE_E_REFUSED, "san.permanent-id: ");
	job_field(&j, "request.tpm.ek.certificate", "00aa");
	job_refused(&j, PROFILE_E_REFUSED, "san.permanent-id: ");
	job_field(&j, "attested.tpm.ek.certificate", "00aa");
	j.req.attested = 1;
	job_builds(&j);
	job_close(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_come_by_rule),
	    cmocka_unit_test(more_than_max_is_outside),
	    cmocka_unit_test(without_a_rule_nothing_is_copied),
	    cmocka_unit_test(an_attestation_key_needs_its_evidence),
	    cmocka_unit_test(a_strict_rule_refuses),
	    cmocka_unit_test(what_only_looks_like_a_name),
	    cmocka_unit_test(what_is_a_name),
	    cmocka_unit_test(a_star_in_a_field_is_no_wildcard),
	    cmocka_unit_test(fields_hold_several),
	    cmocka_unit_test(an_empty_subject_makes_it_critical),
	    cmocka_unit_test(identity_made_anew),
	    cmocka_unit_test(renewal_keeps_the_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
