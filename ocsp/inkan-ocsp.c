#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca/confine/confine.h"
#include "ca/confine/memory.h"
#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "hsm/error.h"
#include "ocsp/error.h"
#include "ocsp/follow.h"
#include "ocsp/initkeys.h"
#include "ocsp/metrics.h"
#include "ocsp/once.h"
#include "ocsp/prepare.h"
#include "ocsp/renew.h"
#include "ocsp/server.h"
#include "ocsp/tell.h"

/*
 * inkan-ocsp: OCSP answers, CRLs and issuer certificates over plain HTTP.
 * Reads status.db and published files, signs with delegates' keys in a token
 * of its own. Works while inkan-ca is stopped.
 */

#define PROGRAM "inkan-ocsp"
#define GRACE 10	  /* seconds for requests under way at the end */
#define SUMMARY_PERIOD 60 /* seconds */

struct app {
	struct settings *set;
	struct hsm *hsm;
	struct counters counters;
	struct cache *cache;
	struct readers *readers;
	struct state *state;
	struct delegates *delegates;
	struct presigned *presigned;
	struct files *files;
	struct follow *follow;
	struct prepared *prepared;
	struct prepare *prepare;
	struct renew *renew;
	struct tell *tell;
	struct responder responder;
	struct server *server;
	struct metrics *metrics;
};

static const char usage[] =
    "inkan-ocsp -c FILE [-n]\n"
    "       inkan-ocsp -c FILE --init-keys\n"
    "       inkan-ocsp -c FILE --export DIR\n"
    "       inkan-ocsp -c FILE --staple CERT --out FILE\n"
    "  -c FILE      configuration (inkan-ocsp.conf(5))\n"
    "  -n           check the configuration and exit\n"
    "  --init-keys  make missing keys in the token, write "
    "requests, and exit\n"
    "  --export DIR  write every answer as a static file, and exit\n"
    "  --staple CERT --out FILE  write the answer about CERT (PEM), and "
    "exit\n";

/* What is to be done instead of serving. */
struct what {
	int init_keys;
	const char *export, *staple, *out;
};

static int
extra_option(const char *option, const char *value, void *arg)
{
	struct what *w = arg;

	if (strcmp(option, "--init-keys") == 0) {
		w->init_keys = 1;
		return 0;
	}
	if (value == NULL)
		return -1;
	if (strcmp(option, "--export") == 0)
		w->export = value;
	else if (strcmp(option, "--staple") == 0)
		w->staple = value;
	else if (strcmp(option, "--out") == 0)
		w->out = value;
	else
		return -1;
	return 1;
}

/* One thing at a time. */
static int
is_whole(const struct what *w)
{
	return w->init_keys + (w->export != NULL) + (w->staple != NULL) <= 1 &&
	    (w->staple == NULL) == (w->out == NULL);
}

/* Exit status for the error on the queue. */
static int
fatal(void)
{
	int status = report_last_reason() == HSM_E_PIN ? HSM_EXIT_PIN : 1;

	report_fatal(PROGRAM);
	return status;
}

/* What is signed ahead, when any delegate is to. */
static int
open_prepared(struct app *a)
{
	const struct prepare_ctx ctx = {.set = a->set,
	    .prepared = a->prepared = prepared_new(a->set),
	    .state = a->state,
	    .delegates = a->delegates,
	    .counters = &a->counters};

	if (a->prepared == NULL || (a->prepare = prepare_new(&ctx)) == NULL) {
		ocsp_raise(OCSP_E_INTERNAL, "out of memory");
		return 0;
	}
	follow_prepared(a->follow, a->prepared);
	a->responder.prepared = a->prepared;
	return 1;
}

static int
app_open(struct app *a)
{
	a->cache = cache_new(a->set->max_cache);
	counters_init(&a->counters);
	a->readers = readers_new(a->set->status_db);
	a->state = state_new();
	a->delegates = delegates_new(a->set, a->hsm);
	a->presigned = presigned_new(a->set->publish_dir);
	a->files = files_new(a->set->publish_dir, a->set->crl_max_age);
	if (a->cache == NULL || a->readers == NULL || a->state == NULL ||
	    a->delegates == NULL || a->presigned == NULL || a->files == NULL) {
		ocsp_raise(OCSP_E_INTERNAL, "out of memory");
		return 0;
	}
	a->follow =
	    follow_new(a->set->status_db, a->readers, a->state, a->cache);
	if (a->follow == NULL || !open_prepared(a))
		return 0;
	a->responder.set = a->set;
	a->responder.state = a->state;
	a->responder.readers = a->readers;
	a->responder.cache = a->cache;
	a->responder.delegates = a->delegates;
	a->responder.presigned = a->presigned;
	a->responder.counters = &a->counters;
	return 1;
}

/* Users before what they use. */
static void
app_close(struct app *a)
{
	metrics_stop(a->metrics);
	server_stop(a->server, GRACE);
	tell_stop(a->tell);
	renew_stop(a->renew);
	prepare_stop(a->prepare);
	follow_free(a->follow);
	prepared_free(a->prepared);
	files_free(a->files);
	presigned_free(a->presigned);
	delegates_free(a->delegates);
	state_free(a->state);
	readers_free(a->readers);
	cache_free(a->cache);
	hsm_close(a->hsm);
	settings_free(a->set);
}

static void
look_around(struct app *a, int force)
{
	struct view *view = state_view(a->state);

	delegates_poll(a->delegates, view, time(NULL), force);
	presigned_poll(a->presigned, view, force);
	view_free(view);
}

static int
start_telling(struct app *a)
{
	char name[SETTINGS_ADDRESS_MAX + 16];

	snprintf(name, sizeof(name), "%s:%u", a->set->listen[0].host,
	    server_port(a->server, 0));
	a->tell = tell_start(a->set, a->state, a->delegates, name);
	return a->tell != NULL;
}

static int
bind_metrics(struct app *a)
{
	const struct metrics_ctx ctx = {.set = a->set,
	    .responder = &a->responder,
	    .server = a->server};

	if (!a->set->has_metrics)
		return 1;
	a->metrics = metrics_new(&ctx);
	return a->metrics != NULL;
}

static int
app_start(struct app *a)
{
	if (!app_open(a) || !follow_start(a->follow))
		return 0;
	look_around(a, 0);
	a->server = server_new(a->set, &a->responder, a->files, &a->counters);
	if (a->server == NULL || !bind_metrics(a) || !start_telling(a) ||
	    !prepare_start(a->prepare))
		return 0;
	if (a->set->svc_socket == NULL || a->set->n_delegates == 0)
		return 1;
	a->renew = renew_start(a->set, a->hsm, a->delegates, a->state);
	return a->renew != NULL;
}

/* Confined before the first connection is taken. */
static int
app_listen(struct app *a)
{
	return confine_calls(
		   a->set->confine, CONFINE_SERVES | CONFINE_STORES) &&
	    server_start(a->server) &&
	    (a->metrics == NULL || metrics_start(a->metrics));
}

static unsigned
port_of(const struct settings_listen *l)
{
	return (unsigned)strtoul(l->port, NULL, 10);
}

static int
is_serving(const struct what *w)
{
	return !w->init_keys && w->export == NULL && w->staple == NULL;
}

static void
confine_ports(struct confine *c, const struct settings *s)
{
	size_t i;

	for (i = 0; i < s->n_listen; i++)
		confine_port(c, port_of(&s->listen[i]));
	if (s->has_metrics)
		confine_port(c, port_of(&s->metrics));
}

/* What it answers from, a token of its own, its ports or what it is to write,
   and nothing else; its certificates are written when they are renewed. */
static int
confine(const struct settings *s, const struct what *w)
{
	enum confine_access own =
	    w->init_keys || (is_serving(w) && s->svc_socket != NULL)
	    ? CONFINE_WRITE
	    : CONFINE_READ;
	struct confine *c = s->confine;
	size_t i;

	confine_file(c, s->status_db, CONFINE_READ);
	confine_folder(c, s->publish_dir, CONFINE_READ);
	for (i = 0; i < s->n_delegates; i++) {
		confine_file(c, s->delegates[i].certificate, own);
		confine_file(c, s->delegates[i].csr, own);
	}
	if (is_serving(w))
		confine_ports(c, s);
	confine_folder(c, w->export, CONFINE_WRITE);
	if (w->staple != NULL) {
		confine_only(c, w->staple, CONFINE_READ);
		confine_file(c, w->out, CONFINE_WRITE);
	}
	if (s->have_token)
		confine_token(c, &s->token);
	return confine_files(c);
}

static void
report_listening(const struct app *a)
{
	char port[12];
	size_t i;

	for (i = 0; i < a->set->n_listen; i++) {
		snprintf(port, sizeof(port), "%u", server_port(a->server, i));
		report_event(REPORT_INFO, "ocsp.listening", "address",
		    a->set->listen[i].host, "port", port, NULL);
	}
	if (a->metrics == NULL)
		return;
	snprintf(port, sizeof(port), "%u", metrics_port(a->metrics));
	report_event(REPORT_INFO, "ocsp.metrics", "address",
	    a->set->metrics.host, "port", port, NULL);
}

/* Until SIGTERM or SIGINT. */
static void
app_run(struct app *a, int signals)
{
	struct pollfd pfd = {.fd = signals, .events = POLLIN};
	time_t summary = time(NULL) + SUMMARY_PERIOD, now;
	int sig;

	for (;;) {
		poll(&pfd, 1, 500);
		sig = daemon_signal(signals);
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP) {
			report_event(REPORT_INFO, "ocsp.reload", NULL);
			files_forget(a->files);
		}
		look_around(a, sig == SIGHUP);
		now = time(NULL);
		/* The second half: a clock that was set back. */
		if (now >= summary || summary - now > SUMMARY_PERIOD) {
			counters_report(&a->counters);
			summary = now + SUMMARY_PERIOD;
		}
	}
}

static int
serve(struct app *a)
{
	int signals = daemon_signals(), status = 0;

	if (signals < 0)
		return fatal();
	if (!app_start(a) || !app_listen(a)) {
		status = fatal();
	} else {
		report_listening(a);
		daemon_notify("READY=1");
		app_run(a, signals);
		daemon_notify("STOPPING=1");
		metrics_stop(a->metrics);
		a->metrics = NULL;
		server_stop(a->server, GRACE);
		a->server = NULL;
		counters_report(&a->counters);
		report_event(REPORT_INFO, "ocsp.stop", NULL);
	}
	close(signals);
	return status;
}

/* The token's health; called by whoever signs. */
static void
tell_token(enum hsm_event event, const char *why, void *arg)
{
	static const char *const NAMES[] = {
	    [HSM_EVENT_AWAY] = "ocsp.token.away",
	    [HSM_EVENT_STUCK] = "ocsp.token.stuck",
	    [HSM_EVENT_BACK] = "ocsp.token.back",
	    [HSM_EVENT_WRONG] = "ocsp.token.wrong-signature",
	};

	(void)arg;
	report_event(event == HSM_EVENT_BACK ? REPORT_INFO : REPORT_ERROR,
	    NAMES[event], "error", why[0] != '\0' ? why : NULL, NULL);
}

/* Once, without a thread and without a socket. */
static int
do_once(struct app *a, const struct what *w)
{
	enum once_status status;

	once_settings(a->set, w->staple != NULL);
	if (!app_open(a))
		return fatal();
	/* What cannot be read is reported, and makes all of it tryLater. */
	(void)follow_step(a->follow);
	look_around(a, 0);
	ERR_clear_error();
	if (w->export != NULL)
		status = once_export(
		    a->set, &a->responder, a->follow, w->export);
	else
		status = once_staple(&a->responder, w->staple, w->out);
	return status == ONCE_FAILED ? fatal() : (int)status;
}

static int
do_what(struct app *a, const struct what *w)
{
	if (is_serving(w))
		return serve(a);
	if (!confine_calls(a->set->confine, CONFINE_STORES))
		return fatal();
	if (w->init_keys)
		return initkeys_run(a->set, a->hsm) ? 0 : fatal();
	return do_once(a, w);
}

/* What an export removes and copies needs no token. */
static int
without_token(struct app *a, const struct what *w)
{
	int status = fatal();

	if (w->export != NULL)
		(void)do_what(a, w);
	return status;
}

int
main(int argc, char **argv)
{
	struct what w = {0};
	struct daemon_options o = {
	    .usage = usage, .extra = extra_option, .arg = &w};
	int status = 0;
	struct app a;

	memset(&a, 0, sizeof(a));
	report_init(PROGRAM, REPORT_INFO, STDERR_FILENO);
	if (!daemon_harden() || !memory_protect(0))
		return fatal();
	if (!daemon_options(argc, argv, &o))
		return 2;
	if (!is_whole(&w)) {
		fprintf(stderr, "usage: %s", usage);
		return 2;
	}
	if ((a.set = settings_read(o.config)) == NULL)
		return fatal();
	if (o.check_only)
		goto out;
	a.set->token.notify = tell_token;
	if (!confine(a.set, &w)) {
		status = fatal();
		goto out;
	}
	/* While there is one thread: SoftHSM's configuration goes through the
	   environment. */
	if (a.set->have_token && (a.hsm = hsm_open(&a.set->token)) == NULL)
		status = without_token(&a, &w);
	else
		status = do_what(&a, &w);
out:
	app_close(&a);
	return status;
}
