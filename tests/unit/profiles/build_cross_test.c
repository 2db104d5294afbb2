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
	j->ca.issuer.constraints[0].der = lan;
	j->ca.issuer.constraints[0].len = sizeof(lan);
	j->ca.issuer.n_constraints = 1;
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

/* ---- a chain through a cross-certificate, as a verifier walks it ------- */

#define OURS "1.3.6.1.4.1.32473.1.10"
#define THEIRS "1.3.6.1.4.1.32473.2.10"
#define PARTNER_LEAF(oid)                                                      \
	"name = \"p\"; class = \"tls\"; issued_by = [ \"operator\" ];\n"       \
	"issuer = \"p\"; key_types = [ \"ec-p256\" ];\n"                       \
	"validity: { duration = \"30d\"; };\n"                                 \
	"subject = ( { attribute = \"O\"; value = \"Partner\"; } );\n"         \
	"san = ( { type = \"dns\"; from = \"request.dns\"; } );\n"             \
	"key_usage: { bits = [ \"digitalSignature\" ]; };\n"                   \
	"extended_key_usage: { purposes = [ \"serverAuth\" ]; };\n"            \
	"policies = ( { oid = \"" oid "\"; } );\n"

/* ${p} (given) for ${key} by ${ca}. */
static X509 *
certify(struct profile *p, const struct rig_ca *ca, const char *key,
    const struct build_field *fields, size_t n)
{
	EVP_PKEY *subject = rig_key(key);
	struct build_request req = {.profile = p,
	    .issuer = &ca->issuer,
	    .fields = fields,
	    .n_fields = n,
	    .serial = rig_serial,
	    .now = RIG_NOW};
	unsigned char *spki = NULL, *cert;
	size_t len;
	X509 *x;

	rig_spki(subject, &spki, &req.spki_len);
	req.spki = spki;
	cert = rig_issue(&req, ca->key, &len);
	x = rig_x509(cert, len);
	OPENSSL_free(cert);
	OPENSSL_free(spki);
	EVP_PKEY_free(subject);
	profile_free(p);
	return x;
}

static int
verify_with_policy(X509 *leaf, X509 *cross, const struct rig_ca *root)
{
	X509 *top = rig_x509(root->cert, root->cert_len);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int error;

	sk_X509_push(chain, cross);
	X509_STORE_add_cert(store, top);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, chain), 1);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param,
	    X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK |
		X509_V_FLAG_EXPLICIT_POLICY);
	X509_VERIFY_PARAM_add0_policy(param, OBJ_txt2obj(OURS, 1));
	X509_VERIFY_PARAM_set_time(param, RIG_NOW + 60);
	X509_verify_cert(ctx);
	error = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(chain);
	X509_free(top);
	return error;
}

/* Their policy counts as ours, another does not; their names, no others. */
static void
a_partners_chain_holds_within_limits(void **state)
{
	static const struct {
		const char *leaf, *dns;
		int error;
	} rows[] = {
	    {PARTNER_LEAF(THEIRS), "www.partner.example", X509_V_OK},
	    {PARTNER_LEAF(THEIRS), "www.other.example",
		X509_V_ERR_PERMITTED_VIOLATION},
	    {PARTNER_LEAF("1.3.6.1.4.1.32473.2.11"), "www.partner.example",
		X509_V_ERR_NO_EXPLICIT_POLICY},
	};
	static const struct build_field names[] = {
	    {"request.o", "Partner"}, {"request.cn", "Partner Root"}};
	struct rig_ca root, partner;
	struct build_field dns = {"request.dns", NULL};
	X509 *cross, *leaf;
	size_t i;

	(void)state;
	rig_ca_init(&root, "root", 0);
	rig_ca_certify(&root, "root-ca", "Example Root G1", NULL);
	cross = certify(rig_profile("cross"), &root, "issuer-p256", names, 2);
	rig_ca_init(&partner, "issuer-p256", 0);
	partner.issuer.name_len =
	    (size_t)i2d_X509_NAME(X509_get_subject_name(cross), &partner.name);
	partner.issuer.name = partner.name;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dns.value = rows[i].dns;
		leaf = certify(rig_compile(rows[i].leaf), &partner,
		    "device-p256", &dns, 1);
		assert_int_equal(
		    verify_with_policy(leaf, cross, &root), rows[i].error);
		X509_free(leaf);
	}
	X509_free(cross);
	rig_ca_clear(&partner);
	rig_ca_clear(&root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(constraints_are_as_others_read_them),
	    cmocka_unit_test(one_number_stands_alone),
	    cmocka_unit_test(a_link_has_its_issuers_name),
	    cmocka_unit_test(the_issuers_constraints_hold),
	    cmocka_unit_test(a_partners_chain_holds_within_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
