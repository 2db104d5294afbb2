#ifndef INKAN_CA_STORE_PRIVATE_H
#define INKAN_CA_STORE_PRIVATE_H

#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sqlite3.h>

#include "ca/error.h"
#include "ca/store/certs.h"
#include "ca/store/store.h"

/* Shared by the files of this folder; nobody else knows of SQLite. */

/*
 * A connection with its prepared statements, found by the address of their
 * text (a literal). One thread at a time.
 */
#define SQL_SLOTS 256 /* power of two, far above the texts there are */

struct sql {
	const char *text; /* NULL: free */
	sqlite3_stmt *stmt;
	int busy, spare; /* spare: not of the table, freed when closed */
};

struct sql_conn {
	sqlite3 *db;
	int immutable; /* opened without a WAL: see sql_conn_read() */
	struct sql slot[SQL_SLOTS];
};

struct store_tx {
	struct store *store;
	struct sql_conn *conn;
	int writing;
	int changed; /* a certificate's state, or an issuer */
};

/* For writing; the file must exist. 1 or 0 raised; close it in both cases. */
int sql_conn_write(struct sql_conn *c, const char *path);
/* For reading. ${alone}: where there is no WAL, take the file as it lies, as
   one that nobody writes (a plain read-only open would want to make a WAL). */
/* No WAL there, or an empty one that nobody uses? */
int sql_is_alone(const char *path);
int sql_conn_read(struct sql_conn *c, const char *path, int alone);
void sql_conn_close(struct sql_conn *c);
/* Without an answer and without the cache. */
int sql_conn_exec(struct sql_conn *c, const char *text);

/*
 * A statement of the transaction, bound: one letter per parameter.
 *   i int64_t   d int   t const char *, NULL is NULL
 *   z int64_t, 0 is NULL   b const void *, size_t; a NULL pointer is NULL
 * What is bound is borrowed until sql_close(). A statement that is running
 * already gets a second one. NULL raised.
 */
struct sql *sql_open(
    struct store_tx *tx, const char *text, const char *types, ...);
/* For texts that are put together: prepared anew each time. */
struct sql *sql_open_once(struct store_tx *tx, const char *text);
/* Bind parameter ${i} (from 1) of such a statement. */
int sql_bind_int(struct sql *s, int i, int64_t v);
int sql_bind_text(struct sql *s, int i, const char *v);
int sql_bind_bytes(struct sql *s, int i, const void *p, size_t n);
int sql_step(struct sql *s);   /* 1 a row, 0 the end, -1 raised */
void sql_close(struct sql *s); /* NULL is fine */

/* To the end, answers thrown away. 1 or 0 raised. */
int sql_run(struct store_tx *tx, const char *text, const char *types, ...);
/* One number: 1 found, 0 no row (or NULL), -1 raised. */
int sql_number(struct store_tx *tx, int64_t *out, const char *text,
    const char *types, ...);
/* Did the statement that just failed break a UNIQUE rule? */
int sql_is_duplicate(struct store_tx *tx);
int sql_raise(sqlite3 *db, const char *what); /* 0 */

/* Columns of the row that sql_step() found. NULL gives 0, "" or zeros. */
int64_t sql_int(struct sql *s, int col);
void sql_text(struct sql *s, int col, char *out, size_t size);
size_t sql_bytes(struct sql *s, int col, void *out, size_t size);
/* A copy, to be freed with OPENSSL_free(); NULL column: NULL, 1. */
int sql_copy(struct sql *s, int col, unsigned char **out, size_t *len);

/* schema.c */
int schema_create(struct sql_conn *c, int64_t now);
int schema_check(struct sql_conn *c, const char *path, int *version);
int schema_migrate(struct sql_conn *c, int from, int64_t now);

/* writer.c */
struct job;

struct writer {
	pthread_t thread;
	pthread_cond_t work;
	struct job *head, **tail;
	size_t n_queued;	 /* jobs waiting */
	size_t n_last, n_before; /* callers in the last group, in that before */
	size_t n_both;		 /* and in both */
	size_t wanted;		 /* as many waiting wake the writer */
	uint64_t group;		 /* number of the last group */
	int64_t gather_ns;	 /* how long more may be waited for */
	int urgent;		 /* one of those waiting is */
	int running, closing;
	int hook_due; /* a change has not reached the hook */
	store_fn *hook;
	void *hook_arg;
	struct store_stats stats;
	struct sql_conn conn;
};

struct store {
	char path[PATH_MAX - 16];
	enum store_mode mode;
	int lock_fd;
	int64_t reserve_free;
	dev_t dev; /* of the file that the writer has open */
	ino_t ino;
	pthread_mutex_t lock; /* of all below, but not of connections in use */
	pthread_cond_t reader_free;
	struct sql_conn *readers;
	unsigned char *reader_busy;
	size_t n_readers;
	struct writer writer;
};

int writer_start(struct store *s);
void writer_stop(struct store *s);

/* The transaction that the calling thread runs in ${s}, or NULL; and run ${fn}
   as that transaction (what it returns). */
struct store_tx *store_current(const struct store *s);
int store_run(struct store_tx *tx, store_fn *fn, void *arg);

/* certs.c: columns of a whole row in the order of certs_load(). */
#define CERTS_SELECT                                                           \
	"SELECT c.id, c.issuer, i.ident, c.serial, c.state, c.reason,"         \
	" c.revoked_at, c.not_before, c.not_after, c.subject, c.profile,"      \
	" c.policy_version, c.fleet, c.device, c.requester, c.auth,"           \
	" c.deviations, c.spki_sha256, c.tbs_sha256, c.cert_sha256,"           \
	" c.predecessor, c.successor, c.reserved_at, c.recorded_at, c.change," \
	" c.shard, c.invalidity"                                               \
	" FROM certs c JOIN issuers i ON i.id = c.issuer "
void certs_load(struct sql *s, struct cert_row *out);
/* The next change number; the partial index gives the last one. */
#define NEXT_CHANGE                                                            \
	"1 + coalesce((SELECT l.change FROM certs l WHERE l.change > 0"        \
	" ORDER BY l.change DESC LIMIT 1), 0)"

#endif
