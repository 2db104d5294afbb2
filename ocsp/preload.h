#ifndef INKAN_OCSP_PRELOAD_H
#define INKAN_OCSP_PRELOAD_H

#include "ocsp/prepared.h"

/*
 * Reading what status.db has about the issuers whose answers are signed ahead:
 * at the start, and again when it was made anew. Page by page, in the order of
 * change numbers, so that no transaction is a long one; what changes meanwhile
 * comes by the follower, which knows better.
 */

#define PRELOAD_PAGE 10000 /* rows at a time */

struct preload;

/* All borrowed. NULL: out of memory. */
struct preload *preload_new(
    const char *status_db, struct prepared *prepared);
void preload_free(struct preload *l); /* NULL is fine */

/* One page, when something is to be read: 1. 0: nothing is. -1 raised: it is
   tried again at the next call. *began: a reading has begun, and shards that
   were emptied count as new ones. */
int preload_step(struct preload *l, time_t now, int *began);

#endif
