#ifndef INKAN_CA_TRANSCRIPT_QUORUM_H
#define INKAN_CA_TRANSCRIPT_QUORUM_H

#include "ca/log/note.h"

/*
 * Participants of a ceremony, and what they sign: a note (ca/log/note.h) over
 * the SHA-256 of the ceremony's file before a key is used, and over that of the
 * transcript's records when all is done.
 *
 *     inkan ceremony v1            inkan transcript v1
 *     sha256 <64 hex digits>       sha256 <64 hex digits>
 *
 * Whoever signs twice counts once. A key or a name stands for one participant.
 */

#define QUORUM_MAX 16		/* participants */
#define SEAL_TEXT_MAX 128

enum seal_kind { SEAL_CEREMONY, SEAL_TRANSCRIPT };

/* The text that is signed, with its final newline. */
void seal_text(enum seal_kind kind, const char hex[65],
    char out[SEAL_TEXT_MAX]);

struct quorum {
	struct note_key key[QUORUM_MAX];
	size_t n;
	int k;			/* how many must sign; 0: nobody need */
};
void quorum_clear(struct quorum *q);
/* One more. 1, or 0 raised: "participants.twice" (name or key),
   "participants.many". ${key} is given. */
int quorum_add(struct quorum *q, struct note_key *key);
int quorum_add_vkey(struct quorum *q, const char *vkey);

struct conf_group;
/* The keys «participants» and «quorum» of a ceremony file: ${root} is its root,
   ${dir} its folder. None: nobody, k 0. Whose kind of key is that? See
   quorum_key_read(). 1, or 0 raised. */
int quorum_read(const struct conf_group *root, const char *dir,
    struct quorum *out);
/* The same from the file itself, of which nothing else is read. */
int quorum_read_ceremony(const char *path, struct quorum *out);
/* Of the file only how many must sign. */
int quorum_read_size(const char *path, int *k);
/* A file with one verifier key in each line; # begins a comment. */
int quorum_read_list(const char *path, struct quorum *out);
/* A participant's key from a file: a verifier key (whose name must be ${name}),
   a PEM public key or certificate. */
int quorum_key_read(const char *path, const char *name, struct note_key *out);

/* What was signed, by whom. */
struct quorum_seen {
	char by[QUORUM_MAX];		/* of q->key: he signed */
	char line[QUORUM_MAX][1024];	/* his signature, "name+id base64" */
	size_t n, twice;
	char again[NOTE_NAME_MAX];	/* one who signed twice */
};
/*
 * Add the signatures of a note, which must be one over ${text}. ${what} is what
 * errors call it. 1, or 0 raised: "quorum.hash" (another text), "quorum.unknown"
 * (a signer who is no participant), "quorum.signature" (it does not hold).
 */
int quorum_take(const struct quorum *q, const char *text, const char *note,
    size_t len, const char *what, struct quorum_seen *seen);
/* Are they enough? 1, or 0 raised: "quorum.short", or "quorum.twice" where one
   signed twice and it would have been enough otherwise. */
int quorum_enough(const struct quorum *q, const struct quorum_seen *seen,
    const char *what);

/* Names of who signed, ", " between them. */
void quorum_names(const struct quorum *q, const struct quorum_seen *seen,
    char *out, size_t size);

#endif
