#ifndef INKAN_CA_TRANSCRIPT_SEAL_H
#define INKAN_CA_TRANSCRIPT_SEAL_H

#include "ca/transcript/quorum.h"

/*
 * A participant signs: a ceremony's file before, a transcript after. What is
 * signed is told by the file itself. Signatures on a ceremony's file stand in a
 * note beside it (default "<file>.sigs"), those on a transcript at its end.
 */

/* The text that a participant of ${path} signs. A transcript must be whole and
   have its end: one of a rehearsal, or cut off, is refused. *is_transcript, or
   NULL. 1, or 0 raised. */
int seal_text_of(const char *path, char out[SEAL_TEXT_MAX],
    int *is_transcript);

/*
 * Put the signatures of ${note} (over that text) where they belong: into
 * ${out}, or where that is NULL beside the file or at the transcript's end.
 * Signatures that are there already stay. The file appears whole or not at all.
 * *where gets its name. Verifies no signature: who counts them does. 1, or 0
 * raised: "seal.text" (the note, or what is there, is over another text).
 */
int seal_put(const char *path, const char *note, const char *out,
    char *where, size_t size);

/* Sign and put. */
int seal_sign(const char *path, const struct note_key *who, EVP_PKEY *key,
    const char *out, char *where, size_t size);

#endif
