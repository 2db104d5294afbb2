#include <string.h>
#include <time.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/format.h"
#include "ca/cli/run_revoke.h"
#include "ca/cli/table.h"
#include "ca/error.h"

const struct option_spec run_revoke_options[] = {
    {"serial", OPTION_SERIAL, 0, NULL, "HEX", "this certificate"},
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "CA, if the serial is of several"},
    {"unknown", OPTION_FLAG, 0, NULL, NULL,
	"also a serial that the store does not know"},
    {"device", OPTION_TEXT, 0, "name", "NAME",
	"all of a device; the device itself stays as it is"},
    {"fleet", OPTION_TEXT, 0, NULL, "F", "fleet, if the name is in several"},
    {"spki", OPTION_TEXT, 0, NULL, "HASH",
	"all on this key (SHA-256 of the SPKI), and block it"},
    {"key", OPTION_KEY, 0, NULL, "FILE",
	"the same, the key of a public key, certificate or CSR"},
    {"where", OPTION_TEXT, 0, NULL, "EXPR",
	"all of which this is true; a plan, unless --execute"},
    {"reason", OPTION_REASON, 0, NULL, "R",
	"RFC 5280 name; certificateHold can be released"},
    {"invalidity-date", OPTION_TIME, 0, "invalidity_date", "TIME",
	"since when it was not to be trusted"},
    {"note", OPTION_TEXT, 0, NULL, "TEXT", "why, for the record"},
    {"break-glass", OPTION_TEXT, 0, "break_glass", "REASON",
	"now, without approvals: why"},
    {"execute", OPTION_FLAG, OPTION_LOCAL, NULL, NULL, "do it"},
    {"stage", OPTION_INT, 0, NULL, "N", "certificates at once (500)"},
    {"pause", OPTION_INT, 0, NULL, "S", "seconds between two stages (0)"},
    {"no-wait", OPTION_FLAG, OPTION_LOCAL, NULL, NULL,
	"do not wait until it is over"},
    {"resume", OPTION_INT, 0, "id", "ID", "go on with a campaign"},
    {"abort", OPTION_INT, 0, "id", "ID", "stop a campaign"},
    {NULL, 0, 0, NULL, NULL, NULL},
};

static const char *const CERTS[] = {
    "serial", "issuer", "state", "not_after", "profile", "device", NULL};
static const char *const GROUPS[] = {
    "issuer", "profile", "certificates", "crl_octets", NULL};
static const char *const SAMPLE[] = {
    "serial", "issuer", "profile", "state", "fleet", "device", NULL};

#define REASON " reason invalidity-date break-glass"

const struct run_revoke_way run_revoke_ways[] = {
    {"serial", "revoke", NULL, " issuer unknown" REASON, NULL, NULL},
    {"device", "revoke.device", NULL, " fleet" REASON, CERTS, "certificates"},
    {"spki", "revoke.key", NULL, REASON, CERTS, "certificates"},
    {"key", "revoke.key", NULL, REASON, CERTS, "certificates"},
    {"where", "revoke.plan", "campaign.start",
	REASON " note execute stage pause no-wait", NULL, NULL},
    {"resume", "campaign.resume", NULL, " no-wait", NULL, NULL},
    {"abort", "campaign.stop", NULL, "", NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

static int
is_global(const char *name)
{
	const struct option_spec *s;

	for (s = command_globals; s->name != NULL; s++)
		if (strcmp(s->name, name) == 0)
			return 1;
	return 0;
}

static int
belongs(const struct run_revoke_way *w, const char *name)
{
	const char *p = w->also;
	size_t n = strlen(name);

	if (strcmp(w->option, name) == 0 || is_global(name))
		return 1;
	while ((p = strstr(p, name)) != NULL) {
		if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\0'))
			return 1;
		p += n;
	}
	return 0;
}

/* The way that the options say; NULL raised. */
static const struct run_revoke_way *
find_way(const struct options *o)
{
	const struct run_revoke_way *w = NULL, *other;
	size_t i;

	for (other = run_revoke_ways; other->option != NULL; other++) {
		if (!option_has(o, other->option))
			continue;
		if (w != NULL) {
			ca_raise(CA_E_BADREQUEST,
			    "--%s and --%s exclude each other", w->option,
			    other->option);
			return NULL;
		}
		w = other;
	}
	if (w == NULL) {
		ca_raise(CA_E_BADREQUEST,
		    "what? --serial, --device, --spki, --key or --where");
		return NULL;
	}
	for (i = 0; i < o->n; i++)
		if (!belongs(w, o->v[i].spec->name)) {
			ca_raise(CA_E_BADREQUEST, "--%s does not go with --%s",
			    o->v[i].spec->name, w->option);
			return NULL;
		}
	return w;
}

/* The plan: values, then what it is made of, then some of it. */

static void
print_part(struct cli *cli, const WIRE_ANSWER *a, const char *part,
    const char *title, const char *const *columns)
{
	const WIRE_FIELDS *row;
	struct table t;
	size_t i, n = 0;

	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (strcmp(field_text(row, "part", ""), part) != 0)
			continue;
		if (n++ == 0) {
			fprintf(cli->out, "\n%s:\n", title);
			table_begin(&t, cli->out, columns, a);
		}
		table_row(&t, row);
	}
}

static json_t *
encode_part(const WIRE_ANSWER *a, const char *part)
{
	json_t *all = encode_rows(a), *some = json_array(), *row;
	const char *is;
	size_t i;

	json_array_foreach(all, i, row)
	{
		is = json_string_value(json_object_get(row, "part"));
		if (is == NULL || strcmp(is, part) != 0)
			continue;
		json_object_del(row, "part");
		json_array_append(some, row);
	}
	json_decref(all);
	return some;
}

static int
print_plan(struct cli *cli, const WIRE_ANSWER *a)
{
	json_t *o;

	if (cli->json) {
		o = json_object();
		if (o != NULL && encode_into(o, a->values) &&
		    json_object_set_new(o, "groups", encode_part(a, "group")) ==
			0 &&
		    json_object_set_new(
			o, "sample", encode_part(a, "sample")) == 0)
			return encode_print(cli->out, o) ? CLI_DONE
							 : client_failed(cli);
		json_decref(o);
		return client_failed(cli);
	}
	format_show(cli->out, a->values, NULL);
	print_part(cli, a, "group", "of which", GROUPS);
	print_part(cli, a, "sample", "for example", SAMPLE);
	fputs("\nNothing was changed. With --execute they are revoked.\n",
	    cli->out);
	return CLI_DONE;
}

/* A campaign until it is over. */

static WIRE_ANSWER *
show(struct cli *cli, int64_t id)
{
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;

	if (args == NULL || !field_add_int(args, "id", id) ||
	    (a = client_call(cli, "campaign.show", args)) == NULL)
		client_failed(cli);
	else if (!client_done(cli, a)) {
		WIRE_ANSWER_free(a);
		a = NULL;
	}
	field_list_free(args);
	return a;
}

static int
is_over(const WIRE_ANSWER *a)
{
	const char *state = field_text(a->values, "state", "");

	return strcmp(state, "choosing") != 0 && strcmp(state, "running") != 0;
}

static void
print_progress(struct cli *cli, const WIRE_ANSWER *a, int64_t *seen)
{
	int64_t done = field_int(a->values, "done", 0);
	int64_t skipped = field_int(a->values, "skipped", 0);

	if (cli->json || done + skipped == *seen)
		return;
	*seen = done + skipped;
	fprintf(cli->out, "%lld of %lld revoked, %lld skipped, %lld s left\n",
	    (long long)done, (long long)field_int(a->values, "total", 0),
	    (long long)skipped,
	    (long long)field_int(a->values, "seconds_left", 0));
	fflush(cli->out);
}

static int
print_end(struct cli *cli, const WIRE_ANSWER *a)
{
	json_t *o;

	if (cli->json) {
		o = json_object();
		if (o != NULL && encode_into(o, a->values))
			return encode_print(cli->out, o) ? CLI_DONE
							 : client_failed(cli);
		json_decref(o);
		return client_failed(cli);
	}
	format_show(cli->out, a->values, NULL);
	return CLI_DONE;
}

/* It goes on without us: what ends here is only the looking. */
static int
follow(struct cli *cli, WIRE_ANSWER *a)
{
	const struct timespec second = {0, 500 * 1000 * 1000};
	int64_t id = field_int(a->values, "id", 0), seen = 0;
	int status;

	if (!cli->json)
		fprintf(cli->out, "campaign %lld\n", (long long)id);
	fflush(cli->out);
	while (!is_over(a)) {
		nanosleep(&second, NULL);
		WIRE_ANSWER_free(a);
		if ((a = show(cli, id)) == NULL) {
			fprintf(cli->err,
			    "inkan: campaign %lld goes on with inkan-ca; look "
			    "with \"inkan revoke --resume %lld\"\n",
			    (long long)id, (long long)id);
			return CLI_FAILED;
		}
		print_progress(cli, a, &seen);
	}
	status = print_end(cli, a);
	if (strcmp(field_text(a->values, "state", ""), "done") != 0)
		status = CLI_FAILED;
	WIRE_ANSWER_free(a);
	return status;
}

/* Does it make a campaign go on? Then it is looked at until it ends. */
static int
run_campaign(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	WIRE_ANSWER *a = run_call(cli, cmd, o);
	int status;

	if (a == NULL)
		return CLI_FAILED;
	if (!option_has(o, "no-wait"))
		return follow(cli, a);
	status = print_end(cli, a);
	WIRE_ANSWER_free(a);
	return status;
}

static int
run_plan(struct cli *cli, const struct command *cmd, const struct options *o)
{
	WIRE_ANSWER *a;
	int status;

	if (option_has(o, "no-wait") || option_has(o, "break-glass")) {
		ca_raise(CA_E_BADREQUEST, "--%s is for --execute",
		    option_has(o, "no-wait") ? "no-wait" : "break-glass");
		return CLI_USAGE;
	}
	if ((a = run_call(cli, cmd, o)) == NULL)
		return CLI_FAILED;
	status = print_plan(cli, a);
	WIRE_ANSWER_free(a);
	return status;
}

int
run_revoke(struct cli *cli, const struct command *cmd, const struct options *o)
{
	const struct run_revoke_way *w = find_way(o);
	struct command as = *cmd;

	if (w == NULL)
		return CLI_USAGE;
	as.op = option_has(o, "execute") ? w->execute : w->op;
	as.columns = w->columns;
	as.rows = w->rows;
	if (strcmp(as.op, "revoke.plan") == 0)
		return run_plan(cli, &as, o);
	if (strcmp(as.op, "campaign.start") == 0 ||
	    strcmp(as.op, "campaign.resume") == 0)
		return run_campaign(cli, &as, o);
	return run_object(cli, &as, o);
}
