#ifndef INKAN_RA_WORKER_H
#define INKAN_RA_WORKER_H

#include <stddef.h>
#include <event2/event.h>

#include "ra/limits.h"
#include "ra/metrics.h"
#include "ra/settings.h"
#include "ra/tls.h"

/*
 * One thread, one event loop: accepts TLS connections, reads HTTP (evhttp) and
 * answers EST; its own connection to inkan-ca. Workers share the listening
 * sockets, the TLS context and the count of connections, and nothing else.
 */

#define WORKER_STOP_S 10  /* for requests in flight, when stopping */
#define WORKER_FLEETS_S 5 /* how old the fleets' public part may be */

struct worker;

struct worker_shared { /* borrowed by all workers while they live */
	const struct settings *settings;
	struct tls *tls;
	struct limits *limits;
	const int *fds; /* listening; each worker makes duplicates */
	size_t n_fds;
	struct metrics *metrics; /* NULL: nothing is counted */
};

/* Starts the thread. NULL raised. */
struct worker *worker_start(const struct worker_shared *shared);

/* Ask to stop: no new connections, requests in flight are answered within
   WORKER_STOP_S. From any thread, does not wait. */
void worker_stop(struct worker *w);
/* Wait for the thread's end and free. */
void worker_join(struct worker *w); /* NULL is fine */

/* Has this worker learned the fleets at least once? From any thread. */
int worker_is_ready(struct worker *w);

/* How it is, from any thread until worker_join(). */
struct worker_view {
	int ready;	/* as above */
	int linked;	/* its connection to inkan-ca stands */
	size_t waiting; /* calls to inkan-ca without an answer yet */
	int64_t idle_s; /* seconds since its loop has last shown life; about
			   WORKER_FLEETS_S at most when all is well */
};
void worker_look(struct worker *w, struct worker_view *out);

#endif
