#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "tests/unit/ocsp/rig.h"

static struct rig *rig;

static int
setup(void **state)
{
	(void)state;
	rig = rig_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

static void
put(const unsigned char *serial, const char *text)
{
	struct cache_key key = {.issuer = RIG_CA,
	    .serial = serial,
	    .serial_len = 2,
	    .certid = (const unsigned char *)text,
	    .certid_len = strlen(text),
	    .request = (const unsigned char *)text,
	    .request_len = strlen(text)};
	struct reply *reply =
	    reply_new(OPENSSL_memdup(text, strlen(text)), strlen(text), "x/y");

	assert_true(
	    cache_put(rig->cache, cache_epoch(rig->cache), &key, reply));
	reply_free(reply);
}

static int
has(const char *text)
{
	struct reply *reply = cache_find_request(
	    rig->cache, (const unsigned char *)text, strlen(text));

	reply_free(reply);
	return reply != NULL;
}

static void
test_changes(void **state)
{
	struct status_head head;

	(void)state;
	put(rig_good, "a");
	put(rig_held, "b");
	assert_true(follow_step(rig->follow));
	assert_true(has("a") && has("b"));
	rig_put(rig, RIG_CA, rig_good, 2, STATUS_REVOKED, 1);
	assert_true(follow_step(rig->follow));
	assert_false(has("a"));
	assert_true(has("b"));
	assert_true(state_head(rig->state, &head));
	assert_int_equal(head.change, rig->change);
	/* A heartbeat drops nothing. */
	assert_true(status_heartbeat(rig->writer, rig->now));
	assert_true(follow_step(rig->follow));
	assert_true(has("b"));
	assert_true(state_head(rig->state, &head));
	assert_int_equal(head.heartbeat, rig->now);
}

/* Rebuilt from the store: nothing that was known counts. */
static void
test_generation(void **state)
{
	(void)state;
	put(rig_held, "b");
	assert_true(status_reset(rig->writer));
	rig->change = 0;
	rig_fill(rig);
	assert_true(follow_step(rig->follow));
	assert_false(has("b"));
}

/* While it is filled again there are no issuers: those of before stay. */
static void
test_emptied(void **state)
{
	struct status_head head;
	struct view *view;

	(void)state;
	assert_true(status_reset(rig->writer));
	assert_true(follow_step(rig->follow));
	view = state_view(rig->state);
	assert_int_equal(view_n_issuers(view), 2);
	view_free(view);
	assert_true(state_head(rig->state, &head));
	assert_int_equal(head.heartbeat, 0);
}

static void
test_new_issuer(void **state)
{
	struct view *view = state_view(rig->state);

	(void)state;
	assert_int_equal(view_n_issuers(view), 2);
	view_free(view);
	put(rig_held, "b");
	rig_put_issuer(rig, 9, "devices-g2", 0, rig->pki.ocsp);
	assert_true(follow_step(rig->follow));
	view = state_view(rig->state);
	assert_int_equal(view_n_issuers(view), 3);
	assert_non_null(view_find_ident(view, "devices-g2"));
	view_free(view);
}

/* Another file is put in its place. */
static void
test_replaced(void **state)
{
	char old[300];

	(void)state;
	put(rig_held, "b");
	status_writer_close(rig->writer);
	snprintf(old, sizeof(old), "%s.old", rig->db);
	assert_int_equal(rename(rig->db, old), 0);
	snprintf(old, sizeof(old), "%s-wal", rig->db);
	unlink(old);
	snprintf(old, sizeof(old), "%s-shm", rig->db);
	unlink(old);
	assert_non_null(rig->writer = status_writer_open(rig->db));
	rig->change = 0;
	rig_fill(rig);
	assert_true(follow_step(rig->follow));
	assert_false(has("b"));
}

/* Gone: the last known stands, and what is in the cache. */
static void
test_lost(void **state)
{
	struct follow *f;
	struct status_head head;
	char away[300];

	(void)state;
	f = follow_new(
	    "/nonexistent/status.db", rig->readers, rig->state, rig->cache);
	put(rig_held, "b");
	assert_false(follow_step(f));
	assert_false(follow_step(f));
	assert_true(has("b"));
	assert_true(state_head(rig->state, &head));
	follow_free(f);
	/* Not there at the start, and there later. */
	snprintf(away, sizeof(away), "%s/later.db", rig->dir);
	f = follow_new(away, rig->readers, rig->state, rig->cache);
	assert_false(follow_step(f));
	{
		struct status_writer *w = status_writer_open(away);

		assert_true(follow_step(f));
		status_writer_close(w);
	}
	/* The writer has gone: it is read all the same. */
	assert_true(follow_step(f));
	follow_free(f);
}

/* Workers' readers from before a writer came see what it writes. */
static void
test_wal_comes(void **state)
{
	struct status_cert cert;
	char sql[400], wal[300], shm[300], copy[300];
	sqlite3 *db;

	(void)state;
	/* A copy in one file, as it would be handed to another machine. */
	snprintf(wal, sizeof(wal), "%s-wal", rig->db);
	snprintf(shm, sizeof(shm), "%s-shm", rig->db);
	snprintf(copy, sizeof(copy), "%s.copy", rig->db);
	snprintf(sql, sizeof(sql), "VACUUM INTO '%s'", copy);
	assert_int_equal(sqlite3_open(rig->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	status_writer_close(rig->writer);
	rig->writer = NULL;
	unlink(wal);
	unlink(shm);
	assert_int_equal(rename(copy, rig->db), 0);
	readers_renew(rig->readers);
	follow_step(rig->follow);
	assert_int_equal(
	    readers_find(rig->readers, RIG_CA, rig_good, 2, &cert), 1);
	assert_non_null(rig->writer = status_writer_open(rig->db));
	rig_put(rig, RIG_CA, rig_good, 2, STATUS_REVOKED, 1);
	assert_true(follow_step(rig->follow));
	assert_int_equal(
	    readers_find(rig->readers, RIG_CA, rig_good, 2, &cert), 1);
	assert_int_equal(cert.state, STATUS_REVOKED);
}

/* By itself; what did not change stays. */
static void
test_thread(void **state)
{
	const struct timespec nap = {0, 10000000L};

	(void)state;
	assert_true(follow_start(rig->follow));
	put(rig_good, "a");
	put(rig_held, "b");
	rig_put(rig, RIG_CA, rig_held, 2, STATUS_GOOD, -1);
	while (has("b"))
		nanosleep(&nap, NULL);
	assert_true(has("a"));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_changes),
	    T(test_generation),
	    T(test_emptied),
	    T(test_new_issuer),
	    T(test_replaced),
	    T(test_lost),
	    T(test_wal_comes),
	    T(test_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
