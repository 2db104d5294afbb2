#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "hsm/error.h"
#include "ocsp/error.h"
#include "ocsp/follow.h"
#include "ocsp/initkeys.h"
#include "ocsp/renew.h"
#include "ocsp/server.h"

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
	struct renew *renew;
	struct responder responder;
	struct server *server;
};

static const char usage[] =
    "inkan-ocsp -c FILE [-n]\n"
    "       inkan-ocsp -c FILE --init-keys\n"
    "  -c FILE      configuration (inkan-ocsp.conf(5))\n"
    "  -n           check the configuration and exit\n"
    "  --init-keys  make missing keys in the token, write "
    "requests, and exit\n";

static int
extra_option(const char *option, const char *value, void *arg)
{
	(void)value;
	if (strcmp(option, "--init-keys") != 0)
		return -1;
	*(int *)arg = 1;
	return 0;
}

/* Exit status for the error on the queue. */
static int
fatal(void)
{
	int status = report_last_reason() == HSM_E_PIN ? HSM_EXIT_PIN : 1;

	report_fatal(PROGRAM);
	return status;
}

static int
app_open(struct app *a)
{
	a->cache = cache_new(a->set->max_cache);
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
	if (a->follow == NULL)
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
	server_stop(a->server, GRACE);
	renew_stop(a->renew);
	follow_free(a->follow);
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
app_start(struct app *a)
{
	if (!app_open(a) || !follow_start(a->follow))
		return 0;
	look_around(a, 0);
	a->server = server_start(a->set, &a->responder, a->files, &a->counters);
	if (a->server == NULL)
		return 0;
	if (a->set->svc_socket == NULL || a->set->n_delegates == 0)
		return 1;
	a->renew = renew_start(a->set, a->hsm, a->delegates, a->state);
	return a->renew != NULL;
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
	if (!app_start(a)) {
		status = fatal();
	} else {
		report_listening(a);
		daemon_notify("READY=1");
		app_run(a, signals);
		daemon_notify("STOPPING=1");
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

int
main(int argc, char **argv)
{
	int init_keys = 0, status = 0;
	struct daemon_options o = {
	    .usage = usage, .extra = extra_option, .arg = &init_keys};
	struct app a;

	memset(&a, 0, sizeof(a));
	report_init(PROGRAM, REPORT_INFO, STDERR_FILENO);
	if (!daemon_harden())
		return fatal();
	if (!daemon_options(argc, argv, &o))
		return 2;
	if ((a.set = settings_read(o.config)) == NULL)
		return fatal();
	if (o.check_only)
		goto out;
	a.set->token.notify = tell_token;
	/* While there is one thread: SoftHSM's configuration goes through the
	   environment. */
	if (a.set->have_token && (a.hsm = hsm_open(&a.set->token)) == NULL)
		status = fatal();
	else if (init_keys)
		status = initkeys_run(a.set, a.hsm) ? 0 : fatal();
	else
		status = serve(&a);
out:
	app_close(&a);
	return status;
}
