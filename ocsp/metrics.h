#ifndef INKAN_OCSP_METRICS_H
#define INKAN_OCSP_METRICS_H

#include "ca/report/prom.h"
#include "ocsp/server.h"

/*
 * A listener for the operator's own programs, on a socket and a thread of its
 * own (libmicrohttpd), so that it answers however busy the others are:
 *
 *   GET /metrics   what inkan-ocsp counts, as Prometheus reads it
 *   GET /healthz   200: new answers can be given; 503 and one line why not
 *
 * Plain HTTP, no credentials: whoever reaches the socket reads it. No figure
 * names a certificate or a client; issuers are those of the configuration,
 * others are "-". At most METRICS_CONNECTIONS_MAX connections, each cut off
 * after METRICS_IDLE_S idle seconds.
 */

#define METRICS_CONNECTIONS_MAX 16
#define METRICS_IDLE_S 5

struct metrics_ctx { /* all borrowed */
	const struct settings *set;
	struct responder *responder;
	struct server *server; /* may be NULL: nothing about connections */
};

struct metrics;

/* Its socket listens where set->metrics says, and nobody accepts yet. Returned to
   be freed with metrics_stop(), NULL raised. */
struct metrics *metrics_new(const struct metrics_ctx *ctx);
/* From now on it answers. 1, or 0 raised. */
int metrics_start(struct metrics *m);
void metrics_stop(struct metrics *m); /* NULL is fine */
unsigned metrics_port(const struct metrics *m);

/* All figures at ${now}. */
void metrics_write(const struct metrics_ctx *ctx, struct prom *p, time_t now);
/* 1 healthy; 0, and one line in ${why}. */
int metrics_healthy(
    const struct metrics_ctx *ctx, time_t now, char *why, size_t size);

#endif
