#include "ca/engine/schedule.h"
#include "tests/unit/ca/engine/world.h"

/* Rounds by hand, at times of the test's; and the thread, at the real one. */

static int64_t
beat_of(struct world *w)
{
	struct status_head head;

	assert_true(status_writer_head(w->ca->status, &head));
	return head.heartbeat;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, 0, 0, row) >= 0;
}

static int64_t
number_of(struct world *w, const char *name)
{
	struct crl_row row = {0};

	row.issuer = issuer_set_find(&w->ca->issuers, name)->row.id;
	assert_true(store_read(w->ca->store, last_tx, &row));
	return row.number;
}

static void
heartbeats(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	int64_t every = w->settings->heartbeat;

	schedule_round(s, w->now);
	assert_int_equal(beat_of(w), w->now);
	schedule_round(s, w->now + every - 1);
	assert_int_equal(beat_of(w), w->now); /* not due yet */
	schedule_round(s, w->now + every);
	assert_int_equal(beat_of(w), w->now + every);
	schedule_stop(s);
	schedule_stop(NULL);
}

/* Deleted under us: made again, filled, and believed again at once. */
static void
a_status_db_that_was_deleted(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	struct status_head head, anew;
	int64_t now = w->now + 500;

	report_init("test", REPORT_ERROR + 1, 2);
	schedule_round(s, now);
	assert_true(status_writer_head(w->ca->status, &head));
	assert_int_equal(head.heartbeat, now);
	assert_int_equal(unlink(w->settings->status_db), 0);
	schedule_round(s, now + 1);
	assert_true(status_writer_head(w->ca->status, &anew));
	assert_int_not_equal(head.generation, anew.generation);
	assert_int_equal(anew.change, head.change);
	assert_int_equal(anew.heartbeat, now + 1);
	report_init("test", REPORT_ERROR, 2);
	schedule_stop(s);
}

static void
by_itself(void **state)
{
	struct world *w = *state;
	struct schedule *s;
	time_t now = time(NULL);
	int i;

	assert_true(status_heartbeat(w->ca->status, now - 10));
	s = schedule_start(w->ca);
	assert_non_null(s);
	for (i = 0; i < 300 && beat_of(w) < now; i++)
		usleep(10000);
	assert_true(beat_of(w) >= now);
	schedule_stop(s);
}

static void
saved_for_a_restart(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	struct clock c;

	schedule_round(s, w->now);
	assert_true(clock_load(&c, w->ca->store));
	assert_true(c.highest >= w->now);
	clock_clear(&c);
	schedule_stop(s);
}

static void
a_crl_that_is_due(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	int64_t before = number_of(w, "devices"), root = number_of(w, "root");

	schedule_round(s, w->now + 60);
	assert_int_equal(number_of(w, "devices"), before);
	schedule_round(s, w->now + is->row.crl_interval);
	assert_true(number_of(w, "devices") > before);
	/* The root's are made in ceremonies. */
	assert_int_equal(number_of(w, "root"), root);
	schedule_stop(s);
}

/* A disabled CA goes on while something that it issued is valid. */
static void
of_disabled_cas(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	int64_t interval = issuer_set_find(&w->ca->issuers, "devices")
	    ->row.crl_interval;
	int64_t devices, code;
	time_t later = w->now + 5 * interval;
	char serial[64];

	world_issue(w, "lives on", serial);
	world_done(world_admin(w, "ca.disable", "t", "name", "devices"));
	world_done(world_admin(w, "ca.disable", "t", "name", "code"));
	devices = number_of(w, "devices");
	code = number_of(w, "code");
	schedule_round(s, later);
	assert_true(number_of(w, "devices") > devices);
	assert_int_equal(number_of(w, "code"), code); /* issued nothing */
	devices = number_of(w, "devices");
	/* All has expired, and stood on one more CRL. */
	schedule_round(s, w->now + 3 * 365 * 86400L);
	assert_int_equal(number_of(w, "devices"), devices);
	world_done(world_admin(w, "ca.enable", "t", "name", "devices"));
	world_done(world_admin(w, "ca.enable", "t", "name", "code"));
	schedule_round(s, later + interval + 20);
	assert_true(number_of(w, "code") > code);
	schedule_stop(s);
}

static void
a_crl_that_is_wanted(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	int64_t before = number_of(w, "devices");
	char serial[64];

	world_issue(w, "wanted", serial);
	world_done(world_admin(w, "revoke", "t", "serial", serial));
	schedule_round(s, w->now + 6 * 3600);
	assert_true(number_of(w, "devices") > before);
	assert_int_equal(atomic_load(&w->ca->crl_wanted), 0);
	schedule_stop(s);
}

/* What could not be published is tried again. */
static void
a_crl_that_failed(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	time_t now = w->now + 24 * 3600;
	char path[PATH_MAX + 64];
	int64_t number;

	report_init("test", REPORT_ERROR + 1, 2);
	snprintf(path, sizeof(path), "%s/crl/devices-g1.crl",
	    w->settings->publish_dir);
	world_sh("rm -rf %s/crl", w->settings->publish_dir);
	schedule_round(s, now);
	world_sh("mkdir %s/crl", w->settings->publish_dir);
	schedule_round(s, now + 5);
	assert_int_equal(access(path, F_OK), -1); /* not that often */
	schedule_round(s, now + 11);
	assert_int_equal(access(path, F_OK), 0);
	/* Once. */
	number = number_of(w, "devices");
	schedule_round(s, now + 30);
	assert_int_equal(number_of(w, "devices"), number);
	report_init("test", REPORT_ERROR, 2);
	schedule_stop(s);
}

/* A clock that is not believed: nothing may look fresh. */
static void
a_stopped_clock(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	struct status_head head;
	int64_t beat = beat_of(w), number = number_of(w, "devices");
	time_t later = w->now + 48 * 3600;

	report_init("test", REPORT_ERROR + 1, 2);
	w->ca->clock.highest = (int64_t)time(NULL) + 7200;
	schedule_round(s, later);
	assert_int_equal(beat_of(w), beat);
	assert_int_equal(number_of(w, "devices"), number);
	assert_true(status_writer_head(w->ca->status, &head));
	assert_non_null(strstr(head.stopped, "time: "));
	world_refused(world_admin(w, "ca.resume", ""), WIRE_DENIED,
	    "resume.confirm_time");
	world_done(world_admin(w, "ca.resume", "f", "confirm_time", 1));
	schedule_round(s, later);
	assert_int_equal(beat_of(w), later);
	assert_true(number_of(w, "devices") > number);
	assert_true(status_writer_head(w->ca->status, &head));
	assert_string_equal(head.stopped, "");
	report_init("test", REPORT_ERROR, 2);
	schedule_stop(s);
}

/* An operator's stop ends issuing, not the news of revocations. */
static void
an_operators_stop(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	time_t later = w->now + 72 * 3600;
	int64_t number = number_of(w, "devices");

	world_done(world_admin(w, "ca.stop", ""));
	schedule_round(s, later);
	assert_int_equal(beat_of(w), later);
	assert_true(number_of(w, "devices") > number);
	world_done(world_admin(w, "ca.resume", ""));
	schedule_stop(s);
}

static void
refusals_are_summed(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	time_t hour = w->now - w->now % 3600 + 100 * 3600;
	size_t before;

	schedule_round(s, hour);
	before = world_log(w, "refusals", "");
	world_refused(world_ask(w, OPS_RA, "enroll", ""), WIRE_BADREQUEST, "");
	world_refused(world_ask(w, OPS_RA, "enroll", ""), WIRE_BADREQUEST, "");
	schedule_round(s, hour + 3599);
	assert_int_equal(world_log(w, "refusals", ""), before);
	schedule_round(s, hour + 3600);
	assert_int_equal(world_log(w, "refusals", "count=2"), 1);
	schedule_round(s, hour + 7200); /* an hour without any */
	assert_int_equal(world_log(w, "refusals", ""), before + 1);
	schedule_stop(s);
}

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	return certs_reserve(tx, arg);
}

/* An abort that could not be written is made up for. */
static void
a_reservation_left_open(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	struct cert_row row;
	char serial[64];

	world_issue(w, "open", serial);
	world_row(w, serial, &row);
	row.serial[19] ^= 1;
	row.state = CERT_RESERVED;
	ops_hex(row.serial, row.serial_len, serial);
	assert_true(store_write(w->ca->store, reserve_tx, &row, 0));
	schedule_round(s, w->now + 200 * 3600);
	world_row(w, serial, &row);
	assert_int_equal(row.state, CERT_ABORTED);
	assert_int_equal(world_log(w, "issue.aborted", serial), 1);
	schedule_stop(s);
}

/* The token was away and is back: nobody has to ask first. */
static void
the_tokens_return(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "code");
	struct schedule *s = schedule_new(w->ca);

	pthread_rwlock_wrlock(&w->ca->tokens[0].lock);
	EVP_PKEY_free(is->key);
	is->key = NULL;
	pthread_rwlock_unlock(&w->ca->tokens[0].lock);
	schedule_round(s, w->now + 300 * 3600);
	schedule_round(s, w->now + 300 * 3600 + 61);
	pthread_rwlock_rdlock(&w->ca->tokens[0].lock);
	assert_non_null(is->key);
	pthread_rwlock_unlock(&w->ca->tokens[0].lock);
	schedule_stop(s);
}

static void
lose_key(struct world *w, const char *name)
{
	struct issuer *is = issuer_set_find(&w->ca->issuers, name);

	EVP_PKEY_free(is->key);
	is->key = NULL;
}

/* Only that of a CA which signs nothing any more may be gone for good. */
static void
keys_that_are_missed(void **state)
{
	struct world *w = *state;
	struct schedule *s = schedule_new(w->ca);
	time_t later = w->now + 400 * 3600;
	char serial[64];

	world_issue(w, "needs CRLs", serial);
	world_done(world_admin(w, "ca.disable", "t", "name", "devices"));
	world_done(world_admin(w, "ca.disable", "t", "name", "attestation"));
	schedule_round(s, later);	/* their CRLs are fresh */
	lose_key(w, "attestation");
	schedule_round(s, later + 40);
	assert_null(issuer_set_find(&w->ca->issuers, "attestation")->key);
	lose_key(w, "devices");
	schedule_round(s, later + 80);
	assert_non_null(issuer_set_find(&w->ca->issuers, "devices")->key);
	world_done(world_admin(w, "ca.enable", "t", "name", "devices"));
	world_done(world_admin(w, "ca.enable", "t", "name", "attestation"));
	lose_key(w, "attestation");
	schedule_round(s, later + 120);
	assert_non_null(issuer_set_find(&w->ca->issuers, "attestation")->key);
	schedule_stop(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(heartbeats),
	    cmocka_unit_test(by_itself),
	    cmocka_unit_test(a_status_db_that_was_deleted),
	    cmocka_unit_test(saved_for_a_restart),
	    cmocka_unit_test(a_crl_that_is_due),
	    cmocka_unit_test(a_crl_that_is_wanted),
	    cmocka_unit_test(a_crl_that_failed),
	    cmocka_unit_test(a_stopped_clock),
	    cmocka_unit_test(an_operators_stop),
	    cmocka_unit_test(refusals_are_summed),
	    cmocka_unit_test(a_reservation_left_open),
	    cmocka_unit_test(the_tokens_return),
	    cmocka_unit_test(keys_that_are_missed),
	    cmocka_unit_test(of_disabled_cas),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
