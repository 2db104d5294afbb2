#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ra/metrics_private.h"

static const char *const outcomes[METRICS_OUTCOMES] = {"ok", "parked",
    "refused", "limited", "unavailable", "failed", "gone"};

/* ---- requests ---- */

static void
write_fleet(struct prom *p, struct metrics_fleet *f)
{
	unsigned long long n;
	int op, stage, o;

	for (op = 0; op < METRICS_OPS; op++)
		for (stage = 0; stage < METRICS_STAGES; stage++)
			for (o = 0; o < METRICS_OUTCOMES; o++) {
				n = atomic_load(&f->cell[op][stage][o]);
				if (n > 0)
					prom_number(p, n, "fleet", f->name,
					    "op", route_name(op), "stage",
					    metrics_stages[stage], "outcome",
					    outcomes[o], NULL);
			}
}

static void
write_requests(struct metrics *m, struct prom *p)
{
	struct metrics_fleet *f;
	int op;

	prom_family(p, "inkan_ra_requests_total", PROM_COUNTER,
	    "Requests that have ended: ok, parked (202), refused (4xx), "
	    "limited (429), unavailable (503), failed (5xx), gone (the client "
	    "was).");
	write_fleet(p, m->none);
	for (f = atomic_load(&m->fleets); f != NULL; f = f->next)
		write_fleet(p, f);
	prom_family(p, "inkan_ra_request_duration_seconds", PROM_HISTOGRAM,
	    "From the first octet of a request to its answer.");
	for (op = 0; op < METRICS_OPS; op++)
		prom_histogram(
		    p, &m->requests[op], "op", route_name(op), NULL);
	prom_family(p, "inkan_ra_ca_call_duration_seconds", PROM_HISTOGRAM,
	    "From a question to inkan-ca to its answer.");
	prom_histogram(p, &m->ca_calls, NULL);
}

/* ---- connections ---- */

static const struct event_series {
	enum metrics_event event;
	const char *metric, *help; /* NULL: of the family before */
	const char *label, *value;
} series[] = {
    {METRICS_ACCEPTED, "inkan_ra_connections_total",
	"Connections that were accepted.", NULL, NULL},
    {METRICS_TLS12, "inkan_ra_tls_handshakes_total", "Finished handshakes.",
	"version", "TLSv1.2"},
    {METRICS_TLS13, NULL, NULL, "version", "TLSv1.3"},
    {METRICS_ALERT_SENT, "inkan_ra_tls_handshake_failures_total",
	"Handshakes that failed: this server or the client sent an alert, the "
	"client just ended, or the deadline came.",
	"reason", "alert_sent"},
    {METRICS_ALERT_RECEIVED, NULL, NULL, "reason", "alert_received"},
    {METRICS_CLOSED, NULL, NULL, "reason", "closed"},
    {METRICS_LATE_HANDSHAKE, NULL, NULL, "reason", "timeout"},
    {METRICS_SHED_ALL, "inkan_ra_connections_shed_total",
	"Connections that were closed because of a limit.", "rule",
	"max_connections"},
    {METRICS_SHED_ADDRESS, NULL, NULL, "rule", "max_connections_per_address"},
    {METRICS_SHED_LARGE, NULL, NULL, "rule", "large_requests"},
    {METRICS_SHED_IDLE, NULL, NULL, "rule", "oldest_idle"},
    {METRICS_LATE_HANDSHAKE, "inkan_ra_timeouts_total",
	"Connections that were closed because of a deadline.", "phase",
	"handshake"},
    {METRICS_LATE_IDLE, NULL, NULL, "phase", "idle"},
    {METRICS_LATE_REQUEST, NULL, NULL, "phase", "request"},
    {METRICS_LATE_ANSWER, NULL, NULL, "phase", "answer"},
    {METRICS_ACCEPT_FAILED, "inkan_ra_accept_failures_total",
	"Connections that could not be accepted.", NULL, NULL},
    {METRICS_CA_LATE, "inkan_ra_ca_calls_late_total",
	"Requests whose deadline came while inkan-ca was being asked.",
	NULL, NULL},
};

static void
write_events(struct metrics *m, struct prom *p)
{
	size_t i;

	for (i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
		if (series[i].metric != NULL)
			prom_family(p, series[i].metric, PROM_COUNTER,
			    series[i].help);
		prom_number(p, metrics_counted(m, series[i].event),
		    series[i].label, series[i].value, NULL);
	}
}

static void
write_connections(struct metrics *m, struct prom *p)
{
	static const char *const phases[METRICS_PHASES] = {
	    "handshake", "idle", "request", "answer"};
	long long n;
	int i;

	prom_family(p, "inkan_ra_connections", PROM_GAUGE,
	    "Open connections by what they are doing.");
	for (i = 0; i < METRICS_PHASES; i++) {
		n = atomic_load(&m->phase[i]);
		prom_number(
		    p, n > 0 ? (uint64_t)n : 0, "phase", phases[i], NULL);
	}
	prom_family(p, "inkan_ra_tls_handshake_duration_seconds",
	    PROM_HISTOGRAM, "From accepting a connection to its handshake.");
	prom_histogram(p, &m->handshakes, NULL);
}

/* ---- the process ---- */

static uint64_t
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	uint64_t n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n > 3 ? n - 3 : 0; /* ".", "..", the folder's own */
}

static uint64_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (f != NULL) {
		/* The kernel's own. NOLINTNEXTLINE(cert-err34-c) */
		if (fscanf(f, "%*u %lu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Under the names that every program of Prometheus' world has for them. */
static void
write_process(struct metrics *m, struct prom *p)
{
	struct timespec cpu = {0, 0};
	struct rlimit files = {0, 0};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	getrlimit(RLIMIT_NOFILE, &files);
	prom_family(p, "inkan_ra_build_info", PROM_GAUGE, "Always 1.");
	prom_number(p, 1, "version", INKAN_VERSION, NULL);
	prom_family(p, "process_start_time_seconds", PROM_GAUGE,
	    "When this process was started.");
	prom_number(p, (uint64_t)m->started, NULL);
	prom_family(p, "process_cpu_seconds_total", PROM_COUNTER,
	    "CPU time, user and system.");
	prom_real(
	    p, (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9, NULL);
	prom_family(p, "process_resident_memory_bytes", PROM_GAUGE,
	    "Memory that is resident.");
	prom_number(p, resident(), NULL);
	prom_family(p, "process_open_fds", PROM_GAUGE, "Open files.");
	prom_number(p, open_files(), NULL);
	prom_family(p, "process_max_fds", PROM_GAUGE,
	    "How many files may be open.");
	prom_number(p, files.rlim_cur, NULL);
}

void
metrics_write(struct metrics *m, struct prom *p)
{
	if (m == NULL)
		return;
	write_requests(m, p);
	write_connections(m, p);
	write_events(m, p);
	write_process(m, p);
}
