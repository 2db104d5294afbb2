#include "tests/unit/profiles/build_case.h"

#define CROSS                                                                  \
	"name = \"x\"; class = \"cross\"; issued_by = [ \"ceremony\" ];\n"     \
	"key_types = [ \"ec-p256\" ]; validity: { duration = \"30d\"; };\n"    \
	"key_usage: { bits = [ \"keyCertSign\", \"cRLSign\" ]; };\n"           \
	"basic_constraints: { ca = true; };\n"
#define SUBJECT "subject = ( { attribute = \"CN\"; value = \"Other\"; } );\n"

static void
built(struct job *j, const char *more)
{
	job_open(j, compiles(CROSS, NULL, more), "CN=x", NULL);
	job_builds(j);
}

static void
constraints_are_as_others_read_them(void **state)
{
	struct job j;

	(void)state;
	built(&j,
	    SUBJECT
	    "policies = ( { oid = \"1.2.3\"; } );\n"
	    "policy_mappings = ( { issuer = \"1.2.3\"; subject = \"1.2.4\"; }, "
	    "{ issuer = \"1.2.3\"; subject = \"1.2.5\"; } );\n"
	    "policy_constraints: { require_explicit = 0; inhibit_mapping = 2; "
	    "};\ninhibit_any_policy = 1;\n"
	    "name_constraints: { permitted = ( "
	    "{ type = \"dns\"; base = \"a.example\"; }, "
	    "{ type = \"email\"; base = \".a.example\"; }, "
	    "{ type = \"directory\"; name = ( { attribute = \"C\"; value = "
	    "\"JP\"; }, { attribute = \"O\"; value = \"X\"; } ); } ); "
	    "excluded = ( { type = \"ip\"; base = \"10.0.0.0/9\"; }, "
	    "{ type = \"uri\"; base = \"b.example\"; } ); };\n");
	ext_is(&j, NID_policy_mappings, 1, "1.2.3:1.2.4, 1.2.3:1.2.5");
	ext_is(&j, NID_policy_constraints, 1,
	    "Require Explicit Policy:0, Inhibit Policy Mapping:2");
	ext_is(&j, NID_inhibit_any_policy, 1, "1");
	ext_is(&j, NID_name_constraints, 1,
	    "Permitted:\n  DNS:a.example\n  email:.a.example\n"
	    "  DirName:C = JP, O = X\nExcluded:\n"
	    "  IP:10.0.0.0/255.128.0.0\n  URI:b.example");
	job_close(&j);
}

static void
one_number_stands_alone(void **state)
{
	struct job j;

	(void)state;
	built(&j, SUBJECT "policy_constraints: { inhibit_mapping = 0; };\n");
	ext_is(&j, NID_policy_constraints, 1, "Inhibit Policy Mapping:0");
	ext_is(&j, NID_policy_mappings, 0, "");
	ext_is(&j, NID_name_constraints, 0, "");
	job_close(&j);
}

/* Subject and issuer are one name, and a path length of 0 above allows it. */
static void
a_link_has_its_issuers_name(void **state)
{
	struct job j;

	(void)state;
	job_open(
	    &j, compiles(CROSS, NULL, "self_issued = true;\n"), "CN=x", NULL);
	j.ca.issuer.path_len = 0;
	job_builds(&j);
	subject_is(&j, "/CN=CA");
	job_close(&j);
	job_open(&j, compiles(CROSS, NULL, SUBJECT), "CN=x", NULL);
	j.ca.issuer.path_len = 0;
	job_refused(
	    &j, PROFILE_E_REFUSED, "basic_constraints.path_len: the issuer");
	job_close(&j);
}

/* permitted dns "lan", excluded dns "evil.lan" */
static const unsigned char lan[] = {0x30, 0x19, 0xa0, 0x07, 0x30, 0x05, 0x82,
    0x03, 'l', 'a', 'n', 0xa1, 0x0e, 0x30, 0x0c, 0x82, 0x0a, 'e', 'v', 'i', 'l',
    '2', '2', '.', 'l', 'a', 'n'};

#define SAN_RULE                                                               \
	"san = ( { type = \"dns\"; from = \"csr.san\"; optional = true; "      \
	"max = 2; } );\n"

static void
constrain(struct job *j, const char *san)
{
	job_open(j, compiles(BASE, NULL, SAN_RULE), "CN=dev1", san);
	j->ca.issuer.name_constraints = lan;
	j->ca.issuer.name_constraints_len = sizeof(lan);
}

static void
the_issuers_constraints_hold(void **state)
{
	struct job j;

	(void)state;
	constrain(&j, "DNS:dev1.lan");
	job_builds(&j);
	job_close(&j);
	constrain(&j, "DNS:dev1.lan,DNS:dev1.example");
	job_refused(&j, PROFILE_E_REFUSED,
	    "name.constraints: \"dev1.example\" is not permitted by the "
	    "issuer's constraints");
	job_close(&j);
	constrain(&j, "DNS:a.evil22.lan");
	job_refused(&j, PROFILE_E_REFUSED,
	    "name.constraints: \"a.evil22.lan\" is excluded by");
	job_close(&j);
	constrain(&j, NULL);
	job_builds(&j);
	job_close(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(constraints_are_as_others_read_them),
	    cmocka_unit_test(one_number_stands_alone),
	    cmocka_unit_test(a_link_has_its_issuers_name),
	    cmocka_unit_test(the_issuers_constraints_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
