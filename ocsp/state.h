#ifndef INKAN_OCSP_STATE_H
#define INKAN_OCSP_STATE_H

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

#endif
