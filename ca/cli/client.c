#include <string.h>
#include <unistd.h>
#include <jansson.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/format.h"
#include "ca/cli/offline.h"
#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/wire/socket.h"

static const char *
socket_path(const struct cli *cli)
{
	return cli->socket == NULL ? CLI_SOCKET : cli->socket;
}

static int
open_socket(struct cli *cli)
{
	if (cli->fd != -1)
		return 1;
	if ((cli->fd = socket_connect(socket_path(cli))) != -1)
		return 1;
	ca_raise(CA_E_BUSY,
	    "cannot reach inkan-ca on %s (--socket or $INKAN_ADMIN_SOCKET "
	    "choose another)",
	    socket_path(cli));
	return 0;
}

WIRE_ANSWER *
client_call(struct cli *cli, const char *op, WIRE_FIELDS *args)
{
	WIRE_REQUEST *req = NULL;
	WIRE_ANSWER *answer = NULL;

	if (cli->store != NULL)
		return offline_call(cli, op, args);
	if (!open_socket(cli) ||
	    (req = message_request(op, ++cli->next_id)) == NULL)
		return NULL;
	if (args != NULL) {
		/* Lent for the call: args stay the caller's. */
		field_list_free(req->args);
		req->args = args;
	}
	answer = socket_call(cli->fd, req, CLI_TIMEOUT);
	if (args != NULL)
		req->args = NULL;
	if (answer == NULL) {
		ca_raise(CA_E_BUSY, "inkan-ca on %s gives no answer to %s",
		    socket_path(cli), op);
		client_close(cli);
	}
	WIRE_REQUEST_free(req);
	return answer;
}

void
client_close(struct cli *cli)
{
	if (cli->fd != -1)
		close(cli->fd);
	cli->fd = -1;
}

static void
print_escaped(FILE *f, const char *before, const char *text, const char *after)
{
	char buf[4 * (WIRE_TEXT_MAX + 1) + 20];

	if (text[0] == '\0')
		return;
	report_escape(text, buf, sizeof(buf));
	fprintf(f, "%s%s%s", before, buf, after);
}

static void
print_refusal(struct cli *cli, const WIRE_ANSWER *a)
{
	const char *rule = message_refusal(a, "rule");
	const char *text = message_refusal(a, "text");
	size_t n = strlen(rule);

	fputs("inkan: refused", cli->err);
	print_escaped(cli->err, " at stage ", message_refusal(a, "stage"), "");
	/* Texts that start with their rule are not given it twice. */
	if (strncmp(text, rule, n) != 0 || text[n] != ':')
		print_escaped(cli->err, ": ", rule, "");
	print_escaped(cli->err, ": ",
	    text[0] == '\0' && n == 0
		? message_status_name(message_answer_status(a))
		: text,
	    "");
	print_escaped(cli->err, " (field ", message_refusal(a, "field"), ")");
	if (message_retry(a) > 0)
		fprintf(cli->err, "; try again in %lld s",
		    (long long)message_retry(a));
	fputc('\n', cli->err);
}

static void
print_error_object(struct cli *cli, const char *status, const char *stage,
    const char *rule, const char *field, const char *text)
{
	json_t *o;

	o = json_pack("{s{ss ss ss ss ss}}", "error", "status", status, "stage",
	    stage, "rule", rule, "field", field, "text", text);
	if (o != NULL && json_dumpf(o, cli->out, JSON_INDENT(2)) == 0)
		fputc('\n', cli->out);
	json_decref(o);
}

/* No refusal: it waits for others. */
static int
print_parked(struct cli *cli, const WIRE_ANSWER *a)
{
	int64_t id = field_int(a->values, "request", 0);
	int64_t need = field_int(a->values, "need", 0);
	char when[FORMAT_TIME_MAX];
	json_t *o, *in;

	cli->parked = 1;
	fprintf(cli->err, "inkan: parked as request %lld, which needs %lld "
	    "approval%s by others until %s (inkan request show %lld)\n",
	    (long long)id, (long long)need, need == 1 ? "" : "s",
	    format_time(field_time(a->values, "expires", 0), when),
	    (long long)id);
	if (!cli->json)
		return 0;
	o = json_object();
	in = json_object();
	if (o == NULL || in == NULL || !encode_into(in, a->values) ||
	    json_object_set(o, "parked", in) != 0 ||
	    json_dumpf(o, cli->out, JSON_INDENT(2)) != 0)
		ERR_clear_error();
	else
		fputc('\n', cli->out);
	json_decref(in);
	json_decref(o);
	return 0;
}

int
client_done(struct cli *cli, const WIRE_ANSWER *a)
{
	enum wire_status status = message_answer_status(a);

	cli->parked = 0;
	if (status == WIRE_OK)
		return 1;
	if (status == WIRE_PENDING && field_int(a->values, "request", 0) > 0)
		return print_parked(cli, a);
	print_refusal(cli, a);
	if (cli->json)
		print_error_object(cli, message_status_name(status),
		    message_refusal(a, "stage"), message_refusal(a, "rule"),
		    message_refusal(a, "field"), message_refusal(a, "text"));
	return 0;
}

int
client_failed(struct cli *cli)
{
	char trace[REPORT_TRACE_MAX], text[4 * REPORT_TRACE_MAX + 20];

	report_trace(trace, sizeof(trace));
	ERR_clear_error();
	report_escape(
	    trace[0] == '\0' ? "unknown error" : trace, text, sizeof(text));
	fprintf(cli->err, "inkan: %s\n", text);
	if (cli->json)
		print_error_object(cli, "failed", "", "", "", text);
	return CLI_FAILED;
}
