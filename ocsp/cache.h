#ifndef INKAN_OCSP_CACHE_H
#define INKAN_OCSP_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include "ocsp/reply.h"

/*
 * Signed answers about one certificate each, in memory. Found first by the
 * raw octets of a request (so that a request seen before is not parsed
 * again), then by its CertID; dropped by (issuer, serial), whatever the hash
 * of the CertID was. Safe for many threads.
 *
 * A revocation may become visible between the moment when a worker read the
 * status and the moment when it puts the answer in. Therefore a worker takes
 * cache_epoch() before it reads, and cache_put() keeps nothing when a drop
 * has come in between.
 *
 * Limits: ${max} answers, CACHE_ALIASES raw requests for each, raw requests
 * of at most CACHE_REQUEST_MAX octets, CertIDs of at most CACHE_CERTID_MAX,
 * which no certificate of ours exceeds. When full, answers that were not asked
 * for lately go first. Whether an answer is still fresh is the caller's to
 * judge (struct reply says when it ends).
 */

#define CACHE_REQUEST_MAX 256
#define CACHE_ALIASES 4
#define CACHE_CERTID_MAX 173 /* octets: SHA-512 and a serial of 20 octets */

struct cache;

struct cache *cache_new(size_t max);  /* NULL: out of memory */
void cache_free(struct cache *cache); /* NULL is fine */

/* The answer with a reference of the caller's own, or NULL. */
struct reply *cache_find_request(
    struct cache *cache, const unsigned char *request, size_t len);
/* Also remembers ${request} as another way to ask. */
struct reply *cache_find_certid(struct cache *cache,
    const unsigned char *certid, size_t certid_len,
    const unsigned char *request, size_t len);

uint64_t cache_epoch(struct cache *cache);

struct cache_key {
	int64_t issuer;
	const unsigned char *serial; /* at most 20 octets */
	size_t serial_len;
	const unsigned char *certid; /* DER */
	size_t certid_len;
	const unsigned char *request; /* raw */
	size_t request_len;
};

/* Takes a reference of its own; replaces the answer to the same CertID. 1
   when it was kept, 0 when the epoch has passed, a key is too long or memory
   is short (nothing raised: the answer is good all the same). */
int cache_put(struct cache *cache, uint64_t epoch, const struct cache_key *key,
    struct reply *reply);

void cache_drop(struct cache *cache, int64_t issuer,
    const unsigned char *serial, size_t len);
void cache_flush(struct cache *cache);
size_t cache_count(struct cache *cache);

#endif
