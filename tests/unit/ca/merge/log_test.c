#include "rig.h"

/* Serials 20 and 21 after the copy, and the store of before. */
static void
go_on(void)
{
	mr_issue(20, 0);
	mr_issue(21, 0);
	rig_publish(mr.r);
	mr_old();
}

static void
takes_the_leaves_over(void **state)
{
	struct merge_request q = {.dry_run = 0};

	(void)state;
	go_on();
	mr_merged(q, 1);
	assert_int_equal(mr.res.had, 4);
	assert_int_equal(mr.res.published, 8);
	assert_int_equal(mr.res.adopted, 4);
	assert_int_equal(mr.res.lost, 4);
	assert_int_equal(mr.res.unexplained, 2);
	assert_int_equal(mr.res.n_kinds, 2);
	assert_string_equal(mr.res.kind[0].kind, "issue.recorded");
	/* And the entry that says so; the log is what was published. */
	assert_int_equal(mr_entries(), 9);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	assert_int_equal(mr.r->result.lost, 4);
	/* Again: nothing. */
	mr_merged(q, 1);
	assert_false(merge_changes(&mr.res));
	assert_int_equal(mr_entries(), 9);
}

static void
changes_nothing_in_a_dry_run(void **state)
{
	struct merge_request q = {.dry_run = 1};

	(void)state;
	go_on();
	mr_merged(q, 1);
	assert_int_equal(mr.res.adopted, 4);
	assert_int_equal(mr_entries(), 4);
}

static void
takes_over_more_than_a_bundle(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 130; i++)
		mr_issue(100 + i, 0);
	rig_publish(mr.r);
	mr_old();
	mr_merged((struct merge_request){.dry_run = 0}, 1);
	assert_int_equal(mr.res.adopted, 260);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
}

static void
refuses_a_fork(void **state)
{
	struct merge_request q = {.dry_run = 0};

	(void)state;
	mr_issue(20, 0);
	mr_issue(21, 0);
	rig_publish(mr.r);
	mr_old();
	mr_issue(30, 0);
	mr_refused(q, 1, "merge.fork: ");
}

static void
refuses_a_store_that_is_not_older(void **state)
{
	struct merge_request q = {.dry_run = 0};

	(void)state;
	mr_old();
	/* The log ends where the store does: well, and nothing to do. */
	mr_merged(q, 1);
	assert_false(merge_changes(&mr.res));
	mr_issue(30, 0);
	mr_refused(q, 1, "merge.newer: ");
}

static void
refuses_another_log(void **state)
{
	struct merge_request q = {.dry_run = 0};

	(void)state;
	go_on();
	OPENSSL_free(mr.r->note);
	mr.r->note = OPENSSL_strdup("log.example/other\n1\nAAAA\n\n");
	rig_write(mr.r, "checkpoint", mr.r->note);
	mr_refused(q, 1, "merge.log: ");
}

static void
refuses_leaves_that_are_gone(void **state)
{
	char cmd[400];

	(void)state;
	go_on();
	snprintf(cmd, sizeof(cmd), "rm -r %s/tile/entries", mr.r->pub);
	assert_int_equal(system(cmd), 0);
	mr_refused((struct merge_request){.dry_run = 0}, 1, "merge.log: ");
}

static void
refuses_a_store_without_a_log(void **state)
{
	(void)state;
	go_on();
	rig_sql(mr.r, "DELETE FROM log_checkpoints");
	rig_sql(mr.r, "DELETE FROM logs");
	mr_refused((struct merge_request){.dry_run = 0}, 1, "merge.log: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(takes_the_leaves_over),
	    MR_TEST(changes_nothing_in_a_dry_run),
	    MR_TEST(takes_over_more_than_a_bundle),
	    MR_TEST(refuses_a_fork),
	    MR_TEST(refuses_a_store_that_is_not_older),
	    MR_TEST(refuses_another_log),
	    MR_TEST(refuses_leaves_that_are_gone),
	    MR_TEST(refuses_a_store_without_a_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
