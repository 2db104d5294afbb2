#include "tests/unit/profiles/profile_case.h"

static void
with(const char *oid, const char *more, const char *want)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "extensions = ( { oid = \"%s\"; type = \"null\"; %s } );\n", oid,
	    more);
	if (want == NULL)
		accepted(BASE, NULL, text);
	else
		refused(BASE, NULL, text, want);
}

static void
oids_with_a_key_of_their_own_are_refused(void **state)
{
	static const char *const typed[] = {"2.5.29.14", "2.5.29.15",
	    "2.5.29.17", "2.5.29.18", "2.5.29.19", "2.5.29.30", "2.5.29.31",
	    "2.5.29.32", "2.5.29.33", "2.5.29.35", "2.5.29.36", "2.5.29.37",
	    "2.5.29.46", "2.5.29.54", "2.5.29.56", "1.3.6.1.5.5.7.1.1",
	    "1.3.6.1.5.5.7.1.25", "1.3.6.1.5.5.7.48.1.5"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		with(typed[i], "", "has a key of its own, or none at all");
	/* It may be declared, but not as NULL. */
	with("2.5.29.9", "", "lint.sda.form");
	with("1.3.6.1.5.5.7.1.30", "", NULL);
	with("2.5.29.150", "", NULL);
	with("keyUsage", "", "oid: \"keyUsage\" is not a dotted OID");
	refused(BASE, NULL,
	    "extensions = ( { oid = \"1.2.3\"; type = \"null\"; }, "
	    "{ oid = \"1.2.3\"; type = \"null\"; } );\n",
	    "oid: 1.2.3 twice");
}

static void
some_are_never_critical(void **state)
{
	/* With what the linter says of a NULL there. */
	static const char *const never[][2] = {{"2.5.29.9", "lint.sda.form"},
	    {"1.3.6.1.5.5.7.1.3", "lint.qc.form"}, {"1.3.6.1.5.5.7.1.30", NULL},
	    {"1.3.6.1.4.1.45724.1.1.4", "lint.fido"}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		with(never[i][0], "critical = true;", "must not be critical");
		with(never[i][0], "critical = false;", never[i][1]);
	}
	with("1.3.6.1.4.1.45724.1.1.5", "critical = true;", NULL);
}

static void
vendors_arcs_need_a_word(void **state)
{
	static const char *const arcs[] = {"1.2.840.113741",
	    "1.2.840.113741.1.13.1", "1.3.6.1.4.1.3704.1.1",
	    "1.2.840.113635.100.8.2"};
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(arcs) / sizeof(arcs[0]); i++) {
		with(arcs[i], "", "is under a vendor's arc");
		snprintf(text, sizeof(text),
		    "vendor_arc = true; extensions = ( { oid = \"%s\"; "
		    "type = \"null\"; } );\n",
		    arcs[i]);
		accepted(BASE, NULL, text);
	}
	/* Another arc that begins with the same digits. */
	with("1.2.840.1137410.1", "", NULL);
	with("1.3.6.1.4.1.37040", "", NULL);
	refused(BASE, NULL,
	    "extensions = ( { oid = \"1.2.3\"; type = \"sequence\"; items = ( "
	    "{ type = \"oid\"; value = \"1.2.840.113741.1.13.1.1\"; } ); } "
	    ");\n",
	    "items: an OID in it is under a vendor's arc");
}

static void
their_number_ends(void **state)
{
	char text[2048] = "extensions = ( ", one[80];
	size_t i;

	(void)state;
	for (i = 0; i <= PROFILE_EXTENSIONS_MAX; i++) {
		snprintf(one, sizeof(one),
		    "%s{ oid = \"1.2.%zu\"; type = \"null\"; }",
		    i > 0 ? ", " : "", i);
		strcat(text, one);
	}
	strcat(text, " );\n");
	refused(BASE, NULL, text, "extensions: more than 16");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(oids_with_a_key_of_their_own_are_refused),
	    cmocka_unit_test(some_are_never_critical),
	    cmocka_unit_test(vendors_arcs_need_a_word),
	    cmocka_unit_test(their_number_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
