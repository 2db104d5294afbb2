#include "logs.h"

static char conf[320], to[320];

static void
prepare(void)
{
	snprintf(conf, sizeof(conf), "%s/c/ca.conf", logs->t->dir);
	snprintf(to, sizeof(to), "%s/b", logs->t->dir);
	logs_sh("mkdir -p c/profiles c/fleets p/crl && cp -r log p/log &&"
		" echo crl >p/crl/a.crl && echo x >c/profiles/x.conf &&"
		" echo 'store = \"../store.db\"; publish_dir = \"../p\";"
		" policy_dir = \".\";' >c/ca.conf");
}

static int
is_there(const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", logs->t->dir, name);
	return access(path, F_OK) == 0;
}

static void
copies_and_verifies(void **state)
{
	(void)state;
	prepare();
	assert_int_equal(tool("backup", to, "--config", conf, NULL), 0);
	assert_in(canned.out, "store: schema 5, 8 entries\npublished: 8 ");
	assert_in(canned.out, "nothing found that is wrong");
	assert_in(canned.out, "left out: tokens, PIN files and status.db");
	assert_true(is_there("b/store.db") && is_there("b/config/ca.conf") &&
	    is_there("b/config/profiles/x.conf") &&
	    is_there("b/pub/crl/a.crl") && is_there("b/pub/log/checkpoint"));
	assert_false(is_there("b.tmp"));
	assert_int_equal(canned.calls, 0);
	assert_int_equal(tool("backup", "--verify", to, NULL), 0);
	assert_int_equal(tool("backup", "--verify", to, "--json", NULL), 0);
	assert_in(canned.out, "\"entries\": 8");
	assert_in(canned.out, "\"found\": 0");
	/* Not twice. */
	assert_int_equal(tool("backup", to, "--config", conf, NULL), 1);
	assert_in(canned.err, "backup.exists: ");
}

static void
takes_another_store_and_policy(void **state)
{
	(void)state;
	prepare();
	logs_sh("mkdir -p q/profiles && echo o >q/operators.conf &&"
		" echo y >q/profiles/y.conf && mv store.db s.db &&"
		" sed -i 's|\"\\.\"|\"../q\"|' c/ca.conf");
	assert_int_equal(tool("backup", to, "--config", conf, NULL), 1);
	assert_false(is_there("b") || is_there("b.tmp"));
	logs_sh("mv s.db store.db && mkdir s && cp store.db* s/");
	{
		char other[320];

		snprintf(other, sizeof(other), "%s/s/store.db", logs->t->dir);
		assert_int_equal(tool("backup", to, "--config", conf, "--store",
		    other, NULL), 0);
	}
	assert_true(is_there("b/policy/operators.conf") &&
	    is_there("b/policy/profiles/y.conf"));
	assert_false(is_there("b/config/profiles/x.conf"));
}

/* What the verifier needs, too: its configuration, reference values, anchors; but
   no key, whatever its file is called. */
static void
takes_what_evidence_is_judged_by(void **state)
{
	(void)state;
	prepare();
	logs_sh("echo v >c/verifier.conf && echo r >c/fleets/tpm.attest &&"
		" echo a >c/fleets/ek.pem && echo n >c/fleets/notes.txt &&"
		" echo '-----BEGIN PRIVATE KEY-----' >c/fleets/key.attest");
	assert_int_equal(tool("backup", to, "--config", conf, NULL), 0);
	assert_true(is_there("b/config/verifier.conf") &&
	    is_there("b/config/fleets/tpm.attest") &&
	    is_there("b/config/fleets/ek.pem"));
	assert_false(is_there("b/config/fleets/notes.txt") ||
	    is_there("b/config/fleets/key.attest"));
	assert_in(canned.out, "key.attest: a private key");
	logs_sh("echo more >>b/config/fleets/tpm.attest");
	assert_int_equal(tool("backup", "--verify", to, NULL), 3);
	assert_in(canned.out, "config/fleets/tpm.attest: has another length");
	logs_sh("rm b/config/fleets/tpm.attest");
	assert_int_equal(tool("backup", "--verify", to, NULL), 3);
	assert_in(canned.out, "config/fleets/tpm.attest: is not there");
}

/* A store that contradicts its log is copied all the same, and said. */
static void
copies_what_is_not_well(void **state)
{
	(void)state;
	prepare();
	rig_sql(logs, "DELETE FROM entries WHERE idx = 5");
	assert_int_equal(tool("backup", to, "--config", conf, NULL), 3);
	assert_in(canned.out, "log: missing entry 5");
	assert_in(canned.out, "NOT WELL");
	assert_true(is_there("b/MANIFEST"));
	assert_int_equal(tool("backup", "--verify", to, NULL), 3);
}

static void
verifies_what_was_touched(void **state)
{
	(void)state;
	prepare();
	assert_int_equal(tool("backup", to, "--config", conf, NULL), 0);
	logs_sh("echo x >>b/pub/crl/a.crl");
	assert_int_equal(tool("backup", "--verify", to, NULL), 3);
	assert_in(canned.out, "pub/crl/a.crl: has another length\n");
	logs_sh("echo crl >b/pub/crl/a.crl &&"
		" sed -i 's/^entries 8/entries 7/' b/MANIFEST");
	assert_int_equal(tool("backup", "--verify", to, NULL), 3);
	assert_in(canned.out, "MANIFEST: it tells of another store or log");
	logs_sh("rm b/MANIFEST");
	assert_int_equal(tool("backup", "--verify", to, NULL), 1);
	assert_in(canned.err, "backup.manifest: ");
}

static void
refuses_other_words(void **state)
{
	(void)state;
	prepare();
	assert_int_equal(tool("backup", NULL), 2);
	assert_int_equal(tool("backup", to, "more", NULL), 2);
	assert_int_equal(tool("backup", "--verify", to, "--config", conf,
	    NULL), 2);
	assert_in(canned.err, "no --config, no --store");
	assert_int_equal(tool("backup", to, "--config", "/nonexistent", NULL),
	    1);
	assert_false(is_there("b") || is_there("b.tmp"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, logs_start, logs_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(copies_and_verifies),
	    TEST(takes_another_store_and_policy),
	    TEST(takes_what_evidence_is_judged_by),
	    TEST(copies_what_is_not_well),
	    TEST(verifies_what_was_touched),
	    TEST(refuses_other_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
