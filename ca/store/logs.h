#ifndef INKAN_CA_STORE_LOGS_H
#define INKAN_CA_STORE_LOGS_H

#include "ca/store/store.h"

/*
 * The logs that the entries were published in, and what was signed of them
 * (docs/log.md). Usually there is one log for ever. When a store turned out to
 * be older than what had been published of it, an operator had the next one
 * begun: it has a name of its own, and holds all entries of the store again.
 *
 * Nothing here looks at signatures.
 */

#define LOGS_ORIGIN_MAX 256
#define LOGS_VKEY_MAX 1024
#define LOGS_NOTE_MAX 65536

struct log_row {
	int64_t id;			/* 1, 2 ... */
	char origin[LOGS_ORIGIN_MAX];
	char vkey[LOGS_VKEY_MAX];	/* verifier key: note.h */
	int64_t time;			/* when it began */
};

/* The newest. 1, 0 none yet, -1 raised. */
int logs_last(struct store_tx *tx, struct log_row *out);
/* row->id is set: the next number, unless it is a higher one already. */
int logs_add(struct store_tx *tx, struct log_row *row);
/* In order of id; stops when ${cb} returns 0. 1, or 0 raised. */
int logs_list(struct store_tx *tx,
    int (*cb)(const struct log_row *row, void *arg), void *arg);

struct log_checkpoint_row {
	int64_t log, size, time;
	unsigned char root[32];
	int cosigned;			/* by so many witnesses */
	char *note;			/* logs_checkpoint_clear() frees it */
};

void logs_checkpoint_clear(struct log_checkpoint_row *row);
/* 0 raised, CA_E_DENIED ("log.size: ..."), when that log has one of this size or
   a larger one. */
int logs_checkpoint_add(struct store_tx *tx,
    const struct log_checkpoint_row *row);
/* Of size ${size}; the newest for -1. ${cosigned}: of those that witnesses have
   cosigned. 1, 0 there is none, -1 raised. */
int logs_checkpoint_get(struct store_tx *tx, int64_t log, int64_t size,
    int cosigned, struct log_checkpoint_row *out);
/* The smallest that holds more than ${index} entries; as above. */
int logs_checkpoint_over(struct store_tx *tx, int64_t log, int64_t index,
    struct log_checkpoint_row *out);
/* Another note of the same text, with more signatures. */
int logs_checkpoint_set_note(struct store_tx *tx, int64_t log, int64_t size,
    const char *note, int cosigned);
/* Of each hour before ${before} only the last one stays, and what witnesses have
   cosigned. */
int logs_checkpoint_thin(struct store_tx *tx, int64_t log, int64_t before);
/* In order of size, from ${from}. 1, or 0 raised. */
int logs_checkpoint_list(struct store_tx *tx, int64_t log, int64_t from,
    int (*cb)(const struct log_checkpoint_row *row, void *arg), void *arg);

#endif
