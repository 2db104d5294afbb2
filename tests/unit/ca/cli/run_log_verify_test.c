#include "logs.h"

static void
verifies_the_running_instance(void **state)
{
	(void)state;
	assert_int_equal(logs_run("log verify"), 0);
	assert_in(canned.out, "published: 8 entries\n");
	assert_in(canned.out, "store: 8 entries, 4 certificates, 1 check");
	assert_in(canned.out, "nothing found that is wrong");
	assert_string_equal(canned.op, "log.where");
	assert_int_equal(logs_run("log verify --json"), 0);
	assert_in(canned.out, "\"found\": 0");
	/* What is not published for long. */
	rig_add(logs, 4, 5);
	assert_int_equal(logs_run("log verify"), 3);
	assert_in(canned.out, "unpublished entry 8: 2 entries");
}

static void
verifies_other_places(void **state)
{
	(void)state;
	assert_int_equal(logs_run("log verify --dir @pub"), 0);
	assert_in(canned.err, "no --key: the one that ");
	assert_int_equal(logs_run("log verify --dir @pub --key @pub/log.vkey"),
	    0);
	assert_string_equal(canned.err, "");
	assert_int_equal(logs_run("log verify --store @store"), 0);
	assert_int_equal(logs_run("log verify --store @store --dir @pub"), 0);
	assert_int_equal(logs_run("log verify --store @store --since "
				  "@pub/checkpoint"), 0);
	assert_int_equal(canned.calls, 0);
	/* The store goes on; so does what was seen. */
	rig_add(logs, 4, 6);
	assert_int_equal(logs_run("log verify --store @store"), 0);
}

static void
tells_what_is_wrong(void **state)
{
	(void)state;
	rig_sql(logs, "DELETE FROM entries WHERE idx = 5");
	assert_int_equal(logs_run("log verify"), 3);
	assert_in(canned.out, "missing entry 5: issue.recorded of ");
	assert_in(canned.out, "missing certificate devices-g1 41414141414141"
	    "41414141414141414100000002: no entry issue.recorded\n");
	assert_in(canned.out, "NOT WELL");
	assert_int_equal(logs_run("log verify --json"), 3);
	assert_in(canned.out, "\"index\": 5");
	assert_in(canned.out, "\"what\": \"missing\"");
}

static void
says_what_cannot_be_done(void **state)
{
	(void)state;
	assert_int_equal(logs_run("log verify --dir @pub --url http://x/"), 2);
	assert_in(canned.err, "exclude each other");
	assert_int_equal(logs_run("log verify --dir @dir"), 1);
	assert_in(canned.err, "log.key: ");
	assert_int_equal(logs_run("log verify --dir @dir --key "
				  "@pub/log.vkey"), 1);
	assert_in(canned.err, "log.checkpoint: ");
	assert_int_equal(logs_run("log verify --dir @pub --key PeterNeumann+"
	    "c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), 1);
	assert_in(canned.err, "checkpoint.origin: ");
	assert_int_equal(logs_run("log verify --since @store"), 1);
	assert_int_equal(logs_run("log verify --store /nonexistent"), 1);
	assert_int_equal(logs_run("log verify --dir @pub --key x"), 1);
	assert_in(canned.err, "note.key: ");
	assert_int_equal(logs_run("log verify word"), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, logs_start, logs_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(verifies_the_running_instance),
	    TEST(verifies_other_places),
	    TEST(tells_what_is_wrong),
	    TEST(says_what_cannot_be_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
