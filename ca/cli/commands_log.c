#include "ca/cli/commands.h"
#include "ca/cli/run_log.h"

/* Commands: the log, from inside and from outside. */

/* Options. */

static const struct option_spec LOG_LIST[] = {
    {"from", OPTION_INT, LOCAL, NULL, "N", "from this entry on"},
    PAGING,
    END,
};
static const struct option_spec VERIFY[] = {
    {"url", OPTION_TEXT, LOCAL, NULL, "URL", "a published log, http://..."},
    {"dir", OPTION_TEXT, LOCAL, NULL, "DIR", "a published log's folder"},
    {"since", OPTION_TEXT, LOCAL, NULL, "FILE",
	"a checkpoint that it must begin with"},
    {"key", OPTION_TEXT, LOCAL, NULL, "KEY",
	"the log's verifier key, or a file with it"},
    END,
};
static const struct option_spec PROVE[] = {
    {"serial", OPTION_SERIAL, REQ, NULL, "HEX", "certificate"},
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "CA, if the serial is of several"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "proof to FILE"},
    END,
};
static const struct option_spec CHECK[] = {
    {"proof", OPTION_TEXT, REQ | LOCAL, NULL, "FILE", "proof; - is stdin"},
    {"cert", OPTION_TEXT, REQ | LOCAL, NULL, "FILE",
	"certificate, PEM or DER"},
    {"key", OPTION_TEXT, REQ | LOCAL, NULL, "KEY",
	"the log's verifier key, or a file with it"},
    {"witness", OPTION_TEXT, MANY | LOCAL, NULL, "KEY",
	"a witness that must have cosigned"},
    END,
};
static const struct option_spec EXPORT[] = {
    {"from", OPTION_INT, LOCAL, NULL, "N", "from this entry on"},
    END,
};
static const struct option_spec MONITOR[] = {
    {"url", OPTION_TEXT, REQ | LOCAL, NULL, "URL",
	"the published log, http://... or a folder"},
    {"key", OPTION_TEXT, REQ | LOCAL, NULL, "KEY",
	"the log's verifier key, or a file with it"},
    {"state", OPTION_TEXT, REQ | LOCAL, NULL, "FILE",
	"keeps the last checkpoint"},
    {"details", OPTION_TEXT, LOCAL, NULL, "FILE",
	"what \"inkan log export\" wrote: opens the entries"},
    {"match", OPTION_TEXT, LOCAL, NULL, "PATTERN",
	"tell certificates of such a subject, fleet or device"},
    {"once", OPTION_FLAG, LOCAL, NULL, NULL, "look once, do not follow"},
    {"interval", OPTION_DURATION, LOCAL, NULL, "T", "between looks: 60s"},
    END,
};
static const struct option_spec WITNESS[] = {
    {"url", OPTION_TEXT, REQ | LOCAL, NULL, "URL",
	"the published log, http://... or a folder"},
    {"key", OPTION_TEXT, REQ | LOCAL, NULL, "KEY",
	"the log's verifier key, or a file with it"},
    {"sign-key", OPTION_TEXT, REQ | LOCAL, NULL, "FILE",
	"the witness's Ed25519 key, PEM"},
    {"name", OPTION_TEXT, REQ | LOCAL, NULL, "NAME", "the witness's name"},
    {"state", OPTION_TEXT, REQ | LOCAL, NULL, "FILE",
	"keeps the last checkpoint cosigned"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "cosigned checkpoint to FILE"},
    END,
};
static const struct option_spec COSIGN[] = {
    {"file", OPTION_TEXT, REQ | LOCAL, "note", "FILE",
	"a checkpoint with signatures of witnesses; - is stdin"},
    END,
};
static const struct option_spec VKEY[] = {
    {"sign-key", OPTION_TEXT, REQ | LOCAL, NULL, "FILE", "private key, PEM"},
    {"name", OPTION_TEXT, REQ | LOCAL, NULL, "NAME", "whose it is"},
    {"witness", OPTION_FLAG, LOCAL, NULL, NULL, "for cosignatures"},
    {"out", OPTION_TEXT, LOCAL, NULL, "FILE", "verifier key to FILE"},
    END,
};

/* Columns of rows. */

static const char *const LOG_COLUMNS[] = {
    "index", "time", "kind", "detail", NULL};

const struct command commands_log[] = {
    {.words = "log list",
	.op = "log.list",
	.run = run_list,
	.options = LOG_LIST,
	.columns = LOG_COLUMNS,
	.paging = COMMAND_FROM,
	.help = "List entries of the log"},
    {.words = "log verify",
	.op = "log.where",
	.run = run_log_verify,
	.options = VERIFY,
	.offline = 1,
	.help = "Recompute the log, and compare it with the store",
	.more = "Exit status 3 when something is wrong with the log."},
    {.words = "log prove",
	.op = "log.prove",
	.run = run_log_prove,
	.options = PROVE,
	.positional = "serial",
	.offline = 1,
	.help = "Write the proof that a certificate is in the log"},
    {.words = "log check",
	.run = run_log_check,
	.options = CHECK,
	.positional = "proof",
	.help = "Check a proof; needs no server"},
    {.words = "log export",
	.op = "log.where",
	.run = run_log_export,
	.options = EXPORT,
	.offline = 1,
	.help = "Write salts and details of the entries, for an auditor",
	.more = "Whoever reads them knows every name in the log."},
    {.words = "log monitor",
	.run = run_log_monitor,
	.options = MONITOR,
	.help = "Follow a published log and hold it to its word",
	.more = "Exit status 3 when the log contradicts itself."},
    {.words = "log witness",
	.run = run_log_witness,
	.options = WITNESS,
	.help = "Cosign a log's checkpoint, if it goes on from the last one",
	.more = "Exit status 3 when it does not."},
    {.words = "log cosign",
	.op = "log.cosign",
	.run = run_log_cosign,
	.options = COSIGN,
	.positional = "file",
	.help = "Hand in what witnesses have cosigned"},
    {.words = "log vkey",
	.run = run_log_vkey,
	.options = VKEY,
	.help = "Print the verifier key of a key file"},
    {.words = NULL},
};
