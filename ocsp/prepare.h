#ifndef INKAN_OCSP_PREPARE_H
#define INKAN_OCSP_PREPARE_H

#include "ocsp/delegate.h"
#include "ocsp/counters.h"
#include "ocsp/prepared.h"
#include "ocsp/state.h"

/*
 * The thread that signs ahead. It reads the certificates that there are, page
 * by page, and signs shard after shard; what changes comes first. Until an
 * answer is there the certificate's is signed on demand, so nobody waits for
 * this.
 *
 * When: with ${period} = validity - refresh, a shard is signed again a
 * sixteenth of the period before its answers' max-age ends, moved by chance
 * within another sixteenth. In the first round the shards' turns are spread
 * over the period, so that no two of a thousand have their nextUpdate
 * together; from then on each keeps its place.
 *
 * How fast: after each few signatures it rests, so that it takes no more than
 * prepare_share per cent of one core and of the token, and who waits for an
 * answer on demand gets the rest.
 */

#define PREPARE_SLICE 32 /* signatures between two rests */

struct prepare_ctx { /* all borrowed */
	const struct settings *set;
	struct prepared *prepared;
	struct state *state;
	struct delegates *delegates;
	struct counters *counters;
};

struct prepare;

/* Returned to be freed with prepare_stop(), or NULL raised. */
struct prepare *prepare_new(const struct prepare_ctx *ctx);
void prepare_stop(struct prepare *pre); /* NULL is fine */
/* From now on in a thread of its own. 1, or 0 raised. */
int prepare_start(struct prepare *pre);

/* One piece of work at ${now}: 1 when there was some, 0 when there is nothing
   to do. Failures are reported. */
int prepare_step(struct prepare *pre, time_t now);

#endif
