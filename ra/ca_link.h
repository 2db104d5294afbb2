#ifndef INKAN_RA_CA_LINK_H
#define INKAN_RA_CA_LINK_H

#include <stddef.h>
#include <event2/event.h>

#include "ca/report/prom.h"
#include "ca/wire/message.h"

/*
 * One worker's connection to inkan-ca: asynchronous, many calls in flight,
 * made again with back-off when it breaks. Never blocks the loop and belongs
 * to the thread of its event base.
 */

#define CA_LINK_RETRY_FIRST_MS 100
#define CA_LINK_RETRY_MAX_MS 2000

struct ca_link;

/* ${answer} is borrowed; NULL: inkan-ca went away before it answered. Called
   once per call, unless the call is forgotten. */
typedef void ca_link_done(const WIRE_ANSWER *answer, void *arg);

/* ${up}(arg) runs each time that the connection stands. NULL raised. */
struct ca_link *ca_link_new(struct event_base *base, const char *path,
    size_t max_calls, void (*up)(void *arg), void *arg);
/* Pending calls end with NULL. */
void ca_link_free(struct ca_link *l); /* NULL is fine */

/* The next two from any thread. */
int ca_link_is_up(const struct ca_link *l);
/* Calls that wait for their answers, forgotten ones too. */
size_t ca_link_waiting(const struct ca_link *l);
/* Times of all further calls go there (borrowed; NULL: nowhere). */
void ca_link_observe(struct ca_link *l, struct prom_histogram *h);

/* Send ${op} with ${args} (borrowed; texts named "secret" in them are wiped,
   as is the frame once it is on the wire). The call's id (> 0), or 0 raised:
   RA_E_AWAY (no connection, or max_calls in flight), RA_E_INTERNAL. ${done} is
   never called from inside. */
int64_t ca_link_call(struct ca_link *l, const char *op, WIRE_FIELDS *args,
    ca_link_done *done, void *arg);

/* Do not call back any more; a late answer is thrown away. */
void ca_link_forget(struct ca_link *l, int64_t id);

#endif
