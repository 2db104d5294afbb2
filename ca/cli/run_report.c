#include <stdlib.h>
#include <string.h>

#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/cli/table.h"
#include "ca/error.h"

/*
 * The auditor's report: sums, then what people did, page by page, all up to one
 * checkpoint; as tables, CSV or JSON.
 */

#define EVENTS_PAGE 500

static const char *const ISSUED[] = {"issuer", "profile", "count", NULL};
static const char *const REVOKED[] = {"issuer", "reason", "count",
    "mean_seconds", "max_seconds", "text", NULL};
static const char *const LATE[] = {
    "time", "issuer", "max_seconds", "text", NULL};
static const char *const EVENTS[] = {
    "index", "time", "kind", "who", "text", NULL};

static const struct part {
	const char *section, *title;
	const char *const *columns;
} PARTS[] = {
    {"issued", "Issued", ISSUED},
    {"revoked", "Revoked (seconds until a CRL told)", REVOKED},
    {"late-crl", "Late CRLs", LATE},
    {"request", "Requests and approvals", EVENTS},
    {"break-glass", "Break-glass", EVENTS},
    {"ceremony", "Ceremonies", EVENTS},
    {"policy", "Policy versions", EVENTS},
    {"ca", "CAs, stops", EVENTS},
    {"campaign", "Revocations of many", EVENTS},
    {"alarm", "Alarms", EVENTS},
};
#define N_PARTS (sizeof(PARTS) / sizeof(PARTS[0]))

static const char *const CSV[] = {"section", "index", "time", "issuer",
    "profile", "reason", "count", "mean_seconds", "max_seconds", "kind", "who",
    "text", NULL};

struct report {
	WIRE_ANSWER *sums;
	WIRE_ANSWER *all;		/* rows of every page of events */
};

static int
take_rows(struct report *r, WIRE_ANSWER *page)
{
	WIRE_FIELDS *row;

	while ((row = sk_WIRE_FIELDS_shift(page->rows)) != NULL)
		if (sk_WIRE_FIELDS_push(r->all->rows, row) <= 0) {
			field_list_free(row);
			ca_raise(CA_E_INTERNAL, "out of memory");
			return 0;
		}
	return 1;
}

/* Times are the server's, so that every page means the same. */
static WIRE_FIELDS *
event_args(const struct report *r, int64_t first)
{
	const WIRE_FIELDS *v = r->sums->values;
	WIRE_FIELDS *args = field_list_new();

	if (args != NULL &&
	    field_add_time(args, "from", field_time(v, "from", 0)) &&
	    field_add_time(args, "to", field_time(v, "to", 0)) &&
	    field_add_int(args, "first", first) &&
	    field_add_int(args, "end", field_int(v, "log_size", 0)) &&
	    field_add_int(args, "limit", EVENTS_PAGE))
		return args;
	field_list_free(args);
	return NULL;
}

static int
fetch_events(struct cli *cli, struct report *r)
{
	WIRE_FIELDS *args;
	WIRE_ANSWER *page;
	int64_t first = 0;
	const char *next;
	int ok = 1;

	while (ok && first >= 0) {
		args = event_args(r, first);
		page = args == NULL ? NULL : client_call(cli, "report.events",
		    args);
		field_list_free(args);
		if (page == NULL)
			return client_failed(cli), 0;
		ok = client_done(cli, page);
		next = message_next(page);
		first = next == NULL ? -1 : strtoll(next, NULL, 10);
		ok = ok && take_rows(r, page);
		WIRE_ANSWER_free(page);
	}
	return ok;
}

static void
print_part(struct cli *cli, const WIRE_ANSWER *a, const struct part *p)
{
	const WIRE_FIELDS *row;
	struct table t;
	size_t i, n = 0;

	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (strcmp(field_text(row, "section", ""), p->section) != 0)
			continue;
		if (n++ == 0) {
			fprintf(cli->out, "\n%s\n", p->title);
			table_begin(&t, cli->out, p->columns, a);
		}
		table_row(&t, row);
	}
}

static void
print_tables(struct cli *cli, const struct report *r)
{
	size_t i;

	format_show(cli->out, r->sums->values, NULL);
	for (i = 0; i < N_PARTS; i++) {
		print_part(cli, r->sums, &PARTS[i]);
		print_part(cli, r->all, &PARTS[i]);
	}
}

/* RFC 4180. A cell that a spreadsheet would take for a formula is led by a
   quote mark: texts are written by people. */
static void
csv_cell(FILE *out, const char *text)
{
	int quote = strpbrk(text, ",\"\n\r") != NULL;

	if (text[0] != '\0' && strchr("=+-@", text[0]) != NULL &&
	    text[1] != '\0' && strspn(text + 1, "0123456789") !=
	    strlen(text + 1)) {
		fputs(quote ? "\"'" : "'", out);
	} else if (quote) {
		fputc('"', out);
	}
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	if (quote)
		fputc('"', out);
}

static void
csv_rows(FILE *out, const WIRE_ANSWER *a)
{
	const WIRE_FIELD *f;
	char buf[FORMAT_MAX];
	size_t i, k;

	for (i = 0; i < message_n_rows(a); i++)
		for (k = 0; CSV[k] != NULL; k++) {
			f = field_find(message_row(a, i), CSV[k], 0);
			csv_cell(out, f == NULL || field_type(f) ==
			    V_ASN1_NULL ? "" : format_field(f, buf));
			fputs(CSV[k + 1] == NULL ? "\r\n" : ",", out);
		}
}

/* What it is of comes first, as rows of the same form. */
static void
print_csv(struct cli *cli, const struct report *r)
{
	static const char *const VALUES[] = {"from", "to", "made", "log_size",
	    "log_root", "log_origin"};
	char buf[FORMAT_MAX];
	size_t i, k;

	for (k = 0; CSV[k] != NULL; k++)
		fprintf(cli->out, "%s%s", CSV[k], CSV[k + 1] == NULL ? "\r\n" :
		    ",");
	for (i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
		fprintf(cli->out, "report,,,,,,,,,%s,,", VALUES[i]);
		csv_cell(cli->out, format_field(field_find(r->sums->values,
		    VALUES[i], 0), buf));
		fputs("\r\n", cli->out);
	}
	csv_rows(cli->out, r->sums);
	csv_rows(cli->out, r->all);
}

static int
print_json(struct cli *cli, const struct report *r)
{
	json_t *o = json_object();

	if (o == NULL || !encode_into(o, r->sums->values) ||
	    json_object_set_new(o, "sums", encode_rows(r->sums)) != 0 ||
	    json_object_set_new(o, "events", encode_rows(r->all)) != 0) {
		json_decref(o);
		return 0;
	}
	return encode_print(cli->out, o);
}

int
run_report(struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct report r = {NULL, NULL};
	int status = CLI_FAILED;

	if (option_has(o, "csv") && cli->json) {
		ca_raise(CA_E_BADREQUEST, "--csv and --json exclude each "
		    "other");
		return CLI_USAGE;
	}
	if ((r.sums = run_call(cli, cmd, o)) == NULL)
		return CLI_FAILED;
	r.all = message_answer(0, WIRE_OK);
	if (r.all == NULL) {
		status = client_failed(cli);
		goto out;
	}
	if (!fetch_events(cli, &r))
		goto out;
	status = CLI_DONE;
	if (option_has(o, "csv"))
		print_csv(cli, &r);
	else if (!cli->json)
		print_tables(cli, &r);
	else if (!print_json(cli, &r))
		status = client_failed(cli);
out:
	WIRE_ANSWER_free(r.sums);
	WIRE_ANSWER_free(r.all);
	return status;
}
