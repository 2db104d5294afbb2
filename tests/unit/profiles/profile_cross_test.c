#include "tests/unit/profiles/profile_case.h"

#define POLICY "policies = ( { oid = \"1.2.3\"; } );\n"
#define MAP(i, s)                                                              \
	POLICY "policy_mappings = ( { issuer = \"" i "\"; subject = \"" s      \
	       "\"; } );\n"
#define NAMES(body) "name_constraints: { " body " };\n"
#define PERMIT(body) NAMES("permitted = ( { " body " } );")

static void
mappings_are_of_what_is_asserted(void **state)
{
	struct profile *p = compiles(CA_BASE, NULL, MAP("1.2.3", "1.2.4"));

	(void)state;
	assert_int_equal(p->n_mappings, 1);
	assert_string_equal(p->mappings[0].issuer, "1.2.3");
	assert_string_equal(p->mappings[0].subject, "1.2.4");
	profile_free(p);
	refused(CA_BASE, NULL, MAP("1.2.5", "1.2.4"),
	    "issuer: 1.2.5 is not among the policies");
	refused(CA_BASE, NULL, MAP("2.5.29.32.0", "1.2.4"),
	    "issuer: anyPolicy is never mapped");
	refused(CA_BASE, NULL, MAP("1.2.3", "2.5.29.32.0"),
	    "subject: anyPolicy is never mapped");
	refused(CA_BASE, NULL, MAP("1.2.3", "policy"), "is not a dotted OID");
	refused(CA_BASE, NULL,
	    POLICY "policy_mappings = ( { issuer = \"1.2.3\"; subject = "
		   "\"1.2.4\"; }, { issuer = \"1.2.3\"; subject = \"1.2.4\"; } "
		   ");\n",
	    "1.2.3 to 1.2.4 twice");
	/* One policy may stand for two of theirs. */
	accepted(CA_BASE, NULL,
	    POLICY "policy_mappings = ( { issuer = \"1.2.3\"; subject = "
		   "\"1.2.4\"; }, { issuer = \"1.2.3\"; subject = \"1.2.5\"; } "
		   ");\n");
}

static void
constraints_on_policies_are_not_empty(void **state)
{
	struct profile *p = compiles(CA_BASE, NULL,
	    "policy_constraints: { require_explicit = 0; };\n"
	    "inhibit_any_policy = 2;\n");

	(void)state;
	assert_true(p->has_require_explicit && p->require_explicit == 0);
	assert_false(p->has_inhibit_mapping);
	assert_true(p->has_inhibit_any && p->inhibit_any == 2);
	profile_free(p);
	refused(CA_BASE, NULL, "policy_constraints: { };\n",
	    "is empty (RFC 5280 4.2.1.11)");
	refused(CA_BASE, NULL, "policy_constraints: { inhibit_mapping = -1; };",
	    "inhibit_mapping: ");
	refused(CA_BASE, NULL, "inhibit_any_policy = 17;\n",
	    "inhibit_any_policy: ");
}

static void
bases_of_names_are_checked(void **state)
{
	static const struct {
		const char *type, *base;
		int good;
	} rows[] = {{"dns", "example.com", 1}, {"dns", ".example.com", 0},
	    {"dns", "*.example.com", 0}, {"email", "a@example.com", 1},
	    {"email", "example.com", 1}, {"email", ".example.com", 1},
	    {"email", "a b", 0}, {"uri", "example.com", 1},
	    {"uri", ".example.com", 1}, {"uri", "https://example.com", 0},
	    {"ip", "10.0.0.0/8", 1}, {"ip", "0.0.0.0/0", 1},
	    {"ip", "192.0.2.1/32", 1}, {"ip", "fd00::/8", 1}, {"ip", "::/0", 1},
	    {"ip", "10.0.0.1/8", 0}, {"ip", "10.0.0.0/33", 0},
	    {"ip", "10.0.0.0", 0}, {"ip", "10.0.0.0/", 0},
	    {"ip", "10.0.0.0/0x8", 0}, {"ip", "fd00::1/64", 0}};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
		    PERMIT("type = \"%s\"; base = \"%s\";"), rows[i].type,
		    rows[i].base);
		if (rows[i].good)
			accepted(CA_BASE, NULL, text);
		else
			refused(CA_BASE, NULL, text, "base: \"");
	}
}

static void
names_are_read(void **state)
{
	struct profile *p = compiles(CA_BASE, NULL,
	    NAMES("excluded = ( { type = \"ip\"; base = \"::/0\"; } ); "
		  "permitted = ( { type = \"directory\"; name = ( "
		  "{ attribute = \"C\"; value = \"JP\"; }, "
		  "{ attribute = \"O\"; value = \"X\"; } ); } );"));

	(void)state;
	assert_int_equal(p->n_subtrees, 2);
	assert_false(p->subtrees[0].excluded);
	assert_int_equal(p->subtrees[0].n_rdn, 2);
	assert_string_equal(p->subtrees[0].rdn[1].value, "X");
	assert_true(p->subtrees[1].excluded);
	assert_string_equal(p->subtrees[1].base, "::/0");
	profile_free(p);
	refused(CA_BASE, NULL, NAMES(""), "1 to 32 subtrees");
	refused(CA_BASE, NULL, PERMIT("type = \"dns\";"), "needs \"base\"");
	refused(CA_BASE, NULL, PERMIT("type = \"directory\";"),
	    "a directory name is \"name\"");
	refused(CA_BASE, NULL,
	    PERMIT("type = \"directory\"; name = ( { attribute = \"XX\"; "
		   "value = \"JP\"; } );"),
	    "attribute: unknown attribute \"XX\"");
	refused(CA_BASE, NULL,
	    PERMIT("type = \"directory\"; name = ( { attribute = \"C\"; "
		   "value = \"JPN\"; } );"),
	    "value: ");
	refused(CA_BASE, NULL, PERMIT("type = \"rid\"; base = \"1.2\";"),
	    "unknown value \"rid\"");
}

static void
end_entities_constrain_nothing(void **state)
{
	(void)state;
	refused(BASE, NULL, MAP("1.2.3", "1.2.4"), "policy_mappings: only in");
	refused(BASE, NULL, "inhibit_any_policy = 0;\n",
	    "inhibit_any_policy: only in");
	refused(BASE, NULL, "policy_constraints: { inhibit_mapping = 0; };\n",
	    "policy_constraints: only in");
	refused(BASE, NULL, PERMIT("type = \"dns\"; base = \"a.b\";"),
	    "name_constraints: only in");
	refused(CA_BASE, NULL, "self_issued = true;\n",
	    "self_issued: only in class cross");
	accepted(CA_BASE, "class = \"ca\";",
	    "class = \"cross\"; self_issued = true;");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mappings_are_of_what_is_asserted),
	    cmocka_unit_test(constraints_on_policies_are_not_empty),
	    cmocka_unit_test(bases_of_names_are_checked),
	    cmocka_unit_test(names_are_read),
	    cmocka_unit_test(end_entities_constrain_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
