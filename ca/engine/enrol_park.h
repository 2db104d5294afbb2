#ifndef INKAN_CA_ENGINE_ENROL_PARK_H
#define INKAN_CA_ENGINE_ENROL_PARK_H

#include "ca/engine/stage.h"
#include "ca/store/parked_enrol.h"

/*
 * Requests of devices that wait for people. Rows, approvals and ends are those
 * of operators' requests (parking.h); what differs is who runs them:
 *
 *	waiting -> approved -> done	(a certificate is reserved for it)
 *	   |          | ^------- '	(and came to nothing)
 *	   '-> denied, expired, void
 *
 * The device asks again until there is an answer. All stages judge it each
 * time, and so does the last one, after the approval: it is issued then and not
 * before, by a party that is authenticated at that moment. Nothing is signed
 * that nobody fetches, a key that is made here is made for whoever is there, and
 * a device or a secret that has been taken out of service since gets nothing.
 *
 * A device has one open request. The same one (enrol_ask.h) goes on waiting;
 * another one by the same credential takes its place, and the older is told so;
 * one by another credential is refused while the first is open. What it rests
 * on - profile, fleet, identity, key, names - is looked at with each poll: a
 * change makes it void, and it is parked anew. A denial stands for that request
 * until it would have expired. An expiry is told once; after that the same can
 * be asked anew.
 *
 * A one-time secret is not used up by waiting, and stands for one device's
 * request at a time.
 *
 * Everything is in the store: any process that speaks to inkan-ca can poll.
 */

/*
 * The stage at hand wants people to decide, by ${rule}, with ${need} approvals
 * (never less than the fleet says). 1: they have approved exactly this, go on;
 * t->a->parked is the request. 0 with the outcome: WIRE_PENDING with
 * retry_after, or a refusal ("approve.*"), or raised. explain parks nothing.
 */
int stage_park(struct admitting *t, const char *rule, int64_t need);

/* Seconds until the device should ask again: longer as it waits. */
int64_t enrol_park_retry(const struct fleet *f, int64_t created,
    int64_t expires, int64_t now);

/* Inside the reserving transaction: the approved request is used up by ${row}, or
   CA_E_BUSY ("enrol.busy") when another poll was first. Nothing where ${a} rests
   on none. */
int enrol_park_use(struct store_tx *tx, const struct admission *a,
    const struct cert_row *row, time_t now);
/* ${row} came to nothing: what was used up for it is approved again. */
int enrol_park_unuse(struct store_tx *tx, const struct cert_row *row);

/* Does the content say what is so under this policy? 1, 0, -1 raised. */
int enrol_park_holds(const struct policy *policy, const struct parked_row *row,
    const WIRE_FIELDS *content);

#endif
