#include "logs.h"

static char conf[320], to[320];

/* A backup in b, and a place n/ where nothing is yet. */
static void
prepare(void)
{
	snprintf(conf, sizeof(conf), "%s/c/ca.conf", logs->t->dir);
	snprintf(to, sizeof(to), "%s/b", logs->t->dir);
	logs_sh("mkdir -p c/profiles p/crl n && cp -r log p/log &&"
		" echo crl >p/crl/a.crl &&"
		" echo 'store = \"../store.db\"; publish_dir = \"../p\";"
		" policy_dir = \".\";' >c/ca.conf");
	assert_int_equal(tool("backup", to, "--config", conf, NULL), 0);
	logs_sh("sed -i 's|\\.\\./|../n/|g' c/ca.conf");
}

static void
puts_back(void **state)
{
	char store[340];

	(void)state;
	prepare();
	assert_int_equal(tool("restore", to, "--config", conf, NULL), 0);
	assert_in(canned.out, "store.db, 8 entries");
	assert_in(canned.out, "not touched: configuration, tokens, PIN files");
	logs_sh("cmp b/store.db n/store.db && diff -r b/pub n/p");
	snprintf(store, sizeof(store), "%s/n/store.db", logs->t->dir);
	assert_int_equal(tool("log", "verify", "--store", store, NULL), 0);
	assert_int_equal(canned.calls, 0);
	/* Not over it. */
	assert_int_equal(tool("restore", to, "--config", conf, NULL), 1);
	assert_in(canned.err, "restore.exists: ");
	logs_sh("rm -r n/p n/store.db");
	assert_int_equal(
	    tool("restore", to, "--config", conf, "--json", NULL), 0);
	assert_in(canned.out, "\"entries\": 8");
}

static void
refuses_what_is_in_the_way(void **state)
{
	(void)state;
	prepare();
	logs_sh("touch n/store.db-wal");
	assert_int_equal(tool("restore", to, "--config", conf, NULL), 1);
	assert_in(canned.err, "store.db-wal is there: put it aside");
	logs_sh("rm n/store.db-wal && mkdir n/p && touch n/p/x");
	assert_int_equal(tool("restore", to, "--config", conf, NULL), 1);
	assert_in(canned.err, "n/p is there: put it aside");
	logs_sh("test ! -e n/store.db && rm -r n/p");
	/* The instance that runs, though its file is gone. */
	logs_sh("sed -i 's|n/store|store|' c/ca.conf && mv store.db s.db");
	assert_int_equal(tool("restore", to, "--config", conf, NULL), 1);
	assert_in(canned.err, "restore.running: ");
	logs_sh("test ! -e store.db -a ! -e n/p && mv s.db store.db");
}

static void
refuses_a_backup_that_is_not_well(void **state)
{
	(void)state;
	prepare();
	logs_sh("cp b/pub/crl/a.crl x && echo x >>b/pub/crl/a.crl");
	assert_int_equal(tool("restore", to, "--config", conf, NULL), 3);
	assert_in(canned.err, "restore.backup: ");
	assert_in(canned.out, "pub/crl/a.crl: has another length");
	logs_sh("cp x b/pub/crl/a.crl && rm b/MANIFEST");
	assert_int_equal(tool("restore", to, "--config", conf, NULL), 1);
	assert_in(canned.err, "backup.manifest: ");
	logs_sh("test ! -e n/store.db -a ! -e n/p");
	assert_int_equal(tool("restore", NULL), 2);
	assert_int_equal(tool("restore", to, "--config", "/none", NULL), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, logs_start, logs_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(puts_back),
	    TEST(refuses_what_is_in_the_way),
	    TEST(refuses_a_backup_that_is_not_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
