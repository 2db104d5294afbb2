#ifndef INKAN_OCSP_RESPONDER_H
#define INKAN_OCSP_RESPONDER_H

#include "ocsp/cache.h"
#include "ocsp/counters.h"
#include "ocsp/delegate.h"
#include "ocsp/prepared.h"
#include "ocsp/presigned.h"
#include "ocsp/readers.h"
#include "ocsp/settings.h"
#include "ocsp/state.h"

/*
 * From the octets of an OCSP request to the octets of the answer; knows
 * nothing of HTTP. Safe for many threads. The rules stand in docs/ocsp.md:
 *
 *   cannot be read                          malformedRequest
 *   no nonce, where policy requires one     malformedRequest
 *   an issuer that is not ours, issuers mixed, a hash other than SHA-1, -256,
 *     -384, -512; of the root: an unknown serial, or several CertIDs; a
 *     certificate that ended before the archive's cutoff; by policy one that
 *     was never issued                      unauthorized
 *   nothing may be said newly (status.db not seen, stopped, older than
 *     max_stale, from the future; delegate missing or expired; token gone)
 *     and no answer is in memory            tryLater
 *   the budget of this second is spent: unknown, several CertIDs, a nonce
 *     where policy requires one             tryLater
 *     any other with a nonce                the answer without it
 *   else                                    good, revoked, unknown, signed
 */

struct responder { /* pointers borrowed */
	const struct settings *set;
	struct state *state;
	struct readers *readers;
	struct cache *cache;
	struct delegates *delegates;
	struct presigned *presigned;
	struct counters *counters;
	struct prepared *prepared; /* NULL: nothing is signed ahead */
	struct budget budgets[SETTINGS_DELEGATES_MAX + 1]; /* by delegate; the
			last: issuers without one. Zeroed at first */
};

/* The answer with a reference of the caller's own; NULL only when memory is
   short. Failures that the operator must know of are reported. */
struct reply *responder_answer(
    struct responder *r, const unsigned char *der, size_t len, time_t now);

/* malformedRequest, for what is no request even before it is DER. */
struct reply *responder_malformed(struct responder *r);

#endif
