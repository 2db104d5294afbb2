#ifndef INKAN_OCSP_TELL_H
#define INKAN_OCSP_TELL_H

#include "ocsp/standing.h"

/*
 * Tells inkan-ca through svc.sock (operation tell-own) how the responder
 * stands, so that `inkan status` can say so: every TELL_PERIOD seconds, and
 * when it turns for the worse or the better. Of the view that is noticed within
 * a second, and of a delegate that comes or goes; of one whose key signs no probe
 * within TELL_LOOK.
 * While inkan-ca is away it is tried as often. Nothing hangs on it.
 *
 * Reports when the view begins and ends to be too old for anything new to be
 * said, and when a delegate begins and ends to sign.
 */

#define TELL_PERIOD 20
#define TELL_LOOK 5 /* seconds between two probes of each key */

struct tell;

/* A thread of its own. All borrowed; ${name}: the first address with its
   port. Without svc_socket it only reports. NULL raised. */
struct tell *tell_start(const struct settings *set, struct state *state,
    struct delegates *delegates, const char *name);
void tell_stop(struct tell *t); /* NULL is fine */

/* One message about ${s}. 1, or 0 raised. */
int tell_once(const struct settings *set, const char *name,
    const struct standing *s);

#endif
