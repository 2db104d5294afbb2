#ifndef INKAN_OCSP_POLICY_H
#define INKAN_OCSP_POLICY_H

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <openssl/x509.h>
#include "profiles/conf.h"

/*
 * What an operator decides about answers, for each issuer: the same keys stand
 * at the top of ocsp.conf, for all, and in a delegate's group, for its issuer.
 */

enum policy_nonce {
	POLICY_NONCE_IGNORE, /* answer without: from memory */
	POLICY_NONCE_ACCEPT, /* echo, freshly signed */
	POLICY_NONCE_REQUIRE /* malformedRequest without one */
};

/* What is said of a serial that was never issued. */
enum policy_not_issued {
	POLICY_UNKNOWN,	     /* signed */
	POLICY_UNAUTHORIZED, /* RFC 9919 3.2.3: unsigned */
	POLICY_REVOKED	     /* RFC 6960 2.2 and 4.4.8: extended revoke */
};

struct policy {
	enum policy_nonce nonce;
	enum policy_not_issued not_issued;
	size_t sign_budget; /* signatures a second that clients can cause at
			       will; 0: no bound */
	size_t both_hashes; /* an answer of at most so many octets speaks by
			       SHA-1 and by SHA-256; 0: never */
	time_t archive;	    /* seconds that certificates are answered about
			       after their end, told by archiveCutoff; 0: no
			       such promise */
};

#define POLICY_BUDGET_DEFAULT 1000
#define POLICY_BUDGET_MAX 1000000
#define POLICY_BOTH_DEFAULT 1400 /* octets: one packet */
#define POLICY_BOTH_MAX 65536

/* For the conf_key table of a group that may hold a policy. */
#define POLICY_KEYS                                                            \
	{"nonce", CONF_TEXT, 0}, {"not_issued", CONF_TEXT, 0},                 \
	    {"sign_budget", CONF_INT, 0}, {"both_hashes", CONF_SIZE, 0},       \
	    {"archive", CONF_DURATION, 0}

/* The keys of ${g} over ${dflt} (NULL: the program's own). 1, or 0 raised. */
int policy_read(const struct conf_group *g, const struct policy *dflt,
    struct policy *out);

/* RFC 6960 4.4.4: from when on certificates that have ended are still answered
   about; never before the issuer itself began. 0: no such promise. */
time_t policy_cutoff(
    const struct policy *policy, const X509 *issuer, time_t now);

/*
 * A budget of so many a second. One for each issuer, so that a flood of
 * questions about one leaves the others alone. Zeroed is fresh; safe for many
 * threads. Seconds are told apart by ${now} alone: a clock that is set back
 * begins a new one.
 */
struct budget {
	atomic_ullong spent; /* second << BUDGET_BITS | how many in it */
};

/* 1, or 0: this second's share is spent. ${per_second} 0: no bound. */
int budget_take(struct budget *b, size_t per_second, time_t now);

#endif
