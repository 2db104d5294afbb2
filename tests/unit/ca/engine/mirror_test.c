#include <pthread.h>
#include <signal.h>
#include "tests/unit/ca/store/temp.h"
#include "ca/engine/mirror.h"
#include "ca/status/status.h"

/* A store and a status.db beside it. */
struct pair {
	struct temp *t;
	struct status_writer *w;
	struct status_reader *r;
	char path[320];
};

static int
pair_make(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	void *t = NULL;

	if (temp_make(&t) != 0)
		return -1;
	p->t = t;
	snprintf(p->path, sizeof(p->path), "%s/status.db", p->t->dir);
	p->w = status_writer_open(p->path);
	p->r = status_reader_open(p->path);
	*state = p;
	return p->w != NULL && p->r != NULL ? 0 : -1;
}

static int
pair_remove(void **state)
{
	struct pair *p = *state;
	void *t = p->t;

	/* In the order of ca_close(). */
	store_close(p->t->store);
	p->t->store = NULL;
	status_writer_close(p->w);
	status_reader_close(p->r);
	free(p);
	return temp_remove(&t);
}

struct act {
	struct temp *t;
	unsigned int n;
	enum cert_state to;
	int64_t when;
};

static int
issue(struct store_tx *tx, void *arg)
{
	struct act *a = arg;
	struct cert_row row;

	temp_row(a->t, &row, a->n);
	return temp_issue(tx, &row);
}

static int
move(struct store_tx *tx, void *arg)
{
	struct act *a = arg;
	struct cert_row row;

	temp_row(a->t, &row, a->n);
	return certs_by_serial(tx, row.issuer, row.serial, 20, &row) == 1 &&
	    certs_set_state(tx, row.id, a->to, 1, a->when);
}

static void
do_issue(struct pair *p, unsigned int n)
{
	struct act a = {p->t, n, CERT_VALID, 0};

	WRITE(p->t, issue, &a);
}

static void
do_move(struct pair *p, unsigned int n, enum cert_state to)
{
	struct act a = {p->t, n, to, NOW + 50};

	WRITE(p->t, move, &a);
}

/* 0: not there. */
static int
shown(struct pair *p, unsigned int n)
{
	struct status_cert c;
	struct cert_row row;
	int found;

	temp_row(p->t, &row, n);
	found = status_reader_find(p->r, row.issuer, row.serial, 20, &c);
	return found == 1 ? (int)c.state : found;
}

static int
count_issuer(const struct status_issuer *i, void *arg)
{
	assert_string_equal(i->ident, "devices-g1");
	assert_int_equal(i->is_root, 0); /* whatever is above it */
	assert_int_equal(i->cert_len, 11);
	++*(int *)arg;
	return 1;
}

static struct status_head
head(struct pair *p)
{
	struct status_head h;

	assert_true(status_reader_head(p->r, &h));
	return h;
}

static void
fills_an_empty_one(void **state)
{
	struct pair *p = *state;
	int n = 0;

	do_issue(p, 1);
	do_issue(p, 2);
	do_move(p, 2, CERT_REVOKED);
	do_issue(p, 3);
	do_move(p, 3, CERT_HELD);
	assert_true(mirror_start(p->t->store, p->w));
	assert_int_equal(shown(p, 1), STATUS_GOOD);
	assert_int_equal(shown(p, 2), STATUS_REVOKED);
	assert_int_equal(shown(p, 3), STATUS_HELD);
	assert_int_equal(shown(p, 4), 0);
	assert_int_equal(head(p).change, 5);
	assert_int_equal(head(p).heartbeat, 0);
	assert_true(status_reader_issuers(p->r, count_issuer, &n));
	assert_int_equal(n, 1);
}

static void
follows(void **state)
{
	struct pair *p = *state;

	assert_true(mirror_start(p->t->store, p->w));
	do_issue(p, 1);
	assert_int_equal(shown(p, 1), STATUS_GOOD);
	assert_int_equal(head(p).heartbeat, 0); /* never beaten */
	assert_true(status_heartbeat(p->w, NOW + 10));
	do_issue(p, 2); /* recorded at NOW */
	assert_int_equal(head(p).heartbeat, NOW + 10);
	do_move(p, 1, CERT_REVOKED); /* at NOW + 50 */
	assert_int_equal(shown(p, 1), STATUS_REVOKED);
	assert_int_equal(head(p).heartbeat, NOW + 50);
	assert_int_equal(head(p).change, 3);
}

static void
keeps_still_while_stopped(void **state)
{
	struct pair *p = *state;

	assert_true(mirror_start(p->t->store, p->w));
	assert_true(status_heartbeat(p->w, NOW + 10));
	assert_true(status_set_stopped(p->w, "clock"));
	do_issue(p, 1);
	do_move(p, 1, CERT_REVOKED);
	assert_int_equal(shown(p, 1), STATUS_REVOKED);
	assert_int_equal(head(p).heartbeat, NOW + 10);
}

static int
reserve(struct store_tx *tx, void *arg)
{
	struct act *a = arg;
	struct cert_row row;

	temp_row(a->t, &row, a->n);
	return certs_reserve(tx, &row);
}

static void
hides_what_was_not_issued(void **state)
{
	struct pair *p = *state;
	struct act a = {p->t, 1, CERT_VALID, 0};

	assert_true(mirror_start(p->t->store, p->w));
	WRITE(p->t, reserve, &a);
	assert_int_equal(shown(p, 1), 0);
	do_move(p, 1, CERT_ABORTED);
	assert_int_equal(shown(p, 1), 0);
	assert_int_equal(head(p).change, 1);
	do_move(p, 1, CERT_REVOKED);
	assert_int_equal(shown(p, 1), STATUS_REVOKED);
}

/* The store went on without its mirror (a ceremony, a crash). */
static void
catches_up(void **state)
{
	struct pair *p = *state;
	int64_t generation;

	assert_true(mirror_start(p->t->store, p->w));
	assert_true(status_heartbeat(p->w, NOW));
	do_issue(p, 1);
	do_issue(p, 2);
	generation = head(p).generation;
	store_close(p->t->store);
	p->t->store = temp_open(p->t, STORE_WRITE);
	do_issue(p, 3);
	do_move(p, 2, CERT_REVOKED); /* the last row that is in */
	assert_int_equal(shown(p, 2), STATUS_GOOD);
	assert_true(mirror_start(p->t->store, p->w));
	assert_int_equal(shown(p, 2), STATUS_REVOKED);
	assert_int_equal(shown(p, 3), STATUS_GOOD);
	assert_int_equal(head(p).generation, generation);
	assert_int_equal(head(p).heartbeat, NOW);
}

static void
copy_store(struct pair *p, const char *from, const char *to)
{
	char cmd[1000];

	snprintf(cmd, sizeof(cmd),
	    "cd %s && rm -f %s %s-wal %s-shm && cp %s "
	    "%s",
	    p->t->dir, to, to, to, from, to);
	assert_int_equal(system(cmd), 0);
}

/* Back to a copy: status.db is ahead, and knows what nobody knows any more. */
static void
begins_anew_after_a_restore(void **state)
{
	struct pair *p = *state;
	int64_t generation;

	assert_true(mirror_start(p->t->store, p->w));
	do_issue(p, 1);
	store_close(p->t->store);
	copy_store(p, "store.db", "copy");
	p->t->store = temp_open(p->t, STORE_WRITE);
	assert_true(mirror_start(p->t->store, p->w));
	assert_true(status_heartbeat(p->w, NOW));
	do_issue(p, 2);
	generation = head(p).generation;
	store_close(p->t->store);
	copy_store(p, "copy", "store.db");
	p->t->store = temp_open(p->t, STORE_WRITE);
	assert_true(mirror_start(p->t->store, p->w));
	assert_int_equal(shown(p, 1), STATUS_GOOD);
	assert_int_equal(shown(p, 2), 0);
	assert_int_not_equal(head(p).generation, generation);
	assert_int_equal(head(p).heartbeat, 0);
}

/* As before, but the restored store went further than status.db ever was. */
static void
notices_another_past(void **state)
{
	struct pair *p = *state;
	unsigned int n;

	assert_true(mirror_start(p->t->store, p->w));
	do_issue(p, 1);
	store_close(p->t->store);
	copy_store(p, "store.db", "copy");
	p->t->store = temp_open(p->t, STORE_WRITE);
	assert_true(mirror_start(p->t->store, p->w));
	do_issue(p, 2);
	store_close(p->t->store);
	copy_store(p, "copy", "store.db");
	p->t->store = temp_open(p->t, STORE_WRITE);
	for (n = 3; n < 9; n++)
		do_issue(p, n);
	assert_true(mirror_start(p->t->store, p->w));
	assert_int_equal(shown(p, 2), 0);
	assert_int_equal(shown(p, 3), STATUS_GOOD);
	assert_int_equal(shown(p, 8), STATUS_GOOD);
}

static int
issue_many(struct store_tx *tx, void *arg)
{
	struct act *a = arg;
	unsigned int last = a->n + 12000;
	int ok = 1;

	for (; ok && a->n < last; a->n++)
		ok = issue(tx, a);
	return ok;
}

static void
fills_in_pages(void **state)
{
	struct pair *p = *state;
	struct act a = {p->t, 1, CERT_VALID, 0};

	WRITE(p->t, issue_many, &a);
	assert_true(status_heartbeat(p->w, NOW));
	assert_true(mirror_start(p->t->store, p->w));
	assert_int_equal(head(p).change, 12000);
	/* Who asked meanwhile was not told "unknown"; the next beat ends it. */
	assert_int_equal(head(p).heartbeat, 0);
	assert_int_equal(shown(p, 1), STATUS_GOOD);
	assert_int_equal(shown(p, 5001), STATUS_GOOD);
	assert_int_equal(shown(p, 12000), STATUS_GOOD);
}

/* A status.db that cannot be written: the caller is told, the store keeps the
   change, and the next commit brings it over. */
static void
tells_when_it_cannot_write(void **state)
{
	struct pair *p = *state;
	struct act a = {p->t, 1, CERT_VALID, 0};
	sqlite3 *db = NULL;

	assert_true(mirror_start(p->t->store, p->w));
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_false(store_write(p->t->store, issue, &a, 0));
	assert_raised(CA_E_STORE,
	    "the change stands in the store, but was "
	    "not published: status.db: ");
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	do_issue(p, 2);
	assert_int_equal(shown(p, 1), STATUS_GOOD);
	assert_int_equal(shown(p, 2), STATUS_GOOD);
}

/* Deleted under us: the next change, or whoever asks for it, fills another. */
static void
fills_what_was_deleted(void **state)
{
	struct pair *p = *state;
	struct status_head h;
	int64_t generation;

	assert_true(mirror_start(p->t->store, p->w));
	assert_true(status_heartbeat(p->w, NOW));
	do_issue(p, 1);
	generation = head(p).generation;
	assert_int_equal(unlink(p->path), 0);
	do_issue(p, 2);
	assert_int_not_equal(head(p).generation, generation);
	assert_int_equal(shown(p, 1), STATUS_GOOD);
	assert_int_equal(shown(p, 2), STATUS_GOOD);
	assert_int_equal(head(p).heartbeat, 0);
	assert_int_equal(unlink(p->path), 0);
	assert_true(status_writer_head(p->w, &h)); /* made, and empty */
	assert_int_equal(head(p).change, 0);
	assert_int_equal(shown(p, 1), 0);
	assert_true(mirror_catch_up(p->t->store));
	assert_int_equal(shown(p, 1), STATUS_GOOD);
	assert_int_equal(head(p).change, 2);
}

static void
tells_when_it_cannot_catch_up(void **state)
{
	struct pair *p = *state;
	sqlite3 *db = NULL;

	assert_true(mirror_start(p->t->store, p->w));
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_false(mirror_catch_up(p->t->store));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_true(mirror_catch_up(p->t->store));
}

struct caller {
	struct pair *p;
	pthread_t thread;
	unsigned int first;
	int bad;
};

static void *
issue_and_revoke(void *arg)
{
	struct caller *c = arg;
	struct status_reader *r = status_reader_open(c->p->path);
	struct pair mine = {.t = c->p->t, .r = r};
	struct act a = {c->p->t, 0, CERT_REVOKED, NOW + 50};

	for (a.n = c->first; a.n < c->first + 20; a.n++) {
		if (!store_write(c->p->t->store, issue, &a, 0) ||
		    shown(&mine, a.n) != STATUS_GOOD ||
		    !store_write(c->p->t->store, move, &a, STORE_URGENT) ||
		    shown(&mine, a.n) != STATUS_REVOKED)
			c->bad++;
	}
	status_reader_close(r);
	return NULL;
}

/* Acknowledged is visible, for each of many callers at once. */
static void
shows_before_it_acknowledges(void **state)
{
	struct caller c[8] = {0};
	unsigned int i;

	assert_true(mirror_start(
	    ((struct pair *)*state)->t->store, ((struct pair *)*state)->w));
	for (i = 0; i < 8; i++) {
		c[i].p = *state;
		c[i].first = 1 + i * 100;
		pthread_create(&c[i].thread, NULL, issue_and_revoke, &c[i]);
	}
	for (i = 0; i < 8; i++) {
		pthread_join(c[i].thread, NULL);
		assert_int_equal(c[i].bad, 0);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, pair_make, pair_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(fills_an_empty_one),
	    T(follows),
	    T(keeps_still_while_stopped),
	    T(hides_what_was_not_issued),
	    T(catches_up),
	    T(begins_anew_after_a_restore),
	    T(notices_another_past),
	    T(fills_in_pages),
	    T(tells_when_it_cannot_write),
	    T(fills_what_was_deleted),
	    T(tells_when_it_cannot_catch_up),
	    T(shows_before_it_acknowledges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
