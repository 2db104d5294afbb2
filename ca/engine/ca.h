#ifndef INKAN_CA_ENGINE_CA_H
#define INKAN_CA_ENGINE_CA_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "ca/engine/admit.h"
#include "ca/engine/clock.h"
#include "ca/engine/issue.h"
#include "ca/engine/policy.h"
#include "ca/engine/settings.h"
#include "ca/status/status.h"
#include "hsm/hsm.h"

/*
 * One instance: what inkan-ca's threads share. Issuers are loaded at start
 * and do not change while the program runs; the policy is replaced whole.
 */

struct ca {
	struct settings *settings;
	struct store *store;
	struct status_writer *status;
	struct issuer_set issuers;
	unsigned char (*own_roots)[32];	/* SHA-256 of our CA certificates */
	struct clock clock;
	struct auth_limits *limits;

	pthread_rwlock_t token_lock;	/* hsm and the issuers' keys */
	struct hsm *hsm;		/* NULL: token away */
	char token_error[256];		/* why, for status */
	int token_pin_refused;		/* at the last try */
	time_t token_tried;

	pthread_mutex_t policy_lock;
	struct policy *policy;

	pthread_mutex_t crl_lock;	/* one CRL at a time */
	atomic_int crl_wanted;		/* a revocation wants a new CRL soon */
	atomic_uint revoke_rate;	/* certificates a second, of the last
					   stage of a campaign; 0 not known */
	atomic_uint_fast64_t refused;	/* unauthenticated refusals this hour */
	time_t refused_hour;
	time_t started;
};

/* Open everything but the sockets. A token that is absent does not prevent the
   start (it is retried); a PIN that is wrong does (HSM_E_PIN raised). */
struct ca *ca_open(struct settings *settings, time_t now);
void ca_close(struct ca *ca);

/* The active policy, to be given back with policy_put(). */
struct policy *ca_policy(struct ca *ca);
/* Compile the store's active version and use it from now on. */
int ca_policy_reload(struct ca *ca);

/* The issuer of that ident or name, with its key at hand; the token is opened
   again where it was away. Hold the read lock of token_lock while signing:
   ca_token_lock() takes it, ca_token_unlock() gives it back. NULL raised
   (CA_E_NOTFOUND, CA_E_SIGN), lock not held. */
struct issuer *ca_issuer_lock(struct ca *ca, const char *name, time_t now);
void ca_issuer_unlock(struct ca *ca);

/* Is issuing allowed now? Judges the clock. 1, or 0 with CA_E_STOPPED. */
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
