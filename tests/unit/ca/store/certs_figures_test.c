#include "tests/unit/ca/store/temp.h"

#define NO_END INT64_C(253402300799)

static void
add(struct store_tx *tx, struct temp *t, unsigned char n, int64_t from,
    int64_t until, int64_t revoked_at)
{
	struct cert_row row = {.issuer = t->issuer,
	    .serial = {0x40, n},
	    .serial_len = 20,
	    .not_before = from,
	    .not_after = until,
	    .reason = 1,
	    .revoked_at = revoked_at};
	unsigned char der[2] = {n, 0};

	if (revoked_at != 0) {
		assert_true(certs_add_revoked(tx, &row));
		return;
	}
	assert_true(certs_reserve(tx, &row));
	assert_true(certs_record(tx, row.id, der, sizeof(der), from));
}

static int
figures(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct cert_figures f;

	assert_true(certs_figures(tx, t->issuer, NOW, &f));
	assert_int_equal(f.live + f.endless + f.validity + f.revoked_in_year,
	    0);
	add(tx, t, 1, NOW - 100, NOW + 900, 0);
	add(tx, t, 2, NOW - 100, NOW + 2900, 0);
	add(tx, t, 3, NOW - 900, NOW - 1, 0); /* expired */
	add(tx, t, 4, NOW, NO_END, 0);
	add(tx, t, 5, NOW - 100, NOW + 900, NOW - 5);
	add(tx, t, 6, NOW - 100, NOW + 900, NOW - 364 * 86400);
	add(tx, t, 7, NOW - 100, NOW + 900, NOW - 366 * 86400);
	assert_true(certs_figures(tx, t->issuer, NOW, &f));
	assert_int_equal(f.live, 3);
	assert_int_equal(f.endless, 1);
	assert_int_equal(f.validity, 2000);
	assert_int_equal(f.revoked_in_year, 2);
	assert_true(certs_figures(tx, t->issuer + 1, NOW, &f));
	assert_int_equal(f.live, 0);
	return 1;
}

static void
counts(void **state)
{
	struct temp *t = *state;

	RUN(t, figures, t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(counts, temp_make, temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
