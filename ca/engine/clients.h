#ifndef INKAN_CA_ENGINE_CLIENTS_H
#define INKAN_CA_ENGINE_CLIENTS_H

#include <time.h>
#include "ca/store/clients.h"

/*
 * How the clients of a fleet behave, for whoever has to mend them: counted in
 * memory by fleet and User-Agent, and written once a minute and at the end, so
 * that no enrolment waits for it. What was counted since then is lost with a
 * crash; nothing is decided by it.
 *
 * Bounded: of a fleet at most CLIENTS_KNOWN User-Agents that have
 * authenticated have rows of their own, and CLIENTS_STRANGERS that have not,
 * so that nobody who just calls displaces them; the rest is summed as
 * "(others)". Each has at most CLIENTS_FACTS counts.
 */

#define CLIENTS_KNOWN 64
#define CLIENTS_STRANGERS 16
#define CLIENTS_FACTS 48
#define CLIENTS_OTHERS "(others)"
#define CLIENTS_KEEP (400 * 86400)	/* seconds after the last time */

struct clients;

struct clients_note {			/* borrowed */
	const char *fleet, *agent;
	int known;			/* it has authenticated */
	unsigned shape;			/* ca/shape/shape.h */
	const char *what[2];		/* "request", "answer", "parked",
					   "body-one-line", "body-wrapped",
					   "refused:RULE"; NULL none */
	int64_t n;
};

struct clients *clients_new(void);	/* NULL raised */
void clients_free(struct clients *c);	/* NULL is fine; forgets */

/* From any thread. What is not printable ASCII in the agent becomes '?'. */
void clients_note(struct clients *c, const struct clients_note *n);

/* Is this a name that clients_note() may be given? */
int clients_is_fact(const char *what);

/* Write what was counted. 1 (also when there is nothing), or 0 raised: then it
   is kept and tried again the next time. */
int clients_flush(struct clients *c, struct store *store, time_t now);

#endif
