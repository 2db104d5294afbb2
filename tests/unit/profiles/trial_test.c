#include "tests/unit/profiles/profile_case.h"
#include "profiles/trial.h"

/* What the compiler has no word against, and a certificate must not have. */
static void
bad_ones_do_not_load(void **state)
{
	(void)state;
	refused(BASE, NULL,
	    "policies = ( { oid = \"1.2.3\"; cps = \"http:///cps\"; } );",
	    "p.conf: lint.policies.cps: RFC 5280 4.2.1.4: ");
	/* Only in certificates without evidence. */
	refused(BASE, NULL,
	    "policies = ( { oid = \"1.2.3\"; cps = \"http:///cps\"; "
	    "unless_attested = true; } );",
	    "p.conf: lint.policies.cps: ");
	/* And only in those with it. */
	refused(BASE, NULL,
	    "policies = ( { oid = \"1.2.3\"; cps = \"http:///cps\"; "
	    "if_attested = true; } );",
	    "p.conf: lint.policies.cps: ");
	accepted(BASE, NULL,
	    "policies = ( { oid = \"1.2.3\"; cps = \"http://a/cps\"; "
	    "if_attested = true; } );");
}

/* The text ends with the key type for which it failed. */
static void
says_for_which_key(void **state)
{
	(void)state;
	refused(BASE, "[ \"ec-p256\" ]",
	    "[ \"rsa-3072\", \"ed25519\" ]; policies = ( { oid = \"1.2.3\"; "
	    "cps = \"http:///cps\"; } )",
	    "(a certificate for rsa-3072)");
}

/* Every kind of rule has a value that it takes. */
static void
all_kinds_of_values(void **state)
{
	(void)state;
	accepted(BASE, "( { attribute = \"CN\"; from = \"identity.cn\"; } )",
	    "( { attribute = \"C\"; from = \"registry.c\"; },"
	    "  { attribute = \"DC\"; from = \"registry.dc\"; },"
	    "  { attribute = \"emailAddress\"; from = \"registry.mail\"; },"
	    "  { attribute = \"serialNumber\"; from = \"csr.serialNumber\"; },"
	    "  { attribute = \"CN\"; from = \"csr.CN\"; optional = true; } );"
	    "san = ( { type = \"ip\"; from = \"registry.ip\"; },"
	    "  { type = \"dns\"; from = \"csr.san\";"
	    "    match = \"{identity.device}.*,*.b\"; max = 2; },"
	    "  { type = \"ip\"; from = \"csr.san\"; match = \"10.*\"; },"
	    "  { type = \"email\"; from = \"csr.san\"; },"
	    "  { type = \"uri\"; from = \"registry.uri\"; },"
	    "  { type = \"hardware-module-name\"; oid = \"1.2.3\";"
	    "    from = \"identity.serial\"; },"
	    "  { type = \"permanent-id\"; from = \"identity.serial\"; } )");
	accepted(BASE, "[ \"ec-p256\" ]",
	    "[ \"ec-p256\", \"ec-p384\", \"rsa-2048\", \"rsa-3072\", "
	    "\"rsa-4096\", \"ed25519\" ]");
	accepted(CA_BASE, NULL, "");
	accepted(OCSP_BASE, NULL, "");
	accepted(CODE_BASE, NULL, "");
}

/* A field that is an address and a country: no sample, and no refusal. */
static void
what_cannot_be_made(void **state)
{
	(void)state;
	accepted(BASE, "( { attribute = \"CN\"; from = \"identity.cn\"; } )",
	    "( { attribute = \"C\"; from = \"registry.x\"; } );"
	    "san = ( { type = \"ip\"; from = \"registry.x\"; } )");
	assert_int_equal(ERR_peek_error(), 0);
}

/* TcbInfo's vendor is [0] and its svn [3] (TCG DICE). */
#define TCB_INFO(items)                                                        \
	"extensions = ( { oid = \"2.23.133.5.4.1\"; "                          \
	"type = \"sequence\"; items = ( " items " ); } );"
#define TEXT_FROM(tag, from)                                                   \
	"{ type = \"utf8\"; tag = " tag "; from = \"" from                     \
	"\"; optional = true; }"
#define SVN "{ type = \"integer\"; tag = 3; from = \"registry.svn\"; }"

/* A form that the linter refuses whatever the fields say. */
static void
declared_extensions(void **state)
{
	(void)state;
	accepted(BASE, NULL, TCB_INFO(TEXT_FROM("0", "registry.v") "," SVN));
	refused(BASE, NULL, TCB_INFO(SVN "," TEXT_FROM("0", "registry.v")),
	    "p.conf: lint.dice.tcb_info: ");
	refused(
	    BASE, NULL, TCB_INFO(SVN "," SVN), "p.conf: lint.dice.tcb_info: ");
	/* Both fields are given only in the sample that has all. */
	refused(BASE, NULL,
	    TCB_INFO(
		TEXT_FROM("0", "registry.v") "," TEXT_FROM("0", "registry.w")),
	    "p.conf: lint.dice.tcb_info: ");
	/* A field that a name wants to be an address is no integer. */
	accepted(BASE, NULL,
	    "san = ( { type = \"ip\"; from = \"registry.svn\"; "
	    "} ); " TCB_INFO(SVN "," SVN));
	assert_int_equal(ERR_peek_error(), 0);
}

#define LEAF LEAF_FROM_FIELD

/* Each type of leaf has a value, and the sample is judged: the second profile
   has a TcbInfo beside them that is none. */
static void
all_kinds_of_leaves(void **state)
{
	/* clang-format off */
	static const char leaves[] =
	    "extensions = ( { oid = \"1.2.3.4\"; type = \"sequence\"; items = ("
	    LEAF("boolean", "") "," LEAF("integer", "") ","
	    LEAF("bit-string", "") "," LEAF("octet-string", "size = 512; ") ","
	    LEAF("oid", "") "," LEAF("enumerated", "") ","
	    LEAF("utf8", "size = 1024; ") "," LEAF("printable", "") ","
	    LEAF("ia5", "size = 3; ") "," LEAF("time", "") " ); },"
	    "{ oid = \"2.23.133.5.4.4\"; type = \"sequence\"; items = ("
	    " { type = \"octet-string\"; from = \"registry.ueid\"; } ); } %s);";
	/* clang-format on */
	char more[sizeof(leaves) + 200];

	(void)state;
	snprintf(more, sizeof(more), leaves, "");
	accepted(BASE, NULL, more);
	snprintf(more, sizeof(more), leaves,
	    ", { oid = \"2.23.133.5.4.1\"; "
	    "type = \"integer\"; value = \"1\"; }");
	refused(BASE, NULL, more, "p.conf: lint.dice.tcb_info: ");
}

/* Compiled or changed, it is the same judgement. */
static void
direct(void **state)
{
	struct profile *p = compiles(BASE, NULL, "");

	(void)state;
	assert_true(profile_trial(p, "x"));
	assert_int_equal(ERR_peek_error(), 0);
	strcpy(p->policies[0].oid, "1.2.3");
	strcpy(p->policies[0].cps, "http:///cps");
	p->n_policies = 1;
	assert_false(profile_trial(p, "x"));
	assert_raised(
	    PROFILE_E_CONFIG, "x: lint.policies.cps: RFC 5280 4.2.1.4");
	profile_free(p);
}

/* One that was accepted once is kept, and tells what is wrong with it; what the
   compiler itself refuses is refused. */
static void
of_the_active_version(void **state)
{
	static const char bad[] = BASE "policies = ( { oid = \"1.2.3\"; cps = "
				       "\"http:///cps\"; } );";
	static const char value[] = BASE "san = ( { type = \"uri\"; value = "
					 "\"http:///x\"; } );";
	static const char broken[] = BASE "policy = 3;";
	struct profile *p = profile_compile_active("p.conf", bad, strlen(bad));

	(void)state;
	assert_non_null(p);
	assert_int_equal(
	    strncmp(p->breach, "p.conf: lint.policies.cps: ", 27), 0);
	assert_int_equal(ERR_peek_error(), 0);
	profile_free(p);
	p = profile_compile_active("p.conf", value, strlen(value));
	assert_non_null(p);
	assert_string_equal(
	    p->breach, "p.conf:10: value: \"http:///x\" has no host");
	assert_int_equal(ERR_peek_error(), 0);
	profile_free(p);
	p = profile_compile_active("p.conf", BASE, strlen(BASE));
	assert_non_null(p);
	assert_string_equal(p->breach, "");
	profile_free(p);
	assert_null(profile_compile_active("p.conf", broken, strlen(broken)));
	assert_raised(PROFILE_E_CONFIG, "policy");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_ones_do_not_load),
	    cmocka_unit_test(says_for_which_key),
	    cmocka_unit_test(all_kinds_of_values),
	    cmocka_unit_test(what_cannot_be_made),
	    cmocka_unit_test(declared_extensions),
	    cmocka_unit_test(all_kinds_of_leaves),
	    cmocka_unit_test(direct),
	    cmocka_unit_test(of_the_active_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
