#ifndef INKAN_CA_ENGINE_SUPERSEDED_H
#define INKAN_CA_ENGINE_SUPERSEDED_H

#include <time.h>
#include "ca/engine/policy.h"
#include "ca/store/store.h"

/*
 * What becomes of a certificate that has been renewed (superseded in
 * inkan-fleet(5)). The guard notes it with the renewal; an authenticated
 * contact with the successor is its first use; the schedule revokes, for
 * superseded, and puts that in the log.
 *
 * A renewal that came to nothing (aborted) leaves its predecessor alone.
 */

/* The successor of ${cert} (row; 0: of none) has authenticated a party. What
   cannot be noted is noted at the next contact. */
void superseded_contact(struct store *store, int64_t cert, time_t now);

/* Revoke what is due, at most SUPERSEDED_AT_ONCE of it; how many in *n. 1, or 0
   raised. */
#define SUPERSEDED_AT_ONCE 200
int superseded_round(struct store *store, const struct policy *policy,
    time_t now, size_t *n);

#endif
