#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/store/private.h"

#define BUSY_MS 3000 /* somebody else's lock: a shell, a recovery */

int
sql_raise(sqlite3 *db, const char *what)
{
	int sys = db == NULL ? 0 : sqlite3_system_errno(db);
	int code = db == NULL ? SQLITE_NOMEM : sqlite3_extended_errcode(db);
	const char *text = db == NULL ? "out of memory" : sqlite3_errmsg(db);

	code &= 0xff;
	if (sys != 0 &&
	    (code == SQLITE_IOERR || code == SQLITE_FULL ||
		code == SQLITE_CANTOPEN || code == SQLITE_READONLY))
		ca_raise(CA_E_STORE, "store: %s: %s (%s)", what, text,
		    strerror(sys));
	else
		ca_raise(CA_E_STORE, "store: %s: %s", what, text);
	return 0;
}

int
sql_conn_exec(struct sql_conn *c, const char *text)
{
	if (sqlite3_exec(c->db, text, NULL, NULL, NULL) == SQLITE_OK)
		return 1;
	return sql_raise(c->db, "SQL");
}

static int
conn_open(struct sql_conn *c, const char *path, int flags)
{
	int keep = 1;

	flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	if (sqlite3_open_v2(path, &c->db, flags, NULL) != SQLITE_OK)
		return sql_raise(c->db, "open");
	sqlite3_busy_timeout(c->db, BUSY_MS);
	/* A read-only reader needs the WAL after the writer has gone. */
	sqlite3_file_control(c->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return sql_conn_exec(c, "PRAGMA foreign_keys = ON") &&
	    sql_conn_exec(c, "PRAGMA temp_store = MEMORY");
}

int
sql_conn_write(struct sql_conn *c, const char *path)
{
	return conn_open(c, path, SQLITE_OPEN_READWRITE) &&
	    sql_conn_exec(c, "PRAGMA synchronous = FULL") &&
	    sql_conn_exec(c, "PRAGMA cache_size = -65536");
}

/* "file:" URI of ${path}: everything but the plainest characters escaped. */
static int
path_uri(const char *path, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "file:");
	const unsigned char *p;

	for (p = (const unsigned char *)path; *p != '\0'; p++) {
		if (used + 4 > size)
			return 0;
		used += (size_t)snprintf(out + used, size - used,
		    strchr("%?#", *p) != NULL ? "%%%02X" : "%c", *p);
	}
	return (size_t)snprintf(out + used, size - used, "?immutable=1") <
	    size - used;
}

int
sql_is_alone(const char *path)
{
	char name[PATH_MAX + 8];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", path);
	if (stat(name, &st) != 0)
		return 1;
	if (st.st_size > 0)
		return 0;
	snprintf(name, sizeof(name), "%s-shm", path);
	return access(name, F_OK) != 0;
}

int
sql_conn_read(struct sql_conn *c, const char *path, int alone)
{
	char name[3 * PATH_MAX];

	c->immutable = alone && sql_is_alone(path);
	if (!c->immutable)
		return conn_open(c, path, SQLITE_OPEN_READONLY);
	if (path_uri(path, name, sizeof(name)))
		return conn_open(
		    c, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
	ca_raise(CA_E_STORE, "store: %s: path too long", path);
	return 0;
}

void
sql_conn_close(struct sql_conn *c)
{
	size_t i;

	for (i = 0; i < SQL_SLOTS; i++)
		sqlite3_finalize(c->slot[i].stmt);
	sqlite3_close(c->db);
	memset(c, 0, sizeof(*c));
}

/* The slot of ${text}, or a free one; a spare one when it is running. */
static struct sql *
find_slot(struct sql_conn *c, const char *text)
{
	uint64_t h = (uint64_t)(uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15);
	struct sql *s = NULL;
	size_t i, n;

	for (i = h >> 40, n = 0; text != NULL && n < SQL_SLOTS; i++, n++) {
		s = &c->slot[i & (SQL_SLOTS - 1)];
		if (s->text == text && !s->busy)
			return s;
		if (s->text == NULL) {
			s->text = text;
			return s;
		}
		if (s->text == text)
			break;
	}
	if ((s = OPENSSL_zalloc(sizeof(*s))) != NULL)
		s->spare = 1;
	return s;
}

static struct sql *
prepare(struct store_tx *tx, const char *key, const char *text)
{
	struct sql *s = find_slot(tx->conn, key);

	if (s == NULL)
		return NULL;
	s->busy = 1;
	if (s->stmt != NULL)
		return s;
	if (sqlite3_prepare_v3(tx->conn->db, text, -1,
		s->spare ? 0 : SQLITE_PREPARE_PERSISTENT, &s->stmt,
		NULL) == SQLITE_OK)
		return s;
	sql_raise(tx->conn->db, "prepare");
	sql_close(s);
	return NULL;
}

static int
bind_blob(struct sql *s, int i, const void *p, size_t n)
{
	if (p == NULL)
		return sqlite3_bind_null(s->stmt, i);
	return sqlite3_bind_blob64(s->stmt, i, p, n, SQLITE_STATIC);
}

static int
bind_one(struct sql *s, int i, char type, va_list *ap)
{
	const void *p;
	int64_t v;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(s->stmt, i, va_arg(*ap, int64_t));
	case 'd':
		return sqlite3_bind_int(s->stmt, i, va_arg(*ap, int));
	case 'z':
		if ((v = va_arg(*ap, int64_t)) == 0)
			return sqlite3_bind_null(s->stmt, i);
		return sqlite3_bind_int64(s->stmt, i, v);
	case 't':
		return sqlite3_bind_text(
		    s->stmt, i, va_arg(*ap, const char *), -1, SQLITE_STATIC);
	case 'b':
		p = va_arg(*ap, const void *);
		return bind_blob(s, i, p, va_arg(*ap, size_t));
	}
	return SQLITE_MISUSE;
}

static struct sql *
open_list(struct store_tx *tx, const char *text, const char *types, va_list *ap)
{
	struct sql *s = prepare(tx, text, text);
	int i;

	for (i = 0; s != NULL && types[i] != '\0'; i++) {
		if (bind_one(s, i + 1, types[i], ap) == SQLITE_OK)
			continue;
		sql_raise(tx->conn->db, "bind");
		sql_close(s);
		s = NULL;
	}
	return s;
}

struct sql *
sql_open(struct store_tx *tx, const char *text, const char *types, ...)
{
	struct sql *s;
	va_list ap;

	va_start(ap, types);
	s = open_list(tx, text, types, &ap);
	va_end(ap);
	return s;
}

struct sql *
sql_open_once(struct store_tx *tx, const char *text)
{
	return prepare(tx, NULL, text);
}

int
sql_bind_int(struct sql *s, int i, int64_t v)
{
	return sqlite3_bind_int64(s->stmt, i, v) == SQLITE_OK ||
	    sql_raise(sqlite3_db_handle(s->stmt), "bind");
}

int
sql_bind_text(struct sql *s, int i, const char *v)
{
	return sqlite3_bind_text(s->stmt, i, v, -1, SQLITE_STATIC) ==
	    SQLITE_OK ||
	    sql_raise(sqlite3_db_handle(s->stmt), "bind");
}

int
sql_bind_bytes(struct sql *s, int i, const void *p, size_t n)
{
	return bind_blob(s, i, p, n) == SQLITE_OK ||
	    sql_raise(sqlite3_db_handle(s->stmt), "bind");
}

int
sql_step(struct sql *s)
{
	int rc = sqlite3_step(s->stmt);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	sql_raise(sqlite3_db_handle(s->stmt), "step");
	return -1;
}

void
sql_close(struct sql *s)
{
	if (s == NULL)
		return;
	if (s->spare) {
		sqlite3_finalize(s->stmt);
		OPENSSL_free(s);
		return;
	}
	if (s->stmt != NULL) {
		sqlite3_reset(s->stmt);
		sqlite3_clear_bindings(s->stmt);
	}
	s->busy = 0;
}

int
sql_run(struct store_tx *tx, const char *text, const char *types, ...)
{
	struct sql *s;
	va_list ap;
	int rc = -1;

	va_start(ap, types);
	s = open_list(tx, text, types, &ap);
	va_end(ap);
	while (s != NULL && (rc = sql_step(s)) == 1)
		;
	sql_close(s);
	return rc == 0;
}

int
sql_number(
    struct store_tx *tx, int64_t *out, const char *text, const char *types, ...)
{
	struct sql *s;
	va_list ap;
	int rc = -1;

	va_start(ap, types);
	s = open_list(tx, text, types, &ap);
	va_end(ap);
	if (s != NULL)
		rc = sql_step(s);
	if (rc == 1 && sqlite3_column_type(s->stmt, 0) == SQLITE_NULL)
		rc = 0;
	if (rc == 1)
		*out = sql_int(s, 0);
	sql_close(s);
	return rc;
}

int
sql_is_duplicate(struct store_tx *tx)
{
	int code = sqlite3_extended_errcode(tx->conn->db);

	return code == SQLITE_CONSTRAINT_UNIQUE ||
	    code == SQLITE_CONSTRAINT_PRIMARYKEY;
}

int64_t
sql_int(struct sql *s, int col)
{
	return sqlite3_column_int64(s->stmt, col);
}

void
sql_text(struct sql *s, int col, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(s->stmt, col);

	snprintf(out, size, "%s", text == NULL ? "" : (const char *)text);
}

size_t
sql_bytes(struct sql *s, int col, void *out, size_t size)
{
	const void *p = sqlite3_column_blob(s->stmt, col);
	size_t n = (size_t)sqlite3_column_bytes(s->stmt, col);

	n = p == NULL ? 0 : n < size ? n : size;
	if (n > 0)
		memcpy(out, p, n);
	if (n < size)
		memset((unsigned char *)out + n, 0, size - n);
	return n;
}

int
sql_copy(struct sql *s, int col, unsigned char **out, size_t *len)
{
	const void *p = sqlite3_column_blob(s->stmt, col);
	size_t n = (size_t)sqlite3_column_bytes(s->stmt, col);

	*out = NULL;
	*len = 0;
	if (p == NULL)
		return 1;
	if ((*out = OPENSSL_memdup(p, n)) == NULL) {
		ca_raise(CA_E_INTERNAL, "store: out of memory");
		return 0;
	}
	*len = n;
	return 1;
}
