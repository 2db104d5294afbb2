#include "tests/unit/ocsp/ahead.h"
#include "ocsp/preload.h"

static int
make(void **state)
{
	struct ahead *a = calloc(1, sizeof(*a));

	ahead_make(a);
	*state = a;
	return 0;
}

static int
drop(void **state)
{
	ahead_free(*state);
	free(*state);
	return 0;
}

static size_t
certs(struct ahead *a)
{
	struct shard_stats sum;

	prepared_count(a->prepared, &sum);
	return sum.certs;
}

/* More than a page is read, one page at a time, once. */
static void
test_pages(void **state)
{
	struct ahead *a = *state;
	struct preload *l;
	int began;

	ahead_fill(a, 2 * PRELOAD_PAGE + 7, a->rig->now + 864000);
	l = preload_new(a->rig->db, a->prepared);
	assert_int_equal(preload_step(l, a->rig->now, &began), 0);
	assert_true(follow_step(a->rig->follow));
	assert_int_equal(preload_step(l, a->rig->now, &began), 1);
	assert_true(began);
	assert_in_range(certs(a), PRELOAD_PAGE - 7, PRELOAD_PAGE);
	assert_int_equal(preload_step(l, a->rig->now, &began), 1);
	assert_false(began);
	assert_int_equal(preload_step(l, a->rig->now, &began), 1);
	assert_int_equal(certs(a), 2 * PRELOAD_PAGE + 11);
	assert_int_equal(preload_step(l, a->rig->now, &began), 0);
	preload_free(l);
}

/* What the follower told of while the pages are read is not overwritten by an
   older row, and nothing is lost when it all begins again in between. */
static void
test_meanwhile(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	struct preload *l = preload_new(r->db, a->prepared);
	struct status_cert c = {.issuer = RIG_CA,
	    .serial = {0x4a, 1},
	    .serial_len = 2,
	    .state = STATUS_REVOKED,
	    .reason = 1,
	    .revoked_at = r->now,
	    .not_after = r->now + 864000};
	int began, reason;

	assert_true(follow_step(r->follow));
	prepared_change(a->prepared, &c);
	assert_int_equal(preload_step(l, r->now, &began), 1);
	preload_free(l);
	ahead_run(a, r->now);
	assert_int_equal(status_of(r, ask(r, rig_good), &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(counters_get(&r->counters, COUNT_SIGNED), 0);
}

static void
test_again(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	struct preload *l = preload_new(r->db, a->prepared);
	int began;

	ahead_fill(a, PRELOAD_PAGE + 7, r->now + 864000);
	assert_true(follow_step(r->follow));
	assert_int_equal(preload_step(l, r->now, &began), 1);
	prepared_reset(a->prepared);
	assert_int_equal(certs(a), 0);
	assert_int_equal(preload_step(l, r->now, &began), 1);
	assert_true(began);
	while (preload_step(l, r->now, &began) == 1)
		;
	assert_int_equal(certs(a), PRELOAD_PAGE + 11);
	preload_free(l);
}

static void
test_no_file(void **state)
{
	struct ahead *a = *state;
	struct preload *l = preload_new("/nonexistent/status.db", a->prepared);
	int began;

	assert_true(follow_step(a->rig->follow));
	assert_int_equal(preload_step(l, a->rig->now, &began), -1);
	assert_int_not_equal(ERR_peek_error(), 0);
	ERR_clear_error();
	assert_int_equal(preload_step(l, a->rig->now, &began), -1);
	assert_false(began);
	ERR_clear_error();
	preload_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_pages, make, drop),
	    cmocka_unit_test_setup_teardown(test_meanwhile, make, drop),
	    cmocka_unit_test_setup_teardown(test_again, make, drop),
	    cmocka_unit_test_setup_teardown(test_no_file, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
