#ifndef INKAN_RA_FLEETS_H
#define INKAN_RA_FLEETS_H

#include "ca/wire/message.h"
#include "ra/answer.h"
#include "ra/metrics.h"

/*
 * The public part of the fleets, as inkan-ca tells it: what can be answered
 * without asking again, also while inkan-ca is away. One table per worker.
 */

#define FLEETS_MAX WIRE_ROWS_MAX

struct fleet {
	char *label; /* "" is possible for the default */
	char *name;
	struct metrics_fleet *counts; /* borrowed, see fleets_count() */
	int is_default;
	enum answer_wrap wrap;
	unsigned char *cacerts; /* certs-only CMS, DER */
	size_t cacerts_len;
	unsigned char *csrattrs; /* CsrAttrs, DER */
	size_t csrattrs_len;
	int serverkeygen; /* is offered */
};

struct fleets;

/* From an answer to the op "fleets". Returned to be freed, or NULL raised: a
   row that cannot be used spoils the answer, and the caller keeps its table. */
struct fleets *fleets_read(const WIRE_ANSWER *answer);
void fleets_free(struct fleets *f); /* NULL is fine */

/* From now on requests of these fleets are counted there; NULL is fine. */
void fleets_count(struct fleets *f, struct metrics *m);

/* "" asks for the default fleet. Borrowed; NULL: none of that label. */
const struct fleet *fleets_find(const struct fleets *f, const char *label);

#endif
