#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/follow.h"

struct follow {
	const char *path;
	struct readers *readers;
	struct state *state;
	struct cache *cache;
	struct prepared *prepared; /* may be NULL */
	struct status_reader *reader;
	struct stat seen; /* the file that the reader has open */
	char *wal;	  /* path of its WAL */
	int has_wal;
	int started; /* ${generation} and ${change} hold */
	int64_t generation, change;
	int lost; /* and reported */
	pthread_t thread;
	int has_thread;
	atomic_int stop;
};

struct follow *
follow_new(const char *path, struct readers *readers, struct state *state,
    struct cache *cache)
{
	struct follow *f = OPENSSL_zalloc(sizeof(*f));
	size_t n = strlen(path) + sizeof("-wal");

	if (f == NULL)
		return NULL;
	if ((f->wal = OPENSSL_malloc(n)) == NULL) {
		OPENSSL_free(f);
		return NULL;
	}
	snprintf(f->wal, n, "%s-wal", path);
	f->path = path;
	f->readers = readers;
	f->state = state;
	f->cache = cache;
	atomic_init(&f->stop, 0);
	return f;
}

void
follow_prepared(struct follow *f, struct prepared *prepared)
{
	f->prepared = prepared;
}

void
follow_free(struct follow *f)
{
	if (f == NULL)
		return;
	if (f->has_thread) {
		atomic_store(&f->stop, 1);
		pthread_join(f->thread, NULL);
	}
	status_reader_close(f->reader);
	OPENSSL_free(f->wal);
	OPENSSL_free(f);
}

static int
lost(struct follow *f)
{
	status_reader_close(f->reader);
	f->reader = NULL;
	readers_renew(f->readers);
	if (!f->lost)
		report_errors(
		    REPORT_WARN, "ocsp.status.lost", "file", f->path, NULL);
	ERR_clear_error();
	f->lost = 1;
	return 0;
}

/* A reader that was opened while there was no WAL does not see the one that a
   writer makes later. The follower's own notices by itself; the workers' do
   not, and are closed. */
static void
notice_wal(struct follow *f)
{
	int has = access(f->wal, F_OK) == 0;

	if (has != f->has_wal)
		readers_renew(f->readers);
	f->has_wal = has;
}

/* A file that was put in the place of the one that is open. */
static void
notice_replaced(struct follow *f)
{
	struct stat st;

	if (f->reader == NULL || stat(f->path, &st) != 0)
		return;
	if (st.st_ino == f->seen.st_ino && st.st_dev == f->seen.st_dev)
		return;
	status_reader_close(f->reader);
	f->reader = NULL;
	f->started = 0;
	readers_renew(f->readers);
}

static int
open_reader(struct follow *f)
{
	if (f->reader != NULL)
		return 1;
	/* Before the open: a replacement in between is noticed next time. */
	if (stat(f->path, &f->seen) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "stat %s", f->path);
		return 0;
	}
	f->reader = status_reader_open(f->path);
	return f->reader != NULL;
}

struct drops {
	struct follow *f;
	int64_t last; /* change number */
	size_t n;
};

/* What was prepared goes first: who takes it from there between the two is
   held by the cache's epoch. */
static int
drop_one(const struct status_cert *cert, void *arg)
{
	struct drops *drops = arg;

	drops->n++;
	drops->last = cert->change;
	prepared_change(drops->f->prepared, cert);
	cache_drop(
	    drops->f->cache, cert->issuer, cert->serial, cert->serial_len);
	return 1;
}

/* Page by page, so that no transaction is a long one. */
static int
drop_changed(struct follow *f, const struct status_head *head)
{
	struct drops drops = {.f = f, .last = f->change};

	if (!f->started || head->generation != f->generation ||
	    head->change < f->change) {
		prepared_reset(f->prepared);
		cache_flush(f->cache);
		return 1;
	}
	if (head->change == f->change)
		return 1;
	do {
		drops.n = 0;
		if (!status_reader_changes(f->reader, drops.last,
			FOLLOW_CHANGES_MAX, drop_one, &drops))
			return 0;
		/* Many: what comes on later pages must not wait for them. */
		if (drops.n == FOLLOW_CHANGES_MAX)
			cache_flush(f->cache);
	} while (drops.n == FOLLOW_CHANGES_MAX);
	return 1;
}

/* Issuers come and go with changes. *out NULL: they are as before. One without
   any issuer is being filled again: those whom we know stay ours. */
static int
read_view(struct follow *f, struct view **out)
{
	struct view *former = state_view(f->state);
	struct view *view = view_read(f->reader);
	int same = view != NULL &&
	    (view_equal(former, view) ||
		(former != NULL && view_n_issuers(view) == 0));

	view_free(former);
	*out = NULL;
	if (view == NULL)
		return 0;
	if (same) {
		view_free(view);
		return 1;
	}
	prepared_view(f->prepared, view);
	cache_flush(f->cache);
	*out = view;
	return 1;
}

int
follow_step(struct follow *f)
{
	struct status_head head;
	struct view *view = NULL;

	ERR_clear_error();
	notice_wal(f);
	notice_replaced(f);
	if (!open_reader(f) || !status_reader_head(f->reader, &head))
		return lost(f);
	if (!f->started || head.generation != f->generation ||
	    head.change != f->change) {
		/* Issuers first: a change may be of a new one's certificate. */
		if (!read_view(f, &view) || !drop_changed(f, &head)) {
			view_free(view);
			return lost(f);
		}
	}
	state_set(f->state, view, &head);
	if (f->lost)
		report_event(
		    REPORT_INFO, "ocsp.status.back", "file", f->path, NULL);
	f->lost = 0;
	f->started = 1;
	f->generation = head.generation;
	f->change = head.change;
	return 1;
}

static void *
run(void *arg)
{
	const struct timespec period = {0, FOLLOW_PERIOD_MS * 1000000L};
	struct follow *f = arg;

	while (!atomic_load(&f->stop)) {
		follow_step(f);
		nanosleep(&period, NULL);
	}
	return NULL;
}

int
follow_start(struct follow *f)
{
	follow_step(f);
	if (pthread_create(&f->thread, NULL, run, f) != 0) {
		ocsp_raise(OCSP_E_INTERNAL, "no thread to follow status.db");
		return 0;
	}
	f->has_thread = 1;
	return 1;
}
