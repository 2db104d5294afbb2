#include "tests/unit/ca/store/temp.h"

static int
adds(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct crl_row row = {.issuer = t->issuer,
	    .number = 7,
	    .this_update = NOW,
	    .next_update = NOW + 60,
	    .n_entries = 3,
	    .sha256 = {9},
	    .der = (unsigned char *)"CRL 7",
	    .der_len = 5,
	    .octets = 5};
	struct crl_row out = {.issuer = t->issuer, .number = -1};

	assert_int_equal(crls_last(tx, t->issuer, 0, 1, &out), 0);
	assert_int_equal(out.number, -1);
	assert_true(crls_add(tx, &row));
	row.number = 8;
	row.der = (unsigned char *)"CRL 8";
	assert_true(crls_add(tx, &row));
	assert_int_equal(crls_last(tx, t->issuer, 0, 0, &out), 1);
	assert_int_equal(out.number, 8);
	assert_null(out.der);
	assert_int_equal(crls_last(tx, t->issuer, 0, 1, &out), 1);
	assert_int_equal(out.next_update, NOW + 60);
	assert_int_equal(out.n_entries, 3);
	assert_int_equal(out.octets, 5);
	assert_memory_equal(out.sha256, row.sha256, 32);
	assert_int_equal(out.der_len, 5);
	assert_memory_equal(out.der, "CRL 8", 5);
	OPENSSL_free(out.der);
	assert_int_equal(crls_last(tx, t->issuer + 1, 0, 0, &out), 0);
	return 1;
}

static int
refuses(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct crl_row row = {.issuer = t->issuer,
	    .number = 7,
	    .der = (unsigned char *)"CRL",
	    .der_len = 3};

	assert_true(crls_add(tx, &row));
	assert_false(crls_add(tx, &row));
	assert_raised(CA_E_DENIED, "crl.number: 7 is not above");
	row.number = 6;
	assert_false(crls_add(tx, &row));
	assert_raised(CA_E_DENIED, "crl.number: 6 is not above");
	row.issuer = 99;
	assert_false(crls_add(tx, &row));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

/* Shards have numbers and octets of their own. */
static int
shards(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct crl_row row = {.issuer = t->issuer,
	    .number = 7,
	    .der = (unsigned char *)"A",
	    .der_len = 1};
	struct crl_row out;

	assert_true(crls_add(tx, &row));
	row.shard = 3;
	row.der = (unsigned char *)"B";
	assert_true(crls_add(tx, &row));
	assert_false(crls_add(tx, &row));
	assert_raised(CA_E_DENIED, "crl.number: 7 is not above");
	row.shard = 0;
	assert_int_equal(crls_last(tx, t->issuer, 0, 1, &out), 1);
	assert_memory_equal(out.der, "A", 1);
	OPENSSL_free(out.der);
	assert_int_equal(crls_last(tx, t->issuer, 3, 1, &out), 1);
	assert_int_equal(out.shard, 3);
	assert_memory_equal(out.der, "B", 1);
	OPENSSL_free(out.der);
	assert_int_equal(crls_last(tx, t->issuer, 1, 0, &out), 0);
	return 1;
}

static void
keeps_shards_apart(void **state)
{
	struct temp *t = *state;

	RUN(t, shards, t);
}

static void
keeps_the_newest(void **state)
{
	struct temp *t = *state;

	RUN(t, adds, t);
}

static void
refuses_old_numbers(void **state)
{
	struct temp *t = *state;

	RUN(t, refuses, t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(keeps_the_newest),
	    T(keeps_shards_apart),
	    T(refuses_old_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
