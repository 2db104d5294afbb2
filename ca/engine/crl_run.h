#ifndef INKAN_CA_ENGINE_CRL_RUN_H
#define INKAN_CA_ENGINE_CRL_RUN_H

#include "ca/engine/ca.h"

/*
 * CRLs of a running instance: with the CA's key at hand, one at a time, told in
 * the program's log.
 */

/* Does inkan-ca sign this CA's CRLs? A root's are made in ceremonies. Whether a
   disabled CA still needs any says retire.h. */
int crl_run_is_ours(const struct issuer *is);

/* One CRL of the CA of that ident, which must have that shard; ${req} is the
   request's id for the log, or NULL. ${out} may be NULL; its der is given as by
   crl_issue_shard(). 1, or 0 raised. */
int crl_run_issue(struct ca *ca, const char *ident, int shard, const char *req,
    time_t now, struct crl_row *out);

/* What the last CRL that this process made took, in microseconds (0: none was
   made), and how many entries it had. Waits for one that is being made. */
int64_t crl_run_cost(struct ca *ca, int64_t *entries);

/* Another count of shards, for a CA that has issued nothing yet; on record as
   ${who}'s act. Refused otherwise: CA_E_DENIED, "crl.shards: ...". */
int crl_run_set_shards(struct ca *ca, const char *ident, int shards,
    const char *who, time_t now);

/* How a CRL stands at ${now}. */
enum crl_run_state {
	CRL_RUN_FRESH,
	CRL_RUN_LATE,	/* the next one is overdue by more than a margin */
	CRL_RUN_OVER,	/* nextUpdate is past: verifiers refuse it */
	CRL_RUN_NONE
};
/* ${row}: the newest of its shard; number 0: there is none. ${due} gets when
   the next one was or is due. Pure. */
enum crl_run_state crl_run_look(const struct issuer *is,
    const struct crl_row *row, time_t now, int64_t *due);

#endif
