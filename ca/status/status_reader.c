#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/status/private.h"

enum { R_HEAD, R_ISSUERS, R_FIND, R_CHANGES, R_N };

#define CERT_SELECT                                                            \
	"SELECT issuer, serial, state, reason, revoked_at, not_after, change"  \
	" FROM certs "

static const char *const texts[R_N] = {
    [R_HEAD] = STATUS_HEAD_SELECT,
    [R_ISSUERS] = "SELECT id, ident, is_root, cert FROM issuers ORDER BY id",
    [R_FIND] = CERT_SELECT "WHERE issuer = ? AND serial = ?",
    [R_CHANGES] = CERT_SELECT "WHERE change > ? ORDER BY change LIMIT ?",
};

struct status_reader {
	char path[PATH_MAX - 8];
	struct status_db d;
	sqlite3_stmt *stmts[R_N];
	int immutable; /* there was no WAL: nobody writes it */
	dev_t dev;     /* of the file that is open */
	ino_t ino;
};

/* No WAL there, or an empty one that nobody uses? */
static int
is_alone(const struct status_reader *r)
{
	char name[PATH_MAX];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", r->path);
	if (stat(name, &st) != 0)
		return 1;
	if (st.st_size > 0)
		return 0;
	snprintf(name, sizeof(name), "%s-shm", r->path);
	return access(name, F_OK) != 0;
}

/* "file:" URI of the path, immutable. */
static int
open_alone(struct status_reader *r)
{
	char uri[3 * PATH_MAX + 32];
	size_t used = (size_t)snprintf(uri, sizeof(uri), "file:");
	const unsigned char *p;

	for (p = (const unsigned char *)r->path; *p != '\0'; p++)
		used += (size_t)snprintf(uri + used, sizeof(uri) - used,
		    strchr("%?#", *p) != NULL ? "%%%02X" : "%c", *p);
	snprintf(uri + used, sizeof(uri) - used, "?immutable=1");
	return status_db_open(
	    &r->d, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

/* A copy without a WAL is read as it lies: a plain read-only open would have to
   make one. Otherwise the WAL is followed. */
static int
open_file(struct status_reader *r)
{
	struct stat st;

	if (stat(r->path, &st) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", r->path);
		ca_raise(CA_E_STORE, "status.db: cannot open %s", r->path);
		return 0;
	}
	r->dev = st.st_dev;
	r->ino = st.st_ino;
	r->immutable = is_alone(r);
	if ((r->immutable
		    ? open_alone(r)
		    : status_db_open(&r->d, r->path, SQLITE_OPEN_READONLY)) &&
	    status_db_check(&r->d, r->path) &&
	    status_db_exec(&r->d, "PRAGMA cache_size = -8192"))
		return 1;
	status_db_close(&r->d);
	return 0;
}

struct status_reader *
status_reader_open(const char *path)
{
	struct status_reader *r = OPENSSL_zalloc(sizeof(*r));

	if (r == NULL)
		return NULL;
	r->d.texts = texts;
	r->d.stmts = r->stmts;
	r->d.n = R_N;
	if ((size_t)snprintf(r->path, sizeof(r->path), "%s", path) <
		sizeof(r->path) &&
	    open_file(r))
		return r;
	status_reader_close(r);
	return NULL;
}

void
status_reader_close(struct status_reader *r)
{
	if (r == NULL)
		return;
	status_db_close(&r->d);
	OPENSSL_free(r);
}

/* Another file under our path, or a WAL beside one that had none? */
static int
is_outdated(const struct status_reader *r)
{
	struct stat st;

	if (stat(r->path, &st) != 0)
		return 0; /* moved away: what we hold is the newest */
	return st.st_dev != r->dev || st.st_ino != r->ino ||
	    (r->immutable && !is_alone(r));
}

/* Statement ${i} of a connection that is open: after a failure it was closed,
   and is tried anew. */
static sqlite3_stmt *
get(struct status_reader *r, int i)
{
	if (r->d.db == NULL && !open_file(r))
		return NULL;
	return status_db_get(&r->d, i);
}

/* After an error the next call begins with a new connection. */
static int
done(struct status_reader *r, sqlite3_stmt *st, int found)
{
	sqlite3_reset(st);
	if (found < 0)
		status_db_close(&r->d);
	return found;
}

int
status_reader_head(struct status_reader *r, struct status_head *out)
{
	sqlite3_stmt *st;
	int found;

	if (r->d.db != NULL && is_outdated(r))
		status_db_close(&r->d);
	st = get(r, R_HEAD);
	found = st == NULL ? -1 : status_db_step(&r->d, st);
	if (found == 1)
		status_db_head(st, out);
	else if (found == 0)
		ca_raise(CA_E_STORE, "status.db: it has no head");
	return done(r, st, found) == 1;
}

int
status_reader_issuers(struct status_reader *r,
    int (*cb)(const struct status_issuer *i, void *arg), void *arg)
{
	sqlite3_stmt *st = get(r, R_ISSUERS);
	struct status_issuer i;
	int found = -1;

	while (st != NULL && (found = status_db_step(&r->d, st)) == 1) {
		memset(&i, 0, sizeof(i));
		i.id = sqlite3_column_int64(st, 0);
		snprintf(i.ident, sizeof(i.ident), "%s",
		    (const char *)sqlite3_column_text(st, 1));
		i.is_root = sqlite3_column_int(st, 2);
		i.cert_len = (size_t)sqlite3_column_bytes(st, 3);
		i.cert = OPENSSL_memdup(sqlite3_column_blob(st, 3), i.cert_len);
		if (i.cert == NULL) {
			ca_raise(CA_E_INTERNAL, "status.db: out of memory");
			found = -1;
			break;
		}
		found = cb(&i, arg);
		OPENSSL_free(i.cert);
		if (!found)
			break;
	}
	return done(r, st, found) >= 0;
}

static void
load(sqlite3_stmt *st, struct status_cert *c)
{
	size_t n = (size_t)sqlite3_column_bytes(st, 1);

	memset(c, 0, sizeof(*c));
	c->issuer = sqlite3_column_int64(st, 0);
	c->serial_len = n < sizeof(c->serial) ? n : sizeof(c->serial);
	if (c->serial_len > 0)
		memcpy(c->serial, sqlite3_column_blob(st, 1), c->serial_len);
	c->state = (enum status_state)sqlite3_column_int(st, 2);
	c->reason = sqlite3_column_int(st, 3);
	c->revoked_at = sqlite3_column_int64(st, 4);
	c->not_after = sqlite3_column_int64(st, 5);
	c->change = sqlite3_column_int64(st, 6);
}

int
status_reader_find(struct status_reader *r, int64_t issuer,
    const unsigned char *serial, size_t len, struct status_cert *out)
{
	sqlite3_stmt *st = get(r, R_FIND);
	int found = -1;

	if (st != NULL && sqlite3_bind_int64(st, 1, issuer) == SQLITE_OK &&
	    sqlite3_bind_blob64(st, 2, serial, len, SQLITE_STATIC) == SQLITE_OK)
		found = status_db_step(&r->d, st);
	if (found == 1)
		load(st, out);
	sqlite3_reset(st);
	if (st != NULL)
		sqlite3_clear_bindings(st);
	return done(r, st, found);
}

int
status_reader_changes(struct status_reader *r, int64_t since, size_t limit,
    int (*cb)(const struct status_cert *c, void *arg), void *arg)
{
	sqlite3_stmt *st = get(r, R_CHANGES);
	struct status_cert c;
	int found = -1;

	if (st == NULL || sqlite3_bind_int64(st, 1, since) != SQLITE_OK ||
	    sqlite3_bind_int64(st, 2, limit > 0 ? (int64_t)limit : INT64_MAX) !=
		SQLITE_OK)
		return done(r, st, -1) >= 0;
	while ((found = status_db_step(&r->d, st)) == 1) {
		load(st, &c);
		if (!cb(&c, arg))
			break;
	}
	return done(r, st, found) >= 0;
}
