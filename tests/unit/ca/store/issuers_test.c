#include "tests/unit/ca/store/temp.h"

static const struct issuer_row want = {.name = "root",
    .generation = 2,
    .ident = "root-g2",
    .state = ISSUER_ROOT,
    .key_uri = "pkcs11:token=root",
    .crl_url = "http://a/crl",
    .ocsp_url = "http://a/ocsp",
    .issuer_url = "http://a/ca",
    .crl_lifetime = 3600,
    .crl_interval = 1800,
    .not_before = NOW,
    .not_after = NOW + 5,
    .cert = (unsigned char *)"DER",
    .cert_len = 3};

struct seen {
	struct temp *t;
	int n, stop;
};

static int
look(const struct issuer_row *row, void *arg)
{
	struct seen *s = arg;
	struct issuer_row copy = *row;

	if (++s->n == s->stop)
		return 0;
	if (s->n == 1) /* the one that each test's store begins with */
		return 1;
	assert_int_equal(copy.cert_len, 3);
	assert_memory_equal(copy.cert, "DER", 3);
	copy.cert = want.cert;
	if (s->n == 2) {
		copy.id = 0;
		assert_memory_equal(&copy, &want, sizeof(want));
	} else
		assert_int_equal(copy.parent, row->id - 1);
	return 1;
}

static int
adds(struct store_tx *tx, void *arg)
{
	struct issuer_row row = want;
	struct seen s = {.t = arg}, first = {.t = arg, .stop = 1};

	assert_true(issuers_add(tx, &row));
	row.parent = row.id;
	snprintf(row.name, sizeof(row.name), "sub");
	snprintf(row.ident, sizeof(row.ident), "sub-g1");
	assert_true(issuers_add(tx, &row));
	assert_true(issuers_list(tx, look, &s));
	assert_int_equal(s.n, 3);
	assert_true(issuers_list(tx, look, &first));
	assert_int_equal(first.n, 1);
	return 1;
}

static int
refuses(struct store_tx *tx, void *arg)
{
	struct issuer_row row = want;

	(void)arg;
	assert_true(issuers_add(tx, &row));
	assert_false(issuers_add(tx, &row));
	assert_raised(CA_E_DENIED, "issuer.duplicate: ");
	snprintf(row.ident, sizeof(row.ident), "other"); /* same g2 */
	assert_false(issuers_add(tx, &row));
	assert_raised(CA_E_DENIED, "issuer.duplicate: ");
	row.generation++;
	row.parent = 99;
	assert_false(issuers_add(tx, &row));
	assert_raised(CA_E_STORE, "store: ");
	row.parent = 0;
	row.cert = NULL;
	assert_false(issuers_add(tx, &row));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

static int
is_disabled(const struct issuer_row *row, void *arg)
{
	*(enum issuer_state *)arg = row->state;
	return 1;
}

static int
sets_state(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	enum issuer_state state = ISSUER_ACTIVE;

	tx->changed = 0;
	assert_true(issuers_set_state(tx, t->issuer, ISSUER_DISABLED));
	assert_true(tx->changed);
	assert_true(issuers_list(tx, is_disabled, &state));
	assert_int_equal(state, ISSUER_DISABLED);
	assert_false(issuers_set_state(tx, t->issuer + 1, ISSUER_DISABLED));
	assert_raised(CA_E_NOTFOUND, "issuer.absent: ");
	assert_false(issuers_set_state(tx, t->issuer, (enum issuer_state)9));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

static void
changes_state(void **state)
{
	struct temp *t = *state;

	RUN(t, sets_state, t);
}

static void
adds_and_lists(void **state)
{
	struct temp *t = *state;

	RUN(t, adds, t);
}

static void
refuses_duplicates(void **state)
{
	struct temp *t = *state;

	RUN(t, refuses, t);
}

/* A row that is being made is nobody's until it has a certificate; a second
   try takes it over; one that is in use stays. */
static int
reserves(struct store_tx *tx, void *arg)
{
	struct issuer_row row = want;
	struct seen s = {.t = arg};
	int64_t id;

	row.cert = NULL;
	assert_true(issuers_reserve(tx, &row));
	id = row.id;
	assert_true(issuers_list(tx, look, &s));
	assert_int_equal(s.n, 1);
	snprintf(row.key_uri, sizeof(row.key_uri), "pkcs11:object=second");
	row.id = 0;
	assert_true(issuers_reserve(tx, &row));
	assert_int_equal(row.id, id);
	row = want;
	row.id = id;
	assert_true(issuers_set_cert(tx, &row));
	assert_true(issuers_set_lifetime(tx, id, 77));
	assert_false(issuers_reserve(tx, &row));
	assert_raised(CA_E_DENIED, "issuer.duplicate: ");
	return 1;
}

static void
half_made(void **state)
{
	struct temp *t = *state;

	RUN(t, reserves, t);
}

static void
clears(void **state)
{
	struct issuer_row row = {.cert = OPENSSL_zalloc(3), .cert_len = 3};

	(void)state;
	issuers_row_clear(&row);
	assert_null(row.cert);
	issuers_row_clear(&row);
	assert_int_equal(row.cert_len, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(adds_and_lists),
	    T(refuses_duplicates),
	    T(changes_state),
	    T(half_made),
	    cmocka_unit_test(clears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
