#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/error.h"
#include "ca/shape/shape.h"

/* client report: in what clients differ, for whoever has to mend them. */

#define PAGES_MAX 256
#define REFUSED "refused:"

struct clients {
	WIRE_ANSWER *page[PAGES_MAX];
	size_t n_pages;
	const WIRE_FIELDS **row;	/* of the pages, sorted */
	size_t n;
};

static int64_t
count_of(const WIRE_FIELDS *row, const char *what)
{
	size_t i, n = field_count(row, "what");

	for (i = 0; i < n; i++)
		if (strcmp(field_get_text(field_find(row, "what", i)), what) ==
		    0)
			return field_get_int(field_find(row, "count", i));
	return 0;
}

/* Which lines it can read in an answer: INTEROP knows two families, and the one
   that must have a single line says nothing of itself. */
static const char *
needs(const WIRE_FIELDS *row)
{
	unsigned i;

	for (i = 0; i < SHAPE_N; i++)
		if ((SHAPE_BARE & 1u << i) && count_of(row, shape_name(i)) == 0)
			return "any";
	return "one-line";
}

/* ---- fetching ---- */

static WIRE_ANSWER *
fetch(struct cli *cli, const struct command *cmd, const struct options *o,
    const char *cursor)
{
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;

	if (args == NULL || !option_fields(o, cli->now, args) ||
	    !field_add_int(args, "limit", RUN_PAGE) ||
	    (cursor != NULL && !field_add_text(args, "cursor", cursor)) ||
	    (a = client_call(cli, cmd->op, args)) == NULL) {
		(void)client_failed(cli);
	} else if (!client_done(cli, a)) {
		WIRE_ANSWER_free(a);
		a = NULL;
	}
	field_list_free(args);
	return a;
}

static int
fetch_all(struct cli *cli, const struct command *cmd, const struct options *o,
    struct clients *c)
{
	const char *next = NULL;
	WIRE_ANSWER *a;

	do {
		if ((a = fetch(cli, cmd, o, next)) == NULL)
			return 0;
		c->page[c->n_pages++] = a;
		c->n += message_n_rows(a);
		next = message_n_rows(a) == 0 ? NULL : message_next(a);
	} while (next != NULL && c->n_pages < PAGES_MAX);
	return 1;
}

static int
compare(const void *a, const void *b)
{
	const WIRE_FIELDS *const *x = a, *const *y = b;
	int d = strcmp(field_text(*x, "fleet", ""), field_text(*y, "fleet", ""));

	return d != 0 ? d : strcmp(field_text(*x, "agent", ""),
	    field_text(*y, "agent", ""));
}

static int
sort(struct clients *c)
{
	size_t p, i, n = 0;

	c->row = OPENSSL_zalloc((c->n + 1) * sizeof(*c->row));
	if (c->row == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	for (p = 0; p < c->n_pages; p++)
		for (i = 0; i < message_n_rows(c->page[p]); i++)
			c->row[n++] = message_row(c->page[p], i);
	qsort(c->row, c->n, sizeof(*c->row), compare);
	return 1;
}

/* ---- for people ---- */

static void
print_fact(FILE *out, const char *kind, const WIRE_FIELDS *row, size_t i,
    const char *name, const char *says)
{
	char last[FORMAT_MAX];

	fprintf(out, "  %-8s %8lld  %-26s until %s%s%s\n", kind,
	    (long long)field_get_int(field_find(row, "count", i)), name,
	    format_field(field_find(row, "fact_last", i), last),
	    says[0] != '\0' ? "  " : "", says);
}

/* Facts of one kind: 'r' refusals, 'd' departures, 'h' habits. */
static void
print_facts(FILE *out, const WIRE_FIELDS *row, char kind)
{
	size_t i, n = field_count(row, "what");
	const char *what;
	unsigned k;

	for (i = 0; i < n; i++) {
		what = field_get_text(field_find(row, "what", i));
		if (kind == 'r' && strncmp(what, REFUSED, strlen(REFUSED)) == 0)
			print_fact(out, "refused", row, i,
			    what + strlen(REFUSED), "");
		for (k = 0; k < SHAPE_N && kind != 'r'; k++)
			if (strcmp(what, shape_name(k)) == 0 &&
			    shape_departs(k) == (kind == 'd'))
				print_fact(out, kind == 'd' ? "departs" :
				    "habit", row, i, what, shape_says(k));
	}
}

static void
print_client(FILE *out, const WIRE_FIELDS *row)
{
	char fleet[FORMAT_MAX], agent[FORMAT_MAX], last[FORMAT_MAX];
	const char *said = field_text(row, "agent", "");

	format_field(field_find(row, "fleet", 0), fleet);
	format_field(field_find(row, "agent", 0), agent);
	fprintf(out, "%s: %s\n", fleet,
	    said[0] == '\0' ? "(says no User-Agent)" : agent);
	fprintf(out, "  %lld requests, %lld answered, until %s\n",
	    (long long)count_of(row, "request"),
	    (long long)count_of(row, "answer"),
	    format_field(field_find(row, "last", 0), last));
	print_facts(out, row, 'r');
	print_facts(out, row, 'd');
	print_facts(out, row, 'h');
	fprintf(out, "  bodies   needs %s, was given one line %lld times, "
	    "lines of 64 %lld times\n", needs(row),
	    (long long)count_of(row, "body-one-line"),
	    (long long)count_of(row, "body-wrapped"));
}

/* ---- as JSON ---- */

static int
add_fact(json_t *o, const WIRE_FIELDS *row, size_t i)
{
	const char *what = field_get_text(field_find(row, "what", i));
	char first[FORMAT_TIME_MAX], last[FORMAT_TIME_MAX];
	unsigned k;
	json_t *fact;

	format_time(field_get_time(field_find(row, "fact_first", i)), first);
	format_time(field_get_time(field_find(row, "fact_last", i)), last);
	fact = json_pack("{s:I, s:s, s:s}", "count",
	    (json_int_t)field_get_int(field_find(row, "count", i)), "first",
	    first, "last", last);
	for (k = 0; k < SHAPE_N; k++)
		if (fact != NULL && strcmp(what, shape_name(k)) == 0 &&
		    (json_object_set_new(fact, "departs",
		    json_boolean(shape_departs(k))) != 0 ||
		    json_object_set_new(fact, "says",
		    json_string(shape_says(k))) != 0))
			return 0;
	return json_object_set_new(o, what, fact) == 0;
}

static json_t *
encode_client(const WIRE_FIELDS *row)
{
	char first[FORMAT_TIME_MAX], last[FORMAT_TIME_MAX];
	json_t *o, *facts = json_object();
	size_t i, n = field_count(row, "what");
	int ok = facts != NULL;

	format_time(field_time(row, "first", 0), first);
	format_time(field_time(row, "last", 0), last);
	for (i = 0; ok && i < n; i++)
		ok = add_fact(facts, row, i);
	o = !ok ? NULL : json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:O}",
	    "fleet", field_text(row, "fleet", ""), "agent",
	    field_text(row, "agent", ""), "authenticated",
	    field_flag(row, "known", 0), "first", first, "last", last,
	    "body_needed", needs(row), "facts", facts);
	json_decref(facts);
	return o;
}

static int
print_json(struct cli *cli, const struct clients *c)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; all != NULL && i < c->n; i++)
		if (json_array_append_new(all, encode_client(c->row[i])) != 0) {
			json_decref(all);
			all = NULL;
		}
	return encode_print(cli->out, all);
}

int
run_client_report(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct clients c = {.n = 0};
	int status = CLI_FAILED;
	size_t i;

	if (!fetch_all(cli, cmd, o, &c))
		goto out;
	status = CLI_DONE;
	if (!sort(&c) || (cli->json && !print_json(cli, &c)))
		status = client_failed(cli);
	for (i = 0; status == CLI_DONE && !cli->json && i < c.n; i++)
		print_client(cli->out, c.row[i]);
	if (c.n == 0 && !cli->json)
		fputs("no client was seen\n", cli->out);
out:
	for (i = 0; i < c.n_pages; i++)
		WIRE_ANSWER_free(c.page[i]);
	OPENSSL_free(c.row);
	return status;
}
