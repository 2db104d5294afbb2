#include "ca/cli/commands.h"
#include "ca/cli/run.h"

/* Commands: who may do what, and what waits for the approval of others. */

/* Options. */

static const struct option_spec OPERATOR_KEY[] = {
    {"name", OPTION_TEXT, REQ | LOCAL, NULL, "NAME", "of the operator"},
    {"key", OPTION_TEXT, REQ | LOCAL, NULL, "KEY",
	"PEM file of the private key, or pkcs11: URI"},
    {"module", OPTION_TEXT, LOCAL, NULL, "PATH", "PKCS #11 module of KEY"},
    END,
};
static const struct option_spec REQUESTS[] = {
    {"open", OPTION_FLAG, 0, NULL, NULL, "only those that are not over"},
    PAGING,
    END,
};
static const struct option_spec REQUEST_LIST[] = {
    {"open", OPTION_FLAG, 0, NULL, NULL, "only those that are not over"},
    {"kind", OPTION_TEXT, 0, NULL, "KIND",
	"operator, or enrol (those of devices)"},
    {"fleet", OPTION_TEXT, 0, NULL, "NAME", "of devices of this fleet"},
    PAGING,
    END,
};
static const struct option_spec REQUEST_SHOW[] = {
    {"id", OPTION_INT, REQ, NULL, "ID", "its number"},
    {"text", OPTION_FLAG, LOCAL, NULL, NULL, "only what approvers sign"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE",
	"certificate that came of it (PEM) to FILE"},
    END,
};
static const struct option_spec REQUEST_APPROVE[] = {
    {"id", OPTION_INT, REQ | MANY | LOCAL, NULL, "ID",
	"its number; several are done one after the other"},
    {"key", OPTION_TEXT, LOCAL, NULL, "KEY",
	"sign with this: PEM file, or pkcs11: URI"},
    {"module", OPTION_TEXT, LOCAL, NULL, "PATH", "PKCS #11 module of KEY"},
    {"note", OPTION_TEXT, LOCAL, NULL, "FILE", "signed elsewhere"},
    END,
};
static const struct option_spec REQUEST_DENY[] = {
    {"id", OPTION_INT, REQ | MANY | LOCAL, NULL, "ID",
	"its number; several are done one after the other"},
    {"reason", OPTION_TEXT, 0, NULL, "TEXT",
	"why, for the record; a device is told"},
    END,
};
static const struct option_spec REQUEST_RUN[] = {
    {"id", OPTION_INT, REQ, NULL, "ID", "its number"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "certificate (PEM) to FILE"},
    END,
};
static const struct option_spec BREAK_ACK[] = {
    {"id", OPTION_INT, REQ, NULL, "ID", "its number"},
    {"note", OPTION_TEXT, 0, NULL, "TEXT", "what was found, for the record"},
    END,
};

static const struct option_spec REPORT[] = {
    {"from", OPTION_TIME, REQ, NULL, "TIME", "2026-11-01, or RFC 3339"},
    {"to", OPTION_TIME, 0, NULL, "TIME", "before this; else until now"},
    {"csv", OPTION_FLAG, LOCAL, NULL, NULL, "as comma-separated values"},
    END,
};

/* Columns of rows. */

static const char *const OPERATOR_COLUMNS[] = {
    "name", "uid", "roles", "you", "key", NULL};
static const char *const REQUEST_COLUMNS[] = {"id", "state", "op", "asker",
    "approvals", "created", "expires", "device", "note", NULL};
static const char *const APPROVAL_COLUMNS[] = {
    "operator", "uid", "time", "signed", NULL};
static const char *const BREAK_COLUMNS[] = {
    "id", "time", "op", "who", "acknowledged_by", "reason", NULL};

const struct command commands_people[] = {
    {.words = "operator list",
	.op = "operator.list",
	.run = run_object,
	.options = commands_none,
	.columns = OPERATOR_COLUMNS,
	.rows = "operators",
	.help = "List operators, their roles, and what needs approvals"},
    {.words = "operator key",
	.run = run_operator_key,
	.options = OPERATOR_KEY,
	.help = "Print the line of a key for operators.conf; needs no server"},
    {.words = "request list",
	.op = "request.list",
	.run = run_list,
	.options = REQUEST_LIST,
	.paging = COMMAND_CURSOR,
	.columns = REQUEST_COLUMNS,
	.help = "List requests that need approvals, and what became of them"},
    {.words = "request show",
	.op = "request.show",
	.run = run_request_show,
	.options = REQUEST_SHOW,
	.positional = "id",
	.columns = APPROVAL_COLUMNS,
	.rows = "approvals",
	.help = "Show what a request asks, who approved, what came of it"},
    {.words = "request approve",
	.op = "request.approve",
	.run = run_request_approve,
	.options = REQUEST_APPROVE,
	.positional = "id",
	.help = "Approve a request of somebody else",
	.more = "The last approval runs it. A device's is issued when the "
		"device asks again."},
    {.words = "request deny",
	.op = "request.deny",
	.run = run_request_deny,
	.options = REQUEST_DENY,
	.positional = "id",
	.help = "Deny a request, or withdraw one's own"},
    {.words = "request run",
	.op = "request.run",
	.run = run_request_run,
	.options = REQUEST_RUN,
	.positional = "id",
	.rows = "rows",
	.help = "Run a request that is approved and was not run at once"},
    {.words = "break-glass list",
	.op = "break-glass.list",
	.run = run_list,
	.options = REQUESTS,
	.paging = COMMAND_CURSOR,
	.columns = BREAK_COLUMNS,
	.help = "List what was done without approvals"},
    {.words = "break-glass ack",
	.op = "break-glass.ack",
	.run = run_object,
	.options = BREAK_ACK,
	.positional = "id",
	.help = "Acknowledge a use of break-glass, so that status is quiet"},
    {.words = "report",
	.op = "report",
	.run = run_report,
	.options = REPORT,
	.help = "Report to auditors what was done, tied to a checkpoint"},
    {.words = "cps",
	.run = run_cps,
	.options = commands_none,
	.help = "Write a skeleton CPS (RFC 3647) from the active policy"},
    {.words = NULL},
};
