#include "tests/unit/ca/store/temp.h"
#include "ca/store/rehearsal.h"

/* A copy of a store, and stand-ins in it and nowhere else. */

struct look {
	int64_t id;
	struct cert_row row;
	unsigned char *der;
	size_t len;
};

static int
issue(struct store_tx *tx, void *arg)
{
	return temp_issue(tx, arg);
}

static int
stand_in(struct store_tx *tx, void *arg)
{
	static const unsigned char spki[32] = "another key";

	return certs_stand_in(tx, *(int64_t *)arg,
	    (const unsigned char *)"stand-in", 8, spki);
}

static int
look(struct store_tx *tx, void *arg)
{
	struct look *l = arg;

	return certs_by_id(tx, l->id, &l->row) == 1 &&
	    certs_der(tx, l->id, &l->der, &l->len) == 1;
}

static void
copied(void **state)
{
	struct temp *t = *state;
	struct temp copy = {0};
	struct cert_row row;
	struct look l = {0};

	temp_row(t, &row, 1);
	assert_true(store_write(t->store, issue, &row, 0));
	snprintf(copy.path, sizeof(copy.path), "%.280s/copy.db", t->dir);
	/* Beside a program that has it open. */
	assert_true(store_copy(t->path, copy.path));
	assert_false(store_copy(t->path, copy.path));
	ERR_clear_error();
	copy.store = temp_open(&copy, STORE_WRITE);
	assert_non_null(copy.store);
	assert_true(store_write(copy.store, stand_in, &row.id, 0));
	l.id = row.id;
	assert_true(store_read(copy.store, look, &l));
	assert_int_equal(l.len, 8);
	assert_memory_equal(l.der, "stand-in", 8);
	assert_memory_equal(l.row.spki_sha256, "another key", 11);
	OPENSSL_free(l.der);
	store_close(copy.store);
	/* The store itself has what it had. */
	assert_true(store_read(t->store, look, &l));
	assert_memory_equal(l.der, "DER", 3);
	OPENSSL_free(l.der);
}

static void
nowhere_else(void **state)
{
	struct temp *t = *state;
	struct cert_row row;
	char path[300];

	temp_row(t, &row, 1);
	assert_true(store_write(t->store, issue, &row, 0));
	assert_false(store_write(t->store, stand_in, &row.id, 0));
	ERR_clear_error();
	snprintf(path, sizeof(path), "%.280s/none", t->dir);
	assert_false(store_copy(path, "/nowhere/copy.db"));
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(copied, temp_make, temp_remove),
	    cmocka_unit_test_setup_teardown(nowhere_else, temp_make,
		temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
