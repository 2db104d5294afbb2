#ifndef INKAN_RA_METRICS_PRIVATE_H
#define INKAN_RA_METRICS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ra/metrics.h"

/* Shared by metrics.c, which counts, and metrics_text.c, which tells. */

#define METRICS_OPS (ROUTE_LOG_PROOF + 1)

enum metrics_outcome {
	OUTCOME_OK,
	OUTCOME_PARKED,
	OUTCOME_REFUSED,
	OUTCOME_LIMITED,
	OUTCOME_UNAVAILABLE,
	OUTCOME_FAILED,
	OUTCOME_GONE,
	METRICS_OUTCOMES
};

#define METRICS_STAGES 18
extern const char *const metrics_stages[METRICS_STAGES];

struct metrics_fleet {
	struct metrics_fleet *next; /* set before it is shown */
	atomic_ullong cell[METRICS_OPS][METRICS_STAGES][METRICS_OUTCOMES];
	char name[];
};

struct metrics {
	time_t started;
	atomic_ullong event[METRICS_EVENTS];
	atomic_llong phase[METRICS_PHASES];
	struct prom_histogram ca_calls, handshakes, requests[METRICS_OPS];
	pthread_mutex_t lock; /* of those who add a fleet */
	size_t n_fleets;
	struct metrics_fleet *none; /* "-" */
	struct metrics_fleet *_Atomic fleets;
};

#endif
