#include "ca/engine/crl_run.h"
#include "ca/engine/mirror.h"
#include "tests/unit/ca/engine/world.h"

/* CRLs of a running instance. */

static void
states(void **state)
{
	struct issuer is = {.row = {.crl_interval = 1000}};
	struct crl_row row = {.number = 1, .this_update = 10000,
	    .next_update = 14000};
	int64_t due;

	(void)state;
	assert_int_equal(crl_run_look(&is, &row, 11000, &due), CRL_RUN_FRESH);
	assert_int_equal(due, 11000);
	/* A tenth of the interval is no alarm yet. */
	assert_int_equal(crl_run_look(&is, &row, 11099, &due), CRL_RUN_FRESH);
	assert_int_equal(crl_run_look(&is, &row, 11100, &due), CRL_RUN_LATE);
	assert_int_equal(crl_run_look(&is, &row, 13999, &due), CRL_RUN_LATE);
	assert_int_equal(crl_run_look(&is, &row, 14000, &due), CRL_RUN_OVER);
	/* An interval above half of the validity is half of it. */
	is.row.crl_interval = 3000;
	assert_int_equal(crl_run_look(&is, &row, 12299, &due), CRL_RUN_FRESH);
	assert_int_equal(due, 12000);
	assert_int_equal(crl_run_look(&is, &row, 12300, &due), CRL_RUN_LATE);
	/* A short one: a minute at least. */
	is.row.crl_interval = 100;
	assert_int_equal(crl_run_look(&is, &row, 10159, &due), CRL_RUN_FRESH);
	assert_int_equal(crl_run_look(&is, &row, 10160, &due), CRL_RUN_LATE);
	/* A root's. */
	is.row.crl_interval = 0;
	assert_int_equal(crl_run_look(&is, &row, 11999, &due), CRL_RUN_FRESH);
	assert_int_equal(crl_run_look(&is, &row, 12000, &due), CRL_RUN_LATE);
	row.number = 0;
	assert_int_equal(crl_run_look(&is, &row, 10000, &due), CRL_RUN_NONE);
}

static void
issues(void **state)
{
	struct world *w = *state;
	struct crl_row row;
	int64_t entries;

	w->ca->crl_cost.microseconds = 0;
	assert_true(crl_run_issue(w->ca, "devices-g1", 0, NULL, w->now + 50,
	    &row));
	assert_int_equal(row.number, w->now + 50);
	assert_non_null(row.der);
	OPENSSL_free(row.der);
	assert_true(crl_run_cost(w->ca, &entries) > 0);
	assert_int_equal(entries, 0);
	assert_false(crl_run_issue(w->ca, "devices-g1", 1, NULL, w->now, NULL));
	world_raised(CA_E_NOTFOUND, "crl.shard: devices-g1 has no shard 1");
	assert_true(crl_run_issue(w->ca, "code", 0, "7", w->now + 51, NULL));
	assert_false(crl_run_issue(w->ca, "none", 0, NULL, w->now, NULL));
	world_raised(CA_E_NOTFOUND, "no CA");
	assert_false(crl_run_issue(w->ca, "root", 0, NULL, w->now, NULL));
	world_raised(CA_E_DENIED, "does not issue here");
	assert_true(crl_run_is_ours(issuer_set_find(&w->ca->issuers,
	    "code")));
	assert_false(crl_run_is_ours(issuer_set_find(&w->ca->issuers,
	    "root")));
}

static void
counts(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "code");
	struct issuer *used = issuer_set_find(&w->ca->issuers, "devices");
	struct issuer_set fresh;

	assert_false(crl_run_set_shards(w->ca, "code-g1", 1, "test", w->now));
	world_raised(CA_E_BADREQUEST, "crl.shards: 1 is not");
	assert_false(crl_run_set_shards(w->ca, "devices-g1", 4, "test", w->now));
	world_raised(CA_E_DENIED, "crl.shards: the CA has issued");
	assert_int_equal(used->row.crl_shards, 0);
	assert_true(crl_run_set_shards(w->ca, "code-g1", 4, "test", w->now));
	/* Who holds the old struct may go on reading it. */
	assert_int_equal(is->row.crl_shards, 0);
	assert_int_equal(
	    issuer_set_find(&w->ca->issuers, "code")->row.crl_shards, 4);
	assert_true(issuer_set_load(&fresh, w->ca->store));
	assert_int_equal(issuer_set_find(&fresh, "code")->row.crl_shards, 4);
	assert_int_equal(issuer_set_find(&fresh, "devices")->row.crl_shards,
	    0);
	issuer_set_clear(&fresh);
	/* Again, by who saw the one before. */
	assert_true(crl_run_set_shards(w->ca, is->row.ident, 2, "test",
	    w->now));
	assert_int_equal(
	    issuer_set_find(&w->ca->issuers, "code")->row.crl_shards, 2);
	assert_false(crl_run_set_shards(w->ca, "none-g1", 2, "test", w->now));
	world_raised(CA_E_NOTFOUND, "no CA none-g1");
}

static int
hook_fails(struct store_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	ca_raise(CA_E_STORE, "status.db: not now");
	return 0;
}

/* Durable, and status.db alone was not told: what certificates name from now on
   is what a restart will publish. */
static void
counts_as_the_store_does(void **state)
{
	struct world *w = *state;
	struct issuer_set fresh;

	report_init("test", REPORT_ERROR + 1, 2);
	store_set_hook(w->ca->store, hook_fails, NULL);
	assert_true(crl_run_set_shards(w->ca, "attestation-g1", 3, "test",
	    w->now));
	assert_true(mirror_start(w->ca->store, w->ca->status));
	report_init("test", REPORT_ERROR, 2);
	assert_true(issuer_set_load(&fresh, w->ca->store));
	assert_int_equal(issuer_set_find(&fresh, "attestation")->row.crl_shards,
	    3);
	assert_int_equal(
	    issuer_set_find(&w->ca->issuers, "attestation")->row.crl_shards, 3);
	issuer_set_clear(&fresh);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(states),
	    cmocka_unit_test(issues),
	    cmocka_unit_test(counts),
	    cmocka_unit_test(counts_as_the_store_does),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
