#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include "ca/status/private.h"

enum {
	W_BEGIN,
	W_COMMIT,
	W_ROLLBACK,
	W_HEAD,
	W_ISSUER,
	W_CERT,
	W_CHANGE,
	W_HEARTBEAT,
	W_STOPPED,
	W_EMPTY_CERTS,
	W_EMPTY_ISSUERS,
	W_RESET,
	W_LAST,
	W_DURABLE,
	W_NEW,
	W_N
};

static const char *const texts[W_N] = {
    [W_BEGIN] = "BEGIN IMMEDIATE",
    [W_COMMIT] = "COMMIT",
    [W_ROLLBACK] = "ROLLBACK",
    [W_HEAD] = STATUS_HEAD_SELECT,
    [W_ISSUER] = "INSERT INTO issuers (id, ident, is_root, cert)"
		 " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET"
		 " ident = ?2, is_root = ?3, cert = ?4 WHERE ident <> ?2 OR"
		 " is_root <> ?3 OR cert <> ?4",
    [W_CERT] = "INSERT INTO certs (issuer, serial, state, reason, revoked_at,"
	       " not_after, change) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	       " ON CONFLICT (issuer, serial) DO UPDATE SET state = ?3,"
	       " reason = ?4, revoked_at = ?5, not_after = ?6, change = ?7",
    [W_CHANGE] = "UPDATE head SET change = ?1, heartbeat = ?2",
    [W_HEARTBEAT] = "UPDATE head SET heartbeat = ?1",
    [W_STOPPED] = "UPDATE head SET stopped = ?1",
    [W_EMPTY_CERTS] = "DELETE FROM certs",
    [W_EMPTY_ISSUERS] = "DELETE FROM issuers",
    [W_RESET] = "UPDATE head SET change = 0, heartbeat = 0, generation = ?1",
    [W_LAST] = "SELECT issuer, serial, state, change FROM certs"
	       " ORDER BY change DESC LIMIT 1",
    [W_DURABLE] = "PRAGMA synchronous = FULL",
    [W_NEW] = "PRAGMA synchronous = NORMAL",
};

static const char schema[] =
    "CREATE TABLE head ("
    " format INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " change INTEGER NOT NULL, heartbeat INTEGER NOT NULL,"
    " stopped TEXT NOT NULL) STRICT;"
    "CREATE TABLE issuers ("
    " id INTEGER PRIMARY KEY, ident TEXT NOT NULL,"
    " is_root INTEGER NOT NULL, cert BLOB NOT NULL) STRICT;"
    "CREATE TABLE certs ("
    " id INTEGER PRIMARY KEY,"
    " issuer INTEGER NOT NULL, serial BLOB NOT NULL,"
    " state INTEGER NOT NULL, reason INTEGER NOT NULL,"
    " revoked_at INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " change INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX certs_serial ON certs (issuer, serial);"
    "CREATE INDEX certs_change ON certs (change);"
    "INSERT INTO head VALUES (1, 0, 0, 0, '');";

struct status_writer {
	pthread_mutex_t lock; /* of the connection; held in a transaction */
	char path[PATH_MAX - 8];
	dev_t dev; /* of the file that is open */
	ino_t ino;
	struct status_db d;
	sqlite3_stmt *stmts[W_N];
	int durable; /* how the connection is set */
};

static int
new_generation(int64_t *out)
{
	if (RAND_bytes((unsigned char *)out, sizeof(*out)) != 1)
		return 0;
	*out = (int64_t)((uint64_t)*out >> 1) | 1; /* positive, never 0 */
	return 1;
}

static int
has_tables(struct status_db *d, const char *path, int *out)
{
	sqlite3_stmt *st = NULL;
	int ok;

	ok = sqlite3_prepare_v2(d->db, "SELECT count(*) FROM sqlite_schema", -1,
		 &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW;
	if (ok)
		*out = sqlite3_column_int(st, 0) > 0;
	else
		status_db_raise(d, path);
	sqlite3_finalize(st);
	return ok;
}

/* The tables, in a file that has none. One transaction: a reader sees a whole
   status.db or none. */
static int
make_tables(struct status_writer *w)
{
	sqlite3_stmt *st;
	int64_t generation;

	if (!new_generation(&generation) ||
	    !status_db_exec(&w->d, "BEGIN IMMEDIATE"))
		return 0;
	if (status_db_exec(&w->d, schema) &&
	    (st = status_db_get(&w->d, W_RESET)) != NULL &&
	    sqlite3_bind_int64(st, 1, generation) == SQLITE_OK &&
	    status_db_run(&w->d, st) && status_db_exec(&w->d, "COMMIT"))
		return 1;
	sqlite3_exec(w->d.db, "ROLLBACK", NULL, NULL, NULL);
	return 0;
}

static void
remove_rests(const char *path)
{
	static const char *const rests[] = {"-wal", "-shm"};
	char rest[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
		snprintf(rest, sizeof(rest), "%s%s", path, rests[i]);
		unlink(rest);
	}
}

/* Who may read it is for the umask and the folder to say: 0640 with ours. The
   WAL of one that was deleted would be taken for the new one's. */
static int
make_file(const char *path)
{
	int fd;

	if (access(path, F_OK) == 0)
		return 1;
	remove_rests(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "make %s", path);
		ca_raise(CA_E_STORE, "status.db: cannot make %s", path);
		return 0;
	}
	close(fd);
	return 1;
}

static int
remember(struct status_writer *w)
{
	struct stat st;

	if (stat(w->path, &st) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "stat %s", w->path);
		ca_raise(CA_E_STORE, "status.db: cannot open %s", w->path);
		return 0;
	}
	w->dev = st.st_dev;
	w->ino = st.st_ino;
	return 1;
}

static int
open_all(struct status_writer *w)
{
	const char *path = w->path;
	int there = 0;

	w->durable = 1;
	return make_file(path) && remember(w) &&
	    status_db_open(&w->d, path, SQLITE_OPEN_READWRITE) &&
	    has_tables(&w->d, path, &there) &&
	    (!there || status_db_check(&w->d, path)) &&
	    status_db_exec(&w->d, "PRAGMA journal_mode = WAL") &&
	    status_db_exec(&w->d, "PRAGMA synchronous = FULL") &&
	    status_db_exec(&w->d, "PRAGMA journal_size_limit = 67108864") &&
	    status_db_exec(&w->d, "PRAGMA cache_size = -16384") &&
	    (there || make_tables(w));
}

/* Lock held. A file that was deleted or replaced under us is of no use to
   readers, and to write into it would acknowledge what nobody sees: an empty
   one takes its place, with a generation of its own. */
static int
is_open(struct status_writer *w)
{
	struct stat st;
	int there = stat(w->path, &st) == 0;

	if (!there && errno != ENOENT) {
		ERR_raise_data(ERR_LIB_SYS, errno, "stat %s", w->path);
		ca_raise(CA_E_STORE, "status.db: cannot see %s", w->path);
		return 0;
	}
	if (w->d.db != NULL && there && st.st_dev == w->dev &&
	    st.st_ino == w->ino)
		return 1;
	status_db_close(&w->d);
	remove_rests(w->path);
	if (there && unlink(w->path) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "remove %s", w->path);
		ca_raise(CA_E_STORE, "status.db: another file is in its place");
		return 0;
	}
	if (open_all(w))
		return 1;
	status_db_close(&w->d);
	return 0;
}

struct status_writer *
status_writer_open(const char *path)
{
	struct status_writer *w = OPENSSL_zalloc(sizeof(*w));

	if (w == NULL)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	w->d.texts = texts;
	w->d.stmts = w->stmts;
	w->d.n = W_N;
	if ((size_t)snprintf(w->path, sizeof(w->path), "%s", path) >=
	    sizeof(w->path))
		ca_raise(CA_E_STORE, "status.db: its path is too long");
	else if (open_all(w))
		return w;
	status_writer_close(w);
	return NULL;
}

void
status_writer_close(struct status_writer *w)
{
	if (w == NULL)
		return;
	if (w->d.db != NULL)
		sqlite3_wal_checkpoint_v2(
		    w->d.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	status_db_close(&w->d);
	pthread_mutex_destroy(&w->lock);
	OPENSSL_free(w);
}

static int
read_head(struct status_writer *w, struct status_head *out)
{
	sqlite3_stmt *st = status_db_get(&w->d, W_HEAD);
	int found = st == NULL ? -1 : status_db_step(&w->d, st);

	if (found == 1)
		status_db_head(st, out);
	else if (found == 0)
		ca_raise(CA_E_STORE, "status.db: it has no head");
	sqlite3_reset(st);
	return found == 1;
}

int
status_writer_head(struct status_writer *w, struct status_head *out)
{
	int ok;

	pthread_mutex_lock(&w->lock);
	ok = is_open(w) && read_head(w, out);
	pthread_mutex_unlock(&w->lock);
	return ok;
}

int
status_writer_last(struct status_writer *w, struct status_cert *out)
{
	sqlite3_stmt *st;
	int found = -1;

	pthread_mutex_lock(&w->lock);
	if (!is_open(w)) {
		pthread_mutex_unlock(&w->lock);
		return -1;
	}
	if ((st = status_db_get(&w->d, W_LAST)) != NULL)
		found = status_db_step(&w->d, st);
	if (found == 1) {
		memset(out, 0, sizeof(*out));
		out->issuer = sqlite3_column_int64(st, 0);
		out->serial_len = (size_t)sqlite3_column_bytes(st, 1);
		if (out->serial_len > sizeof(out->serial))
			out->serial_len = sizeof(out->serial);
		memcpy(
		    out->serial, sqlite3_column_blob(st, 1), out->serial_len);
		out->state = (enum status_state)sqlite3_column_int(st, 2);
		out->change = sqlite3_column_int64(st, 3);
	}
	sqlite3_reset(st);
	pthread_mutex_unlock(&w->lock);
	return found;
}

/* Lock held, outside a transaction. */
static int
set_durable(struct status_writer *w, int durable)
{
	if (w->durable == durable)
		return 1;
	if (!status_db_run(&w->d,
		status_db_get(&w->d, durable ? W_DURABLE : W_NEW)))
		return 0;
	w->durable = durable;
	return 1;
}

static int
begin(struct status_writer *w, int durable)
{
	pthread_mutex_lock(&w->lock);
	if (is_open(w) && set_durable(w, durable) &&
	    status_db_run(&w->d, status_db_get(&w->d, W_BEGIN)))
		return 1;
	pthread_mutex_unlock(&w->lock);
	return 0;
}

int
status_begin(struct status_writer *w)
{
	return begin(w, 1);
}

int
status_begin_new(struct status_writer *w)
{
	return begin(w, 0);
}

void
status_abort(struct status_writer *w)
{
	if (!sqlite3_get_autocommit(w->d.db))
		sqlite3_exec(w->d.db, "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_unlock(&w->lock);
}

/* Ends the transaction, for better or worse. */
static int
finish(struct status_writer *w, int ok)
{
	ok = ok && status_db_run(&w->d, status_db_get(&w->d, W_COMMIT));
	status_abort(w);
	return ok;
}

int
status_put_issuer(struct status_writer *w, const struct status_issuer *i)
{
	sqlite3_stmt *st = status_db_get(&w->d, W_ISSUER);
	int ok;

	if (st == NULL)
		return 0;
	ok = sqlite3_bind_int64(st, 1, i->id) == SQLITE_OK &&
	    sqlite3_bind_text(st, 2, i->ident, -1, SQLITE_STATIC) ==
		SQLITE_OK &&
	    sqlite3_bind_int(st, 3, i->is_root != 0) == SQLITE_OK &&
	    sqlite3_bind_blob64(st, 4, i->cert, i->cert_len, SQLITE_STATIC) ==
		SQLITE_OK;
	if (!ok)
		status_db_raise(&w->d, "bind");
	ok = ok && status_db_run(&w->d, st);
	sqlite3_clear_bindings(st);
	return ok;
}

int
status_put_cert(struct status_writer *w, const struct status_cert *c)
{
	sqlite3_stmt *st = status_db_get(&w->d, W_CERT);
	int ok;

	if (st == NULL)
		return 0;
	ok = sqlite3_bind_int64(st, 1, c->issuer) == SQLITE_OK &&
	    sqlite3_bind_blob64(
		st, 2, c->serial, c->serial_len, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_bind_int(st, 3, (int)c->state) == SQLITE_OK &&
	    sqlite3_bind_int(st, 4, c->reason) == SQLITE_OK &&
	    sqlite3_bind_int64(st, 5, c->revoked_at) == SQLITE_OK &&
	    sqlite3_bind_int64(st, 6, c->not_after) == SQLITE_OK &&
	    sqlite3_bind_int64(st, 7, c->change) == SQLITE_OK;
	if (!ok)
		status_db_raise(&w->d, "bind");
	ok = ok && status_db_run(&w->d, st);
	sqlite3_clear_bindings(st);
	return ok;
}

int
status_commit(struct status_writer *w, int64_t change, int64_t now)
{
	sqlite3_stmt *st = status_db_get(&w->d, W_CHANGE);

	return finish(w,
	    st != NULL && sqlite3_bind_int64(st, 1, change) == SQLITE_OK &&
		sqlite3_bind_int64(st, 2, now) == SQLITE_OK &&
		status_db_run(&w->d, st));
}

int
status_heartbeat(struct status_writer *w, int64_t now)
{
	sqlite3_stmt *st;

	return status_begin(w) &&
	    finish(w,
		(st = status_db_get(&w->d, W_HEARTBEAT)) != NULL &&
		    sqlite3_bind_int64(st, 1, now) == SQLITE_OK &&
		    status_db_run(&w->d, st));
}

int
status_set_stopped(struct status_writer *w, const char *why)
{
	sqlite3_stmt *st;
	int ok;

	if (!status_begin(w))
		return 0;
	ok = (st = status_db_get(&w->d, W_STOPPED)) != NULL &&
	    sqlite3_bind_text(st, 1, why, -1, SQLITE_STATIC) == SQLITE_OK &&
	    status_db_run(&w->d, st);
	if (st != NULL)
		sqlite3_clear_bindings(st); /* ${why} is borrowed */
	return finish(w, ok);
}

int
status_reset(struct status_writer *w)
{
	sqlite3_stmt *st;
	int64_t generation;

	return new_generation(&generation) && status_begin(w) &&
	    finish(w,
		status_db_run(&w->d, status_db_get(&w->d, W_EMPTY_CERTS)) &&
		    status_db_run(
			&w->d, status_db_get(&w->d, W_EMPTY_ISSUERS)) &&
		    (st = status_db_get(&w->d, W_RESET)) != NULL &&
		    sqlite3_bind_int64(st, 1, generation) == SQLITE_OK &&
		    status_db_run(&w->d, st));
}
