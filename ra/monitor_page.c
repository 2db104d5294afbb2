#include <stdio.h>
#include <string.h>

#include "ra/monitor_ca.h"
#include "ra/monitor_private.h"

/* When our own certificate ends; 0 unknown. */
static time_t
certificate_end(const struct monitor *m)
{
	X509 *cert = tls_certificate(m->shared.tls);
	struct tm tm;
	time_t end = 0;

	if (cert != NULL &&
	    ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1)
		end = timegm(&tm);
	X509_free(cert);
	return end;
}

struct all { /* workers together */
	size_t ready, linked, stuck;
	uint64_t waiting;
};

static struct all
look(const struct monitor *m)
{
	struct worker_view v;
	struct all all = {0};
	size_t i;

	for (i = 0; i < m->shared.n_workers; i++) {
		worker_look(m->shared.workers[i], &v);
		all.ready += v.ready != 0;
		all.linked += v.linked != 0;
		all.stuck += v.idle_s > MONITOR_STUCK_S;
		all.waiting += v.waiting;
	}
	return all;
}

int
monitor_live(const struct monitor *m, char *why, size_t size)
{
	struct all all = look(m);

	if (all.stuck == 0)
		return 1;
	snprintf(why, size, "worker.stuck: %zu of %zu workers hang", all.stuck,
	    m->shared.n_workers);
	return 0;
}

int
monitor_ready(const struct monitor *m, time_t now, char *why, size_t size)
{
	struct all all = look(m);
	const char *status;

	if (!monitor_live(m, why, size))
		return 0;
	if (m->news == NULL || all.linked == 0) {
		snprintf(why, size, "ca.away: inkan-ca does not answer");
		return 0;
	}
	if (all.ready < m->shared.n_workers) {
		snprintf(why, size, "fleets.unknown: %zu of %zu workers know "
			"no fleets yet",
		    m->shared.n_workers - all.ready, m->shared.n_workers);
		return 0;
	}
	status = field_text(m->news->values, "status", "ok");
	if (strcmp(status, "ok") != 0) {
		snprintf(why, size, "ca.stopped: %s", status);
		return 0;
	}
	if (certificate_end(m) <= now) {
		snprintf(why, size, "certificate.expired: our own");
		return 0;
	}
	return 1;
}

static void
write_gauge(
    struct prom *p, const char *name, const char *help, uint64_t value)
{
	prom_family(p, name, PROM_GAUGE, help);
	prom_number(p, value, NULL);
}

static void
write_workers(const struct monitor *m, struct prom *p)
{
	struct all all = look(m);

	write_gauge(p, "inkan_ra_workers", "Threads that serve.",
	    m->shared.n_workers);
	write_gauge(p, "inkan_ra_workers_ready",
	    "Workers that know the fleets.", all.ready);
	write_gauge(p, "inkan_ra_ca_links",
	    "Connections to inkan-ca that stand, one for each worker.",
	    all.linked);
	write_gauge(p, "inkan_ra_ca_calls_waiting",
	    "Questions to inkan-ca without an answer yet.", all.waiting);
	write_gauge(p, "inkan_ra_connections_max",
	    "How many connections there may be.",
	    m->shared.settings->max_connections);
	write_gauge(p, "inkan_ra_certificate_expiry_timestamp_seconds",
	    "notAfter of this server's own certificate.",
	    (uint64_t)certificate_end(m));
}

struct prom *
monitor_figures(const struct monitor *m, time_t now)
{
	struct prom *p = prom_new();
	char why[256];

	if (p == NULL)
		return NULL;
	write_gauge(p, "inkan_ra_ready", "1: /healthz says 200.",
	    (uint64_t)monitor_ready(m, now, why, sizeof(why)));
	metrics_write(m->shared.metrics, p);
	write_workers(m, p);
	write_gauge(p, "inkan_ca_up",
	    "1: inkan-ca has answered; without it there are no other figures "
	    "of it.",
	    m->news != NULL);
	if (m->news != NULL)
		monitor_ca_write(m->news, p);
	return p;
}
