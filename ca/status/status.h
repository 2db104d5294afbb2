#ifndef INKAN_CA_STATUS_STATUS_H
#define INKAN_CA_STATUS_STATUS_H

#include <stddef.h>
#include <stdint.h>

/*
 * status.db: what the outside may know. One writer (in inkan-ca), any number of
 * read-only readers (inkan-ocsp). SQLite, WAL, synchronous=FULL, with
 * SQLITE_FCNTL_PERSIST_WAL set, so that a read-only reader survives the
 * writer's end. A rowid table with an index over (issuer, serial).
 * Readers use short transactions: one that pins the WAL lets it grow.
 */

enum status_state { STATUS_GOOD = 1, STATUS_HELD, STATUS_REVOKED };

struct status_issuer {
	int64_t id;
	char ident[80];			/* "devices-g1" */
	int is_root;
	unsigned char *cert; size_t cert_len;	/* DER */
};

struct status_cert {
	int64_t issuer;
	unsigned char serial[20]; size_t serial_len;
	enum status_state state;
	int reason;			/* -1 none */
	int64_t revoked_at, not_after, change;
};

struct status_head {
	int64_t heartbeat;		/* seconds; 0 never */
	int64_t change;			/* last change number that is in */
	int64_t generation;		/* random: a rebuilt file has another */
	char stopped[128];		/* "" or why nothing new may be said */
};

/* --- writer (links with inkan-ca) --- */
struct status_writer;
struct status_writer *status_writer_open(const char *path); /* makes it */
/* A writer mends itself: when its file was deleted, or another one lies in its
   place, the next head() or begin() makes an empty one there (new generation,
   change 0, heartbeat 0), which the caller has to fill. */
void status_writer_close(struct status_writer *w);
int status_writer_head(struct status_writer *w, struct status_head *out);
/* The certificate with the highest change number (issuer, serial, state and
   change are set): 1, 0 when there is none, -1 raised. */
int status_writer_last(struct status_writer *w, struct status_cert *out);
/* One durable transaction: begin, put ..., commit (sets change and heartbeat).
   Thread-safe: begin takes a lock that commit or abort releases. */
int status_begin(struct status_writer *w);
/* The same, but a power failure may take it back, as a whole and until the writer
   brings it up again: enough for certificates that are new. It is durable with
   the next durable one. */
int status_begin_new(struct status_writer *w);
int status_put_issuer(struct status_writer *w, const struct status_issuer *i);
int status_put_cert(struct status_writer *w, const struct status_cert *c);
int status_commit(struct status_writer *w, int64_t change, int64_t now);
void status_abort(struct status_writer *w);
int status_heartbeat(struct status_writer *w, int64_t now);
int status_set_stopped(struct status_writer *w, const char *why); /* "" clears */
/* Empty it (to be filled again), with a new generation, change 0, heartbeat 0
   (so that nobody believes it before it is full). */
int status_reset(struct status_writer *w);

/* --- reader (links with inkan-ocsp) --- */
struct status_reader;
struct status_reader *status_reader_open(const char *path); /* read-only */
void status_reader_close(struct status_reader *r);
int status_reader_head(struct status_reader *r, struct status_head *out);
int status_reader_issuers(struct status_reader *r,
    int (*cb)(const struct status_issuer *i, void *arg), void *arg);
/* 1 found, 0 never issued (nothing raised), -1 raised. */
int status_reader_find(struct status_reader *r, int64_t issuer,
    const unsigned char *serial, size_t len, struct status_cert *out);
/* Rows with change > since, in order; at most limit. */
int status_reader_changes(struct status_reader *r, int64_t since,
    size_t limit, int (*cb)(const struct status_cert *c, void *arg),
    void *arg);
/* One reader may be used by one thread at a time; open several. A reader mends
   itself: after a failure the next call opens the file anew, and head() notices
   when another file lies under the path. A file without a WAL (a copy) is read
   as it lies until a WAL appears beside it. Callbacks: 0 ends the list, which
   is a success. */

#endif
