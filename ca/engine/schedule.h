#ifndef INKAN_CA_ENGINE_SCHEDULE_H
#define INKAN_CA_ENGINE_SCHEDULE_H

#include "ca/engine/ca.h"

/*
 * What happens by itself, in a thread of its own, so that a slow token delays
 * no connection: heartbeat of status.db, clock check, CRLs that are due (or
 * wanted after a revocation), the token's return, the hourly sum of refusals.
 */
struct schedule;
struct schedule *schedule_start(struct ca *ca);
void schedule_stop(struct schedule *s);	/* NULL is fine; waits */

/* The same without a thread, for the tests, and one round: what is due at
   ${now}. */
struct schedule *schedule_new(struct ca *ca);
void schedule_round(struct schedule *s, time_t now);

#endif
