#ifndef INKAN_OCSP_PREPARED_H
#define INKAN_OCSP_PREPARED_H

#include <stdatomic.h>
#include "ocsp/cache.h"
#include "ocsp/settings.h"
#include "ocsp/shard.h"
#include "ocsp/view.h"

/*
 * Answers signed ahead, for the issuers whose delegate says prepare = "all":
 * every certificate of theirs that has not ended, spread by a secret hash over
 * PREPARED_SHARDS shards, each of which is signed as one batch and is due at
 * a moment of its own. Three parties meet here, each safe from the others:
 *
 *   the follower  tells of issuers and of changed certificates; a change takes
 *                 the signature away at once
 *   prepare.h     reads what there was at the start, and signs
 *   workers       ask
 *
 * An answer is put together when it is asked for, and kept in the cache when
 * it is asked for twice in short order. What is not here is no one's loss: it
 * is signed on demand, as everything is for other issuers.
 */

#define PREPARED_SHARDS 1024
#define PREPARED_ISSUERS_MAX SETTINGS_DELEGATES_MAX

struct prepared_shard {
	struct shard shard;
	atomic_int dirty;   /* it has certificates that changed */
	atomic_int cleared; /* what was signed is gone */
	time_t due;	    /* 0: never signed; only prepare.h looks at it */
};

struct prepared_issuer {
	atomic_llong id; /* -1: it means another by now */
	char ident[80];
	struct frame_issuer frame;
	const struct policy *policy; /* of the settings */
	struct prepared_shard shards[PREPARED_SHARDS];
};

struct prepared;

/* Of which issuers: the delegates' ${prepare}. Borrowed. NULL: no memory. */
struct prepared *prepared_new(const struct settings *set);
void prepared_free(struct prepared *p); /* NULL is fine; so below */

/* ---- for the follower, one thread ---- */

/* Issuers that are new are known from now on, and what they have is to be
   read. */
void prepared_view(struct prepared *p, const struct view *view);
void prepared_change(struct prepared *p, const struct status_cert *cert);
/* Nothing of what was known holds any more: it is to be read again. */
void prepared_reset(struct prepared *p);

/* ---- for workers ---- */

/*
 * The answer to a request, when it is one CertID in its usual encoding and
 * nothing else, and an answer that has not ended is here. Returned with one
 * reference, else NULL (nothing raised). *late: it is beyond its refresh, so
 * that a newer one should be tried for; else it is kept in ${cache} when it
 * was asked for just before.
 */
struct reply *prepared_request(struct prepared *p, struct cache *cache,
    const unsigned char *der, size_t len, time_t now, int *late);
/* The same for a CertID. */
struct reply *prepared_certid(struct prepared *p, const unsigned char *der,
    size_t len, time_t now, int *late);

/* ---- for prepare.h ---- */

size_t prepared_n_issuers(const struct prepared *p);
struct prepared_issuer *prepared_issuer(struct prepared *p, size_t i);
struct prepared_shard *prepared_shard_of(struct prepared *p,
    struct prepared_issuer *issuer, const struct status_cert *cert,
    uint64_t *hash);

/* 0 when nothing is to be read; else what goes along with it. A second call
   with the same epoch is 0 until more is to be read. */
unsigned prepared_wants(struct prepared *p);
/* One certificate as it was found. 1, or 0: stop, it is of no use any more. */
int prepared_load(
    struct prepared *p, unsigned epoch, const struct status_cert *cert);

/* All issuers together. */
void prepared_count(struct prepared *p, struct shard_stats *out);

#endif
