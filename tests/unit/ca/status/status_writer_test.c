#include <fcntl.h>
#include <pthread.h>
#include "tests/unit/ca/status/temp.h"

static void
begins_empty(void **state)
{
	struct temp *t = *state;
	struct status_head h;
	struct status_cert c;

	assert_true(status_writer_head(t->w, &h));
	assert_int_equal(h.heartbeat, 0);
	assert_int_equal(h.change, 0);
	assert_true(h.generation > 0);
	assert_string_equal(h.stopped, "");
	assert_int_equal(status_writer_last(t->w, &c), 0);
	status_writer_close(NULL);
}

static void
keeps_over_a_restart(void **state)
{
	struct temp *t = *state;
	struct status_head a, b;

	assert_true(temp_put(t->w, 3, STATUS_HELD));
	assert_true(status_set_stopped(t->w, "clock"));
	assert_true(status_writer_head(t->w, &a));
	assert_int_equal(a.change, 3);
	assert_int_equal(a.heartbeat, NOW + 3);
	assert_string_equal(a.stopped, "clock");
	status_writer_close(t->w);
	t->w = status_writer_open(t->path);
	assert_non_null(t->w);
	assert_true(status_writer_head(t->w, &b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(status_set_stopped(t->w, ""));
	assert_true(status_heartbeat(t->w, NOW + 9));
	assert_true(status_writer_head(t->w, &b));
	assert_string_equal(b.stopped, "");
	assert_int_equal(b.heartbeat, NOW + 9);
	assert_int_equal(b.change, 3);
}

static void
aborts(void **state)
{
	struct temp *t = *state;
	struct status_cert c;

	temp_cert(&c, 5);
	assert_true(status_begin(t->w));
	assert_true(status_put_cert(t->w, &c));
	status_abort(t->w);
	assert_int_equal(temp_state(t->r, 5), 0);
	assert_true(temp_put(t->w, 5, STATUS_GOOD)); /* the lock is free */
	assert_int_equal(temp_state(t->r, 5), STATUS_GOOD);
}

static void
shows_nothing_before_the_commit(void **state)
{
	struct temp *t = *state;
	struct status_cert c;

	temp_cert(&c, 5);
	assert_true(status_begin(t->w));
	assert_true(status_put_cert(t->w, &c));
	assert_int_equal(temp_state(t->r, 5), 0);
	assert_true(status_commit(t->w, 5, NOW));
	assert_int_equal(temp_state(t->r, 5), STATUS_GOOD);
}

/* The library's call comes here, since the program's own name goes first. */
static int n_synced;

int
fdatasync(int fd)
{
	n_synced++;
	return fsync(fd);
}

static int
put_new(struct temp *t, int serial)
{
	struct status_cert c;

	temp_cert(&c, serial);
	return status_begin_new(t->w) && status_put_cert(t->w, &c) &&
	    status_commit(t->w, serial, NOW);
}

static void
makes_durable_what_must_be(void **state)
{
	struct temp *t = *state;
	int before;

	assert_true(temp_put(t->w, 5, STATUS_GOOD));
	before = n_synced;
	assert_true(temp_put(t->w, 6, STATUS_REVOKED));
	assert_true(n_synced > before);
	before = n_synced;
	assert_true(put_new(t, 7));
	assert_true(put_new(t, 8));
	assert_int_equal(n_synced, before);
	assert_int_equal(temp_state(t->r, 8), STATUS_GOOD);
	assert_true(temp_put(t->w, 9, STATUS_REVOKED));
	assert_true(n_synced > before);
}

static void
knows_the_last(void **state)
{
	struct temp *t = *state;
	struct status_cert c, want;

	assert_true(temp_put(t->w, 9, STATUS_REVOKED));
	assert_true(temp_put(t->w, 4, STATUS_GOOD));
	assert_int_equal(status_writer_last(t->w, &c), 1);
	temp_cert(&want, 9);
	assert_int_equal(c.change, 9);
	assert_int_equal(c.state, STATUS_REVOKED);
	assert_int_equal(c.issuer, 1);
	assert_int_equal(c.serial_len, 20);
	assert_memory_equal(c.serial, want.serial, 20);
}

static void
resets(void **state)
{
	struct temp *t = *state;
	struct status_issuer i = {.id = 1,
	    .ident = "a-g1",
	    .cert = (unsigned char *)"DER",
	    .cert_len = 3};
	struct status_head a, b;
	struct status_cert c;

	assert_true(status_begin(t->w));
	assert_true(status_put_issuer(t->w, &i));
	assert_true(status_commit(t->w, 1, NOW));
	assert_true(temp_put(t->w, 9, STATUS_REVOKED));
	assert_true(status_writer_head(t->w, &a));
	assert_true(status_reset(t->w));
	assert_true(status_writer_head(t->w, &b));
	assert_int_equal(b.change, 0);
	assert_int_equal(b.heartbeat, 0);
	assert_int_not_equal(a.generation, b.generation);
	assert_int_equal(status_writer_last(t->w, &c), 0);
	assert_int_equal(temp_state(t->r, 9), 0);
}

/* Deleted without its WAL, as people do: the old rows must not come back. */
static void
begins_anew_when_deleted(void **state)
{
	struct temp *t = *state;
	char wal[320], copy[320], cmd[700];
	struct status_head h;

	assert_true(temp_put(t->w, 9, STATUS_REVOKED));
	snprintf(wal, sizeof(wal), "%s-wal", t->path);
	snprintf(copy, sizeof(copy), "%s/saved", t->dir);
	snprintf(cmd, sizeof(cmd), "cp %s %s", wal, copy);
	assert_int_equal(system(cmd), 0);
	status_writer_close(t->w);
	assert_int_equal(rename(copy, wal), 0); /* as a kill leaves it */
	assert_int_equal(unlink(t->path), 0);
	t->w = status_writer_open(t->path);
	assert_non_null(t->w);
	assert_true(status_reader_head(t->r, &h));
	assert_int_equal(h.change, 0);
	assert_int_equal(temp_state(t->r, 9), 0);
}

/* Deleted while it is open: what is written stands where readers look. */
static void
mends_itself_when_deleted(void **state)
{
	struct temp *t = *state;
	struct status_head a, b;

	assert_true(temp_put(t->w, 9, STATUS_REVOKED));
	assert_true(status_writer_head(t->w, &a));
	assert_int_equal(unlink(t->path), 0);
	assert_true(temp_put(t->w, 5, STATUS_GOOD));
	assert_true(status_writer_head(t->w, &b));
	assert_int_not_equal(a.generation, b.generation);
	assert_true(status_reader_head(t->r, &a));
	assert_int_equal(a.generation, b.generation);
	assert_int_equal(temp_state(t->r, 9), 0);
	assert_int_equal(temp_state(t->r, 5), STATUS_GOOD);
}

/* An old copy is put in its place: its rows are of the past. */
static void
mends_itself_when_replaced(void **state)
{
	struct temp *t = *state;
	char copy[320];
	struct status_writer *w;
	struct status_head h;

	snprintf(copy, sizeof(copy), "%s/copy", t->dir);
	w = status_writer_open(copy);
	assert_non_null(w);
	assert_true(temp_put(w, 9, STATUS_REVOKED));
	status_writer_close(w);
	assert_int_equal(rename(copy, t->path), 0);
	assert_true(status_writer_head(t->w, &h));
	assert_int_equal(h.change, 0);
	assert_int_equal(h.heartbeat, 0);
	assert_true(temp_put(t->w, 5, STATUS_GOOD));
	assert_true(status_reader_head(t->r, &h)); /* notices */
	assert_int_equal(temp_state(t->r, 9), 0);
	assert_int_equal(temp_state(t->r, 5), STATUS_GOOD);
}

/* Where none can be made nothing is acknowledged, until one can. */
static void
refuses_when_it_cannot_be_made(void **state)
{
	struct temp *t = *state;
	struct status_head h;
	char away[320];

	snprintf(away, sizeof(away), "%s.away", t->dir);
	assert_int_equal(rename(t->dir, away), 0);
	assert_false(temp_put(t->w, 5, STATUS_GOOD));
	assert_raised(CA_E_STORE, "status.db: cannot make");
	assert_false(status_writer_head(t->w, &h));
	assert_false(status_heartbeat(t->w, NOW));
	assert_false(status_reset(t->w));
	ERR_clear_error();
	assert_int_equal(rename(away, t->dir), 0);
	assert_true(temp_put(t->w, 5, STATUS_GOOD));
	assert_true(status_reader_head(t->r, &h));
	assert_int_equal(temp_state(t->r, 5), STATUS_GOOD);
}

static void
refuses_another_file(void **state)
{
	struct temp *t = *state;
	char path[320], text[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/other", t->dir);
	f = fopen(path, "w");
	fprintf(f, "%4096s", "this is no database");
	fclose(f);
	assert_null(status_writer_open(path));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	assert_null(status_reader_open(path));
	snprintf(text, sizeof(text), "%s: not a status.db", path);
	assert_raised(CA_E_STORE, text);
	snprintf(path, sizeof(path), "%s/no/folder", t->dir);
	assert_null(status_writer_open(path));
	assert_raised(CA_E_STORE, "status.db: cannot make");
}

struct beating {
	struct temp *t;
	pthread_t thread;
	int ok;
};

static void *
beat(void *arg)
{
	struct beating *b = arg;
	int i;

	for (i = 0; i < 50; i++)
		b->ok += status_heartbeat(b->t->w, NOW + i);
	return NULL;
}

/* Heartbeats come between transactions, never into one. */
static void
is_safe_from_threads(void **state)
{
	struct beating b[4] = {0};
	int i, n;

	for (i = 0; i < 4; i++) {
		b[i].t = *state;
		pthread_create(&b[i].thread, NULL, beat, &b[i]);
	}
	for (n = 1; n <= 50; n++)
		assert_true(temp_put(b[0].t->w, (unsigned char)n, STATUS_GOOD));
	for (i = 0; i < 4; i++) {
		pthread_join(b[i].thread, NULL);
		assert_int_equal(b[i].ok, 50);
	}
	for (n = 1; n <= 50; n++)
		assert_int_equal(
		    temp_state(b[0].t->r, (unsigned char)n), STATUS_GOOD);
}

static void
makes_a_file_of_the_umask(void **state)
{
	struct temp *t = *state;
	char path[320];
	struct stat st;
	mode_t old = umask(027);

	snprintf(path, sizeof(path), "%s/new", t->dir);
	status_writer_close(status_writer_open(path));
	umask(old);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(begins_empty),
	    T(keeps_over_a_restart),
	    T(aborts),
	    T(shows_nothing_before_the_commit),
	    T(makes_durable_what_must_be),
	    T(knows_the_last),
	    T(resets),
	    T(begins_anew_when_deleted),
	    T(mends_itself_when_deleted),
	    T(mends_itself_when_replaced),
	    T(refuses_when_it_cannot_be_made),
	    T(refuses_another_file),
	    T(is_safe_from_threads),
	    T(makes_a_file_of_the_umask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
