#ifndef INKAN_CA_ENGINE_SCHEDULE_CRL_H
#define INKAN_CA_ENGINE_SCHEDULE_CRL_H

#include "ca/engine/ca.h"

/*
 * When which CRL is made: the schedule's part that concerns CRLs.
 *
 *  - what is due: after crl_interval, at the latest at half of the validity;
 *    what became due while the program was down is made in the first round;
 *  - what is owed: the shard of a revocation, hold or release. The first after
 *    a quiet time is made at once; then SCHEDULE_CRL_GAP seconds pass, or ten
 *    times what the last one took, before the next one of that shard, so that
 *    a thousand revocations make a few CRLs;
 *  - what failed: again after SCHEDULE_CRL_RETRY seconds, then more
 *    seldom. One shard's failure delays no other.
 *
 * At most SCHEDULE_CRL_BATCH in one round: the heartbeat must not wait.
 */

#define SCHEDULE_CRL_GAP 5
#define SCHEDULE_CRL_RETRY 10
#define SCHEDULE_CRL_RETRY_MAX 60
#define SCHEDULE_CRL_BATCH 32

struct schedule_crl;
struct schedule_crl *schedule_crl_new(struct ca *ca);
void schedule_crl_free(struct schedule_crl *s);	/* NULL is fine */
void schedule_crl_round(struct schedule_crl *s, time_t now);

#endif
