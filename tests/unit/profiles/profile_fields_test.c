#include "tests/unit/profiles/profile_case.h"

static void
join(const char *field, void *arg)
{
	strcat(strcat(arg, field), " ");
}

static void
fields_come_in_the_order_of_the_rules(void **state)
{
	struct profile *p = compiles(BASE, NULL,
	    "san = ( { type = \"dns\"; from = \"csr.san\"; "
	    "match = \"{identity.device},{registry.host}.*,a*\"; }, "
	    "{ type = \"uri\"; from = \"request.uri\"; } );\n"
	    "extensions = ( { oid = \"1.2.3\"; type = \"sequence\"; items = ( "
	    "{ type = \"integer\"; from = [ \"attested.n\", \"registry.n\" ]; "
	    "}, { type = \"utf8\"; value = \"request.no\"; } ); } );\n");
	char text[512] = "";

	(void)state;
	profile_fields(p, join, text);
	assert_string_equal(text,
	    "identity.cn identity.device registry.host request.uri attested.n "
	    "registry.n ");
	profile_free(p);
}

static void
a_profile_without_fields(void **state)
{
	struct profile *p = compiles(CODE_BASE, NULL, "");
	char text[512] = "";

	(void)state;
	profile_fields(p, join, text);
	assert_string_equal(text, "");
	profile_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_come_in_the_order_of_the_rules),
	    cmocka_unit_test(a_profile_without_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
