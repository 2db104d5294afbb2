#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <openssl/err.h>
#include "ca/report/report.h"
#include "ca/store/private.h"

/*
 * Group commit. Jobs lie on their callers' stacks, chained; the writer takes
 * what waits, and a caller may leave store_write() only when its job is done.
 */

#define GROUP_MAX 256 /* so that nobody waits for a thousand others */
#define GATHER_MIN_NS 100000
#define GATHER_MAX_NS 20000000

/* The group that the thread's last write was in; 0 none. */
static _Thread_local uint64_t last_group;

struct job {
	store_fn *fn;
	void *arg;
	int flags;
	int ok, changed;
	uint64_t before, group; /* of its caller's last write; of this one */
	struct report_trace_pack *trace; /* of its own failure */
	char error[320];		 /* of the group's: "" none */
	sem_t over;
	struct job *next;
};

/* The error queue's words for all of ${n} jobs from ${j} on that were fine. */
static void
fail_group(struct store *s, struct job *j, const struct job *end)
{
	struct store_stats *st = &s->writer.stats;
	char text[256];

	report_trace(text, sizeof(text));
	ERR_clear_error();
	for (; j != end; j = j->next) {
		if (!j->ok)
			continue;
		j->ok = 0;
		snprintf(j->error, sizeof(j->error), "%s", text);
	}
	pthread_mutex_lock(&s->lock);
	st->last_ok = 0;
	snprintf(st->last_error, sizeof(st->last_error), "%s", text);
	pthread_mutex_unlock(&s->lock);
}

static int
refuse_reserve(const struct job *j, int64_t missing)
{
	if (missing <= 0 || (j->flags & STORE_URGENT))
		return 0;
	ca_raise(CA_E_STORE, "disk.reserve: %lld octets more must be free",
	    (long long)missing);
	return 1;
}

/* One job in its savepoint. 0 when the whole transaction is lost. */
static int
run_job(struct store_tx *tx, struct job *j, int64_t missing)
{
	if (!sql_run(tx, "SAVEPOINT job", ""))
		return 0;
	tx->changed = 0;
	ERR_clear_error();
	j->ok = !refuse_reserve(j, missing) && store_run(tx, j->fn, j->arg);
	j->changed = j->ok && (tx->changed || (j->flags & STORE_PUBLISH));
	if (!j->ok) {
		if (ERR_peek_error() == 0)
			ca_raise(CA_E_INTERNAL, "store: refused, no reason");
		j->trace = report_pack();
	}
	ERR_clear_error();
	/* SQLite may have ended the transaction (disk full, out of memory). */
	if (sqlite3_get_autocommit(tx->conn->db)) {
		ca_raise(CA_E_STORE,
		    "store: the group's transaction was "
		    "rolled back: disk full, or out of memory");
		return 0;
	}
	return (j->ok || sql_run(tx, "ROLLBACK TO job", "")) &&
	    sql_run(tx, "RELEASE job", "");
}

static void
roll_back(struct sql_conn *c)
{
	if (!sqlite3_get_autocommit(c->db))
		sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* How many pages the connection has written so far. SQLite leaves out those that
   a change leaves as they were. */
static int
pages_written(const struct sql_conn *c)
{
	int n = 0, highest;

	sqlite3_db_status(c->db, SQLITE_DBSTATUS_CACHE_WRITE, &n, &highest, 0);
	return n;
}

/* A commit without a page succeeds on a disk that takes nothing: it says nothing
   about it. ${before}: the pages when the group began. */
static int
commit(struct store *s, struct store_tx *tx, uint64_t n, int before)
{
	struct store_stats *st = &s->writer.stats;

	if (!sql_run(tx, "COMMIT", ""))
		return 0;
	pthread_mutex_lock(&s->lock);
	st->commits++;
	st->writes += n;
	if (pages_written(tx->conn) != before) {
		st->last_ok = 1;
		st->last_error[0] = '\0';
	}
	pthread_mutex_unlock(&s->lock);
	return 1;
}

/* The jobs until ${end} are durable; tell the hook, and those who care. */
static void
run_hook(
    struct store *s, struct store_tx *tx, struct job *j, const struct job *end)
{
	struct writer *w = &s->writer;
	store_fn *hook;
	char text[256];
	void *arg;
	int ok;

	pthread_mutex_lock(&s->lock);
	hook = w->hook;
	arg = w->hook_arg;
	pthread_mutex_unlock(&s->lock);
	w->hook_due &= hook != NULL;
	if (!w->hook_due)
		return;
	ERR_clear_error();
	ok = sql_run(tx, "BEGIN", "") && store_run(tx, hook, arg);
	report_trace(text, sizeof(text));
	ERR_clear_error();
	roll_back(tx->conn);
	w->hook_due = !ok;
	for (; !ok && j != end; j = j->next) {
		if (!j->changed)
			continue;
		j->ok = 0;
		snprintf(j->error, sizeof(j->error),
		    "the change stands in the "
		    "store, but was not published: %s",
		    text);
	}
}

/* A store that was deleted or moved away under us would take every write, and
   lose it with our last handle: certificates outside the store. */
static int
is_there(const struct store *s)
{
	struct stat st;

	if (stat(s->path, &st) != 0)
		ERR_raise_data(ERR_LIB_SYS, errno, "%s", s->path);
	else if (st.st_dev == s->dev && st.st_ino == s->ino)
		return 1;
	ca_raise(CA_E_STORE,
	    "store: %s is not the file that was opened: put "
	    "it back, or restart",
	    s->path);
	return 0;
}

/* Runs jobs from ${first} on in one transaction; the first one that is left
   over (after a transaction that was lost on the way), or NULL. */
static struct job *
run_group(struct store *s, struct job *first, int64_t missing)
{
	struct store_tx tx = {
	    .store = s, .conn = &s->writer.conn, .writing = 1};
	struct job *j = first;
	int begun, pages = pages_written(tx.conn);
	uint64_t n = 0;

	ERR_clear_error();
	begun = is_there(s) && sql_run(&tx, "BEGIN IMMEDIATE", "");
	while (j != NULL) {
		if (begun && !run_job(&tx, j, missing)) {
			roll_back(tx.conn);
			j->ok = j->trace == NULL;
			fail_group(s, first, j->next);
			return j->next;
		}
		j->ok |= !begun;
		n += j->ok;
		s->writer.hook_due |= j->changed;
		j = j->next;
	}
	if (!begun)
		fail_group(s, first, NULL);
	else if (n > 0 && !commit(s, &tx, n, pages))
		fail_group(s, first, NULL);
	else if (n > 0)
		run_hook(s, &tx, first, NULL);
	roll_back(tx.conn);
	return NULL;
}

static int64_t
missing_space(struct store *s)
{
	int64_t left = store_disk_free(s);

	return left < 0 ? 0 : s->reserve_free - left;
}

/*
 * Lock held. Those who wrote in the last two groups are about to come again:
 * wait a moment for them, as long as a group takes at most, or they would
 * commit by turns, one half while the other half waits. A lone caller never
 * waits, and nothing that is urgent.
 */
static void
gather(struct store *s)
{
	struct writer *w = &s->writer;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)w->gather_ns;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	w->wanted = w->n_last + w->n_before - w->n_both;
	while (w->n_queued < w->wanted && !w->urgent && !w->closing)
		if (pthread_cond_clockwait(&w->work, &s->lock, CLOCK_MONOTONIC,
		    &until) != 0)
			break;
	w->wanted = 1;
}

/* Lock held. */
static struct job *
take_group(struct writer *w)
{
	struct job *first = w->head, *last = first;
	size_t n, both = 0;

	w->group++;
	for (n = 1;; n++, last = last->next) {
		last->group = w->group;
		both += last->before != 0 && last->before == w->group - 1;
		if (n == GROUP_MAX || last->next == NULL)
			break;
	}
	w->n_before = w->n_last;
	w->n_last = n;
	w->n_both = both;
	w->n_queued -= n;
	w->urgent = 0;
	w->head = last->next;
	if (w->head == NULL)
		w->tail = &w->head;
	last->next = NULL;
	return first;
}

/* How long the group took is how long the next one may be waited for. */
static void
set_gather(struct writer *w, const struct timespec *begun)
{
	struct timespec now;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (int64_t)(now.tv_sec - begun->tv_sec) * 1000000000 +
	    now.tv_nsec - begun->tv_nsec;
	w->gather_ns = ns < GATHER_MIN_NS ? GATHER_MIN_NS
	    : ns > GATHER_MAX_NS	  ? GATHER_MAX_NS
					  : ns;
}

static void *
writer_main(void *arg)
{
	struct store *s = arg;
	struct writer *w = &s->writer;
	struct job *group, *j;
	struct timespec begun;
	int64_t missing;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (w->head == NULL && !w->closing)
			pthread_cond_wait(&w->work, &s->lock);
		if (w->head == NULL)
			break;
		gather(s);
		group = take_group(w);
		pthread_mutex_unlock(&s->lock);
		clock_gettime(CLOCK_MONOTONIC, &begun);
		missing = missing_space(s);
		for (j = group; j != NULL;)
			j = run_group(s, j, missing);
		set_gather(w, &begun);
		while ((j = group) != NULL) {
			group = j->next; /* once it is over, j is gone */
			sem_post(&j->over);
		}
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int
writer_start(struct store *s)
{
	struct writer *w = &s->writer;
	sigset_t all, old;
	struct stat st;
	int rc;

	if (stat(s->path, &st) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "%s", s->path);
		ca_raise(CA_E_STORE, "store: %s is gone", s->path);
		return 0;
	}
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	w->tail = &w->head;
	w->wanted = 1;
	w->stats.last_ok = 1;
	/* Signals are the main thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = pthread_create(&w->thread, NULL, writer_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	w->running = rc == 0;
	if (rc != 0)
		ca_raise(CA_E_STORE, "store: no thread: %s", strerror(rc));
	return w->running;
}

void
writer_stop(struct store *s)
{
	struct writer *w = &s->writer;

	if (!w->running)
		return;
	pthread_mutex_lock(&s->lock);
	w->closing = 1;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(w->thread, NULL);
	w->running = 0;
}

/* 1 when the writer has it; it will say when it is over. */
static int
queue_job(struct store *s, struct job *j)
{
	struct writer *w = &s->writer;
	int open;

	pthread_mutex_lock(&s->lock);
	open = !w->closing;
	if (open) {
		w->n_queued++;
		*w->tail = j;
		w->tail = &j->next;
		w->urgent |= (j->flags & STORE_URGENT) != 0;
		if (w->n_queued >= w->wanted || w->urgent)
			pthread_cond_signal(&w->work);
	}
	pthread_mutex_unlock(&s->lock);
	return open;
}

int
store_write(struct store *s, store_fn *fn, void *arg, int flags)
{
	struct job j = {
	    .fn = fn, .arg = arg, .flags = flags, .before = last_group};
	int open;

	if (s->mode == STORE_READ) {
		ca_raise(CA_E_STORE, "%s: opened for reading only", s->path);
		return 0;
	}
	if (store_current(s) != NULL) {
		ca_raise(CA_E_INTERNAL, "store: write inside a transaction");
		return 0;
	}
	sem_init(&j.over, 0, 0);
	open = queue_job(s, &j);
	/* From here on the store may be closed: nothing of it is touched. */
	while (open && sem_wait(&j.over) != 0 && errno == EINTR)
		;
	sem_destroy(&j.over);
	last_group = j.group;
	if (j.trace != NULL)
		report_unpack(j.trace);
	else if (!open)
		ca_raise(CA_E_STORE, "store: it is being closed");
	else if (!j.ok)
		ca_raise(CA_E_STORE, "%s",
		    j.error[0] != '\0' ? j.error : "store: the write failed");
	return j.ok;
}

void
store_set_hook(struct store *s, store_fn *hook, void *arg)
{
	pthread_mutex_lock(&s->lock);
	s->writer.hook = hook;
	s->writer.hook_arg = arg;
	pthread_mutex_unlock(&s->lock);
}

void
store_stats(struct store *s, struct store_stats *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->writer.stats;
	pthread_mutex_unlock(&s->lock);
}
