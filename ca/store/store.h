#ifndef INKAN_CA_STORE_STORE_H
#define INKAN_CA_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The store: everything that Inkan must not forget. SQLite (WAL,
 * synchronous=FULL, foreign keys on), one writing process, one writer thread.
 * All SQL of the store stands in this folder; no SQL feature is used that
 * PostgreSQL lacks an equal for.
 *
 * Writing is a group commit: store_write() queues a function; the writer
 * thread runs all that wait inside one transaction, each within a savepoint of
 * its own, commits once (durable), then calls the commit hook, then wakes the
 * callers. A function that returns 0 is rolled back alone; its errors reach its
 * own caller. A commit that fails fails them all (CA_E_STORE).
 *
 * Below ${reserve_free} octets of free disk space ordinary writes are refused
 * (CA_E_STORE, "disk.reserve: ..."); writes with STORE_URGENT (revocations,
 * CRLs, their log entries) may use the reserve.
 */

struct store;
struct store_tx;	/* a transaction, valid inside a callback only */

#define STORE_SCHEMA_VERSION 5

enum store_mode {
	STORE_CREATE,	/* make a new one; refuse an existing file */
	STORE_WRITE,	/* open, migrate, take the writer lock */
	STORE_READ	/* read-only, beside a running writer or without one */
};

struct store_config {
	const char *path;
	enum store_mode mode;
	size_t readers;		/* read connections; 0 means 4 */
	int64_t reserve_free;	/* octets; 0 means 16 MiB */
	int64_t now;		/* seconds: stamps migrations */
};

/* Freed with store_close(). Errors (CA_E_STORE): absent, not a store, newer
   schema than the program («store has schema N, this program knows M»), writer
   lock held by another process (an flock on "<path>.lock"), disk. */
struct store *store_open(const struct store_config *cfg);
/* Ends the writer after what is queued; checkpoints. NULL is fine. */
void store_close(struct store *store);

#define STORE_URGENT 1
#define STORE_PUBLISH 2 /* run the hook after this one in any case */

typedef int store_fn(struct store_tx *tx, void *arg);

/* Run ${fn} in a durable transaction; blocks until committed. 1, or 0 raised
   in the calling thread. ${fn} runs on the writer thread: it must not block,
   and may run once only. Refused inside a transaction (CA_E_INTERNAL) and
   while the store is being closed (CA_E_STORE). */
int store_write(struct store *store, store_fn *fn, void *arg, int flags);

/* Run ${fn} on a read snapshot, on the calling thread. What fn returns; 0
   raised when there is no snapshot to be had. Inside a transaction of the same
   store it is that transaction. Waits while all readers are in use. */
int store_read(struct store *store, store_fn *fn, void *arg);

/* Called on the writer thread after each commit that changed a certificate's
   state or an issuer, before the callers are woken (status.db is written
   here), in a read transaction. When it returns 0 those callers of the group
   who changed such a thing get CA_E_STORE although their change is durable in
   the store; the text says so. It is then called again after the next commit,
   whatever that changed. Set once, before use by threads. */
void store_set_hook(struct store *store, store_fn *hook, void *arg);

/* Counters for status and benches: commits, writes, and how the last commit
   that had something to write went (0 failed). */
struct store_stats { uint64_t commits, writes; int last_ok; char last_error[256]; };
void store_stats(struct store *store, struct store_stats *out);
/* Free octets where the store lies; -1 unknown. */
int64_t store_disk_free(struct store *store);

/* Small named values: highest time written, stop state, clone alarms ... */
int store_meta_get(struct store_tx *tx, const char *key, char *out,
    size_t size);	/* 1 found, 0 not there, -1 raised */
int store_meta_set(struct store_tx *tx, const char *key, const char *value);

/* A rate or quota counter: add 1 to (scope, key) in the window that starts at
   ${window}; the new count in *n. Old windows of the pair are deleted. */
int store_count(struct store_tx *tx, const char *scope, const char *key,
    int64_t window, int64_t *n);
/* Take one count of that window back; 1 also when there is none. */
int store_uncount(struct store_tx *tx, const char *scope, const char *key,
    int64_t window);
/* The same of the window that began last by ${at}, for whoever does not know
   how long it was. */
int store_uncount_last(struct store_tx *tx, const char *scope, const char *key,
    int64_t at);

#endif
