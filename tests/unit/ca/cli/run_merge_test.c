#include "logs.h"

static char conf[320], pub[400], found[420];

/* The CA's certificate is none in this store's rig: no certificate is merged
   here (tests/unit/ca/merge), but the log is. */
static void
prepare(void)
{
	snprintf(conf, sizeof(conf), "%s/ca.conf", logs->t->dir);
	snprintf(pub, sizeof(pub), "%s", logs->t->dir);
	logs_sh("openssl req -x509 -newkey ec -pkeyopt "
		"ec_paramgen_curve:P-256 -nodes -keyout k -subj /CN=CA "
		"-outform DER -out ca.der 2>/dev/null && echo 'store = "
		"\"old.db\"; publish_dir = \"none\"; policy_dir = \".\";' "
		">ca.conf");
	rig_sql(logs, "UPDATE issuers SET cert = x'00'");
	logs_sh("sqlite3 store.db \"update issuers set cert = "
		"readfile('ca.der')\" && sqlite3 store.db "
		"'vacuum into \"old.db\"'");
	rig_add(logs, 4, 6);
	rig_publish(logs);
}

static void
merges_the_log(void **state)
{
	(void)state;
	prepare();
	assert_int_equal(tool("restore", "--merge", pub, "--config", conf,
	    "--dry-run", NULL), 0);
	assert_in(canned.out, "log: 8 entries in the store, 12 published, 4 ");
	assert_in(canned.out, "dry run: nothing was changed");
	assert_int_equal(tool("restore", "--merge", pub, "--config", conf,
	    "--reason", "why", NULL), 0);
	assert_in(canned.out, "without detail: 4 entries, of these 2 issue."
	    "recorded, 2 issue.reserved");
	assert_in(canned.out, "UNKNOWN: at least 2 certificates");
	assert_in(canned.out, "done; next: start inkan-ca");
	assert_int_equal(tool("restore", "--merge", pub, "--config", conf,
	    "--json", NULL), 0);
	assert_in(canned.out, "\"changed\": false");
	assert_in(canned.out, "\"unexplained\": 2");
	assert_in(canned.out, "\"damaged\": 0");
	assert_int_equal(canned.calls, 0);
}

static void
tells_of_damaged_certificates(void **state)
{
	(void)state;
	prepare();
	logs_sh("mkdir found && printf -- '-----BEGIN CERTIFICATE-----\\nMII' "
		">found/half.pem");
	snprintf(found, sizeof(found), "%s/found", pub);
	assert_int_equal(tool("restore", "--merge", pub, "--config", conf,
	    "--certs", found, NULL), 0);
	assert_in(canned.out, "half.pem: certificate 1 in it cannot be read");
	assert_in(canned.out, "damaged: 1 certificates");
	assert_int_equal(tool("restore", "--merge", pub, "--config", conf,
	    "--certs", found, "--json", NULL), 0);
	assert_in(canned.err, "half.pem: certificate 1 in it cannot be read");
	assert_in(canned.out, "\"damaged\": 1");
}

static void
refuses_words_and_places(void **state)
{
	(void)state;
	prepare();
	assert_int_equal(tool("restore", pub, "--details", "x", NULL), 2);
	assert_in(canned.err, "--details is for --merge");
	assert_int_equal(tool("restore", "--merge", "--config", conf, NULL),
	    1);
	assert_in(canned.err, "merge.file: nothing to take from");
	/* A folder that has nothing is a mistake, whatever else is given. */
	assert_int_equal(tool("restore", "--merge", "/", "--config", conf,
	    "--certs", pub, NULL), 1);
	assert_in(canned.err, "/ has neither log nor crl");
	assert_int_equal(tool("restore", "--merge", pub, "--config", "/none",
	    NULL), 1);
	/* inkan-ca has it open. */
	logs_sh("sed -i s/old.db/store.db/ ca.conf");
	assert_int_equal(tool("restore", "--merge", pub, "--config", conf,
	    NULL), 1);
	assert_in(canned.err, "restore.running: ");
	logs_sh("sed -i s/store.db/gone.db/ ca.conf");
	assert_int_equal(tool("restore", "--merge", pub, "--config", conf,
	    NULL), 1);
	logs_sh("test ! -e gone.db");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, logs_start, logs_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(merges_the_log),
	    TEST(tells_of_damaged_certificates),
	    TEST(refuses_words_and_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
