#include "tests/unit/profiles/profile_case.h"

#define RULE "{ attribute = \"CN\"; from = \"identity.cn\"; }"
#define SAN(x) "san = ( { " x " } );"

static void
sources_are_read(void **state)
{
	struct profile *p = compiles(BASE, RULE,
	    RULE ", { attribute = \"O\"; value = \"Ex\"; },"
		 "{ attribute = \"OU\"; from = \"csr.O\"; optional = true; },"
		 "{ attribute = \"L\"; from = \"registry.site\"; },"
		 "{ attribute = \"serialNumber\"; "
		 "from = \"attested.android.serial\"; }");

	(void)state;
	assert_int_equal(p->n_subject, 5);
	assert_int_equal(p->subject[0].kind, PROFILE_FROM_FIELD);
	assert_string_equal(p->subject[0].source, "identity.cn");
	assert_int_equal(p->subject[1].kind, PROFILE_FROM_FIXED);
	assert_string_equal(p->subject[1].source, "Ex");
	assert_int_equal(p->subject[2].kind, PROFILE_FROM_CSR);
	assert_string_equal(p->subject[2].source, "O");
	assert_int_equal(p->subject[2].optional, 1);
	assert_int_equal(p->subject[3].nid, NID_localityName);
	assert_string_equal(p->subject[4].source, "attested.android.serial");
	profile_free(p);
}

static void
subject_rules_are_checked(void **state)
{
	static const struct {
		const char *rule, *want;
	} bad[] = {
	    {"{ attribute = \"CM\"; value = \"x\"; }",
		"p.conf:7: attribute: unknown attribute \"CM\" (did you mean "
		"\"CN\"?)"},
	    {"{ attribute = \"CN\"; }", "needs either \"from\" or \"value\""},
	    {"{ attribute = \"CN\"; value = \"x\"; from = \"csr.CN\"; }",
		"needs either"},
	    {"{ attribute = \"CN\"; from = \"identity.cm\"; }",
		"unknown source \"identity.cm\" (did you mean "
		"\"identity.cn\"?)"},
	    {"{ attribute = \"CN\"; from = \"registery.model\"; }",
		"(did you mean \"registry.model\"?)"},
	    {"{ attribute = \"CN\"; from = \"registry.\"; }",
		"unknown source \"registry.\""},
	    {"{ attribute = \"CN\"; from = \"request.a b\"; }",
		"unknown source"},
	    {"{ attribute = \"CN\"; from = \"registry.a.b\"; }",
		"unknown source"},
	    {"{ attribute = \"CN\"; from = \"attested.a..b\"; }",
		"unknown source"},
	    {"{ attribute = \"CN\"; from = \"attested.a.\"; }",
		"unknown source"},
	    {"{ attribute = \"CN\"; from = \"csr.foo\"; }",
		"unknown attribute \"foo\""},
	    {"{ attribute = \"CN\"; from = \"csr.san\"; }",
		"unknown attribute \"san\""},
	    {"{ attribute = \"C\"; value = \"jp\"; }", "country code"},
	    {"{ attribute = \"C\"; value = \"JPN\"; }", "longer than X.520"},
	    {"{ attribute = \"serialNumber\"; value = \"a_b\"; }",
		"PrintableString"},
	    {"{ attribute = \"CN\"; value = \"x\"; optional = true; }",
		"optional: a fixed value"},
	    {"{ attribute = \"CN\"; value = \"x\"; match = \"y\"; }",
		"unknown key \"match\""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(BASE, RULE, bad[i].rule, bad[i].want);
}

static void
san_rules_are_read(void **state)
{
	struct profile *p = compiles(BASE, NULL,
	    SAN("type = \"dns\"; from = \"csr.san\"; match = "
		"\"{identity.device}.*\"; otherwise = \"ignore\"; max = 3;"));

	(void)state;
	assert_int_equal(p->n_san, 1);
	assert_int_equal(p->san[0].kind, PROFILE_FROM_CSR);
	assert_int_equal(p->san[0].otherwise, PROFILE_IGNORE);
	assert_int_equal(p->san[0].max, 3);
	assert_string_equal(p->san[0].match, "{identity.device}.*");
	profile_free(p);
	/* What is not said is the stricter of the two. */
	p = compiles(BASE, NULL, SAN("type = \"dns\"; from = \"csr.san\";"));
	assert_int_equal(p->san[0].otherwise, PROFILE_REFUSE);
	assert_int_equal(p->san[0].max, 1);
	profile_free(p);
	accepted(BASE, NULL,
	    SAN("type = \"permanent-id\"; from = \"registry.id\";"));
	accepted(BASE, NULL,
	    SAN("type = \"hardware-module-name\"; oid = \"1.3.6.1.4.1.1\"; "
		"from = \"registry.hw\";"));
}

static void
san_rules_are_checked(void **state)
{
	static const struct {
		const char *rule, *want;
	} bad[] = {
	    {SAN("type = \"dsn\"; value = \"a\";"),
		"type: unknown value \"dsn\" (did you mean \"dns\"?)"},
	    {SAN("type = \"dns\"; value = \"a_b\";"), "is not a DNS name"},
	    {SAN("type = \"ip\"; value = \"1.2.3\";"), "is not an IP address"},
	    {SAN("type = \"dns\"; from = \"csr.CN\";"), "csr.san"},
	    {SAN("type = \"dns\"; from = \"identity.device\"; max = 2;"),
		"max: only with from = \"csr.san\""},
	    {SAN("type = \"dns\"; value = \"a\"; match = \"*\";"),
		"match: only with"},
	    {SAN("type = \"dns\"; from = \"csr.san\"; max = 17;"),
		"max: must lie within 1 and 16"},
	    {SAN("type = \"dns\"; from = \"csr.san\"; match = \"{x}\";"),
		"unknown field \"{x}\""},
	    {SAN("type = \"dns\"; from = \"csr.san\"; match = \"{x\";"),
		"without \"}\""},
	    {SAN("type = \"dns\"; from = \"csr.san\"; match = \"x}\";"),
		"without \"{\""},
	    {SAN("type = \"dns\"; from = \"csr.san\"; otherwise = \"drop\";"),
		"otherwise: unknown value"},
	    {SAN("type = \"dns\"; value = \"a\"; oid = \"1.2.3\";"),
		"oid: only for"},
	    {SAN("type = \"hardware-module-name\"; from = \"registry.x\";"),
		"missing key \"oid\""},
	    {SAN("type = \"hardware-module-name\"; from = \"csr.san\"; "
		 "oid = \"1.2.3\";"),
		"does not say which hardware"},
	    {SAN("type = \"permanent-id\"; oid = \"x\"; value = \"a\";"),
		"is not a dotted OID"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(BASE, NULL, bad[i].rule, bad[i].want);
}

static void
rules_are_counted(void **state)
{
	char text[4096] = "subject = ( ";
	int i;

	(void)state;
	for (i = 0; i <= PROFILE_RULES_MAX; i++)
		sprintf(text + strlen(text),
		    "%s{ attribute = \"OU\"; value = \"u%d\"; }", i ? ", " : "",
		    i);
	strcat(text, " );");
	refused(BASE,
	    "subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );",
	    text, "subject: more than 16 rules");
}

/* And what names nothing, though it has the letters. */
static void
fixed_names_name_something(void **state)
{
	(void)state;
	refused(BASE, NULL, SAN("type = \"dns\"; value = \"10.0.0.5\";"),
	    "value: \"10.0.0.5\" is not a DNS name");
	refused(BASE, NULL, SAN("type = \"uri\"; value = \"http://a_b/\";"),
	    "value: \"http://a_b/\" has no host");
	accepted(BASE, NULL, SAN("type = \"uri\"; value = \"http://10.0.0.5/\";"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sources_are_read),
	    cmocka_unit_test(subject_rules_are_checked),
	    cmocka_unit_test(san_rules_are_read),
	    cmocka_unit_test(san_rules_are_checked),
	    cmocka_unit_test(fixed_names_name_something),
	    cmocka_unit_test(rules_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
