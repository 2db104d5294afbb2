#include "tests/unit/profiles/profile_case.h"

static void
has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (at == NULL || at[strlen(line)] != '\n' ||
	    (at != text && at[-1] != '\n'))
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void
every_key_is_shown(void **state)
{
	struct profile *p = compiles(BASE, NULL,
	    "san = ( { type = \"permanent-id\"; oid = \"1.2.3\"; "
	    "from = \"registry.id\"; }, { type = \"dns\"; from = \"csr.san\"; "
	    "match = \"a*\"; } );\n"
	    "policies = ( { oid = \"1.2.3\"; cps = \"http://a/b\"; "
	    "unless_attested = true; } );\n"
	    "basic_constraints: { ca = false; };\n"
	    "mud_url = \"https://m/d\"; no_rev_avail = true;\n");
	char *text = profile_dump(p);

	(void)state;
	assert_non_null(text);
	has_line(text, "name = dev");
	has_line(text, "issuer = devices");
	has_line(text, "validity.duration = 2592000s");
	has_line(text, "subject[0] = CN from identity.cn");
	has_line(text, "san[0] = permanent-id from registry.id oid 1.2.3");
	has_line(text,
	    "san[1] = dns from csr.san match \"a*\" otherwise "
	    "refuse max 1");
	has_line(text, "key_usage = digitalSignature");
	has_line(text, "basic_constraints.ca = false");
	has_line(text, "policies[0] = 1.2.3 cps http://a/b unless_attested");
	has_line(text, "no_rev_avail = true");
	has_line(text, "mud_url = https://m/d");
	OPENSSL_free(text);
	profile_free(p);
}

static void
issuers_are_told_apart(void **state)
{
	struct profile *p = compiles(CA_BASE, "issuer = \"root\";", "");
	char *text = profile_dump(p);

	(void)state;
	has_line(text, "issuer = (self-signed)");
	OPENSSL_free(text);
	profile_free(p);
	p = compiles(OCSP_BASE, NULL, "");
	text = profile_dump(p);
	has_line(text, "issuer = (any)");
	OPENSSL_free(text);
	profile_free(p);
}

/* What an author writes stays on the line, and in the place, of its key. */
static void
texts_make_no_lines(void **state)
{
	struct profile *p = compiles(BASE, NULL,
	    "description = \"a\\nissuer = \\\\ other\";\n"
	    "san = ( { type = \"permanent-id\"; value = \"a oid 1.2\"; }, "
	    "{ type = \"dns\"; from = \"csr.san\"; match = "
	    "\"a\\\" max 9\\n\"; } );\n"
	    "extensions = ( { oid = \"1.2.3\"; type = \"utf8\"; value = "
	    "\"b\\tc\"; } );\n");
	char *text = profile_dump(p);

	(void)state;
	assert_non_null(text);
	has_line(text, "description = a\\x0aissuer = \\x5c other");
	has_line(text, "san[0] = permanent-id from fixed a\\x20oid\\x201.2");
	has_line(text,
	    "san[1] = dns from csr.san match \"a\\x22 max 9\\x0a\" otherwise "
	    "refuse max 1");
	has_line(text, "extensions[0].value = utf8 fixed b\\x09c");
	OPENSSL_free(text);
	profile_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key_is_shown),
	    cmocka_unit_test(issuers_are_told_apart),
	    cmocka_unit_test(texts_make_no_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
