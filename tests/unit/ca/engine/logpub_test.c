#include "tests/unit/ca/engine/logpub.h"

/* What the ceremony made is published by the first round, and grows. */
static void
publishes(void **state)
{
	struct world *w = *state;
	struct log_checkpoint a, b;
	struct logpub_view v;
	char serial[64];

	assert_int_equal(world_log(w, "log.begin", "localhost:8444/log"), 1);
	logpub_look(w->ca->log, &v);
	assert_int_equal(v.state, LOGPUB_GOING);
	assert_string_equal(v.origin, "localhost:8444/log");
	assert_string_equal(v.key_type, "ed25519");
	assert_int_equal(v.size, 0);
	assert_int_equal(logpub_round(w->ca->log, w->now), 1);
	published(w, &a);
	assert_int_equal(a.size, entries(w));
	world_issue(w, "a", serial);
	assert_int_equal(logpub_round(w->ca->log, w->now + 1), 1);
	published(w, &b);
	assert_int_equal(b.size, a.size + 2);
	assert_true(is_begun_by(w, &a, &b));
	logpub_look(w->ca->log, &v);
	assert_int_equal(v.size, b.size);
	assert_int_equal(v.entries, b.size);
	assert_int_equal(v.time, w->now + 1);
	assert_int_equal(v.token, 1);
	/* Nothing new: nothing is signed. */
	assert_int_equal(logpub_round(w->ca->log, w->now + 9), 1);
	logpub_look(w->ca->log, &v);
	assert_int_equal(v.time, w->now + 1);
}

/* Through a restart, with and without its files. */
static void
goes_on(void **state)
{
	struct world *w = *state;
	struct log_checkpoint a, b;
	char serial[64];
	int i;

	for (i = 0; i < 3; i++) {
		published(w, &a);
		reopen(w);
		assert_state(w, LOGPUB_GOING, "");
		world_issue(w, "b", serial);
		round_ok(w);
		published(w, &b);
		assert_int_equal(b.size, a.size + 2);
		assert_true(is_begun_by(w, &a, &b));
	}
}

/* The folder is lost: it is made again from the store, once it is looked at. */
static void
repairs(void **state)
{
	struct world *w = *state;
	struct log_checkpoint a, b;

	round_ok(w);
	published(w, &a);
	world_sh("rm -r %s/pub/log/tile", w->dir);
	reopen(w);
	assert_state(w, LOGPUB_CHECKING, "log.check: ");
	round_ok(w);
	published(w, &b);
	assert_int_equal(b.size, a.size);
	assert_true(is_begun_by(w, &b, &b));
	/* A tile that was changed. */
	world_sh("for f in %s/pub/log/tile/0/*/*; do printf xxxx | dd of=$f "
	    "conv=notrunc bs=1 2>/dev/null; done", w->dir);
	reopen(w);
	assert_state(w, LOGPUB_CHECKING, "log.check: ");
	round_ok(w);
	assert_true(is_begun_by(w, &b, &b));
	world_sh("rm -r %s/pub/log", w->dir);
	reopen(w);
	round_ok(w);
	published(w, &b);
	assert_int_equal(b.size, a.size);
}

/* What cannot be published for longer than fail_after stops issuing, not
   revocations; it recovers by itself. */
static void
fails_closed(void **state)
{
	struct world *w = *state;
	int64_t wall, boot;
	char serial[64];
	struct logpub_view v;

	world_issue(w, "f", serial);
	world_sh("mv %s/pub/log %s/pub/kept && touch %s/pub/log", w->dir,
	    w->dir, w->dir);
	assert_int_equal(logpub_round(w->ca->log, w->now), 0);
	assert_int_equal(ERR_peek_error(), 0);
	logpub_look(w->ca->log, &v);
	assert_int_equal(v.state, LOGPUB_GOING);
	assert_true(v.trouble[0] != '\0');
	ca_clocks(&wall, &boot);
	assert_true(logpub_may_issue(w->ca->log, boot + 290));
	assert_false(logpub_may_issue(w->ca->log, boot + 310));
	world_raised(CA_E_STOPPED, "log.unpublished: ");
	/* Here and now, with patience of none. */
	w->settings->log.fail_after = -1;
	refused(w);
	world_done(world_admin(w, "revoke", "t", "serial", serial));
	w->settings->log.fail_after = 300;
	world_sh("rm %s/pub/log && mv %s/pub/kept %s/pub/log", w->dir, w->dir,
	    w->dir);
	round_ok(w);
	assert_true(logpub_may_issue(w->ca->log, boot + 290));
	logpub_look(w->ca->log, &v);
	assert_string_equal(v.trouble, "");
	assert_int_equal(v.size, entries(w));
}

/* The thread does it by itself, and what was written last is out when it
   ends. */
static void
runs(void **state)
{
	struct world *w = *state;
	struct log_checkpoint c;
	struct logpub_view v;
	char serial[64];
	int i;

	assert_true(logpub_start(w->ca->log));
	world_issue(w, "r", serial);
	for (i = 0; i < 100; i++) {
		logpub_look(w->ca->log, &v);
		if (v.size == entries(w))
			break;
		usleep(100000);
	}
	assert_int_equal(v.size, entries(w));
	assert_true(v.running && v.cpu_us > 0);
	world_issue(w, "s", serial);
	logpub_stop(w->ca->log);
	published(w, &c);
	assert_int_equal(c.size, entries(w));
	assert_true(logpub_may_issue(NULL, 0));
}

static int
many_tx(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *f = field_list_new();
	int i, ok = field_add_text(f, "program", "inkan-ca");

	(void)arg;
	for (i = 0; ok && i < 40000; i++)
		ok = entries_append(tx, "start", 1, f, NULL);
	field_list_free(f);
	return ok;
}

/* A store from before there was a log, with many entries: they are published in
   pieces. */
static void
upgrades(void **state)
{
	struct world *w = *state;
	struct log_checkpoint c;
	struct logpub_view v;
	int64_t n;

	ca_close(w->ca);
	world_sh("cd %s && rm -r pub/log && sqlite3 store.db 'delete from "
	    "log_checkpoints; delete from logs'", w->dir);
	forget_token(w);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_state(w, LOGPUB_GOING, "");
	assert_true(store_write(w->ca->store, many_tx, NULL, 0));
	assert_true(store_write(w->ca->store, many_tx, NULL, 0));
	n = entries(w);
	assert_int_equal(logpub_round(w->ca->log, w->now), 2);
	published(w, &c);
	assert_int_equal(c.size, LOGPUB_BATCH);
	assert_int_equal(logpub_round(w->ca->log, w->now), 1);
	published(w, &c);
	assert_int_equal(c.size, n + 1);
	assert_true(is_begun_by(w, &c, &c));
	assert_int_equal(world_log(w, "log.begin", "localhost:8444/log"), 2);
	logpub_look(w->ca->log, &v);
	assert_string_equal(v.origin, "localhost:8444/log");
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(publishes),
	    cmocka_unit_test(goes_on),
	    cmocka_unit_test(repairs),
	    cmocka_unit_test(fails_closed),
	    cmocka_unit_test(runs),
	    cmocka_unit_test(upgrades),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
