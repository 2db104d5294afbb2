#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/audit/monitor.h"
#include "ca/cli/client.h"
#include "ca/cli/format.h"
#include "ca/cli/run_log.h"
#include "ca/cli/value.h"
#include "ca/error.h"
#include "ca/report/report.h"

#define INTERVAL 60	/* seconds between two looks */
#define TEXT_MAX 4096

static void
say_found(void *arg, const struct audit_finding *f)
{
	struct cli *cli = arg;
	char text[TEXT_MAX];

	report_escape(f->text, text, sizeof(text));
	if (f->index >= 0)
		fprintf(cli->err, "%s entry %lld: %s\n", f->what,
		    (long long)f->index, text);
	else
		fprintf(cli->err, "%s: %s\n", f->what, text);
}

/* Names came from devices. */
static void
say_cert(void *arg, const struct monitor_cert *c)
{
	const struct {
		const char *name, *value;
	} fields[] = {{"issuer", c->issuer}, {"serial", c->serial},
	    {"subject", c->subject}, {"fleet", c->fleet},
	    {"device", c->device}};
	struct cli *cli = arg;
	char text[TEXT_MAX], t[FORMAT_TIME_MAX];
	size_t i;

	fprintf(cli->out, "certificate: entry=%lld time=%s",
	    (long long)c->index, format_time(c->time, t));
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		report_escape(fields[i].value, text, sizeof(text));
		fprintf(cli->out, " %s=\"%s\"", fields[i].name, text);
	}
	fputc('\n', cli->out);
}

static void
sum_up(struct cli *cli, const struct monitor *m)
{
	char t[FORMAT_TIME_MAX], text[TEXT_MAX];
	size_t i;

	fprintf(cli->out, "%s %s: entries %" PRIu64 " to %" PRIu64,
	    format_time((int64_t)time(NULL), t), m->key->name, m->from, m->to);
	for (i = 0; i < m->n_kinds; i++) {
		report_escape(m->kind[i].kind, text, sizeof(text));
		fprintf(cli->out, " %s=%lld", text, (long long)m->kind[i].n);
	}
	if (m->details != NULL)
		fprintf(cli->out, " opened=%lld unopened=%lld",
		    (long long)m->opened, (long long)m->unopened);
	fputc('\n', cli->out);
	fflush(cli->out);
}

/* One look at the log: 1, 0, -1 as monitor_round(). */
static int
look(struct cli *cli, struct monitor *m, const char *details)
{
	int rc = 0;

	m->details = NULL;
	if (details == NULL || (m->details = details_open(details)) != NULL)
		rc = monitor_round(m);
	if (rc == 1)
		sum_up(cli, m);
	if (rc == 0)
		client_failed(&(struct cli){.out = cli->out, .err = cli->err});
	if (rc < 0) {
		fprintf(cli->err, "ALARM: the log %s contradicts itself; what "
		    "was served is in %s.fork, what was seen before in %s\n",
		    m->key->name, m->state, m->state);
		client_failed(&(struct cli){.out = cli->out, .err = cli->err});
	}
	details_close(m->details);
	return rc;
}

int
run_log_monitor(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	struct note_key key = {.pkey = NULL};
	struct monitor m = {.key = &key, .state = option_text(o, "state"),
	    .match = option_text(o, "match"), .found = say_found,
	    .cert = say_cert, .arg = cli};
	const char *interval = option_text(o, "interval");
	int64_t seconds = INTERVAL;
	int rc = 0;

	(void)cmd;
	if (m.match != NULL && option_text(o, "details") == NULL) {
		ca_raise(CA_E_BADREQUEST, "--match needs --details: names are "
		    "not in the published log");
		return CLI_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	if ((interval != NULL && !value_duration(interval, &seconds)) ||
	    !run_log_key(option_text(o, "key"), &key) ||
	    (m.source = source_open(option_text(o, "url"))) == NULL) {
		note_key_clear(&key);
		return client_failed(cli);
	}
	for (;;) {
		rc = look(cli, &m, option_text(o, "details"));
		if (rc < 0 || option_has(o, "once"))
			break;
		sleep((unsigned)(seconds < 86400 ? seconds : 86400));
	}
	source_free(m.source);
	note_key_clear(&key);
	return rc == 1 ? CLI_DONE : rc == 0 ? CLI_FAILED : CLI_FOUND;
}

int
run_log_witness(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	struct note_key key = {.pkey = NULL}, me = {.pkey = NULL};
	struct source *source = NULL;
	EVP_PKEY *pkey = NULL;
	char *note = NULL;
	int ok, fork;

	(void)cmd;
	signal(SIGPIPE, SIG_IGN);
	if (run_log_key(option_text(o, "key"), &key) &&
	    (source = source_open(option_text(o, "url"))) != NULL &&
	    (pkey = run_log_private(option_text(o, "sign-key"))) != NULL &&
	    note_key_set(&me, option_text(o, "name"), pkey, NOTE_COSIGNATURE))
		note = monitor_cosign(source, &key, option_text(o, "state"),
		    &me, pkey, cli->now);
	ok = note != NULL && run_log_write(cli, o, note);
	fork = !ok && report_last_reason() == CA_E_DENIED;
	OPENSSL_free(note);
	source_free(source);
	EVP_PKEY_free(pkey);
	note_key_clear(&me);
	note_key_clear(&key);
	if (ok)
		return CLI_DONE;
	client_failed(cli);
	return fork ? CLI_FOUND : CLI_FAILED;
}
