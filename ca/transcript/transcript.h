#ifndef INKAN_CA_TRANSCRIPT_TRANSCRIPT_H
#define INKAN_CA_TRANSCRIPT_TRANSCRIPT_H

#include <stddef.h>
#include <time.h>

/*
 * The transcript of a ceremony: a text that a person reads and that a stranger
 * checks with sha256sum (docs/ceremony.md has the format to the octet).
 *
 *     inkan transcript v1
 *     1 2026-11-29T19:25:17Z begin kind="init" ... prev=<64 hex digits>
 *     2 2026-11-29T19:25:18Z token label="inkan-ca" ... prev=<...>
 *     ...
 *     9 2026-11-29T19:25:30Z end result="done" prev=<...>
 *
 * «prev» is the SHA-256 of every octet of the file before this line, so that no
 * line can be changed, left out or moved without breaking all that follow. In a
 * value, `"` and `\` are written with a `\` before them, and an octet below 32
 * or 127 as \xHH. Nothing is ever overwritten: a file that is there gets a
 * neighbour (PATH.2, PATH.3 ...).
 *
 * After the last record there may be one empty line and a signed note (seal.h)
 * over the SHA-256 of all records.
 */

#define TRANSCRIPT_HEAD "inkan transcript v1\n"
/* A rehearsal is no evidence, and says so where it begins. */
#define TRANSCRIPT_HEAD_DRY "inkan rehearsal v1\n"
#define TRANSCRIPT_END "end"	/* the act that ends it */
#define TRANSCRIPT_FIELDS_MAX 32
#define TRANSCRIPT_LINE_MAX 16384	/* octets */
#define TRANSCRIPT_MAX (16L * 1024 * 1024)

/* ---- writing ---- */

struct transcript;

/* A new file: ${path}, or the first of its neighbours that is not there. To be
   freed with transcript_close(). NULL raised. */
struct transcript *transcript_create(const char *path, int dry);
/* Go on with one that was interrupted. What a crash left of a last line is cut
   off. NULL raised: not there, or not a transcript of ours (its chain breaks,
   it has ended). */
struct transcript *transcript_continue(const char *path);
const char *transcript_path(const struct transcript *t);
/*
 * One record. Pairs of name and value follow, ended by NULL; a pair whose value
 * is NULL is left out. It is written with one write(2). Once that fails, all
 * later calls do. 1, or 0 raised.
 */
int transcript_add(struct transcript *t, time_t now, const char *act, ...)
    __attribute__((sentinel));
/* What the next record's «prev» will be, in lower-case hex, and how many records
   there are. */
int transcript_digest(struct transcript *t, char hex[65], size_t *n);
/* Durable: data and name. 1, or 0 raised. */
int transcript_sync(struct transcript *t);
void transcript_close(struct transcript *t);	/* NULL is fine */

/* ---- reading ---- */

struct transcript_field {
	const char *name, *value;	/* unescaped */
};

struct transcript_record {
	size_t n;			/* from 1 */
	const char *time, *act;
	struct transcript_field field[TRANSCRIPT_FIELDS_MAX];
	size_t n_fields;
	char prev[65];
};

/* NULL where the record has no such field. */
const char *transcript_value(const struct transcript_record *rec,
    const char *name);

struct transcript_text {
	int dry;
	size_t n;			/* records */
	size_t len;			/* octets of head and records */
	char digest[65];		/* SHA-256 of these, hex */
	const char *note;		/* behind the empty line; NULL none */
	size_t note_len;
};

/*
 * Read all of ${text}: form, numbers, chain. Each record is given to ${cb}
 * (may be NULL), which ends the reading with 0 and something raised. 1, or 0
 * raised: "transcript.format: line N: ...", "transcript.chain: line N: ...".
 * What acts mean is not checked, nor that there is an end, nor the note.
 */
int transcript_scan(const char *text, size_t len, struct transcript_text *out,
    int (*cb)(const struct transcript_record *rec, void *arg), void *arg);

/* A whole file of at most ${max} octets, NUL behind it; freed with
   OPENSSL_free(). NULL raised. */
char *transcript_slurp(const char *path, size_t max, size_t *len);
/* SHA-256 as lower-case hex. 1, or 0 raised. */
int transcript_sha256(const void *data, size_t len, char hex[65]);

#endif
