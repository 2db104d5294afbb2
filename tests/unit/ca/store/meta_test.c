#include "tests/unit/ca/store/temp.h"

static int
use_meta(struct store_tx *tx, void *arg)
{
	char value[8] = "before";

	(void)arg;
	assert_int_equal(store_meta_get(tx, "a", value, sizeof(value)), 0);
	assert_string_equal(value, "before");
	assert_true(store_meta_set(tx, "a", "1"));
	assert_true(store_meta_set(tx, "b", ""));
	assert_true(store_meta_set(tx, "a", "1234567"));
	assert_int_equal(store_meta_get(tx, "a", value, sizeof(value)), 1);
	assert_string_equal(value, "1234567");
	assert_int_equal(store_meta_get(tx, "b", value, sizeof(value)), 1);
	assert_string_equal(value, "");
	return 1;
}

static int
use_meta_badly(struct store_tx *tx, void *arg)
{
	char value[8];

	(void)arg;
	assert_true(store_meta_set(tx, "a", "12345678"));
	assert_int_equal(store_meta_get(tx, "a", value, sizeof(value)), -1);
	assert_raised(CA_E_INTERNAL, "store: meta a: value too long");
	assert_false(store_meta_set(tx, "a", NULL));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

static int
use_counters(struct store_tx *tx, void *arg)
{
	int64_t n = 0;

	(void)arg;
	assert_true(store_count(tx, "rate", "a", 3600, &n));
	assert_int_equal(n, 1);
	assert_true(store_count(tx, "rate", "a", 3600, &n));
	assert_int_equal(n, 2);
	assert_true(store_count(tx, "rate", "b", 3600, &n));
	assert_int_equal(n, 1);
	assert_true(store_count(tx, "quota", "a", 0, &n));
	assert_int_equal(n, 1);
	assert_true(store_count(tx, "rate", "a", 7200, &n));
	assert_int_equal(n, 1);
	/* A straggler of the old window does not disturb the new one. */
	assert_true(store_count(tx, "rate", "a", 3600, &n));
	assert_int_equal(n, 1);
	assert_true(store_count(tx, "rate", "a", 7200, &n));
	assert_int_equal(n, 2);
	assert_true(store_count(tx, "rate", "a", 3600, &n));
	assert_int_equal(n, 1);
	return 1;
}

static int
count_and_fail(struct store_tx *tx, void *arg)
{
	if (store_count(tx, "rate", "a", 3600, arg))
		ca_raise(CA_E_LIMITED, "rate: no");
	return 0;
}

static int
count_once(struct store_tx *tx, void *arg)
{
	return store_count(tx, "rate", "a", 3600, arg);
}

static void
keeps_values(void **state)
{
	struct temp *t = *state;

	RUN(t, use_meta, NULL);
}

static void
refuses_bad_values(void **state)
{
	struct temp *t = *state;

	RUN(t, use_meta_badly, NULL);
}

static void
counts_in_windows(void **state)
{
	struct temp *t = *state;

	RUN(t, use_counters, NULL);
}

static void
forgets_what_was_rolled_back(void **state)
{
	struct temp *t = *state;
	int64_t n = 0;

	assert_false(store_write(t->store, count_and_fail, &n, 0));
	assert_raised(CA_E_LIMITED, "rate: no");
	WRITE(t, count_once, &n);
	assert_int_equal(n, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(keeps_values),
	    T(refuses_bad_values),
	    T(counts_in_windows),
	    T(forgets_what_was_rolled_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
