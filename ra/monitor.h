#ifndef INKAN_RA_MONITOR_H
#define INKAN_RA_MONITOR_H

#include "ra/limits.h"
#include "ra/metrics.h"
#include "ra/settings.h"
#include "ra/tls.h"
#include "ra/worker.h"

/*
 * A listener for the operator's own programs, on a thread and a socket of its
 * own, so that it answers however busy the workers are:
 *
 *   GET /metrics        what inkan-ra counts, then what inkan-ca tells
 *   GET /healthz        200: requests can be served; 503 and one line why not
 *   GET /healthz?live   200: no worker hangs, whatever else is wrong
 *
 * Plain HTTP, no credentials: whoever reaches the socket reads it. At most
 * MONITOR_CONNECTIONS_MAX at a time, each with one request and MONITOR_DEADLINE_S
 * seconds. inkan-ca is asked when somebody asks us, at most every
 * MONITOR_CACHE_S seconds; without an answer within MONITOR_CA_S it is "away".
 */

#define MONITOR_CONNECTIONS_MAX 16
#define MONITOR_DEADLINE_S 5
#define MONITOR_CACHE_S 2
#define MONITOR_CA_S 2
#define MONITOR_STUCK_S (3 * WORKER_FLEETS_S) /* a loop that hangs */

struct monitor;

struct monitor_shared { /* borrowed while it lives */
	const struct settings *settings;
	struct metrics *metrics;
	struct tls *tls;
	struct worker *const *workers;
	size_t n_workers;
	int fd; /* listening; stays the caller's */
};

/* Starts the thread. NULL raised. */
struct monitor *monitor_start(const struct monitor_shared *shared);
/* Ends it. Before the workers are joined. NULL is fine. */
void monitor_stop(struct monitor *m);

#endif
