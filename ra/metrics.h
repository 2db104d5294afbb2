#ifndef INKAN_RA_METRICS_H
#define INKAN_RA_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ca/report/prom.h"
#include "ca/shape/route.h"

/*
 * What inkan-ra counts, over all workers and since its start; shown by
 * monitor.h. Safe from many threads, without a lock where a request passes.
 *
 * Labels come from sets that clients cannot make grow: fleets that inkan-ca has
 * named (METRICS_FLEETS_MAX of them; whatever is of no such fleet has "-"), the
 * operations of route.h, the stages known here, outcomes.
 *
 * All functions take NULL for ${m} and then do nothing.
 */

#define METRICS_FLEETS_MAX 1000

enum metrics_event {
	METRICS_ACCEPTED,	  /* connections */
	METRICS_TLS12, METRICS_TLS13, /* handshakes that were finished */
	/* handshakes that were not: we or the peer said why, or nobody did */
	METRICS_ALERT_SENT, METRICS_ALERT_RECEIVED, METRICS_CLOSED,
	/* connections that were shed */
	METRICS_SHED_ALL, METRICS_SHED_ADDRESS, METRICS_SHED_LARGE,
	METRICS_SHED_IDLE,
	/* deadlines, as enum connection_phase */
	METRICS_LATE_HANDSHAKE, METRICS_LATE_IDLE, METRICS_LATE_REQUEST,
	METRICS_LATE_ANSWER,
	METRICS_ACCEPT_FAILED,
	METRICS_CA_LATE, /* questions to inkan-ca that were given up */
	METRICS_EVENTS /* none of these: not counted */
};

#define METRICS_PHASES 4 /* of a connection: enum connection_phase */

struct metrics;
struct metrics_fleet;

struct metrics *metrics_new(time_t started); /* NULL raised */
void metrics_free(struct metrics *m);	     /* NULL is fine */

/* The counters of the fleet of that name, made when they are not there; valid
   as long as ${m}. NULL (that is: "-") when there are too many. */
struct metrics_fleet *metrics_fleet(struct metrics *m, const char *name);

/* A request has ended: ${http} 0 when its client went away before. ${stage} as
   the refusal has it, NULL: none. */
void metrics_request(struct metrics *m, struct metrics_fleet *fleet,
    enum route_op op, int http, const char *stage, uint64_t microseconds);
void metrics_count(struct metrics *m, enum metrics_event e);
uint64_t metrics_counted(const struct metrics *m, enum metrics_event e);
/* A connection leaves phase ${from} and enters ${to}; -1: none. */
void metrics_phase(struct metrics *m, int from, int to);
/* Times of calls to inkan-ca and of handshakes; NULL for NULL. */
struct prom_histogram *metrics_ca_calls(struct metrics *m);
struct prom_histogram *metrics_handshakes(struct metrics *m);

/* All of it, and what the process uses. */
void metrics_write(struct metrics *m, struct prom *p);

#endif
