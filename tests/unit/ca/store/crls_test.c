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

struct owed {
	int64_t issuer[4];
	int shard[4];
	int n;
};

static int
take(int64_t issuer, int shard, void *arg)
{
	struct owed *o = arg;

	assert_true(o->n < 4);
	o->issuer[o->n] = issuer;
	o->shard[o->n++] = shard;
	return 1;
}

static int
n_owed(struct store_tx *tx)
{
	struct owed o = {.n = 0};

	assert_true(crls_owed(tx, take, &o));
	return o.n;
}

static int64_t
cert(struct store_tx *tx, struct temp *t, unsigned char n, int shard)
{
	struct cert_row row = {.issuer = t->issuer,
	    .serial = {0x40, n},
	    .serial_len = 20,
	    .not_after = NOW + 60,
	    .shard = shard};
	unsigned char der[2] = {n, 1};

	assert_true(certs_reserve(tx, &row));
	assert_true(certs_record(tx, row.id, der, sizeof(der), NOW));
	return row.id;
}

/* Every change that a CRL shows, and none that it does not. */
static int
owes(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	int64_t a = cert(tx, t, 1, 2), b = cert(tx, t, 2, 5), change;
	struct owed o = {.n = 0};

	assert_int_equal(n_owed(tx), 0);
	assert_true(certs_set_state(tx, a, CERT_REVOKED, 1, NOW));
	assert_true(certs_set_state(tx, b, CERT_HELD, 6, NOW));
	assert_true(crls_owed(tx, take, &o));
	assert_int_equal(o.n, 2);
	assert_int_equal(o.shard[0], 2);
	assert_int_equal(o.shard[1], 5);
	assert_int_equal(o.issuer[0], t->issuer);
	assert_true(certs_last_change(tx, &change));
	/* Released after the CRL was built: still owed. */
	assert_true(certs_set_state(tx, b, CERT_VALID, CERT_REASON_NONE, 0));
	assert_true(crls_paid(tx, t->issuer, 2, change));
	assert_true(crls_paid(tx, t->issuer, 5, change));
	assert_int_equal(n_owed(tx), 1);
	assert_true(certs_last_change(tx, &change));
	assert_true(crls_paid(tx, t->issuer, 5, change));
	assert_int_equal(n_owed(tx), 0);
	assert_true(crls_owe_shard(tx, t->issuer, 7));
	assert_true(crls_owe_shard(tx, t->issuer, 7));
	assert_int_equal(n_owed(tx), 1);
	assert_true(crls_paid(tx, t->issuer, 7, 0));
	return 1;
}

static int
counts(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;

	assert_true(crls_owe_shard(tx, t->issuer, 3));
	assert_true(crls_set_shards(tx, t->issuer, 2));
	assert_int_equal(n_owed(tx), 2);
	assert_true(crls_set_shards(tx, t->issuer, 0));
	assert_int_equal(n_owed(tx), 1);
	(void)cert(tx, t, 1, 0);
	assert_false(crls_set_shards(tx, t->issuer, 8));
	assert_raised(CA_E_DENIED, "crl.shards: the CA has issued");
	return 1;
}

static void
notes_what_is_owed(void **state)
{
	struct temp *t = *state;

	RUN(t, owes, t);
}

static void
fixes_the_count(void **state)
{
	struct temp *t = *state;

	RUN(t, counts, t);
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
	    T(notes_what_is_owed),
	    T(fixes_the_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
