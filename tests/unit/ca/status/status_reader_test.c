#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include "tests/unit/ca/status/temp.h"

static void
finds(void **state)
{
	struct temp *t = *state;
	struct status_cert c, want;

	assert_true(temp_put(t->w, 1, STATUS_GOOD));
	assert_true(temp_put(t->w, 2, STATUS_REVOKED));
	temp_cert(&want, 2);
	want.state = STATUS_REVOKED;
	want.reason = 1;
	want.revoked_at = NOW;
	assert_int_equal(status_reader_find(t->r, 1, want.serial, 20, &c), 1);
	assert_memory_equal(&c, &want, sizeof(c));
	assert_int_equal(status_reader_find(t->r, 2, want.serial, 20, &c), 0);
	assert_int_equal(status_reader_find(t->r, 1, want.serial, 19, &c), 0);
	assert_int_equal(status_reader_find(t->r, 1, NULL, 0, &c), 0);
	assert_int_equal(temp_state(t->r, 3), 0);
	assert_int_equal(ERR_peek_error(), 0);
	status_reader_close(NULL);
}

static int
note_issuer(const struct status_issuer *i, void *arg)
{
	int *n = arg;

	assert_int_equal(i->id, ++*n);
	assert_string_equal(i->ident, *n == 1 ? "root-g1" : "devices-g1");
	assert_int_equal(i->is_root, *n == 1);
	assert_int_equal(i->cert_len, 4);
	assert_memory_equal(i->cert, "DER2", 4);
	return 1;
}

static int
stop(const struct status_issuer *i, void *arg)
{
	(void)i;
	++*(int *)arg;
	return 0;
}

static void
lists_issuers(void **state)
{
	struct temp *t = *state;
	struct status_issuer root = {.id = 1,
	    .ident = "root-g1",
	    .is_root = 1,
	    .cert = (unsigned char *)"DER1",
	    .cert_len = 4};
	struct status_issuer sub = {.id = 2,
	    .ident = "devices-g1",
	    .cert = (unsigned char *)"DER2",
	    .cert_len = 4};
	int n = 0;

	assert_true(status_reader_issuers(t->r, note_issuer, &n));
	assert_int_equal(n, 0);
	assert_true(status_begin(t->w) && status_put_issuer(t->w, &root) &&
	    status_put_issuer(t->w, &sub) && status_commit(t->w, 0, NOW));
	root.cert = sub.cert; /* put again: replaced */
	assert_true(status_begin(t->w) && status_put_issuer(t->w, &root) &&
	    status_commit(t->w, 0, NOW));
	assert_true(status_reader_issuers(t->r, note_issuer, &n));
	assert_int_equal(n, 2);
	assert_true(status_reader_issuers(t->r, stop, &n));
	assert_int_equal(n, 3);
}

struct seen {
	int64_t last;
	int n, stop;
};

static int
note_change(const struct status_cert *c, void *arg)
{
	struct seen *s = arg;

	assert_true(c->change > s->last);
	s->last = c->change;
	return ++s->n != s->stop;
}

static void
follows_changes(void **state)
{
	struct temp *t = *state;
	struct status_head h;
	struct seen s = {0};
	unsigned char n;

	for (n = 1; n <= 9; n++)
		assert_true(temp_put(t->w, n, STATUS_GOOD));
	assert_true(status_reader_changes(t->r, 0, 4, note_change, &s));
	assert_int_equal(s.last, 4);
	assert_true(status_reader_changes(t->r, s.last, 0, note_change, &s));
	assert_int_equal(s.n, 9);
	assert_true(status_reader_changes(t->r, 9, 0, note_change, &s));
	assert_int_equal(s.n, 9);
	s = (struct seen){.stop = 2};
	assert_true(status_reader_changes(t->r, 0, 0, note_change, &s));
	assert_int_equal(s.n, 2);
	assert_true(status_reader_head(t->r, &h));
	assert_int_equal(h.change, 9);
	assert_int_equal(h.heartbeat, NOW + 9);
}

static void
lives_on_after_the_writer(void **state)
{
	struct temp *t = *state;
	struct status_reader *fresh;
	struct status_head h;

	assert_true(temp_put(t->w, 1, STATUS_GOOD));
	assert_int_equal(temp_state(t->r, 1), STATUS_GOOD);
	status_writer_close(t->w);
	t->w = NULL;
	assert_int_equal(temp_state(t->r, 1), STATUS_GOOD);
	assert_true(status_reader_head(t->r, &h));
	fresh = status_reader_open(t->path);
	assert_non_null(fresh);
	assert_int_equal(temp_state(fresh, 1), STATUS_GOOD);
	t->w = status_writer_open(t->path);
	assert_true(temp_put(t->w, 1, STATUS_REVOKED));
	assert_int_equal(temp_state(t->r, 1), STATUS_REVOKED);
	assert_int_equal(temp_state(fresh, 1), STATUS_REVOKED);
	status_reader_close(fresh);
}

static void
lives_on_after_a_kill(void **state)
{
	struct temp *t = *state;
	struct status_writer *w;
	struct status_reader *fresh;
	int status;
	pid_t pid;

	status_writer_close(t->w);
	t->w = NULL;
	if ((pid = fork()) == 0) {
		w = status_writer_open(t->path);
		if (w != NULL && temp_put(w, 1, STATUS_REVOKED) &&
		    status_begin(w))
			raise(SIGKILL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(temp_state(t->r, 1), STATUS_REVOKED);
	fresh = status_reader_open(t->path);
	assert_non_null(fresh);
	assert_int_equal(temp_state(fresh, 1), STATUS_REVOKED);
	status_reader_close(fresh);
	t->w = status_writer_open(t->path);
	assert_non_null(t->w);
	assert_true(temp_put(t->w, 2, STATUS_GOOD));
	assert_int_equal(temp_state(t->r, 2), STATUS_GOOD);
}

static void
follows_another_file(void **state)
{
	struct temp *t = *state;
	struct status_head a, b;
	char cmd[700];

	assert_true(temp_put(t->w, 1, STATUS_GOOD));
	assert_true(status_reader_head(t->r, &a));
	status_writer_close(t->w);
	snprintf(cmd, sizeof(cmd), "rm -f %s*", t->path);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(temp_state(t->r, 1), STATUS_GOOD);
	assert_true(status_reader_head(t->r, &b));
	t->w = status_writer_open(t->path);
	assert_non_null(t->w);
	assert_true(status_reader_head(t->r, &b));
	assert_int_not_equal(a.generation, b.generation);
	assert_int_equal(temp_state(t->r, 1), 0);
}

/* A replica: a file alone, in a folder where nothing may be made. */
static void
reads_a_copy(void **state)
{
	struct temp *t = *state;
	char cmd[700], copy[320], wal[330];
	struct status_reader *r;
	struct status_head h;
	struct status_writer *w;

	assert_true(temp_put(t->w, 1, STATUS_GOOD));
	status_writer_close(t->w);
	t->w = NULL;
	snprintf(copy, sizeof(copy), "%s/copy #1?.db", t->dir);
	snprintf(wal, sizeof(wal), "%s-wal", copy);
	snprintf(cmd, sizeof(cmd), "cp '%s' '%s'", t->path, copy);
	assert_int_equal(system(cmd), 0);
	r = status_reader_open(copy);
	assert_non_null(r);
	assert_int_equal(temp_state(r, 1), STATUS_GOOD);
	assert_int_equal(access(wal, F_OK), -1);
	/* Somebody begins to write it after all. */
	w = status_writer_open(copy);
	assert_true(temp_put(w, 1, STATUS_REVOKED));
	assert_true(status_reader_head(r, &h));
	assert_int_equal(temp_state(r, 1), STATUS_REVOKED);
	status_reader_close(r);
	status_writer_close(w);
}

static void
reads_as_another_user(void **state)
{
	struct temp *t = *state;
	struct status_reader *r;
	int status = -1, i;
	pid_t pid;

	if (getuid() != 0)
		skip();
	assert_int_equal(chmod(t->dir, 0755), 0);
	assert_true(temp_put(t->w, 1, STATUS_GOOD));
	for (i = 0; i < 2; i++) {
		if ((pid = fork()) == 0) {
			if (setgid(65534) != 0 || setuid(65534) != 0 ||
			    (r = status_reader_open(t->path)) == NULL)
				_exit(2);
			_exit(temp_state(r, 1) == STATUS_GOOD ? 0 : 3);
		}
		waitpid(pid, &status, 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		status_writer_close(t->w); /* and once without it */
		t->w = NULL;
	}
}

static void
refuses_what_it_cannot_read(void **state)
{
	struct temp *t = *state;
	sqlite3 *db = NULL;
	char text[400];

	assert_null(status_reader_open("/nonexistent/status.db"));
	assert_raised(CA_E_STORE, "status.db: cannot open");
	assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
	sqlite3_exec(db, "UPDATE head SET format = 2", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_null(status_reader_open(t->path));
	snprintf(text, sizeof(text), "%s: status.db of format 2", t->path);
	assert_raised(CA_E_STORE, text);
	status_writer_close(t->w);
	assert_null(t->w = status_writer_open(t->path));
	assert_raised(CA_E_STORE, text);
}

/* The file turns bad and good again under a reader. */
static void
mends_itself(void **state)
{
	struct temp *t = *state;
	struct status_head h;
	char good[320], wal[320], cmd[1400];

	assert_true(temp_put(t->w, 1, STATUS_GOOD));
	status_writer_close(t->w);
	t->w = NULL;
	snprintf(good, sizeof(good), "%s/good", t->dir);
	snprintf(wal, sizeof(wal), "%s-wal", t->path);
	snprintf(cmd, sizeof(cmd),
	    "mv %s %s && rm -f %s-* && head -c 8192 "
	    "/dev/zero > %s",
	    t->path, good, t->path, t->path);
	assert_int_equal(system(cmd), 0);
	assert_false(status_reader_head(t->r, &h));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	assert_int_equal(temp_state(t->r, 1), -1);
	ERR_clear_error();
	assert_int_equal(rename(good, t->path), 0);
	assert_int_equal(temp_state(t->r, 1), STATUS_GOOD);
	assert_true(status_reader_head(t->r, &h));
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(finds),
	    T(lists_issuers),
	    T(follows_changes),
	    T(lives_on_after_the_writer),
	    T(lives_on_after_a_kill),
	    T(follows_another_file),
	    T(reads_a_copy),
	    T(reads_as_another_user),
	    T(refuses_what_it_cannot_read),
	    T(mends_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
