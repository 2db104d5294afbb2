#ifndef INKAN_RA_SEEN_H
#define INKAN_RA_SEEN_H

#include <stddef.h>

#include "ca/shape/head.h"
#include "ca/wire/field.h"

/*
 * What one worker saw of its clients and answered without inkan-ca: counts by
 * label, User-Agent and fact, gathered and told now and then ("clients"). No
 * address, no identity. Bounded: what does not fit any more is left out until
 * the next time. Belongs to the worker's thread.
 */

#define SEEN_MAX 256	   /* counts */
#define SEEN_PART 50	   /* of them in one message */
#define SEEN_EVERY_S 60	   /* seconds between two times */
#define SEEN_AGENT_MAX HEAD_AGENT_MAX

struct seen;

struct seen *seen_new(void); /* NULL: out of memory, raised */
void seen_free(struct seen *s);

/* One more of ${what} ("request", "crlf", "refused:media.type"). */
void seen_note(struct seen *s, const char *label, const char *agent,
    const char *what);
size_t seen_n(const struct seen *s);

/* The first SEEN_PART of them as arguments of "clients", and out of ${s}. To be
   freed with field_list_free(). NULL: there is nothing (nothing raised), or
   raised. */
WIRE_FIELDS *seen_take(struct seen *s);

#endif
