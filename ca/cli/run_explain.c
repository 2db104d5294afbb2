#include <string.h>
#include "ca/cli/client.h"
#include "ca/cli/file.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/shape/capture.h"
#include "ca/shape/shape.h"

/*
 * explain: what would become of a request. How it is written is judged here, by
 * the code of inkan-ra; the stages are inkan-ca's to walk.
 */

#define STAGE "shape"	/* what comes before authenticate */

struct explaining {
	struct capture capture;
	int captured;		/* there is one */
	int shape_ok;
	WIRE_ANSWER *rows;	/* of the stage before inkan-ca's */
};

static int
add_row(WIRE_ANSWER *a, const char *stage, const char *verdict,
    const char *rule, const char *field, const char *text)
{
	WIRE_FIELDS *row = message_add_row(a);

	return row != NULL && field_add_text(row, "stage", stage) &&
	    field_add_text(row, "verdict", verdict) &&
	    field_add_text(row, "rule", rule) &&
	    field_add_text(row, "field", field) &&
	    field_add_text(row, "text", text);
}

static int
add_flags(struct explaining *e)
{
	unsigned i;

	for (i = 0; i < SHAPE_N; i++)
		if ((e->capture.shape & 1u << i) && !add_row(e->rows, STAGE,
		    "pass", shape_departs(i) ? "deviation" : "habit",
		    shape_name(i), shape_says(i)))
			return 0;
	return 1;
}

/* "rule: text" of the queue as the row that refuses; then it is empty. */
static int
add_refusal(struct explaining *e)
{
	char text[512], *colon;

	report_last_text(text, sizeof(text));
	ERR_clear_error();
	colon = strstr(text, ": ");
	if (colon != NULL)
		*colon = '\0';
	return add_row(e->rows, STAGE, "refuse", colon == NULL ? "" : text,
	    e->capture.http ? "request" : "body",
	    colon == NULL ? text : colon + 2);
}

static int
judge_shape(struct explaining *e, const char *path)
{
	unsigned char *p;
	size_t len;

	if ((p = file_read(path, &len)) == NULL)
		return 0;
	e->captured = 1;
	e->shape_ok = capture_read(p, len, &e->capture);
	file_free(p, len);
	e->rows = message_answer(0, WIRE_OK);
	if (e->rows == NULL || !add_flags(e))
		return 0;
	if (!e->shape_ok)
		return report_last_reason() == CA_E_BADREQUEST &&
		    add_refusal(e);
	return add_row(e->rows, STAGE, "pass", "", "", e->capture.http ?
	    "a request that inkan-ra reads and forwards" :
	    "a body that inkan-ra reads");
}

/* What the captured request says, as arguments of the operation. Options of the
   command come on top. */
static int
add_arguments(const struct explaining *e, const struct options *o,
    WIRE_FIELDS *args)
{
	const struct capture *c = &e->capture;
	const enum route_op op = c->route.op;

	if (!e->captured)
		return 1;
	if (!field_add_bytes(args, "csr", c->body.der, c->body.len))
		return 0;
	if (!c->http || option_has(o, "profile"))
		return 1;
	return field_add_flag(args, "renew", op == ROUTE_SIMPLEREENROLL) &&
	    field_add_flag(args, "keygen", op == ROUTE_SERVERKEYGEN) &&
	    (option_has(o, "fleet") ||
	    field_add_text(args, "label", c->route.label)) &&
	    (c->has_basic != BASIC_GIVEN || option_has(o, "user") ||
	    field_add_text(args, "user", c->basic.user));
}

static WIRE_ANSWER *
ask(struct cli *cli, const struct command *cmd, const struct options *o,
    const struct explaining *e)
{
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;

	if (args == NULL || !add_arguments(e, o, args))
		(void)client_failed(cli);
	else
		a = run_call_with(cli, cmd, o, args);
	field_list_free(args);
	return a;
}

/* The rows of the shape before those of the stages. */
static int
put_first(WIRE_ANSWER *a, WIRE_ANSWER *rows)
{
	int i, n = rows == NULL ? 0 : sk_WIRE_FIELDS_num(rows->rows);

	for (i = n; i > 0; i--)
		if (sk_WIRE_FIELDS_insert(a->rows,
		    sk_WIRE_FIELDS_value(rows->rows, i - 1), 0) <= 0)
			return 0;
		else
			(void)sk_WIRE_FIELDS_pop(rows->rows);
	return 1;
}

/* What inkan-ra refuses goes no further. */
static WIRE_ANSWER *
not_forwarded(struct explaining *e)
{
	static const char *const STAGES[] = {"authenticate", "possess",
	    "authorize", "attest", "approve"};
	WIRE_ANSWER *a = e->rows;
	size_t i;

	for (i = 0; i < sizeof(STAGES) / sizeof(STAGES[0]); i++)
		if (!add_row(a, STAGES[i], "skip", "", "", "not reached"))
			return NULL;
	if (!field_add_text(a->values, "verdict", "refuse"))
		return NULL;
	e->rows = NULL;
	return a;
}

static int
print(struct cli *cli, const struct command *cmd, const WIRE_ANSWER *a)
{
	int status = CLI_DONE;

	if (cli->json) {
		status = run_print_json(cli, cmd, a);
	} else {
		run_print_table(cli, cmd, a);
		if (message_n_rows(a) > 0)
			fputc('\n', cli->out);
		format_show(cli->out, a->values, NULL);
	}
	/* What would not be issued is a refusal, though nothing was asked. */
	return strcmp(field_text(a->values, "verdict", ""), "issue") == 0 ?
	    status : CLI_FAILED;
}

static int
wrong_use(const char *text)
{
	ca_raise(CA_E_BADREQUEST, "%s", text);
	return CLI_USAGE;
}

static int
check_options(const struct explaining *e, const struct options *o)
{
	int fleet = option_has(o, "fleet"), profile = option_has(o, "profile");
	int http = e->captured && e->capture.http;

	if (fleet && profile)
		return wrong_use("--fleet or --profile, not both");
	if (!fleet && !profile && !http)
		return wrong_use("--fleet or --profile, unless the request "
		    "has a head with its path");
	if (http && (option_has(o, "renew") || option_has(o, "keygen")))
		return wrong_use("the path of the request says whether it is "
		    "--renew or --keygen");
	return CLI_DONE;
}

int
run_explain(struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct explaining e = {.captured = 0};
	const char *request = option_text(o, "request");
	WIRE_ANSWER *a = NULL;
	int status = CLI_FAILED;

	if ((request != NULL) == (option_has(o, "csr") != 0))
		return wrong_use("--csr or --request, one of them");
	if (request != NULL && !judge_shape(&e, request)) {
		status = client_failed(cli);
		goto out;
	}
	if ((status = check_options(&e, o)) != CLI_DONE)
		goto out;
	status = CLI_FAILED;
	if (e.captured && !e.shape_ok)
		a = not_forwarded(&e);
	else if ((a = ask(cli, cmd, o, &e)) == NULL)
		goto out;
	if (a == NULL || !put_first(a, e.rows))
		status = client_failed(cli);
	else
		status = print(cli, cmd, a);
out:
	capture_clear(&e.capture);
	WIRE_ANSWER_free(e.rows);
	WIRE_ANSWER_free(a);
	return status;
}
