#include "tests/unit/ca/store/temp.h"
#include "tests/unit/ca/store/faultfs.h"

/* The writer on a disk that fails and comes back. */

static int
set_key(struct store_tx *tx, void *arg)
{
	return store_meta_set(tx, arg, "1");
}

static int
has_key(struct store_tx *tx, void *arg)
{
	char value[8];

	return store_meta_get(tx, arg, value, sizeof(value)) + 10;
}

#define HAS(t, key) (store_read((t)->store, has_key, (void *)(key)) == 11)

/* The disk fails, comes back: nothing of the failed write, all of the next. */
static void
mends_after(struct temp *t, int code, int sync)
{
	struct store_stats st;
	char key[32];

	WRITE(t, set_key, (void *)"there");
	fault_code = sync ? 0 : code;
	fault_sync = sync ? code : 0;
	snprintf(key, sizeof(key), "lost-%d", code);
	assert_false(store_write(t->store, set_key, key, 0));
	assert_raised(CA_E_STORE, "store: ");
	store_stats(t->store, &st);
	assert_int_equal(st.last_ok, 0);
	assert_true(st.last_error[0] != '\0');
	assert_false(HAS(t, key));
	/* What changes nothing succeeds, and does not say that the disk is well. */
	WRITE(t, set_key, (void *)"there");
	store_stats(t->store, &st);
	assert_int_equal(st.last_ok, 0);
	assert_true(st.last_error[0] != '\0');
	assert_false(store_write(t->store, set_key, key, STORE_URGENT));
	ERR_clear_error();
	fault_code = fault_sync = 0;
	assert_false(HAS(t, key));
	snprintf(key, sizeof(key), "kept-%d", code);
	WRITE(t, set_key, key);
	assert_true(HAS(t, key));
	store_stats(t->store, &st);
	assert_int_equal(st.last_ok, 1);
}

static void
mends_when_the_disk_comes_back(void **state)
{
	struct temp *t = *state;

	mends_after(t, SQLITE_FULL, 0);
	mends_after(t, SQLITE_IOERR_WRITE, 0);
	mends_after(t, SQLITE_READONLY, 0);
	mends_after(t, SQLITE_IOERR_FSYNC, 1);
	store_close(t->store);
	t->store = temp_open(t, STORE_WRITE);
	assert_non_null(t->store);
	assert_true(HAS(t, "kept-13"));
	assert_false(HAS(t, "lost-13"));
}

struct big {
	struct temp *t;
	unsigned int n;
};

/* Outgrows a small cache, so that pages go to the WAL before the commit. */
static int
big_write(struct store_tx *tx, void *arg)
{
	struct big *b = arg;
	struct cert_row row;

	if (!sql_run(tx, "PRAGMA cache_size = 16", ""))
		return 0;
	for (b->n = 0; b->n < 5000; b->n++) {
		temp_row(b->t, &row, b->n + 1);
		if (!certs_reserve(tx, &row))
			return 0;
	}
	return 1;
}

static void
mends_when_it_fails_in_the_middle(void **state)
{
	struct big b = {.t = *state};

	fault_code = SQLITE_FULL;
	assert_false(store_write(b.t->store, big_write, &b, 0));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	assert_in_range(b.n, 1, 4999);
	fault_code = 0;
	WRITE(b.t, set_key, (void *)"after");
	assert_true(HAS(b.t, "after"));
	WRITE(b.t, big_write, &b);
	assert_int_equal(b.n, 5000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(mends_when_the_disk_comes_back),
	    T(mends_when_it_fails_in_the_middle),
	};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
