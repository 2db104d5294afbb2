#include "tests/unit/ca/engine/logpub.h"

static int
setup(void **state)
{
	int rc = world_setup(state);

	if (rc == 0)
		round_ok(*state);
	return rc;
}

/* As old as it was before the last certificate. */
static void
roll_back(struct world *w)
{
	char serial[64];

	ca_close(w->ca);
	world_sh("cd %s && cp store.db kept.db", w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	world_issue(w, "lost", serial);
	round_ok(w);
	ca_close(w->ca);
	world_sh("cd %s && rm -f store.db-* status.db* && cp kept.db store.db",
	    w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_state(w, LOGPUB_STOPPED, "log.rollback: ");
}

/* The operator's word begins the next log, whose entry tells of what was
   before. */
static void
begins_the_next(void **state)
{
	struct world *w = *state;
	struct log_checkpoint old, c, d;
	struct logpub_view v;
	char serial[64], *vkey;

	roll_back(w);
	published(w, &old);
	world_refused(world_admin(w, "log.accept", ""), WIRE_BADREQUEST,
	    "ops.argument");
	world_done(world_admin(w, "log.accept", "t", "reason", "disk died"));
	assert_state(w, LOGPUB_GOING, "");
	published(w, &c);
	assert_string_equal(c.origin, "localhost:8444/log/2");
	assert_int_equal(c.size, entries(w));
	assert_true(is_begun_by(w, &c, &c));
	assert_int_equal(world_log(w, "log.begin", "disk died"), 1);
	assert_int_equal(world_log(w, "log.begin", "after_size"), 1);
	/* What was published is kept aside. */
	vkey = read_text(w, "pub/log.1/log.vkey");
	assert_int_equal(strncmp(vkey, "localhost:8444/log+", 19), 0);
	free(vkey);
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
	world_issue(w, "again", serial);
	round_ok(w);
	published(w, &d);
	assert_true(is_begun_by(w, &c, &d));
	logpub_look(w->ca->log, &v);
	assert_string_equal(v.lost, "");
}

/* A copy from before the second log: its word is the third. */
static void
knows_higher_numbers(void **state)
{
	struct world *w = *state;
	struct log_checkpoint c;

	roll_back(w);
	world_done(world_admin(w, "log.accept", "t", "reason", "one"));
	ca_close(w->ca);
	world_sh("cd %s && rm -f store.db-* status.db* && cp kept.db store.db",
	    w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_int_equal(logpub_round(w->ca->log, w->now), 0);
	assert_state(w, LOGPUB_STOPPED, "log.");
	world_done(world_admin(w, "log.accept", "t", "reason", "two"));
	published(w, &c);
	assert_string_equal(c.origin, "localhost:8444/log/3");
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
}

static void
destroy_key(struct world *w)
{
	struct ca_token *t = tokens_lock(w->ca, "", w->now);

	assert_non_null(t);
	assert_true(hsm_key_destroy(t->hsm, "inkan-log"));
	tokens_unlock(t);
}

/* The key is gone: not a thing that heals, and the next log has a new one. */
static void
key_lost(void **state)
{
	struct world *w = *state;
	struct logpub_view v;
	char serial[64], *old = read_text(w, "pub/log/log.vkey"), *new;

	world_refused(world_admin(w, "log.accept", "t", "reason", "no"),
	    WIRE_DENIED, "log.accept");
	destroy_key(w);
	world_issue(w, "k", serial);
	assert_int_equal(logpub_round(w->ca->log, w->now + 60), 0);
	logpub_look(w->ca->log, &v);
	assert_non_null(strstr(v.trouble, "inkan-log"));
	world_done(world_admin(w, "log.accept", "t", "reason", "key lost"));
	new = read_text(w, "pub/log/log.vkey");
	assert_int_equal(strncmp(new, "localhost:8444/log/2+", 21), 0);
	assert_string_not_equal(strrchr(new, '+'), strrchr(old, '+'));
	free(old);
	free(new);
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
	round_ok(w);
}

/* Killed between the decision and the new files: what lies there is of a log of
   ours that has ended. */
static void
goes_on_after_a_crash(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct logpub_begin b = {.who = "test", .now = w->now};
	struct log_checkpoint c;

	assert_true(logpub_begin(l, &b));
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
	round_ok(w);
	published(w, &c);
	assert_string_equal(c.origin, "localhost:8444/log/2");
	free(read_text(w, "pub/log.1/checkpoint"));
}

static void
names_logs(void **state)
{
	char out[64];

	(void)state;
	assert_true(logpub_origin_of("http://a.example:80/ca/x.cer", out,
	    sizeof(out)));
	assert_string_equal(out, "a.example:80/log");
	assert_true(logpub_origin_of("http://a/ca/pki/ca/x-g1.cer", out,
	    sizeof(out)));
	assert_string_equal(out, "a/ca/pki/log");
	assert_false(logpub_origin_of("", out, sizeof(out)));
	assert_false(logpub_origin_of("http://a/x.cer", out, sizeof(out)));
	assert_false(logpub_origin_of("http:///ca/x", out, sizeof(out)));
	assert_false(logpub_origin_of("http://a+b/ca/x", out, sizeof(out)));
	assert_false(logpub_origin_of("http://a.example/ca/x", out, 9));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(begins_the_next),
	    T(knows_higher_numbers),
	    T(key_lost),
	    T(goes_on_after_a_crash),
	    cmocka_unit_test(names_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
