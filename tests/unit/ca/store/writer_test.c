#include <stdatomic.h>
#include <sqlite3.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include "tests/unit/ca/store/temp.h"

#define THREADS 16
#define EACH 40

static int
set_key(struct store_tx *tx, void *arg)
{
	return store_meta_set(tx, arg, "1");
}

static int
set_and_fail(struct store_tx *tx, void *arg)
{
	if (store_meta_set(tx, arg, "1"))
		ca_raise(CA_E_DENIED, "test.rule: refused for %s",
		    (const char *)arg);
	return 0;
}

static int
fail_silently(struct store_tx *tx, void *arg)
{
	(void)tx, (void)arg;
	return 0;
}

static int
has_key(struct store_tx *tx, void *arg)
{
	char value[8];

	return store_meta_get(tx, arg, value, sizeof(value)) + 10;
}

#define HAS(t, key) (store_read((t)->store, has_key, (void *)(key)) == 11)

static void
commits_before_it_returns(void **state)
{
	struct temp *t = *state;
	struct store_stats a, b;

	store_stats(t->store, &a);
	WRITE(t, set_key, (void *)"a");
	store_stats(t->store, &b);
	assert_true(HAS(t, "a"));
	assert_int_equal(b.commits, a.commits + 1);
	assert_int_equal(b.writes, a.writes + 1);
	assert_int_equal(b.last_ok, 1);
}

static void
rolls_back_what_fails(void **state)
{
	struct temp *t = *state;

	assert_false(store_write(t->store, set_and_fail, (void *)"a", 0));
	assert_raised(CA_E_DENIED, "test.rule: refused for a");
	assert_false(HAS(t, "a"));
	assert_false(store_write(t->store, fail_silently, NULL, 0));
	assert_raised(CA_E_INTERNAL, "store: refused, no reason");
}

static int
write_inside(struct store_tx *tx, void *arg)
{
	(void)tx;
	return store_write(
	    ((struct temp *)arg)->store, set_key, (void *)"inner", 0);
}

static int
read_inside(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;

	return store_meta_set(tx, "fresh", "1") && HAS(t, "fresh");
}

static void
refuses_to_wait_for_itself(void **state)
{
	struct temp *t = *state;

	assert_false(store_write(t->store, write_inside, t, 0));
	assert_raised(CA_E_INTERNAL, "store: write inside");
	WRITE(t, read_inside, t);
}

struct worker {
	struct temp *t;
	pthread_t thread;
	int id;
	int ok, denied, other;
};

/* Every third write is refused, and leaves nothing. */
static int
append(struct store_tx *tx, void *arg)
{
	int *k = arg;
	WIRE_FIELDS *l = field_list_new();
	int ok = field_add_int(l, "k", *k) &&
	    entries_append(tx, "start", NOW, l, NULL);

	field_list_free(l);
	if (ok && *k % 3 == 0) {
		ca_raise(CA_E_DENIED, "worker %d", *k);
		return 0;
	}
	return ok;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	char want[32], got[64];
	int i, k;

	for (i = 0; i < EACH; i++) {
		k = w->id * EACH + i;
		if (store_write(w->t->store, append, &k, 0)) {
			w->ok++;
			continue;
		}
		snprintf(want, sizeof(want), "worker %d", k);
		report_last_text(got, sizeof(got));
		if (strcmp(want, got) == 0)
			w->denied++;
		else
			w->other++;
		ERR_clear_error();
	}
	return NULL;
}

struct seen {
	int64_t next;
	int bad;
};

static int
check_entry(const struct entry_row *row, void *arg)
{
	struct seen *s = arg;

	if (row->index != s->next++ || !entries_check(row))
		s->bad++;
	return 1;
}

static int
check_entries(struct store_tx *tx, void *arg)
{
	return entries_list(tx, 0, 0, check_entry, arg);
}

static void
groups_and_isolates_sixteen_callers(void **state)
{
	struct temp *t = *state;
	struct worker w[THREADS] = {0};
	struct store_stats st;
	struct seen seen = {0};
	int i, ok = 0, denied = 0;

	for (i = 0; i < THREADS; i++) {
		w[i].t = t;
		w[i].id = i;
		assert_int_equal(
		    pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		ok += w[i].ok;
		denied += w[i].denied;
		assert_int_equal(w[i].other, 0);
	}
	assert_int_equal(denied, (THREADS * EACH + 2) / 3);
	assert_int_equal(ok, THREADS * EACH - denied);
	READ(t, check_entries, &seen);
	assert_int_equal(seen.next, ok);
	assert_int_equal(seen.bad, 0);
	store_stats(t->store, &st);
	assert_int_equal(st.writes, ok + 1);
	assert_true(st.commits < st.writes);
}

static void
keeps_the_reserve_for_what_is_urgent(void **state)
{
	struct temp *t = *state;
	struct store_config cfg = {.path = t->path,
	    .mode = STORE_WRITE,
	    .reserve_free = INT64_MAX / 2,
	    .now = NOW};

	store_close(t->store);
	t->store = store_open(&cfg);
	assert_non_null(t->store);
	assert_true(store_disk_free(t->store) > 0);
	assert_false(store_write(t->store, set_key, (void *)"a", 0));
	assert_raised(CA_E_STORE, "disk.reserve: ");
	assert_true(store_write(t->store, set_key, (void *)"b", STORE_URGENT));
	assert_false(HAS(t, "a"));
	assert_true(HAS(t, "b"));
}

static void
fails_all_when_it_cannot_begin(void **state)
{
	struct temp *t = *state;
	sqlite3 *db = NULL;

	/* Somebody's shell holds the write lock longer than we wait. */
	assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_false(store_write(t->store, set_key, (void *)"a", 0));
	assert_raised(CA_E_STORE, "store: step: database is locked");
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	WRITE(t, set_key, (void *)"a");
}

struct hooked {
	struct temp *t;
	struct cert_row row;
	int calls, fail;
	int64_t change;
};

static int
hook(struct store_tx *tx, void *arg)
{
	struct hooked *h = arg;

	h->calls++;
	if (!certs_last_change(tx, &h->change))
		return 0;
	if (h->fail)
		ca_raise(CA_E_STORE, "status.db: no");
	return !h->fail;
}

static int
reserve(struct store_tx *tx, void *arg)
{
	return certs_reserve(tx, &((struct hooked *)arg)->row);
}

static int
issue(struct store_tx *tx, void *arg)
{
	return temp_issue(tx, &((struct hooked *)arg)->row);
}

static void
calls_the_hook_for_changes_only(void **state)
{
	struct hooked h = {.t = *state};

	store_set_hook(h.t->store, hook, &h);
	WRITE(h.t, set_key, (void *)"a");
	temp_row(h.t, &h.row, 1);
	WRITE(h.t, reserve, &h);
	assert_int_equal(h.calls, 0);
	temp_row(h.t, &h.row, 2);
	WRITE(h.t, issue, &h);
	assert_int_equal(h.calls, 1);
	assert_int_equal(h.change, 1);
	assert_false(store_write(h.t->store, issue, &h, 0));
	assert_raised(CA_E_STORE, "serial.duplicate");
	assert_int_equal(h.calls, 1);
}

static void
tells_when_the_hook_failed(void **state)
{
	struct hooked h = {.t = *state, .fail = 1};

	store_set_hook(h.t->store, hook, &h);
	temp_row(h.t, &h.row, 1);
	assert_false(store_write(h.t->store, issue, &h, 0));
	assert_raised(CA_E_STORE,
	    "the change stands in the store, but was "
	    "not published: status.db: no");
	/* Tried again with the next commit, which is none of its business. */
	WRITE(h.t, set_key, (void *)"a");
	assert_int_equal(h.calls, 2);
	h.fail = 0;
	WRITE(h.t, set_key, (void *)"b");
	assert_int_equal(h.calls, 3);
	assert_int_equal(h.change, 1);
	WRITE(h.t, set_key, (void *)"c");
	assert_int_equal(h.calls, 3);
}

/* Moved away, or replaced: nothing is written where nobody will find it. */
static void
refuses_a_store_that_is_gone(void **state)
{
	struct temp *t = *state;
	struct store_stats stats;
	char cmd[1000];

	WRITE(t, set_key, (void *)"a");
	snprintf(cmd, sizeof(cmd), "cd %s && mv store.db away", t->dir);
	assert_int_equal(system(cmd), 0);
	assert_false(store_write(t->store, set_key, (void *)"b", 0));
	assert_raised(CA_E_STORE, "store: /");
	store_stats(t->store, &stats);
	assert_false(stats.last_ok);
	snprintf(cmd, sizeof(cmd), "cd %s && cp away store.db", t->dir);
	assert_int_equal(system(cmd), 0);
	assert_false(store_write(t->store, set_key, (void *)"b", 0));
	ERR_clear_error();
	snprintf(cmd, sizeof(cmd), "cd %s && mv away store.db", t->dir);
	assert_int_equal(system(cmd), 0);
	WRITE(t, set_key, (void *)"b");
}

/* A child writes entries and tells of each that was acknowledged; it is killed
   in the middle. */
static void
child_writes(struct temp *t, int fd)
{
	struct store *s = temp_open(t, STORE_WRITE);
	unsigned char one = 1;
	int k;

	for (k = 1; s != NULL; k += 3)
		if (!store_write(s, append, &k, 0) || write(fd, &one, 1) != 1)
			break;
	_exit(1);
}

static void
keeps_what_was_acknowledged_over_a_kill(void **state)
{
	struct temp *t = *state;
	struct seen seen = {0};
	int fd[2], status, round;
	long acked = 0;
	char buf[512];
	ssize_t n;
	pid_t pid;

	store_close(t->store);
	t->store = NULL;
	for (round = 0; round < 3; round++) {
		assert_int_equal(pipe(fd), 0);
		if ((pid = fork()) == 0)
			child_writes(t, fd[1]);
		assert_true(pid > 0);
		close(fd[1]);
		for (n = 0; n < 150;)
			n += read(fd[0], buf, 1);
		kill(pid, SIGKILL);
		acked += n;
		while ((n = read(fd[0], buf, sizeof(buf))) > 0)
			acked += n;
		close(fd[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	t->store = temp_open(t, STORE_WRITE);
	assert_non_null(t->store);
	READ(t, check_entries, &seen);
	assert_int_equal(seen.bad, 0);
	assert_in_range(seen.next, acked, acked + 3);
	status = 1;
	WRITE(t, append, &status);
}

/*
 * Closing while four callers are inside: one holds the writer in its function
 * until the close has begun, the others wait in the queue. All of them are
 * served, and none is left behind.
 */
struct closing {
	struct temp *t;
	pthread_t caller[4];
	atomic_int inside, done;
};

static int
hold_the_writer(struct store_tx *tx, void *arg)
{
	struct closing *c = arg;

	c->inside = 1;
	usleep(200000);
	return store_meta_set(tx, "held", "1");
}

static void *
call_hold(void *arg)
{
	struct closing *c = arg;

	c->done += store_write(c->t->store, hold_the_writer, c, 0);
	return NULL;
}

static void *
call_set(void *arg)
{
	struct closing *c = arg;

	c->done += store_write(c->t->store, set_key, (void *)"queued", 0);
	return NULL;
}

static void
serves_what_is_queued_on_close(void **state)
{
	struct closing c = {.t = *state};
	int i;

	pthread_create(&c.caller[0], NULL, call_hold, &c);
	while (!c.inside)
		sched_yield();
	for (i = 1; i < 4; i++)
		pthread_create(&c.caller[i], NULL, call_set, &c);
	usleep(100000);
	store_close(c.t->store);
	for (i = 0; i < 4; i++)
		pthread_join(c.caller[i], NULL);
	assert_int_equal(c.done, 4);
	c.t->store = temp_open(c.t, STORE_WRITE);
	assert_non_null(c.t->store);
	assert_true(HAS(c.t, "held"));
	assert_true(HAS(c.t, "queued"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(commits_before_it_returns),
	    T(rolls_back_what_fails),
	    T(refuses_to_wait_for_itself),
	    T(groups_and_isolates_sixteen_callers),
	    T(keeps_the_reserve_for_what_is_urgent),
	    T(fails_all_when_it_cannot_begin),
	    T(calls_the_hook_for_changes_only),
	    T(tells_when_the_hook_failed),
	    T(refuses_a_store_that_is_gone),
	    T(keeps_what_was_acknowledged_over_a_kill),
	    T(serves_what_is_queued_on_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
