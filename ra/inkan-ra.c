#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "ca/confine/confine.h"
#include "ca/confine/memory.h"
#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "ra/error.h"
#include "ra/keyfile.h"
#include "ra/limits.h"
#include "ra/linger.h"
#include "ra/listener.h"
#include "ra/metrics.h"
#include "ra/monitor.h"
#include "ra/own_cert.h"
#include "ra/settings.h"
#include "ra/tls.h"
#include "ra/wipe.h"
#include "ra/worker.h"

#define PROGRAM "inkan-ra"
#define ARENA_PER_CONNECTION 512 /* octets of keys in a handshake */
#define FDS_BESIDE_CONNECTIONS 128
#define WATCH_MS 5000 /* for a new certificate in the file */

static const char usage[] =
    "inkan-ra -c FILE [-n | --init-keys | --renew]\n"
    "  -c FILE      configuration, see inkan-ra.conf(5)\n"
    "  -n           check the configuration and exit\n"
    "  --init-keys  make the TLS key if there is none, write a request\n"
    "               for its certificate (PEM) and exit\n"
    "  --renew      renew the certificate now, due or not, and exit; an\n"
    "               inkan-ra that runs takes it on SIGHUP\n";

enum task { SERVE, INIT_KEYS, RENEW };

struct ra {
	struct settings *settings;
	struct tls *tls;
	struct limits *limits;
	struct own_cert *own_cert;
	struct worker *workers[SETTINGS_WORKERS_MAX];
	struct metrics *metrics;
	struct monitor *monitor;
	int fds[SETTINGS_LISTEN_MAX];
	size_t n_fds;
	int metrics_fd;
	struct stat seen; /* the certificate's file, as it was last read */
	int stale;	  /* what was read then could not be used */
	int signals;
};

static int
extra_option(const char *option, const char *value, void *arg)
{
	(void)value;
	if (strcmp(option, "--init-keys") == 0)
		*(enum task *)arg = INIT_KEYS;
	else if (strcmp(option, "--renew") == 0)
		*(enum task *)arg = RENEW;
	else
		return -1;
	return 0;
}

/* What libevent has to say goes where everything goes. */
static void
on_libevent(int severity, const char *text)
{
	report_event(severity >= EVENT_LOG_WARN ? REPORT_WARN : REPORT_DEBUG,
	    "ra.libevent", "text", text, NULL);
}

/* One descriptor a connection, or accepting stops early, and what may linger. */
static int
raise_descriptors(const struct settings *s)
{
	rlim_t wanted = s->max_connections +
	    (rlim_t)s->workers * LINGER_MAX + FDS_BESIDE_CONNECTIONS;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= wanted)
		return 1;
	if (r.rlim_max != RLIM_INFINITY && r.rlim_max < wanted) {
		ra_raise(RA_E_CONFIG,
		    "max_connections = %zu wants %lu open files, the system "
		    "allows %lu",
		    s->max_connections, (unsigned long)wanted,
		    (unsigned long)r.rlim_max);
		return 0;
	}
	r.rlim_cur = wanted;
	return setrlimit(RLIMIT_NOFILE, &r) == 0;
}

static int
open_listeners(struct ra *ra)
{
	const struct settings *s = ra->settings;
	struct listener_passed passed;
	size_t i;

	if (!listener_passed(&passed))
		return 0;
	for (i = 0; i < s->n_listen; i++) {
		ra->fds[i] = listener_take(&passed, &s->listen[i]);
		if (ra->fds[i] < 0)
			ra->fds[i] =
			    listener_open(&s->listen[i], s->share_port);
		if (ra->fds[i] < 0)
			return 0;
		ra->n_fds = i + 1;
	}
	if (!listener_all_taken(&passed))
		return 0;
	if (s->metrics.len == 0)
		return 1;
	ra->metrics_fd = listener_open(&s->metrics, 0);
	return ra->metrics_fd >= 0;
}

static int
start_workers(struct ra *ra)
{
	const struct settings *s = ra->settings;
	struct worker_shared shared = {
	    .settings = s,
	    .tls = ra->tls,
	    .limits = ra->limits,
	    .fds = ra->fds,
	    .n_fds = ra->n_fds,
	    .metrics = ra->metrics,
	};
	int i;

	for (i = 0; i < s->workers; i++) {
		ra->workers[i] = worker_start(&shared);
		if (ra->workers[i] == NULL)
			return 0;
	}
	return 1;
}

static int
start_monitor(struct ra *ra)
{
	struct monitor_shared shared = {
	    .settings = ra->settings,
	    .metrics = ra->metrics,
	    .tls = ra->tls,
	    .workers = ra->workers,
	    .n_workers = (size_t)ra->settings->workers,
	    .fd = ra->metrics_fd,
	};

	if (ra->metrics_fd < 0)
		return 1;
	ra->monitor = monitor_start(&shared);
	return ra->monitor != NULL;
}

static unsigned
port_of(const struct settings_address *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->sa;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&a->sa;

	return ntohs(
	    a->sa.ss_family == AF_INET6 ? six->sin6_port : four->sin_port);
}

/* Its own certificate and key, its ports, and nothing else. Both are written
   by the one process that renews them. */
static int
confine(const struct settings *s, enum task task)
{
	enum confine_access own = task != SERVE || s->svc_socket != NULL
	    ? CONFINE_WRITE
	    : CONFINE_READ;
	size_t i;

	confine_file(s->confine, s->certificate, own);
	confine_file(s->confine, s->key, own);
	if (task == INIT_KEYS)
		confine_file(s->confine, s->csr, CONFINE_WRITE);
	for (i = 0; task == SERVE && i < s->n_listen; i++)
		confine_port(s->confine, port_of(&s->listen[i]));
	if (task == SERVE && s->metrics.len != 0)
		confine_port(s->confine, port_of(&s->metrics));
	return confine_files(s->confine);
}

/* Confined before a worker takes the first connection. */
static int
start(struct ra *ra)
{
	const struct settings *s = ra->settings;
	const unsigned powers =
	    CONFINE_SERVES | (s->svc_socket != NULL ? CONFINE_STORES : 0);

	if (!raise_descriptors(s) ||
	    !memory_protect(s->max_connections * ARENA_PER_CONNECTION) ||
	    !confine(s, SERVE) ||
	    (s->svc_socket != NULL && !own_cert_settle(s->certificate, s->key)))
		return 0;
	ra->tls = tls_new(s->certificate, s->key);
	ra->limits = limits_new(s->max_connections, s->max_per_address);
	ra->metrics = metrics_new(time(NULL));
	if (ra->tls == NULL || ra->limits == NULL || ra->metrics == NULL ||
	    !open_listeners(ra) || !confine_calls(s->confine, powers) ||
	    !start_workers(ra) || !start_monitor(ra))
		return 0;
	if (s->svc_socket == NULL)
		return 1;
	ra->own_cert = own_cert_start(s, ra->tls);
	return ra->own_cert != NULL;
}

/* Is it another file than the last time? */
static int
has_changed(struct ra *ra)
{
	struct stat st, was = ra->seen;

	if (stat(ra->settings->certificate, &st) != 0)
		return 0;
	ra->seen = st;
	return st.st_ino != was.st_ino || st.st_size != was.st_size ||
	    st.st_mtim.tv_sec != was.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != was.st_mtim.tv_nsec;
}

/* ${again}: that these files cannot be used has been said. */
static void
reload(struct ra *ra, int again)
{
	ERR_clear_error();
	ra->stale = !tls_reload(
	    ra->tls, ra->settings->certificate, ra->settings->key);
	if (!ra->stale)
		report_event(REPORT_INFO, "ra.cert.reloaded", NULL);
	else if (!again)
		report_errors(REPORT_ERROR, "ra.cert.reload", NULL);
}

/* Until SIGTERM or SIGINT. A certificate that another process has renewed is
   taken up without being told: nobody knows which those are. One that cannot be
   used yet (its key comes later, no descriptor is free) is tried again. */
static void
serve(struct ra *ra)
{
	struct pollfd pfd = {.fd = ra->signals, .events = POLLIN};
	int signal, is_new;

	(void)has_changed(ra);
	for (;;) {
		signal = poll(&pfd, 1, WATCH_MS) > 0
		    ? daemon_signal(ra->signals)
		    : 0;
		is_new = has_changed(ra) || signal == SIGHUP;
		if (is_new || ra->stale)
			reload(ra, !is_new);
		if (signal == SIGTERM || signal == SIGINT)
			return;
	}
}

static void
finish(struct ra *ra)
{
	size_t i;

	monitor_stop(ra->monitor);
	if (ra->metrics_fd >= 0)
		close(ra->metrics_fd);
	for (i = 0; i < SETTINGS_WORKERS_MAX; i++)
		if (ra->workers[i] != NULL)
			worker_stop(ra->workers[i]);
	for (i = 0; i < ra->n_fds; i++)
		close(ra->fds[i]);
	for (i = 0; i < SETTINGS_WORKERS_MAX; i++)
		worker_join(ra->workers[i]);
	own_cert_stop(ra->own_cert);
	limits_free(ra->limits);
	metrics_free(ra->metrics);
	tls_free(ra->tls);
	if (ra->signals >= 0)
		close(ra->signals);
}

static int
run(struct ra *ra)
{
	wipe_libevent();
	event_set_log_callback(on_libevent);
	ra->signals = daemon_signals();
	if (ra->signals < 0 || !start(ra)) {
		report_fatal(PROGRAM);
		finish(ra);
		return 1;
	}
	report_event(REPORT_INFO, "ra.start", "listen",
	    ra->settings->listen[0].text, NULL);
	daemon_notify("READY=1");
	serve(ra);
	daemon_notify("STOPPING=1");
	finish(ra);
	report_event(REPORT_INFO, "ra.stop", NULL);
	return 0;
}

static int
check(const struct settings *s)
{
	struct tls *tls;

	/* Before the ceremony there is no certificate yet. */
	if (access(s->certificate, F_OK) != 0)
		return 1;
	tls = tls_new(s->certificate, s->key);
	tls_free(tls);
	return tls != NULL;
}

static int
renew_now(const struct settings *s)
{
	struct tls *tls = NULL;
	int ok = 0;

	if (s->svc_socket == NULL)
		ra_raise(RA_E_CONFIG, "svc_socket: --renew wants one");
	else if (own_cert_settle(s->certificate, s->key) &&
	    (tls = tls_new(s->certificate, s->key)) != NULL)
		ok = own_cert_renew(s, tls);
	tls_free(tls);
	if (ok)
		report_event(REPORT_INFO, "ra.cert.renewed", NULL);
	return ok;
}

/* Confined to it. */
static int
do_task(const struct settings *s, enum task task)
{
	if (!memory_protect(0) || !confine(s, task) ||
	    !confine_calls(s->confine, CONFINE_STORES))
		return 0;
	return task == RENEW ? renew_now(s)
			     : keyfile_init(s->key, s->csr, s->subject,
				   s->names, s->n_names);
}

/* Without serving. Exit status. */
static int
once(const struct settings *s, enum task task)
{
	int ok = task == SERVE ? check(s) : do_task(s, task);

	if (!ok)
		report_fatal(PROGRAM);
	return !ok;
}

int
main(int argc, char **argv)
{
	struct daemon_options options = {0};
	struct ra ra = {.signals = -1, .metrics_fd = -1};
	enum task task = SERVE;
	int rc = 1;

	options.usage = usage;
	options.extra = extra_option;
	options.arg = &task;
	if (!daemon_options(argc, argv, &options))
		return 2;
	report_init(PROGRAM, REPORT_INFO, STDERR_FILENO);
	if (daemon_harden())
		ra.settings = settings_read(options.config);
	if (ra.settings == NULL)
		report_fatal(PROGRAM);
	else if (task != SERVE || options.check_only)
		rc = once(ra.settings, task);
	else
		rc = run(&ra);
	settings_free(ra.settings);
	return rc;
}
