#ifndef INKAN_CA_AUDIT_PRIVATE_H
#define INKAN_CA_AUDIT_PRIVATE_H

#include "ca/audit/audit.h"
#include "ca/log/leaf.h"
#include "ca/store/certs.h"
#include "ca/store/records.h"

/* What the files of an audit share. */

struct audit {
	const struct audit_config *c;
	struct audit_result *r;
};

/* ${detail}: of the entry, to name its certificate; or NULL. */
void audit_say(struct audit *a, const char *what, int64_t index,
    const WIRE_FIELDS *detail, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void audit_say_cert(struct audit *a, const char *what, int64_t index,
    const struct cert_row *row, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* "2026-11-21T07:00:00Z" */
#define AUDIT_TIME_MAX 32
const char *audit_time(int64_t when, char out[AUDIT_TIME_MAX]);

/*
 * marks.c: roots that the tree must have at certain sizes. Leaves come one by
 * one; when a mark's size is reached, its root is held against the tree's.
 */
struct mark {
	uint64_t size;
	struct log_hash root;
	char label[320];	/* "the checkpoint of --since" */
};

struct marks {
	const char *whose;	/* "the store", "the published log" */
	struct mark *mark;
	size_t n, room, next;
	struct log_frontier tree;
	uint64_t agreed;	/* the last size at which all was well */
	int broken;		/* leaves are missing: nothing can be said */
};

/* 1, or 0 raised (memory). */
int marks_add(struct marks *m, uint64_t size, const struct log_hash *root,
    const char *label);
/* No more are added; those of size 0 are looked at. */
int marks_begin(struct audit *a, struct marks *m);
int marks_leaf(struct audit *a, struct marks *m, const struct log_hash *h);
/* No more leaves: what is larger than the tree is told. */
void marks_end(struct audit *a, struct marks *m);
void marks_clear(struct marks *m);

/*
 * shifts.c: entries that the store and the published log have at one index, and
 * that differ; and what only one of them has. At the end commitments tell which
 * of them were moved, which put in, which taken out.
 */
#define SHIFTS_MAX 4096		/* of each side; more are counted */

struct shift {
	int64_t index;
	struct log_leaf leaf;	/* its commitment says who it is */
	char issuer[80], serial[41];
};

struct shifts {
	struct shift *own, *pub;	/* SHIFTS_MAX each */
	size_t n_own, n_pub, more;
};

/* Either is NULL where that side has nothing. 1, or 0 raised (memory). */
int shifts_add(struct shifts *s, const struct log_leaf *own,
    const WIRE_FIELDS *detail, const struct log_leaf *pub, int64_t index);
void shifts_tell(struct audit *a, struct shifts *s);
void shifts_clear(struct shifts *s);

/*
 * published.c: the leaves of a published log in their order, each held against
 * the tiles.
 */
struct published;

struct published_leaf {
	int64_t index;
	int known;		/* the bundle has it, and it is a leaf */
	struct log_leaf leaf;
	int hashed;		/* ${hash} is known, from a bundle or a tile */
	struct log_hash hash;
};

/* From leaf ${from} on, of a log of ${size}. Tiles above the leaves are looked
   at only where it is 0. NULL raised. */
struct published *published_new(struct audit *a, struct source *s,
    uint64_t from, uint64_t size);
/* The next one: 1; 0 after the last; -1 raised. */
int published_next(struct published *p, struct published_leaf *out);
void published_free(struct published *p);

/* replay.c: what the entries say of the certificates, and whether the store
   says the same. NULL, or 0, raised. */
struct replay;

struct replay *replay_new(struct audit *a, struct store_tx *tx);
int replay_entry(struct replay *r, const struct entry_row *row,
    const WIRE_FIELDS *detail);
/* An entry whose detail is lost: what it told of whom, is not known. NULL is
   fine. */
void replay_lost(struct replay *r);
int replay_end(struct replay *r);
void replay_free(struct replay *r);

/* walk.c: the two sides, step by step. */
struct walk;

struct walk *walk_new(struct audit *a, struct store_tx *tx);
int walk_row(struct walk *w, const struct entry_row *row);
int walk_end(struct walk *w);
void walk_free(struct walk *w);
/* Marks of what was signed, to be filled before the first step. */
struct marks *walk_own(struct walk *w), *walk_published(struct walk *w);

/* notes.c: every checkpoint of the store as a mark, and its signature. 1, or 0
   raised. */
int notes_read(struct audit *a, struct store_tx *tx, struct marks *m);

#endif
