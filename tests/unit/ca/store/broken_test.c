#include "tests/unit/ca/store/temp.h"
#include "ca/store/parked.h"

/* Uses of break-glass stay until somebody has looked. */

static int
take(const struct broken_row *row, void *arg)
{
	char *out = arg;

	snprintf(out + strlen(out), 40, "%d%s ", (int)row->id,
	    row->seen_at != 0 ? "!" : "");
	return 1;
}

static int
all(struct store_tx *tx, void *arg)
{
	struct broken_row r = {.time = NOW, .uid = 7, .who = "admin:uid:7",
	    .op = "revoke", .reason = "stolen"};
	char ids[80] = "";

	(void)arg;
	assert_true(broken_add(tx, &r));
	assert_int_equal(r.id, 1);
	assert_true(broken_add(tx, &r));
	assert_int_equal(r.id, 2);
	assert_true(broken_see(tx, 1, "admin:uid:8", NOW + 9));
	/* The first who looked stays the one. */
	assert_true(broken_see(tx, 1, "admin:uid:9", NOW + 10));
	assert_int_equal(broken_get(tx, 1, &r), 1);
	assert_string_equal(r.seen_by, "admin:uid:8");
	assert_int_equal(r.seen_at, NOW + 9);
	assert_string_equal(r.reason, "stolen");
	assert_string_equal(r.op, "revoke");
	assert_int_equal(r.uid, 7);
	assert_int_equal(r.time, NOW);
	assert_int_equal(broken_get(tx, 3, &r), 0);
	assert_true(broken_list(tx, 0, 0, 10, take, ids));
	assert_string_equal(ids, "2 1! ");
	ids[0] = '\0';
	assert_true(broken_list(tx, 0, 1, 10, take, ids));
	assert_string_equal(ids, "2 ");
	ids[0] = '\0';
	assert_true(broken_list(tx, 2, 0, 1, take, ids));
	assert_string_equal(ids, "1! ");
	return 1;
}

static void
broken(void **state)
{
	struct temp *t = *state;

	RUN(t, all, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(broken, temp_make, temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
