#ifndef INKAN_CA_ENGINE_CA_H
#define INKAN_CA_ENGINE_CA_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "ca/engine/admit.h"
#include "ca/engine/anchor.h"
#include "ca/engine/clients.h"
#include "ca/engine/clock.h"
#include "ca/engine/issue.h"
#include "ca/engine/load.h"
#include "ca/engine/logpub.h"
#include "ca/engine/policy.h"
#include "ca/engine/settings.h"
#include "ca/engine/told.h"
#include "ca/engine/tokens.h"
#include "ca/engine/verifier.h"
#include "ca/status/status.h"
#include "hsm/hsm.h"

/*
 * One instance: what inkan-ca's threads share. Issuers are loaded at start;
 * more may come while the program runs, and none goes (issuer.h). The policy is
 * replaced whole.
 */

struct ca {
	struct settings *settings;
	struct store *store;
	struct status_writer *status;
	struct issuer_set issuers;
	/* SHA-256 of our CA certificates, also of those that were renewed; it
	   grows as the set of issuers does. */
	unsigned char (*own_roots)[32];
	size_t own_roots_max;
	atomic_size_t n_own_roots;
	pthread_mutex_t issuers_lock;	/* held by who changes the CAs */
	struct clock clock;
	struct auth_limits *limits;
	struct maker_crls *maker_crls;
	struct verifier verifier;	/* borrows from settings */
	struct clients *clients;	/* how they behave; NULL in some tests */
	struct logpub *log;	/* what is published of the log; NULL in some
				   tests */
	struct anchors *anchors;	/* which root a contact shows to be used */

	struct told_all *told;	/* by responders, of themselves; likewise */

	struct ca_token *tokens;	/* the first is that of ${token} */
	size_t n_tokens;

	pthread_mutex_t policy_lock;
	struct policy *policy;

	pthread_mutex_t crl_lock;	/* one CRL at a time */
	struct { int64_t microseconds, entries; } crl_cost;	/* of the last */
	atomic_int crl_wanted;		/* a revocation wants a new CRL soon:
					   the store says which */
	atomic_uint revoke_rate;	/* certificates a second, of the last
					   stage of a campaign; 0 not known */
	atomic_uint_fast64_t refused;	/* unauthenticated refusals this hour */
	time_t refused_hour;
	time_t started;
	struct ca_load load;	/* what is counted of all this */
};

/* Open everything but the sockets. A token that is absent does not prevent the
   start (it is retried); a PIN that is wrong does (HSM_E_PIN raised). */
struct ca *ca_open(struct settings *settings, time_t now);
void ca_close(struct ca *ca);

/* The active policy, to be given back with policy_put(). */
struct policy *ca_policy(struct ca *ca);
/* Compile the store's active version and use it from now on. */
int ca_policy_reload(struct ca *ca);

/* Add a CA that stands in the store now (given, unless 0 is raised), or put
   ${fresh} (given) in the place of ${was}. The caller holds issuers_lock, and
   for the latter the write lock of the token. */
/* Is there room for one more certificate, and (${more}) for one more CA? To be
   asked before the store is told of it. 1, or 0 raised ("issuer.limit"). */
int ca_issuer_room(struct ca *ca, int more);
int ca_issuer_add(struct ca *ca, struct issuer *is);
int ca_issuer_replace(struct ca *ca, struct issuer *was, struct issuer *fresh);

/* Is issuing allowed now? Judges the clock and the log. 1, or 0 with
   CA_E_STOPPED. */
int ca_may_issue(struct ca *ca);
/* May CRLs be signed, and what status.db says be called fresh? Judges the clock
   alone: an operator's stop ends issuing, not the news of revocations. As
   above. */
int ca_may_vouch(struct ca *ca);
/* Both clocks, in seconds. */
void ca_clocks(int64_t *wall, int64_t *boot);

/* Write an entry of the log in a transaction of its own. Frees ${detail}. */
int ca_log(struct ca *ca, const char *kind, WIRE_FIELDS *detail, time_t now,
    int flags);

#endif
