#ifndef INKAN_OCSP_FOLLOW_H
#define INKAN_OCSP_FOLLOW_H

#include "ocsp/cache.h"
#include "ocsp/prepared.h"
#include "ocsp/readers.h"
#include "ocsp/state.h"

/*
 * Following status.db: its head, its issuers, and the changes, which drop
 * answers from the cache. Looks every FOLLOW_PERIOD_MS. A new generation,
 * another file behind the path, a change number that went back: everything in
 * the cache is dropped.
 * While the file cannot be read the last known state stands; it ages.
 */

#define FOLLOW_PERIOD_MS 150

/* Changes that are read at a time. */
#define FOLLOW_CHANGES_MAX 10000

struct follow;

/* All borrowed. */
struct follow *follow_new(const char *path, struct readers *readers,
    struct state *state, struct cache *cache);
/* Before the first look: who else is told of issuers and changes. */
void follow_prepared(struct follow *follow, struct prepared *prepared);
void follow_free(struct follow *follow); /* stops the thread, too */

/* One look. 1 when status.db could be read. Reports when that changes. */
int follow_step(struct follow *follow);

/* Look once, then from a thread of its own. 1, or 0 raised. */
int follow_start(struct follow *follow);

#endif
