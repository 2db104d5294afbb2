#ifndef INKAN_CA_STORE_PARKED_H
#define INKAN_CA_STORE_PARKED_H

#include "ca/store/store.h"

/*
 * Requests that wait for people: exactly what was asked (content, with its
 * SHA-256), by whom, until when, what became of it. What the content means is
 * the engine's business, and so is who may approve; ${kind} tells what asked
 * it, so that others than operators can wait here too. Rows are never removed:
 * ids are used once.
 */

#define PARKED_BY_OPERATOR "operator"
#define PARKED_BY_DEVICE "enrol"	/* parked_enrol.h has the rest of it */

enum parked_state {
	PARKED_WAITING = 1,	/* for approvals */
	PARKED_APPROVED,	/* for being run */
	PARKED_RUNNING,
	PARKED_DONE,		/* result: the answer */
	PARKED_FAILED,		/* it was run, and refused: result */
	PARKED_DENIED,
	PARKED_EXPIRED,
	PARKED_VOID,		/* what it rests on has changed */
	PARKED_INTERRUPTED	/* the program ended while it ran */
};

struct parked_row {
	int64_t id;
	char kind[16], op[65];
	enum parked_state state;
	char asker[64];			/* "admin:uid:2002" */
	int64_t uid;			/* of the asker; -1: no operator */
	char fleet[64], device[256];	/* of kind "enrol", else "" */
	int64_t need, got;		/* approvals; got is counted */
	int64_t created, expires, ended;	/* ended 0: not yet */
	int64_t log_from;		/* size of the log when it began to
					   run; 0 it did not */
	unsigned char sha256[32];	/* over content */
	char note[256];			/* why it ended so */
	unsigned char *content; size_t content_len;
	unsigned char *result; size_t result_len;	/* NULL: none */
};
void parked_row_clear(struct parked_row *row);	/* frees content, result */

/* The id that the next row will have, in this transaction. 1, or 0 raised. */
int parked_next(struct store_tx *tx, int64_t *id);
/* Insert with row->id as told by parked_next(). */
int parked_add(struct store_tx *tx, const struct parked_row *row);
/* 1 with *out to be cleared, 0 not there, -1 raised. */
int parked_get(struct store_tx *tx, int64_t id, struct parked_row *out);
/* What changes: state, ended, log_from, note, result. */
int parked_update(struct store_tx *tx, const struct parked_row *row);
struct parked_filter {		/* empty members do not filter */
	const char *kind, *fleet;
	int64_t before;			/* ids below this one */
	int open;			/* those that wait, are approved or run */
	size_t limit;
};
/* Newest first. Rows are borrowed and have no result. 1, or 0 raised. */
int parked_list(struct store_tx *tx, const struct parked_filter *f,
    int (*cb)(const struct parked_row *row, void *arg), void *arg);
/* How many of ${kind} are in that state. */
int parked_count(struct store_tx *tx, const char *kind,
    enum parked_state state, int64_t *n);
/* The oldest one in that state that expires at or before ${until} (INT64_MAX:
   whenever): its id, 0 none. 1, or 0 raised. */
int parked_first(struct store_tx *tx, enum parked_state state, int64_t until,
    int64_t *id);
/* How many of operator ${uid} (-1: of all) wait, are approved or run. */
int parked_count_open(struct store_tx *tx, int64_t uid, int64_t *n);

struct parked_approval {
	char operator[64];
	int64_t uid, time;
	const char *note;		/* signed, "" by uid alone; borrowed */
};
/* One for each operator: a second one is CA_E_DENIED ("approval.twice"). */
int parked_approve(struct store_tx *tx, int64_t id,
    const struct parked_approval *a);
/* In order of time. */
int parked_approvals(struct store_tx *tx, int64_t id,
    int (*cb)(const struct parked_approval *a, void *arg), void *arg);

const char *parked_state_name(enum parked_state s);
int parked_is_open(enum parked_state s);

/* --- what was done without approvals --- */

struct broken_row {			/* a use of break-glass */
	int64_t id, time;
	char who[64], op[65], reason[256];
	int64_t uid;
	char seen_by[64];		/* "" nobody yet */
	int64_t seen_at;
};
int broken_add(struct store_tx *tx, struct broken_row *row);	/* sets id */
int broken_get(struct store_tx *tx, int64_t id, struct broken_row *out);
int broken_see(struct store_tx *tx, int64_t id, const char *who, int64_t now);
/* Newest first; ${open}: those that nobody has acknowledged. */
int broken_list(struct store_tx *tx, int64_t before, int open, size_t limit,
    int (*cb)(const struct broken_row *row, void *arg), void *arg);

#endif
