#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/engine/wipe.h"
#include "ca/confine/confine.h"
#include "ca/confine/memory.h"
#include "ca/engine/ca.h"
#include "ca/engine/campaign.h"
#include "ca/engine/schedule.h"
#include "ca/engine/server.h"
#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "hsm/error.h"

/*
 * inkan-ca: the engine. Speaks on three UNIX sockets, never TCP or TLS; holds
 * the issuing token; never forks.
 */

#define ARENA (4 << 20) /* keys made for devices, one a worker */

static const char USAGE[] =
    "inkan-ca -c FILE [-n]\n"
    "  -c FILE  configuration, inkan-ca.conf(5)\n"
    "  -n       check configuration and proposed policy, then exit\n";

/* A wrong PIN has an exit status of its own, so that no service manager tries
   it until the token is locked. */
static int
fail(void)
{
	int pin = report_last_reason() == HSM_E_PIN;

	report_errors(REPORT_ERROR, "start.failed", NULL);
	return pin ? HSM_EXIT_PIN : 1;
}

/* Where inkan-verifier runs, it is asked too; where it does not, that is said. */
static int
check(const struct settings *settings)
{
	const struct verifier v = {settings->verifier_sock,
	    (int)settings->verifier_limit, settings->attest_arc,
	    phone_list_new(settings->android_status)};
	struct policy *p = policy_read_dir(settings->policy_dir);
	struct outcome o;
	int is = 0;

	if (p == NULL || v.phones == NULL)
		goto out;
	outcome_init(&o);
	is = verifier_reads(&v, p, NULL, time(NULL), &o);
	if (is == 0)
		ca_raise(CA_E_CONFIG, "%s: %s", o.rule, o.text);
	else
		printf("configuration and proposed policy are well: %zu "
		    "profiles, %zu fleets\n", p->n_profiles, p->n_fleets);
	if (is < 0)
		printf("not looked at: %s: %s\n", o.rule, o.text);
out:
	policy_put(p);
	phone_list_free(v.phones);
	return is != 0;
}

static void
confine_tokens(struct confine *c, const struct settings *s)
{
	struct hsm_config token;
	size_t i;

	settings_hsm(&s->token, &token);
	confine_token(c, &token);
	for (i = 0; i < s->n_tokens; i++) {
		settings_hsm(&s->tokens[i], &token);
		confine_token(c, &token);
	}
}

/* Everything that the configuration names, and nothing else. */
static int
confine(const struct settings *s)
{
	struct confine *c = s->confine;
	size_t i;

	confine_file(c, s->store, CONFINE_WRITE);
	confine_file(c, s->status_db, CONFINE_WRITE);
	confine_folder(c, s->publish_dir, CONFINE_WRITE);
	confine_folder(c, s->policy_dir, CONFINE_READ);
	confine_folder(c, s->maker_crls, CONFINE_READ);
	confine_file(c, s->android_status, CONFINE_READ);
	confine_file(c, s->ra_sock, CONFINE_WRITE);
	confine_file(c, s->svc_sock, CONFINE_WRITE);
	confine_file(c, s->admin_sock, CONFINE_WRITE);
	for (i = 0; i < s->log.n_anchors; i++)
		confine_file(c, s->log.anchors[i], CONFINE_WRITE);
	confine_tokens(c, s);
	return confine_files(c);
}

static int
log_start(struct ca *ca)
{
	WIRE_FIELDS *l = field_list_new();

	if (l == NULL || !field_add_text(l, "program", "inkan-ca")) {
		field_list_free(l);
		return 0;
	}
	return ca_log(ca, "start", l, time(NULL), STORE_URGENT);
}

static int
serve(struct ca *ca, int signal_fd)
{
	struct campaign_worker *campaigns = NULL;
	struct schedule *schedule = NULL;
	struct server *server = NULL;
	int ok = 0;

	(void)ca_may_issue(ca);
	ERR_clear_error();
	if (!log_start(ca))
		report_errors(REPORT_ERROR, "log.failed", NULL);
	schedule = schedule_start(ca);
	campaigns = schedule == NULL || !logpub_start(ca->log) ? NULL :
	    campaign_worker_start(ca);
	server = campaigns == NULL ? NULL : server_start(ca);
	if (server == NULL || !confine_calls(ca->settings->confine,
	    CONFINE_SERVES | CONFINE_STORES))
		goto out;
	report_event(REPORT_INFO, "start.ready", NULL);
	daemon_notify("READY=1");
	ok = server_run(server, signal_fd);
	daemon_notify("STOPPING=1");
out:
	server_stop(server);
	campaign_worker_stop(campaigns);
	schedule_stop(schedule);
	logpub_stop(ca->log);
	return ok;
}

/* What a request takes and gives back stays with us: a page that is returned to
   the kernel and asked for again costs more than the allocation. */
static void
keep_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, 32 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
}

int
main(int argc, char **argv)
{
	struct daemon_options o = {.usage = USAGE};
	struct settings *settings;
	struct ca *ca;
	int signal_fd, ok;

	(void)wipe_install(); /* before anything of OpenSSL's */
	if (!daemon_options(argc, argv, &o))
		return 2;
	report_init("inkan-ca", REPORT_INFO, STDERR_FILENO);
	if (!daemon_harden() || !memory_protect(ARENA))
		return fail();
	settings = settings_read(o.config);
	if (settings == NULL || (o.check_only && !check(settings))) {
		report_fatal("inkan-ca");
		settings_free(settings);
		return 1;
	}
	if (o.check_only) {
		settings_free(settings);
		return 0;
	}
	keep_memory();
	signal_fd = daemon_signals();
	ca = signal_fd < 0 || !confine(settings) ? NULL :
	    ca_open(settings, time(NULL));
	if (ca == NULL) {
		settings_free(settings);
		return fail();
	}
	ok = serve(ca, signal_fd);
	ca_close(ca);
	settings_free(settings);
	report_event(REPORT_INFO, "stop.done", NULL);
	return ok ? 0 : fail();
}
