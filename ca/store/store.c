#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/store/private.h"

#define READERS_DEFAULT 4
#define RESERVE_DEFAULT ((int64_t)16 << 20)

/* What this thread runs: store_read() inside a transaction joins it, and
   store_write() there is refused instead of waiting for itself. */
static _Thread_local struct store_tx *running;

struct store_tx *
store_current(const struct store *s)
{
	return running != NULL && running->store == s ? running : NULL;
}

int
store_run(struct store_tx *tx, store_fn *fn, void *arg)
{
	struct store_tx *outer = running;
	int ok;

	running = tx;
	ok = fn(tx, arg);
	running = outer;
	return ok;
}

static int
sys_raise(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	ca_raise(CA_E_STORE, "store: cannot %s %s", what, path);
	return 0;
}

static int
take_lock(struct store *s)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.lock", s->path);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return sys_raise("open", path);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	if (errno != EWOULDBLOCK)
		return sys_raise("lock", path);
	ca_raise(CA_E_STORE,
	    "%s: another process has this store open for "
	    "writing (%s)",
	    s->path, path);
	return 0;
}

static int
sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, ok;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (!ok)
		sys_raise("write", path);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* The WAL of a store that is gone would be taken for the new one's. */
static int
clear_wal(const struct store *s)
{
	char wal[PATH_MAX], shm[PATH_MAX];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", s->path);
	snprintf(shm, sizeof(shm), "%s-shm", s->path);
	if (stat(wal, &st) == 0 && st.st_size > 0) {
		ca_raise(CA_E_STORE,
		    "%s: belongs to a store that is not "
		    "there: move it away",
		    wal);
		return 0;
	}
	unlink(wal);
	unlink(shm);
	return 1;
}

/* Built under another name, so that there is a whole store or none. */
static int
create(struct store *s, int64_t now)
{
	struct sql_conn *c = &s->writer.conn;
	char path[PATH_MAX], journal[PATH_MAX + 16];
	int fd, ok;

	if (access(s->path, F_OK) == 0) {
		ca_raise(CA_E_STORE, "%s: exists already", s->path);
		return 0;
	}
	if (!clear_wal(s))
		return 0;
	snprintf(path, sizeof(path), "%s.new", s->path);
	snprintf(journal, sizeof(journal), "%s-journal", path);
	unlink(path); /* of one that was killed here; we hold the lock */
	unlink(journal);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return sys_raise("make", path);
	close(fd);
	ok = sql_conn_write(c, path) && schema_create(c, now);
	sql_conn_close(c);
	if (ok && rename(path, s->path) != 0)
		ok = sys_raise("rename", path);
	if (!ok)
		unlink(path);
	return ok && sync_folder(s->path);
}

static int
use_wal(struct sql_conn *c)
{
	sqlite3_stmt *st = NULL;
	int ok;

	ok = sqlite3_prepare_v2(c->db, "PRAGMA journal_mode = WAL", -1, &st,
		 NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW &&
	    strcmp((const char *)sqlite3_column_text(st, 0), "wal") == 0;
	if (!ok)
		sql_raise(c->db, "journal_mode = WAL");
	sqlite3_finalize(st);
	return ok && sql_conn_exec(c, "PRAGMA wal_autocheckpoint = 4000") &&
	    sql_conn_exec(c, "PRAGMA journal_size_limit = 67108864");
}

static int
no_store(const struct store *s)
{
	ca_raise(CA_E_STORE, "%s: cannot be opened as a store", s->path);
	return 0;
}

static int
open_writer(struct store *s, int64_t now)
{
	struct sql_conn *c = &s->writer.conn;
	int version;

	if (s->mode == STORE_WRITE && access(s->path, F_OK) != 0)
		return sys_raise("open", s->path);
	if (!take_lock(s) || (s->mode == STORE_CREATE && !create(s, now)))
		return 0;
	return (sql_conn_write(c, s->path) || no_store(s)) &&
	    schema_check(c, s->path, &version) && use_wal(c) &&
	    schema_migrate(c, version, now);
}

static int
open_reader(struct store *s, struct sql_conn *c)
{
	int version;

	if ((!sql_conn_read(c, s->path, s->mode == STORE_READ) &&
		!no_store(s)) ||
	    !schema_check(c, s->path, &version))
		return 0;
	if (version == STORE_SCHEMA_VERSION)
		return 1;
	ca_raise(CA_E_STORE,
	    "%s: store has schema %d, this program reads %d; "
	    "start inkan-ca, which migrates it",
	    s->path, version, STORE_SCHEMA_VERSION);
	return 0;
}

static int
open_readers(struct store *s, size_t n)
{
	s->n_readers = n > 0 ? n : READERS_DEFAULT;
	s->readers = OPENSSL_zalloc(s->n_readers * sizeof(*s->readers));
	s->reader_busy = OPENSSL_zalloc(s->n_readers);
	if (s->readers == NULL || s->reader_busy == NULL)
		return 0;
	for (n = 0; n < s->n_readers; n++)
		if (!open_reader(s, &s->readers[n]))
			return 0;
	return 1;
}

/* Counting memory for nobody takes a lock of the whole process at each
   allocation. Refused, and no harm, once SQLite is in use. */
static void
count_no_memory(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct store *
store_open(const struct store_config *cfg)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct store *s = OPENSSL_zalloc(sizeof(*s));

	pthread_once(&once, count_no_memory);
	if (s == NULL)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->reader_free, NULL);
	pthread_cond_init(&s->writer.work, NULL);
	s->lock_fd = -1;
	s->mode = cfg->mode;
	s->reserve_free =
	    cfg->reserve_free > 0 ? cfg->reserve_free : RESERVE_DEFAULT;
	if ((size_t)snprintf(s->path, sizeof(s->path), "%s", cfg->path) >=
	    sizeof(s->path)) {
		ca_raise(CA_E_STORE, "store: path too long");
		goto out;
	}
	if (s->mode == STORE_READ && access(s->path, F_OK) != 0) {
		sys_raise("open", s->path);
		goto out;
	}
	if ((s->mode == STORE_READ || open_writer(s, cfg->now)) &&
	    open_readers(s, cfg->readers) &&
	    (s->mode == STORE_READ || writer_start(s)))
		return s;
out:
	store_close(s);
	return NULL;
}

void
store_close(struct store *s)
{
	size_t i;

	if (s == NULL)
		return;
	writer_stop(s);
	for (i = 0; s->readers != NULL && i < s->n_readers; i++)
		sql_conn_close(&s->readers[i]);
	if (s->writer.conn.db != NULL)
		sqlite3_wal_checkpoint_v2(s->writer.conn.db, NULL,
		    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sql_conn_close(&s->writer.conn);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	OPENSSL_free(s->readers);
	OPENSSL_free(s->reader_busy);
	pthread_cond_destroy(&s->writer.work);
	pthread_cond_destroy(&s->reader_free);
	pthread_mutex_destroy(&s->lock);
	OPENSSL_free(s);
}

static size_t
take_reader(struct store *s)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		for (i = 0; i < s->n_readers; i++)
			if (!s->reader_busy[i])
				break;
		if (i < s->n_readers)
			break;
		pthread_cond_wait(&s->reader_free, &s->lock);
	}
	s->reader_busy[i] = 1;
	pthread_mutex_unlock(&s->lock);
	return i;
}

static void
give_reader(struct store *s, size_t i)
{
	pthread_mutex_lock(&s->lock);
	s->reader_busy[i] = 0;
	pthread_cond_signal(&s->reader_free);
	pthread_mutex_unlock(&s->lock);
}

/* One that was closed after a failure, or opened when there was no WAL and now
   there is one, is opened anew. */
static int
refresh(struct store *s, struct sql_conn *c)
{
	if (c->db != NULL && c->immutable && !sql_is_alone(s->path))
		sql_conn_close(c);
	if (c->db != NULL || open_reader(s, c))
		return 1;
	sql_conn_close(c);
	return 0;
}

/* Nothing to lose: a reader that does not end is closed. */
static void
end_read(struct store_tx *tx)
{
	ERR_set_mark();
	if (!sqlite3_get_autocommit(tx->conn->db) &&
	    !sql_run(tx, "ROLLBACK", "") &&
	    !sqlite3_get_autocommit(tx->conn->db))
		sql_conn_close(tx->conn);
	ERR_pop_to_mark();
}

int
store_read(struct store *s, store_fn *fn, void *arg)
{
	struct store_tx tx = {.store = s};
	struct store_tx *outer = store_current(s);
	size_t i;
	int rc = 0;

	if (outer != NULL)
		return fn(outer, arg);
	i = take_reader(s);
	tx.conn = &s->readers[i];
	if (refresh(s, tx.conn) && sql_run(&tx, "BEGIN", "")) {
		rc = store_run(&tx, fn, arg);
		end_read(&tx);
	}
	give_reader(s, i);
	return rc;
}

int64_t
store_disk_free(struct store *s)
{
	struct statvfs v;

	if (statvfs(s->path, &v) != 0)
		return -1;
	return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}
