#ifndef INKAN_CA_ENGINE_PARKING_H
#define INKAN_CA_ENGINE_PARKING_H

#include "ca/engine/ops.h"
#include "ca/engine/scope.h"
#include "ca/store/parked.h"

/*
 * Requests of operators that wait for approvals:
 *
 *	waiting -> approved -> running -> done | failed
 *	   |          |           '-> interrupted   (the program ended)
 *	   '-> denied, expired, void <-'
 *
 * The content is what was asked, what it rests on (scope.h), by whom and until
 * when, with a nonce; its SHA-256 is what approvers sign (ca/log/approval.h).
 * It is made again before a request is approved and before it is run: what is
 * not the same, octet for octet, voids it.
 *
 * Devices' requests (enrol_park.h) have the same rows, approvals and ends; they
 * are not run here, but used up when the device asks again.
 *
 * A request is run once: «running» is durable before the operation begins, and
 * nothing leads back from there. Each step is a transaction with its log entry.
 */

#define PARKING_OPEN_MAX 100	/* that one asker has open */

/* Park the call; its answer tells of it (WIRE_PENDING). ${s} was found under
   ${policy}. 1, or 0 as an operation fails ("approval.limit";
   "approval.secret": a secret of one's own choice is not kept). */
int parking_add(struct ops_call *c, const struct policy *policy,
    const struct scope *s);

/* The request, to be cleared; what is over by now is ended first. 1, or 0 with
   c->o. */
int parking_get(struct ops_call *c, int64_t id, struct parked_row *row);
/* Does the content still say what is so? 1; 0 with c->o ("approval.void", and
   the request is ended). */
int parking_holds(struct ops_call *c, struct parked_row *row);
/* Write an approval; *state is what the request is now. 1, or 0 raised
   ("approval.twice", "approval.state"). */
int parking_approve(struct ops_call *c, const struct parked_row *row,
    const struct parked_approval *a, enum parked_state *state);
int parking_deny(struct ops_call *c, const struct parked_row *row,
    const char *why);
/* Run an approved one, once. 1 with its answer, whatever that says, to be freed
   with WIRE_ANSWER_free(); 0 with c->o or raised: it was not run. */
int parking_run(struct ops_call *c, struct parked_row *row,
    WIRE_ANSWER **answer);

/* End what has expired. 1, or 0 raised. */
int parking_sweep(struct store *store, time_t now);
/* At start: what ran when the program ended is interrupted. *n so many. */
int parking_recover(struct store *store, time_t now, size_t *n);

#endif
