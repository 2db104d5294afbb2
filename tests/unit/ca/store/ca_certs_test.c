#include "tests/unit/ca/store/temp.h"

static const struct ca_cert_row want = {.kind = CA_CERT_FOREIGN,
    .name = "CN=Group Root",
    .not_before = NOW,
    .not_after = NOW + 5,
    .sha256 = {1},
    .der = (unsigned char *)"DER",
    .der_len = 3};

struct seen {
	int n, stop;
	struct ca_cert_row last; /* without its DER */
};

static int
look(const struct ca_cert_row *row, void *arg)
{
	struct seen *s = arg;

	s->n++;
	s->last = *row;
	assert_int_equal(row->der_len, 3);
	assert_memory_equal(row->der, "DER", 3);
	return s->n != s->stop;
}

static int
adds(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct ca_cert_row row = want;
	struct seen all = {0}, one = {0}, first = {.stop = 1};

	assert_true(ca_certs_add(tx, &row));
	assert_true(tx->changed);
	assert_int_equal(row.id, 1);
	row = want;
	row.sha256[0] = 2;
	strcpy(row.kind, CA_CERT_RENEWED);
	row.subject = t->issuer;
	row.signer = t->issuer;
	assert_true(ca_certs_add(tx, &row));
	assert_true(ca_certs_list(tx, NULL, look, &all));
	assert_int_equal(all.n, 2);
	row.der = all.last.der;
	assert_memory_equal(&all.last, &row, sizeof(row));
	assert_true(ca_certs_list(tx, CA_CERT_FOREIGN, look, &one));
	assert_int_equal(one.n, 1);
	assert_int_equal(one.last.subject, 0);
	assert_int_equal(one.last.sha256[0], 1);
	assert_true(ca_certs_list(tx, NULL, look, &first));
	assert_int_equal(first.n, 1);
	assert_int_equal(ca_certs_has(tx, row.sha256), 1);
	row.sha256[0] = 3;
	assert_int_equal(ca_certs_has(tx, row.sha256), 0);
	return 1;
}

static int
refuses(struct store_tx *tx, void *arg)
{
	struct ca_cert_row row = want;

	(void)arg;
	assert_true(ca_certs_add(tx, &row));
	assert_false(ca_certs_add(tx, &row));
	assert_raised(CA_E_DENIED, "ca_cert.duplicate: ");
	row.sha256[0] = 2;
	row.signer = 99;
	assert_false(ca_certs_add(tx, &row));
	assert_raised(CA_E_STORE, "store: ");
	row.signer = 0;
	row.der = NULL;
	assert_false(ca_certs_add(tx, &row));
	assert_raised(CA_E_STORE, "store: ");
	row.der = want.der;
	strcpy(row.kind, "other");
	assert_false(ca_certs_add(tx, &row));
	assert_raised(CA_E_INTERNAL, "ca_certs: ");
	return 1;
}

static void
adds_and_lists(void **state)
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
	struct ca_cert_row row = {.der = OPENSSL_zalloc(3), .der_len = 3};

	(void)state;
	ca_certs_row_clear(&row);
	assert_null(row.der);
	ca_certs_row_clear(&row);
	assert_int_equal(row.der_len, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(adds_and_lists),
	    T(refuses_wrong_ones),
	    cmocka_unit_test(clears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
