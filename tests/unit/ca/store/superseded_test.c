#include "tests/unit/ca/store/temp.h"
#include "ca/store/superseded.h"

static int
life(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct cert_row a, b;
	int64_t id = 0;

	temp_row(t, &a, 1);
	temp_row(t, &b, 2);
	assert_true(temp_issue(tx, &a) && temp_issue(tx, &b));
	assert_true(superseded_add(tx, a.id, 0));
	assert_true(superseded_add(tx, b.id, NOW + 10));
	assert_int_equal(superseded_waits(tx, a.id), 1);
	assert_int_equal(superseded_waits(tx, b.id), 0);
	assert_int_equal(superseded_waits(tx, 99), 0);
	/* What waits for a use is never due by time. */
	assert_int_equal(superseded_next(tx, NOW + 9, 0, &id), 0);
	assert_int_equal(superseded_next(tx, NOW + 10, 0, &id), 1);
	assert_int_equal(id, b.id);
	assert_true(superseded_used(tx, a.id, NOW + 3));
	assert_int_equal(superseded_waits(tx, a.id), 0);
	assert_int_equal(superseded_next(tx, NOW + 3, 0, &id), 1);
	assert_int_equal(id, a.id);
	assert_int_equal(superseded_next(tx, NOW + 3, a.id, &id), 0);
	/* A use changes nothing for one that goes by time. */
	assert_true(superseded_used(tx, b.id, NOW));
	assert_int_equal(superseded_next(tx, NOW + 9, a.id, &id), 0);
	assert_true(superseded_remove(tx, a.id));
	assert_int_equal(superseded_next(tx, NOW + 10, 0, &id), 1);
	assert_int_equal(id, b.id);
	return 1;
}

static void
is_due(void **state)
{
	struct temp *t = *state;

	RUN(t, life, t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(is_due, temp_make, temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
