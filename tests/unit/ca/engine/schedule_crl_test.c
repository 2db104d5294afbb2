#include "ca/engine/crl.h"
#include "ca/engine/crl_run.h"
#include "ca/engine/schedule_crl.h"
#include "tests/unit/ca/engine/world.h"

/* Which CRL is made in which round, at times of the test's. */

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, row->shard, 0, row) >= 0;
}

static int64_t
number_of(struct world *w, const char *name, int shard)
{
	struct crl_row row = {.shard = shard};

	row.issuer = issuer_set_find(&w->ca->issuers, name)->row.id;
	assert_true(store_read(w->ca->store, last_tx, &row));
	return row.number;
}

/* Another serial of the row with the given last octet; revoked. */
static int
add_tx(struct store_tx *tx, void *arg)
{
	return certs_add_revoked(tx, arg);
}

static void
revoke_in(struct world *w, const char *name, int shard, unsigned char last)
{
	struct cert_row row = {.serial = {0x41}, .serial_len = 20,
	    .reason = 1, .revoked_at = w->now, .not_after = w->now + 86400,
	    .shard = shard};

	row.issuer = issuer_set_find(&w->ca->issuers, name)->row.id;
	row.serial[18] = (unsigned char)shard;
	row.serial[19] = last;
	assert_true(store_write(w->ca->store, add_tx, &row, 0));
}

static void
want(struct world *w, const char *name, int shard, unsigned char last)
{
	revoke_in(w, name, shard, last);
	atomic_store(&w->ca->crl_wanted, 1);
}

/* At once after a quiet time, then with a gap; and each shard alone. */
static void
owed(void **state)
{
	struct world *w = *state;
	struct schedule_crl *s = schedule_crl_new(w->ca);
	int64_t was = number_of(w, "devices", 0), other, next;
	time_t now = w->now + 10;

	other = number_of(w, "code", 0);
	schedule_crl_round(s, now);
	assert_int_equal(number_of(w, "devices", 0), was);
	want(w, "devices", 0, 1);
	schedule_crl_round(s, now);
	next = number_of(w, "devices", 0);
	assert_true(next > was);
	assert_int_equal(number_of(w, "code", 0), other);
	/* Many, in the seconds after: one CRL. */
	for (was = next; now < w->now + 10 + SCHEDULE_CRL_GAP - 1; now++) {
		want(w, "devices", 0, (unsigned char)(2 + now - w->now));
		schedule_crl_round(s, now);
		assert_int_equal(number_of(w, "devices", 0), was);
	}
	/* Without another hint. */
	schedule_crl_round(s, w->now + 10 + SCHEDULE_CRL_GAP);
	next = number_of(w, "devices", 0);
	assert_true(next > was);
	schedule_crl_round(s, w->now + 40);
	assert_int_equal(number_of(w, "devices", 0), next);
	schedule_crl_free(s);
	schedule_crl_free(NULL);
}

/* What was owed when the program ended is made by the next one. */
static void
owed_over_a_restart(void **state)
{
	struct world *w = *state;
	struct schedule_crl *s = schedule_crl_new(w->ca);
	int64_t was;

	schedule_crl_round(s, w->now + 100);
	was = number_of(w, "devices", 0);
	schedule_crl_free(s);
	revoke_in(w, "devices", 0, 100);
	s = schedule_crl_new(w->ca);
	schedule_crl_round(s, w->now + 101);
	assert_true(number_of(w, "devices", 0) > was);
	schedule_crl_free(s);
}

/* An operator was quicker. */
static void
paid_by_another(void **state)
{
	struct world *w = *state;
	struct schedule_crl *s = schedule_crl_new(w->ca);
	int64_t was;

	schedule_crl_round(s, w->now + 200);
	want(w, "devices", 0, 120);
	world_done(world_admin(w, "crl.issue", "t", "issuer", "devices"));
	was = number_of(w, "devices", 0);
	schedule_crl_round(s, w->now + 201);
	assert_int_equal(number_of(w, "devices", 0), was);
	schedule_crl_free(s);
}

/* An operator's stands in the store, and nobody can fetch it: it is owed. */
static void
not_published(void **state)
{
	struct world *w = *state;
	struct schedule_crl *s = schedule_crl_new(w->ca);
	int64_t was;

	schedule_crl_round(s, w->now + 250);
	want(w, "devices", 0, 121);
	world_sh("cd %s/pub/crl && rm devices-g1.crl && mkdir -p "
	    "devices-g1.crl/x", w->dir);
	report_init("test", REPORT_ERROR + 1, 2);
	world_refused(world_admin(w, "crl.issue", "t", "issuer", "devices"),
	    WIRE_UNAVAILABLE, "publish");
	report_init("test", REPORT_ERROR, 2);
	world_sh("rm -r %s/pub/crl/devices-g1.crl", w->dir);
	was = number_of(w, "devices", 0);
	schedule_crl_round(s, w->now + 260);
	assert_true(number_of(w, "devices", 0) > was);
	world_sh("test -f %s/pub/crl/devices-g1.crl", w->dir);
	schedule_crl_free(s);
}

static void
shards(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "attestation");
	struct schedule_crl *s = schedule_crl_new(w->ca);
	time_t now = w->now + 300;
	int64_t was[3];
	int i;

	/* The series follows a count that changes under it. */
	schedule_crl_round(s, now);
	assert_true(crl_run_set_shards(w->ca, "attestation-g1", 3, "test", now));
	schedule_crl_round(s, now);
	for (i = 0; i < 3; i++) {
		was[i] = number_of(w, "attestation", i);
		assert_true(was[i] > 0);
	}
	want(w, "attestation", 1, 1);
	schedule_crl_round(s, now + SCHEDULE_CRL_GAP);
	assert_int_equal(number_of(w, "attestation", 0), was[0]);
	assert_true(number_of(w, "attestation", 1) > was[1]);
	assert_int_equal(number_of(w, "attestation", 2), was[2]);
	/* All are due: at most a batch in a round. */
	now += is->row.crl_interval + SCHEDULE_CRL_GAP;
	schedule_crl_round(s, now);
	for (i = 0; i < 3; i++)
		assert_true(number_of(w, "attestation", i) >= now);
	schedule_crl_free(s);
}

/* One that fails is tried again, more and more seldom, and delays no other. */
static void
failures(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	struct schedule_crl *s = schedule_crl_new(w->ca);
	time_t now = w->now + 400 + 86400;
	EVP_PKEY *key = is->key, *foreign = world_key();
	int64_t was;

	report_init("test", REPORT_ERROR + 1, 2);
	is->key = foreign;
	was = number_of(w, "devices", 0);
	schedule_crl_round(s, now);
	assert_int_equal(number_of(w, "devices", 0), was);
	assert_true(number_of(w, "code", 0) >= now);
	schedule_crl_round(s, now + SCHEDULE_CRL_RETRY);
	is->key = key;
	/* Twice the time, now. */
	schedule_crl_round(s, now + 2 * SCHEDULE_CRL_RETRY);
	assert_int_equal(number_of(w, "devices", 0), was);
	schedule_crl_round(s, now + 3 * SCHEDULE_CRL_RETRY);
	assert_true(number_of(w, "devices", 0) > was);
	report_init("test", REPORT_ERROR, 2);
	EVP_PKEY_free(foreign);
	schedule_crl_free(s);
}

/* A CRL of the future, made before the clock was put back. */
static void
of_the_future(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "code");
	struct schedule_crl *s = schedule_crl_new(w->ca);
	time_t now = w->now + 3 * 86400;
	int64_t was;

	assert_true(crl_issue(w->ca->store, is, w->settings->publish_dir,
	    now + 5 * 86400, NULL));
	was = number_of(w, "code", 0);
	schedule_crl_round(s, now);
	assert_int_equal(number_of(w, "code", 0), was + 1);
	schedule_crl_round(s, now + 60);
	assert_int_equal(number_of(w, "code", 0), was + 1);
	schedule_crl_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(owed),
	    cmocka_unit_test(owed_over_a_restart),
	    cmocka_unit_test(paid_by_another),
	    cmocka_unit_test(not_published),
	    cmocka_unit_test(shards),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(of_the_future),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
