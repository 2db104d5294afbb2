#include "tests/unit/ca/store/temp.h"

static const struct pending_ca_row want = {.ident = "sub-g1",
    .name = "sub",
    .generation = 1,
    .token = "hsm2",
    .key_uri = "pkcs11:object=inkan-sub-g1",
    .crl_url = "http://a/crl",
    .ocsp_url = "http://a/ocsp",
    .issuer_url = "http://a/ca",
    .crl_lifetime = 3600,
    .crl_interval = 1800,
    .crl_shards = 4,
    .expired_from = NOW - 1,
    .created = NOW,
    .csr = (unsigned char *)"CSR",
    .csr_len = 3};

static void
same(const struct pending_ca_row *got)
{
	struct pending_ca_row copy = *got;

	assert_int_equal(copy.csr_len, 3);
	assert_memory_equal(copy.csr, "CSR", 3);
	copy.csr = want.csr;
	assert_memory_equal(&copy, &want, sizeof(want));
}

static int
count(const struct pending_ca_row *row, void *arg)
{
	int *n = arg;

	if (++*n == 1)
		same(row);
	return *n != 3; /* the third one would end the list */
}

static int
adds(struct store_tx *tx, void *arg)
{
	struct pending_ca_row row = want;
	int n = 0;

	(void)arg;
	assert_true(pending_cas_add(tx, &row));
	row.generation = 2;
	strcpy(row.ident, "sub-g2");
	assert_true(pending_cas_add(tx, &row));
	assert_int_equal(pending_cas_get(tx, "sub-g1", &row), 1);
	same(&row);
	pending_cas_row_clear(&row);
	assert_int_equal(pending_cas_get(tx, "sub", &row), 1);
	assert_string_equal(row.ident, "sub-g2");
	pending_cas_row_clear(&row);
	assert_int_equal(pending_cas_get(tx, "su", &row), 0);
	assert_true(pending_cas_list(tx, count, &n));
	assert_int_equal(n, 2);
	assert_true(pending_cas_remove(tx, "sub-g2"));
	assert_int_equal(pending_cas_get(tx, "sub", &row), 1);
	same(&row);
	pending_cas_row_clear(&row);
	return 1;
}

static int
refuses(struct store_tx *tx, void *arg)
{
	struct pending_ca_row row = want;

	(void)arg;
	assert_true(pending_cas_add(tx, &row));
	assert_false(pending_cas_add(tx, &row));
	assert_raised(CA_E_DENIED, "pending.duplicate: ");
	strcpy(row.ident, "sub-x"); /* same name and generation */
	assert_false(pending_cas_add(tx, &row));
	assert_raised(CA_E_DENIED, "pending.duplicate: ");
	strcpy(row.ident, "devices-g1"); /* a CA's */
	strcpy(row.name, "devices");
	assert_false(pending_cas_add(tx, &row));
	assert_raised(CA_E_DENIED, "issuer.duplicate: ");
	assert_false(pending_cas_remove(tx, "sub-g9"));
	assert_raised(CA_E_NOTFOUND, "pending.absent: ");
	strcpy(row.ident, "other-g1");
	strcpy(row.name, "other");
	row.csr = NULL;
	assert_false(pending_cas_add(tx, &row));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

static void
adds_and_finds(void **state)
{
	struct temp *t = *state;

	RUN(t, adds, t);
}

static void
refuses_wrong_ones(void **state)
{
	struct temp *t = *state;

	RUN(t, refuses, t);
}

static void
clears(void **state)
{
	struct pending_ca_row row = {.csr = OPENSSL_zalloc(3), .csr_len = 3};

	(void)state;
	pending_cas_row_clear(&row);
	assert_null(row.csr);
	pending_cas_row_clear(&row);
	assert_int_equal(row.csr_len, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(adds_and_finds),
	    T(refuses_wrong_ones),
	    cmocka_unit_test(clears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
