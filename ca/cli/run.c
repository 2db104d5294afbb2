#include <stdlib.h>
#include <string.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/cli/table.h"
#include "ca/cli/value.h"
#include "ca/error.h"

WIRE_ANSWER *
run_call_with(struct cli *cli, const struct command *cmd,
    const struct options *o, WIRE_FIELDS *args)
{
	WIRE_ANSWER *a = NULL;

	if (args == NULL || !option_fields(o, cli->now, args) ||
	    (a = client_call(cli, cmd->op, args)) == NULL)
		client_failed(cli);
	else if (!client_done(cli, a)) {
		WIRE_ANSWER_free(a);
		a = NULL;
	}
	return a;
}

WIRE_ANSWER *
run_call(struct cli *cli, const struct command *cmd, const struct options *o)
{
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = run_call_with(cli, cmd, o, args);

	field_list_free(args);
	return a;
}

int
run_print_json(struct cli *cli, const struct command *cmd, const WIRE_ANSWER *a)
{
	json_t *o = json_object();

	if (o == NULL || !encode_into(o, a->values) ||
	    (cmd->rows != NULL &&
		json_object_set_new(o, cmd->rows, encode_rows(a)) != 0)) {
		json_decref(o);
		return client_failed(cli);
	}
	return encode_print(cli->out, o) ? CLI_DONE : client_failed(cli);
}

void
run_print_table(
    struct cli *cli, const struct command *cmd, const WIRE_ANSWER *a)
{
	struct table t;
	size_t i;

	if (message_n_rows(a) == 0)
		return;
	table_begin(&t, cli->out, cmd->columns, a);
	for (i = 0; i < message_n_rows(a); i++)
		table_row(&t, message_row(a, i));
}

int
run_print(struct cli *cli, const struct command *cmd, WIRE_ANSWER *a)
{
	static const char *const EXCEPT[] = {"der", NULL};
	const char *raw;
	int status = CLI_DONE;

	if (cli->json) {
		status = run_print_json(cli, cmd, a);
		goto out;
	}
	/* A text that was asked for is alone, so that it can go to a file. */
	raw = cmd->raw == NULL ? NULL : field_text(a->values, cmd->raw, NULL);
	if (raw != NULL) {
		format_lines(cli->out, raw);
		goto out;
	}
	format_show(cli->out, a->values, EXCEPT);
	if (cmd->columns != NULL && message_n_rows(a) > 0) {
		if (sk_WIRE_FIELD_num(a->values) > 0)
			fputc('\n', cli->out);
		run_print_table(cli, cmd, a);
	}
out:
	WIRE_ANSWER_free(a);
	return status;
}

int
run_object(struct cli *cli, const struct command *cmd, const struct options *o)
{
	WIRE_ANSWER *a = run_call(cli, cmd, o);

	return a == NULL ? CLI_FAILED : run_print(cli, cmd, a);
}

int
run_policy_diff(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	const WIRE_FIELDS *row;
	struct table t;
	WIRE_ANSWER *a;
	size_t i, n = 0;
	int status = CLI_DONE;

	if ((a = run_call(cli, cmd, o)) == NULL)
		return CLI_FAILED;
	if (cli->json) {
		status = run_print_json(cli, cmd, a);
		goto out;
	}
	format_show(cli->out, a->values, NULL);
	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (strcmp(field_text(row, "change", ""), "same") == 0)
			continue;
		if (n++ == 0) {
			fputc('\n', cli->out);
			table_begin(&t, cli->out, cmd->columns, a);
		}
		table_row(&t, row);
	}
	if (n == 0)
		fputs("no difference\n", cli->out);
out:
	WIRE_ANSWER_free(a);
	return status;
}

/* Lists. */

struct listing {
	struct cli *cli;
	const struct command *cmd;
	const struct options *o;
	int64_t left;			/* rows still to print */
	char cursor[WIRE_TEXT_MAX + 1]; /* "": from the start */
	size_t pages;
	int more; /* there are rows that were not asked for */
	struct table table;
	struct encode_stream stream;
};

/* One row more than wanted is asked for: it tells whether there are more. */
static int
add_paging(const struct listing *l, WIRE_FIELDS *args)
{
	int64_t n = l->left < RUN_PAGE ? l->left + 1 : RUN_PAGE;

	if (l->cmd->paging == COMMAND_WHOLE)
		return 1;
	if (!field_add_int(args, "limit", n))
		return 0;
	if (l->cursor[0] == '\0')
		return 1;
	if (l->cmd->paging == COMMAND_FROM)
		return field_add_int(
		    args, "from", strtoll(l->cursor, NULL, 10));
	return field_add_text(args, "cursor", l->cursor);
}

static WIRE_ANSWER *
fetch(struct listing *l)
{
	WIRE_FIELDS *args;
	WIRE_ANSWER *a = NULL;

	/* In the middle of an array no error object can be printed. */
	if (l->pages > 0)
		l->cli->json = 0;
	if ((args = field_list_new()) == NULL ||
	    !option_fields(l->o, l->cli->now, args) || !add_paging(l, args) ||
	    (a = client_call(l->cli, l->cmd->op, args)) == NULL)
		client_failed(l->cli);
	else if (!client_done(l->cli, a)) {
		WIRE_ANSWER_free(a);
		a = NULL;
	}
	field_list_free(args);
	return a;
}

static int
print_page(struct listing *l, int json, const WIRE_ANSWER *a)
{
	size_t i;

	if (l->pages++ == 0 && json)
		encode_begin(&l->stream, l->cli->out);
	else if (l->pages == 1)
		table_begin(&l->table, l->cli->out, l->cmd->columns, a);
	for (i = 0; i < message_n_rows(a); i++) {
		if (l->left == 0) {
			l->more = 1;
			return 1;
		}
		l->left--;
		if (!json)
			table_row(&l->table, message_row(a, i));
		else if (!encode_row(&l->stream, message_row(a, i)))
			return 0;
	}
	return 1;
}

static int
print_pages(struct listing *l, int json)
{
	WIRE_ANSWER *a;
	const char *next;
	int ok;

	do {
		if ((a = fetch(l)) == NULL)
			return CLI_FAILED;
		ok = print_page(l, json, a);
		next = message_next(a);
		if (message_n_rows(a) == 0 || l->more)
			next = NULL;
		snprintf(l->cursor, sizeof(l->cursor), "%s",
		    next == NULL ? "" : next);
		WIRE_ANSWER_free(a);
		if (!ok)
			return client_failed(l->cli);
	} while (l->cursor[0] != '\0');
	if (json)
		encode_end(&l->stream);
	if (l->more && !json)
		fputs("... more: use --all or --limit\n", l->cli->err);
	return CLI_DONE;
}

int
run_list(struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct listing l = {.cli = cli, .cmd = cmd, .o = o, .left = RUN_LIMIT};
	const char *limit = option_text(o, "limit");
	const char *from = option_text(o, "from");
	int json = cli->json;

	if (option_has(o, "all") && limit != NULL) {
		ca_raise(CA_E_BADREQUEST,
		    "--all and --limit exclude each "
		    "other");
		return CLI_USAGE;
	}
	if (cmd->paging == COMMAND_WHOLE || option_has(o, "all") || json)
		l.left = INT64_MAX;
	if (limit != NULL && !value_int(limit, 1, INT32_MAX, &l.left)) {
		ca_raise(CA_E_BADREQUEST, "--limit");
		return CLI_USAGE;
	}
	if (cmd->paging == COMMAND_FROM && from != NULL)
		snprintf(l.cursor, sizeof(l.cursor), "%s", from);
	return print_pages(&l, json);
}
