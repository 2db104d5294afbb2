#include <unistd.h>
#include "tests/unit/ca/engine/crl_make.h"

/* CRLs of many entries, and entries that stay. */

/* Rows as a fleet's worth of revocations leaves them. */
struct crowd {
	int64_t issuer, not_after;
	int n, from;
};

static int
crowd_tx(struct store_tx *tx, void *arg)
{
	struct crowd *c = arg;
	struct cert_row row;
	int i;

	for (i = 0; i < c->n; i++) {
		row = (struct cert_row){.issuer = c->issuer, .serial = {0x42},
		    .serial_len = 20, .reason = 1, .revoked_at = 1795000000,
		    .not_after = c->not_after};
		row.serial[17] = (unsigned char)(c->from + (i >> 16));
		row.serial[18] = (unsigned char)(i >> 8);
		row.serial[19] = (unsigned char)i;
		if (!certs_add_revoked(tx, &row))
			return 0;
	}
	return 1;
}

struct owing {
	int64_t issuer;
	int found;
};

static int
owed_cb(int64_t issuer, int shard, void *arg)
{
	struct owing *o = arg;

	o->found |= issuer == o->issuer && shard == 0;
	return 1;
}

static int
is_owed_tx(struct store_tx *tx, void *arg)
{
	struct owing *o = arg;

	return crls_owed(tx, owed_cb, o);
}

/* Without end it is listed for ever; and what is kept stays, and says since
   when. */
static void
never_taken_off(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_of(w, "code");
	struct crowd endless = {is->row.id, BUILD_NO_END, 3, 1};
	struct crowd old = {is->row.id, w->now + 70000, 4, 2};
	time_t far = w->now + 40 * 365 * 86400LL;
	struct crl_row row;

	assert_true(store_write(w->ca->store, crowd_tx, &endless, 0));
	assert_true(store_write(w->ca->store, crowd_tx, &old, 0));
	X509_CRL_free(make(w, "code", w->now + 60000, &row));
	assert_int_equal(row.n_entries, 7);
	is->row.expired_from = w->now;
	X509_CRL_free(make(w, "code", w->now + 80000, &row));
	X509_CRL_free(make(w, "code", w->now + 80001, &row));
	assert_int_equal(row.n_entries, 7);
	is->row.expired_from = 0;
	X509_CRL_free(make(w, "code", w->now + 80002, &row));
	assert_int_equal(row.n_entries, 3);
	X509_CRL_free(make(w, "code", far, NULL));
	X509_CRL_free(make(w, "code", far + 1, &row));
	assert_int_equal(row.n_entries, 3);
}

/* Too large for its row: the file is the CRL. */
static void
a_large_one(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_of(w, "attestation");
	struct crowd crowd = {is->row.id, w->now + 86400 * 900LL, 12000, 3};
	char path[PATH_MAX + 64], next[PATH_MAX + 64];
	const char *dir = w->settings->publish_dir;
	struct owing owing = {is->row.id, 0};
	struct crl_row row;
	time_t now = w->now + 50000;

	assert_true(store_write(w->ca->store, crowd_tx, &crowd, 0));
	snprintf(path, sizeof(path), "%s/crl/attestation-g1.crl", dir);
	snprintf(next, sizeof(next), "%s/crl/.attestation-g1.crl.next", dir);
	assert_true(crl_issue(w->ca->store, is, dir, now, &row));
	assert_int_equal(row.n_entries, 12000);
	assert_true(row.octets > CRL_ROW_MAX);
	assert_null(row.der);
	assert_int_equal(access(next, F_OK), -1);
	assert_true(crl_republish(w->ca->store, is, dir));
	/* A crash between the row and the rename: it lies staged. */
	assert_int_equal(rename(path, next), 0);
	assert_true(crl_republish(w->ca->store, is, dir));
	assert_int_equal(access(path, F_OK), 0);
	/* Lost altogether: owed. */
	assert_int_equal(unlink(path), 0);
	assert_false(crl_republish(w->ca->store, is, dir));
	world_raised(CA_E_STORE, "is lost");
	assert_true(store_read(w->ca->store, is_owed_tx, &owing));
	assert_true(owing.found);
	/* It cannot be in the store alone. */
	assert_false(crl_issue(w->ca->store, is, NULL, now + 1, NULL));
	world_raised(CA_E_STORE, "no CRL was made");
	assert_true(crl_issue(w->ca->store, is, dir, now + 2, NULL));
	assert_true(crl_republish(w->ca->store, is, dir));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(never_taken_off),
	    cmocka_unit_test(a_large_one),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
