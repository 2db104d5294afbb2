#include "tests/unit/ca/engine/people.h"
#include "ca/engine/policy.h"

/* operators.conf: who may do what. */

static struct policy *
compile(const char *text)
{
	FILE *file = fopen("profiles/shipped/code-signing.conf", "r");
	struct policy_file f[2];
	struct policy *p;

	assert_non_null(file);
	memset(f, 0, sizeof(f));
	strcpy(f[0].path, OPERATORS_PATH);
	f[0].text = people_text(text);
	f[0].len = strlen(f[0].text);
	strcpy(f[1].path, "profiles/code-signing.conf");
	f[1].text = OPENSSL_zalloc(65536);
	f[1].len = fread(f[1].text, 1, 65535, file);
	fclose(file);
	p = policy_compile(f, 2);
	OPENSSL_free(f[0].text);
	OPENSSL_free(f[1].text);
	return p;
}

static void
refused(const char *text, const char *word)
{
	char trace[1024];
	struct policy *p = compile(text);

	if (p != NULL)
		fail_msg("accepted: %s", text);
	report_trace(trace, sizeof(trace));
	if (strstr(trace, word) == NULL || strstr(trace, "operators.conf") ==
	    NULL)
		fail_msg("no \"%s\" in \"%s\"", word, trace);
	ERR_clear_error();
}

static unsigned
roles_of(const struct policy *p, uid_t uid, gid_t gid, gid_t extra)
{
	struct socket_peer peer;

	memset(&peer, 0, sizeof(peer));
	peer.uid = uid;
	peer.gid = gid;
	peer.groups[0] = extra;
	peer.n_groups = 1;
	return operators_roles(p->operators, &peer);
}

static void
roles(void **state)
{
	struct policy *p = compile(PEOPLE_CONF);
	char text[40];

	(void)state;
	if (p == NULL)
		report_fatal("compile");
	assert_int_equal(p->operators->n, 5);
	assert_int_equal(roles_of(p, 2001, 1, 1), OPERATOR_ADMIN);
	assert_int_equal(roles_of(p, 2002, 1, 1), OPERATOR_OFFICER);
	assert_int_equal(roles_of(p, 2003, 1, 1),
	    OPERATOR_ADMIN | OPERATOR_OFFICER);
	assert_int_equal(roles_of(p, 2005, 1, 1), OPERATOR_AUDITOR);
	assert_int_equal(roles_of(p, 7, 1, 1), 0);
	assert_int_equal(roles_of(p, 7, 2100, 1), OPERATOR_AUDITOR);
	assert_int_equal(roles_of(p, 7, 1, 2100), OPERATOR_AUDITOR);
	assert_int_equal(roles_of(p, 2001, 1, 2100),
	    OPERATOR_ADMIN | OPERATOR_AUDITOR);
	assert_string_equal(operators_by_uid(p->operators, 2002)->name, "bob");
	assert_null(operators_by_uid(p->operators, 7));
	/* The auditor has no key. */
	assert_int_equal(operators_approvers(p->operators, OPERATOR_OFFICER),
	    3);
	assert_int_equal(operators_approvers(p->operators, OPERATOR_AUDITOR),
	    0);
	assert_int_equal(operators_highest(p->operators), 0);
	assert_int_equal(p->operators->lifetime, 7 * 86400);
	operators_print_roles(OPERATOR_ALL, text);
	assert_string_equal(text, "admin officer auditor");
	operators_print_roles(0, text);
	assert_string_equal(text, "none");
	policy_put(p);
}

/* A policy without the file: as it was before there were roles. */
static void
no_file(void **state)
{
	struct socket_peer peer;

	(void)state;
	memset(&peer, 0, sizeof(peer));
	assert_int_equal(operators_roles(NULL, &peer), OPERATOR_ALL);
	assert_null(operators_by_uid(NULL, 0));
	assert_int_equal(operators_highest(NULL), 0);
	assert_int_equal(operators_number(NULL, "issue", NULL), 0);
	operators_free(NULL);
}

static void
rules(void **state)
{
	struct policy *p = compile(PEOPLE_CONF "approvals = ("
	    "{ operation = \"issue:code-signing\"; number = 2; },"
	    "{ operation = \"issue\"; number = 1; },"
	    "{ operation = \"revoke:ca\"; number = 2; },"
	    "{ operation = \"device.transfer\"; number = 0; } );\n"
	    "lifetime = \"2h\";\n");
	const struct operators *o;

	(void)state;
	if (p == NULL)
		report_fatal("compile");
	o = p->operators;
	assert_int_equal(operators_number(o, "issue", "code-signing"), 2);
	assert_int_equal(operators_number(o, "issue", ""), 1);
	assert_int_equal(operators_number(o, "issue", NULL), 1);
	assert_int_equal(operators_number(o, "issue", "tls"), 0);
	assert_int_equal(operators_number(o, "revoke", NULL), 0);
	assert_int_equal(operators_number(o, "revoke", "ca"), 2);
	assert_int_equal(operators_highest(o), 2);
	assert_int_equal(o->lifetime, 7200);
	policy_put(p);
}

static void
people_refused(void **state)
{
	(void)state;
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"admin\" ]; rolls = 1; } );", "unknown key \"rolls\"");
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"king\" ]; } );", "\"king\" is none of");
	refused("operators = ( { name = \"a\"; uid = 1; roles = [ ]; } );",
	    "names no role");
	refused("operators = ( { name = \"A B\"; uid = 1; roles = "
	    "[ \"admin\" ]; } );", "name: must be");
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"officer\" ]; } );", "nobody is an admin");
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"admin\" ]; }, { name = \"a\"; uid = 2; roles = "
	    "[ \"admin\" ]; } );", "\"a\" stands twice");
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"admin\" ]; }, { name = \"b\"; uid = 1; roles = "
	    "[ \"officer\" ]; } );", "one person counts once");
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"admin\" ]; key = \"%bob%\"; }, { name = \"b\"; uid = 2; "
	    "roles = [ \"officer\" ]; key = \"%bob%\"; } );",
	    "key: is a's already");
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"admin\" ]; key = \"nonsense\"; } );", "is no verifier key");
	refused("operators = ( { name = \"a\"; uid = -1; roles = "
	    "[ \"admin\" ]; } );", "uid");
}

#define WITH(op, n) PEOPLE_CONF "approvals = ( { operation = \"" op \
	"\"; number = " n "; } );"

static void
rules_refused(void **state)
{
	(void)state;
	refused(WITH("isue", "1"), "\"isue\" is no operation");
	refused(WITH("cert.list", "1"), "\"cert.list\" is no operation");
	refused(WITH("issue:nothing", "1"), "there is no profile");
	refused(WITH("ca.stop:ca", "1"), "has no kinds");
	refused(WITH("issue", "9"), "number");
	/* Three officers have keys, and one of them asks. */
	refused(WITH("issue", "3"), "3 can never be met");
	refused(PEOPLE_CONF "approvals = ( { operation = \"issue\"; number = "
	    "1; }, { operation = \"issue\"; number = 2; } );",
	    "stands twice");
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"admin\" ]; key = \"%alice%\"; }, { name = \"b\"; uid = 2; "
	    "roles = [ \"officer\" ]; key = \"%bob%\"; }, { name = \"c\"; "
	    "uid = 3; roles = [ \"officer\" ]; key = \"%carol%\"; } );\n"
	    "approvals = ( { operation = \"issue\"; number = 1; } );",
	    "the highest number is 1");
	/* Without keys a signature cannot be had; uid_only needs none. */
	refused("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"admin\", \"officer\" ]; }, { name = \"b\"; uid = 2; roles "
	    "= [ \"admin\", \"officer\" ]; } );\napprovals = ( { operation "
	    "= \"issue\"; number = 1; } );", "with a key");
	policy_put(compile("operators = ( { name = \"a\"; uid = 1; roles = "
	    "[ \"admin\", \"officer\" ]; }, { name = \"b\"; uid = 2; roles "
	    "= [ \"admin\", \"officer\" ]; } );\napprovals = ( { operation "
	    "= \"issue\"; number = 1; } );\nuid_only = true;"));
	assert_int_equal(ERR_peek_error(), 0);
}

/* As it is shipped nobody can activate it; with keys it asks two approvals for
   code signing. */
static void
shipped(void **state)
{
	char text[8192], full[16384], mark[128], *at;
	struct policy *p;
	size_t i, n;
	FILE *f = fopen("scripts/policy/operators.conf", "r");

	(void)state;
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	refused(text, "is no verifier key");
	for (i = 0; i < N_PEOPLE; i++) {
		n = (size_t)snprintf(mark, sizeof(mark),
		    "%s+00000000+PUT-THE-KEY-OF-", PEOPLE[i]);
		at = strstr(text, mark);
		assert_non_null(at);
		snprintf(full, sizeof(full), "%.*s%%%s%%%s", (int)(at - text),
		    text, PEOPLE[i], strchr(at, '"'));
		strcpy(text, full);
	}
	p = compile(text);
	if (p == NULL)
		report_fatal("shipped");
	assert_int_equal(operators_number(p->operators, "issue",
	    "code-signing"), 2);
	assert_false(p->operators->uid_only);
	policy_put(p);
}

static int
setup(void **state)
{
	(void)state;
	report_init("test", REPORT_ERROR, 2);
	people_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	people_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(roles),
	    cmocka_unit_test(no_file),
	    cmocka_unit_test(rules),
	    cmocka_unit_test(people_refused),
	    cmocka_unit_test(rules_refused),
	    cmocka_unit_test(shipped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
