#include "tests/unit/profiles/profile_case.h"

static const char rare[] =
    "self_issued = true;\n"
    "policies = ( { oid = \"1.2.9\"; if_attested = true; }, "
    "{ oid = \"1.2.3\"; } );\n"
    "policy_mappings = ( { issuer = \"1.2.3\"; subject = \"1.2.4\"; } );\n"
    "policy_constraints: { require_explicit = 1; inhibit_mapping = 0; };\n"
    "inhibit_any_policy = 0;\n"
    "name_constraints: { permitted = ( { type = \"directory\"; name = ( "
    "{ attribute = \"C\"; value = \"JP\"; }, "
    "{ attribute = \"O\"; value = \"X\"; } ); } ); "
    "excluded = ( { type = \"ip\"; base = \"::/0\"; } ); };\n"
    "vendor_arc = true;\n"
    "extensions = ( { oid = \"1.2.5\"; critical = true; type = \"set\"; "
    "items = ( { type = \"utf8\"; tag = 2; explicit = true; size = 4; "
    "from = [ \"attested.a\", \"ca.b\" ]; optional = true; } ); } );\n"
    "max_der_bytes = 6000; max_crl_url_bytes = 480; max_issuer_bytes = 800;\n";

static void
rare_keys_are_shown_when_set(void **state)
{
	static const char *const lines[] = {"self_issued = true",
	    "policies[0] = 1.2.9 if_attested",
	    "policy_mappings[0] = 1.2.3 to 1.2.4",
	    "policy_constraints.require_explicit = 1",
	    "policy_constraints.inhibit_mapping = 0", "inhibit_any_policy = 0",
	    "name_constraints[0] = permitted directory C=JP,O=X",
	    "name_constraints[1] = excluded ip ::/0",
	    "extensions[0] = 1.2.5 critical", "extensions[0].value = set",
	    "extensions[0].value.0 = utf8 [2] explicit size 4 from "
	    "attested.a|ca.b optional",
	    "vendor_arc = true", "max_der_bytes = 6000",
	    "max_crl_url_bytes = 480", "max_issuer_bytes = 800"};
	struct profile *p;
	char *text, *cross, line[128];
	size_t i;

	(void)state;
	cross = replaced(CA_BASE, "class = \"ca\"", "class = \"cross\"");
	p = compiles(cross, NULL, rare);
	text = profile_dump(p);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "\n%s\n", lines[i]);
		if (strstr(text, line) == NULL)
			fail_msg("no \"%s\" in:\n%s", lines[i], text);
	}
	OPENSSL_free(text);
	profile_free(p);
	free(cross);
}

static void
and_only_then(void **state)
{
	struct profile *p = compiles(BASE, NULL, "");
	char *text = profile_dump(p);

	(void)state;
	assert_null(strstr(text, "self_issued"));
	assert_null(strstr(text, "name_constraints"));
	assert_null(strstr(text, "extensions"));
	assert_null(strstr(text, "max_"));
	OPENSSL_free(text);
	profile_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rare_keys_are_shown_when_set),
	    cmocka_unit_test(and_only_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
