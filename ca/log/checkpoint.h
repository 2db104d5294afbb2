#ifndef INKAN_CA_LOG_CHECKPOINT_H
#define INKAN_CA_LOG_CHECKPOINT_H

#include "ca/log/note.h"
#include "ca/log/tree.h"

/*
 * A checkpoint (C2SP tlog-checkpoint): the note by which a log stands for its
 * size and root. Lines: origin, size, base64 of the root; we write no others
 * and ignore those of others.
 */

struct log_checkpoint {
	char origin[NOTE_NAME_MAX];
	uint64_t size;
	struct log_hash root;
};

/* The note's text. 1 into out[size], or 0 raised. */
int checkpoint_print(const struct log_checkpoint *c, char *out, size_t size);
/* From a note's text. 0 raised ("checkpoint.format: ..."). */
int checkpoint_parse(struct log_checkpoint *c, const char *text);
/* A whole signed checkpoint: its note is read, its origin must be ${key}'s name
   and ${key} must have signed ("checkpoint.origin", "checkpoint.signature").
   Cosignatures are the caller's to look at (note_verify()). */
int checkpoint_open(struct log_checkpoint *c, const char *in, size_t len,
    const struct note_key *key);

#endif
