#ifndef INKAN_CA_AUDIT_SOURCE_H
#define INKAN_CA_AUDIT_SOURCE_H

#include "ca/log/checkpoint.h"
#include "ca/log/tile.h"

/*
 * Where a published log is read from: its folder, or its address (plain HTTP
 * through OpenSSL's client; what is read is signed or hashed, so that nothing
 * is gained by TLS). Nothing that comes from here is believed: callers hold it
 * against a checkpoint.
 *
 * One thread. An answer is bounded in size, a request in time (20 s). Over HTTP
 * the error queue should be empty before a call: what the client raises is read
 * off it.
 */

struct source;

/* ${where} is a folder, or begins with "http://". Freed with source_free(); NULL
   raised. */
struct source *source_open(const char *where);
void source_free(struct source *s);
const char *source_where(const struct source *s);	/* borrowed */

/* The file ${name}, at most ${max} octets, with a NUL behind it; to be freed with
   OPENSSL_free(). 1; 0 it is not there, nothing raised; -1 raised. */
int source_get(struct source *s, const char *name, size_t max,
    unsigned char **out, size_t *len);

/* A tile or bundle: where a partial one is gone, the full one that took its
   place (its first t->width hashes or leaves are the same). As source_get(). */
int source_tile(struct source *s, const struct log_tile *t,
    unsigned char **out, size_t *len);
/* A log_tile_fn whose ${arg} is the source. Raises "log.tile: ..." for a tile that
   is not there. */
int source_fetch(const struct log_tile *t, unsigned char *buf, size_t *len,
    void *arg);

/* The published checkpoint: *note to be freed with OPENSSL_free(), and what it
   says when ${key} has signed it. 1, or 0 raised. */
int source_checkpoint(struct source *s, const struct note_key *key,
    struct log_checkpoint *out, char **note);
/* The verifier key that lies beside the log ("log.vkey"), which is worth what the
   place is worth. 1, 0 none, -1 raised. */
int source_key(struct source *s, struct note_key *out);

#endif
