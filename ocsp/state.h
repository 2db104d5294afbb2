#ifndef INKAN_OCSP_STATE_H
#define INKAN_OCSP_STATE_H

#include <time.h>
#include "ca/status/status.h"
#include "ocsp/view.h"

/*
 * What the follower last saw of status.db, for all who need it. Safe for many
 * threads.
 */

struct state;

struct state *state_new(void);
void state_free(struct state *state); /* NULL is fine */

/* The issuers, with a reference of the caller's own; NULL: not seen yet. They
   stay when status.db goes away. */
struct view *state_view(struct state *state);
/* 1, or 0: not seen yet. */
int state_head(struct state *state, struct status_head *out);

/* ${view} is given; NULL leaves the former. */
void state_set(
    struct state *state, struct view *view, const struct status_head *head);

/* A heartbeat this far ahead of our clock: one of the two clocks is wrong, and
   nothing new is said. Seconds. */
#define STATE_AHEAD_MAX 300

/* May anything new be said on what ${head} tells? Not when inkan-ca has noted
   that it stopped, nor when the heartbeat is missing, older than
   ${max_stale}, or ahead. */
int state_may_speak(
    const struct status_head *head, time_t max_stale, time_t now);

#endif
