#ifndef INKAN_OCSP_SHARD_H
#define INKAN_OCSP_SHARD_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include "ca/status/status.h"
#include "ocsp/batch.h"

/*
 * A part of one issuer's certificates: serial, status, and the signature of
 * the answer about each, packed into one array with an index of two octets a
 * place beside it. SHARD_ENTRY octets and the signature for each certificate,
 * and about a tenth of that for room to grow in.
 *
 * What is known of a certificate and what is signed of it are kept apart: a
 * changed status takes the signature away, and a signature is kept only for
 * the status that it was made for. So it does not matter in which order a
 * change and the signature of what was before it come in.
 *
 * Safe for many threads; one lock, never held while something is signed.
 */

#define SHARD_ENTRY 32	      /* octets, without signature */
#define SHARD_CERTS_MAX 65535 /* of one shard */

struct shard_slot { /* a batch that certificates of this shard are in */
	struct batch *batch;
	uint32_t n;
};

struct shard {
	pthread_mutex_t lock;
	const uint64_t *key; /* of the hash, borrowed */
	unsigned epoch;	     /* of what is in here */
	unsigned char *entries;
	size_t n, room, stride, signature_len;
	uint16_t *index;
	size_t mask; /* 0: there is no index */
	struct shard_slot *slots;
	size_t n_slots, last_slot;
	size_t n_signed;
};

/* 1, or 0. ${key}: two words, secret, borrowed. */
int shard_init(struct shard *s, const uint64_t *key);
void shard_destroy(struct shard *s);

/* The hash that a serial has everywhere here. */
uint64_t shard_hash(
    const uint64_t *key, const unsigned char *serial, size_t len);

/* What was read at a start: taken only when nothing is known of it yet, and
   when ${epoch} is that of the shard. 1 taken, 0 not, -1 no room. */
int shard_add(struct shard *s, unsigned epoch, uint64_t hash,
    const struct status_cert *cert);
/* What has changed: taken, and its signature dropped. 1, or 0 no room. */
int shard_set(struct shard *s, uint64_t hash, const struct status_cert *cert);
/* All gone; from now on it is of that epoch. */
void shard_clear(struct shard *s, unsigned epoch);
/* Of that epoch from now on, with all that is in it. */
void shard_set_epoch(struct shard *s, unsigned epoch);
/* Drop what ended before ${now}. */
void shard_expire(struct shard *s, int64_t now);

/*
 * Up to ${max} certificates that have no signature of ${batch}, of any batch
 * when it is NULL. *cursor is 0 at first; 0 of them means: none from the
 * cursor to the end. Others may come behind the cursor, so a pass that found
 * something is followed by another.
 */
size_t shard_collect(struct shard *s, const struct batch *batch,
    size_t *cursor, struct status_cert *out, size_t max);
/* Keep the signature of the answer about just this status. 1, or 0: it has
   another status by now, is gone, or there is no room. */
int shard_put(struct shard *s, uint64_t hash, const struct status_cert *cert,
    struct batch *batch, const unsigned char *signature);

struct shard_found {
	struct status_cert cert;
	struct batch *batch; /* a reference, to be released */
	unsigned char signature[BATCH_SIGNATURE_MAX];
};
/* 1, or 0: not here, or not signed. */
int shard_find(struct shard *s, uint64_t hash, const unsigned char *serial,
    size_t len, struct shard_found *out);

struct shard_stats {
	size_t certs, signed_, bytes; /* bytes: all that was allocated */
};
/* Adds to ${sum}. */
void shard_count(struct shard *s, struct shard_stats *sum);

/* Status of ${cert} as a frame wants it; borrows the serial. */
struct frame_cert shard_frame_cert(const struct status_cert *cert);

#endif
