#include "tests/unit/profiles/profile_case.h"

#define EKU "extended_key_usage: { purposes = [ \"clientAuth\" ]; };"

static void
extensions_are_read(void **state)
{
	struct profile *p = compiles(BASE, EKU,
	    "extended_key_usage: { critical = true; purposes = [ "
	    "\"clientAuth\", \"1.2.3.4\" ]; if_attested = [ "
	    "\"2.23.133.8.3\" ]; };\n"
	    "crl_distribution_point = true;\n"
	    "authority_info_access: { ocsp = true; issuer = true; };\n"
	    "policies = ( { oid = \"1.2.3\"; cps = \"http://a/b\"; "
	    "unless_attested = true; } );\n"
	    "san_critical = true;\n"
	    "mud_url = \"https://mud.example/d.json\";\n");

	(void)state;
	assert_int_equal(p->key_usage, KU_DIGITAL_SIGNATURE);
	assert_int_equal(p->n_eku, 2);
	assert_string_equal(p->eku[0], "1.3.6.1.5.5.7.3.2");
	assert_string_equal(p->eku[1], "1.2.3.4");
	assert_int_equal(p->n_eku_attested, 1);
	assert_true(p->eku_critical && p->crl_dp && p->aia_ocsp &&
	    p->aia_issuers && p->san_critical);
	assert_int_equal(p->n_policies, 1);
	assert_string_equal(p->policies[0].cps, "http://a/b");
	assert_true(p->policies[0].unless_attested);
	assert_string_equal(p->mud_url, "https://mud.example/d.json");
	profile_free(p);
	p = compiles(CA_BASE, "ca = true;", "ca = true; path_len = 2;");
	assert_int_equal(p->path_len, 2);
	assert_true(p->basic_constraints_critical);
	profile_free(p);
}

static void
says(const char *with, unsigned what)
{
	struct profile *p = compiles(BASE, EKU, with);

	assert_int_equal(profile_says(p), what);
	profile_free(p);
}

static void
tcg_is_spoken(void **state)
{
	(void)state;
	says(EKU, 0);
	says("extended_key_usage: { if_attested = [ \"2.23.133.8.3\" ]; };",
	    PROFILE_SAYS_TPM | PROFILE_SAYS_RESTRICTED);
	says("extended_key_usage: { if_attested = [ \"2.23.133.8.2\" ]; };",
	    0);
	says("policies = ( { oid = \"2.23.133.11.1.1\"; if_attested = true; "
	     "} );", PROFILE_SAYS_TPM);
	says("policies = ( { oid = \"2.23.133.11.1.2\"; if_attested = true; "
	     "} );", PROFILE_SAYS_TPM);
	says("policies = ( { oid = \"2.23.133.11.1.3\"; if_attested = true; "
	     "} );", PROFILE_SAYS_TPM | PROFILE_SAYS_RESTRICTED);
	says("policies = ( { oid = \"2.23.133.11.13\"; if_attested = true; "
	     "} );", 0);
}

static void
usages_are_checked(void **state)
{
	(void)state;
	refused(BASE, "digitalSignature", "digitalSignatures",
	    "bits: unknown key usage \"digitalSignatures\" (did you mean "
	    "\"digitalSignature\"?)");
	refused(BASE, "\"digitalSignature\"", "", "at least one bit");
	refused(BASE, "\"digitalSignature\"",
	    "\"digitalSignature\", \"digitalSignature\"",
	    "digitalSignature twice");
	refused(BASE, "bits", "bit", "unknown key \"bit\"");
	refused(
	    BASE, "clientAuth", "clientAuht", "(did you mean \"clientAuth\"?)");
	refused(BASE, "\"clientAuth\"", "\"clientAuth\", \"1.3.6.1.5.5.7.3.2\"",
	    "twice");
	refused(BASE, EKU, "extended_key_usage: { critical = true; };",
	    "no purpose");
	refused(BASE, EKU,
	    "extended_key_usage: { purposes = [ \"1.2.3\" ]; if_attested = [ "
	    "\"1.2.3\" ]; };",
	    "if_attested: 1.2.3 twice");
}

static void
the_rest_is_checked(void **state)
{
	(void)state;
	refused(BASE, NULL, "basic_constraints: { ca = false; path_len = 0; };",
	    "path_len: only for a CA");
	refused(CA_BASE, "ca = true;", "ca = true; critical = false;",
	    "critical: must be true for a CA");
	refused(CA_BASE, "ca = true;", "ca = true; path_len = -1;",
	    "path_len: must lie within");
	refused(BASE, NULL, "policies = ( { oid = \"x\"; } );",
	    "oid: \"x\" is not a dotted OID");
	refused(BASE, NULL,
	    "policies = ( { oid = \"1.2.3\"; }, { oid = \"1.2.3\"; } );",
	    "oid: 1.2.3 twice");
	refused(BASE, NULL, "policies = ( { oid = \"1.2.3\"; cps = \"x\"; } );",
	    "cps: \"x\" is not a URI");
	refused(BASE, NULL, "mud_url = \"http://a/b\";",
	    "mud_url: must be a https: URL");
	refused(BASE, NULL, "authority_info_access: { oscp = true; };",
	    "(did you mean \"ocsp\"?)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(extensions_are_read),
	    cmocka_unit_test(tcg_is_spoken),
	    cmocka_unit_test(usages_are_checked),
	    cmocka_unit_test(the_rest_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
