#include "tests/unit/ca/engine/logpub.h"

/* A store that is not the one that its log was published from. Each test has a
   world of its own, with a first checkpoint. */

static int
setup(void **state)
{
	int rc = world_setup(state);

	if (rc == 0)
		round_ok(*state);
	return rc;
}

static void
keep_copy(struct world *w)
{
	ca_close(w->ca);
	world_sh("cd %s && cp store.db kept.db", w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
}

static void
restore_copy(struct world *w)
{
	ca_close(w->ca);
	world_sh("cd %s && rm -f store.db-* status.db* && cp kept.db store.db",
	    w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
}

static void
grow(struct world *w)
{
	char serial[64];

	world_issue(w, "grown", serial);
	round_ok(w);
}

/* The database alone is yesterday's. */
static void
older_than_published(void **state)
{
	struct world *w = *state;

	keep_copy(w);
	grow(w);
	restore_copy(w);
	assert_state(w, LOGPUB_STOPPED, "log.rollback: log/checkpoint tells "
	    "of ");
	refused(w);
	/* No time heals it, and nothing is signed. */
	assert_int_equal(logpub_round(w->ca->log, w->now), 0);
	reopen(w);
	assert_state(w, LOGPUB_STOPPED, "log.rollback: ");
}

/* The whole folder is yesterday's; only the token's anchor was not restored. */
static void
older_than_token(void **state)
{
	struct world *w = *state;

	keep_copy(w);
	world_sh("cp -r %s/pub %s/kept-pub", w->dir, w->dir);
	grow(w);
	logpub_claim_put(w->ca->log, w->now, 1);
	world_sh("cd %s && rm -r pub && mv kept-pub pub", w->dir);
	restore_copy(w);
	assert_state(w, LOGPUB_STOPPED, "log.rollback: the token's anchor "
	    "tells of ");
	refused(w);
	forget_token(w);
	/* Without it nobody can know. */
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
}

/* The same store, and then it went on: as many entries, but not those. */
static void
forked(void **state)
{
	struct world *w = *state;
	char serial[64];

	keep_copy(w);
	grow(w);
	ca_close(w->ca);
	world_sh("cd %s && rm -f store.db-* status.db* && cp kept.db store.db "
	    "&& mv pub hidden && mkdir -p pub/log && cp hidden/log/log.vkey "
	    "pub/log/", w->dir);
	forget_token(w);
	w->settings->log.token_anchor = 0;
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_state(w, LOGPUB_CHECKING, "");
	round_ok(w);
	world_issue(w, "another", serial);
	ca_close(w->ca);
	world_sh("cd %s && rm -r pub && mv hidden pub", w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	/* Only reading its entries shows it. */
	assert_state(w, LOGPUB_CHECKING, "");
	refused(w);
	assert_int_equal(logpub_round(w->ca->log, w->now), 0);
	assert_state(w, LOGPUB_STOPPED, "log.fork: ");
}

static void
change(struct world *w, const char *sql)
{
	ca_close(w->ca);
	world_sh("sqlite3 %s/store.db \"%s\"", w->dir, sql);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	(void)logpub_round(w->ca->log, w->now);
}

static void
entries_taken_away(void **state)
{
	struct world *w = *state;

	change(w, "delete from entries where idx > 3");
	assert_state(w, LOGPUB_STOPPED, "log.rollback: a checkpoint of ");
}

static void
entry_missing(void **state)
{
	struct world *w = *state;

	change(w, "delete from entries where idx = 3");
	assert_state(w, LOGPUB_STOPPED, "log.gap: entry 3 ");
}

static void
entry_changed(void **state)
{
	struct world *w = *state;

	change(w, "update entries set leaf = (select leaf from entries where "
	    "idx = 5) where idx = 4");
	assert_state(w, LOGPUB_STOPPED, "log.fork: the store's first ");
}

/* Rows of checkpoints are lost, the entries are not: what was published is taken
   up again. */
static void
rows_lost(void **state)
{
	struct world *w = *state;
	struct log_checkpoint a, b;

	published(w, &a);
	change(w, "delete from log_checkpoints");
	assert_state(w, LOGPUB_GOING, "");
	grow(w);
	published(w, &b);
	assert_true(b.size == a.size + 2 && is_begun_by(w, &a, &b));
}

static void
log_unknown(void **state)
{
	struct world *w = *state;

	change(w, "delete from log_checkpoints; delete from logs");
	assert_state(w, LOGPUB_STOPPED, "log.rollback: log/checkpoint tells of "
	    "a log that the store does not know");
}

/* Anchors that are behind, as after a crash, are in order. */
static void
anchor_behind(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	char *note = OPENSSL_strdup(l->note);

	grow(w);
	assert_true(logpub_claim_keep(l, note));
	OPENSSL_free(note);
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
	grow(w);
}

static void
renamed(void **state)
{
	struct world *w = *state;

	strcpy(w->settings->log.origin, "another.example/log");
	reopen(w);
	assert_state(w, LOGPUB_STOPPED, "log.origin: ");
	strcpy(w->settings->log.origin, "localhost:8444/log");
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
}

/* A token that is away says nothing: until it is back nobody knows. */
static void
token_away(void **state)
{
	struct world *w = *state;

	ca_close(w->ca);
	world_sh("mv %s/t-ca %s/away", w->dir, w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_state(w, LOGPUB_CHECKING, "token: ");
	assert_int_equal(logpub_round(w->ca->log, w->now), 0);
	world_sh("mv %s/away %s/t-ca", w->dir, w->dir);
	assert_int_equal(logpub_round(w->ca->log, w->now + 10), 1);
	assert_state(w, LOGPUB_GOING, "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(older_than_published),
	    T(older_than_token),
	    T(forked),
	    T(entries_taken_away),
	    T(entry_missing),
	    T(entry_changed),
	    T(rows_lost),
	    T(log_unknown),
	    T(anchor_behind),
	    T(renamed),
	    T(token_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
