#include "ca/cli/commands.h"
#include "ca/cli/run.h"

/* The groups of commands in one table, and what they share. */

const struct option_spec commands_none[] = {END};
const struct option_spec commands_pages[] = {PAGING, END};

const char *const commands_cert_columns[] = {"serial", "issuer", "state",
    "not_after", "profile", "device", "subject", NULL};
const char *const commands_crl_columns[] = {
    "issuer", "shard", "number", "this_update", "next_update", "entries",
    "octets", NULL};

/* What is on record of the instance. */

static const struct option_spec KEY_BLOCK[] = {
    {"file", OPTION_TEXT, REQ | LOCAL, NULL, "FILE",
	"SHA-256 of SPKIs, one in a line; - is stdin"},
    {"note", OPTION_TEXT, LOCAL, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec KEY_UNBLOCK[] = {
    {"hash", OPTION_TEXT, REQ, NULL, "HASH", "SHA-256 of its SPKI"},
    {"reason", OPTION_TEXT, REQ, NULL, "TEXT", "why, for the record"},
    END,
};
static const struct option_spec BACKUP[] = {
    {"dir", OPTION_TEXT, REQ | LOCAL, NULL, "DIR", "folder of the backup"},
    {"config", OPTION_TEXT, LOCAL, NULL, "FILE",
	"of inkan-ca: /etc/inkan/ca.conf"},
    {"verify", OPTION_FLAG, LOCAL, NULL, NULL, "look at one that is there"},
    END,
};
static const struct option_spec RESTORE[] = {
    {"dir", OPTION_TEXT, LOCAL, NULL, "DIR",
	"a backup; with --merge: published files that are newer"},
    {"config", OPTION_TEXT, LOCAL, NULL, "FILE",
	"of inkan-ca: /etc/inkan/ca.conf"},
    {"merge", OPTION_FLAG, LOCAL, NULL, NULL,
	"take what came after the backup into the store"},
    {"url", OPTION_TEXT, LOCAL, NULL, "URL",
	"the published log, else DIR/log"},
    {"crl", OPTION_TEXT, MANY | LOCAL, NULL, "FILE",
	"a CRL, beside those of DIR/crl"},
    {"certs", OPTION_TEXT, LOCAL, NULL, "DIR",
	"certificates and proofs that were found"},
    {"details", OPTION_TEXT, LOCAL, NULL, "FILE", "an export of the log"},
    {"reason", OPTION_TEXT, LOCAL, NULL, "TEXT", "why, for the record"},
    {"dry-run", OPTION_FLAG, LOCAL, NULL, NULL,
	"say what would be done; change nothing"},
    END,
};
static const char *const BLOCKED_COLUMNS[] = {
    "spki_sha256", "at", "why", NULL};
static const char *const KEY_COLUMNS[] = {"token", "label", "type",
    "sensitive", "extractable", "local", "issuer", "uri", NULL};

static const struct option_spec EVIDENCE_SHOW[] = {
    {"what", OPTION_TEXT, REQ | LOCAL, NULL, "SERIAL|FILE",
	"a certificate's serial number, or a request"},
    {"issuer", OPTION_TEXT, 0, NULL, "NAME", "CA, if the serial is of several"},
    END,
};
static const struct option_spec EVIDENCE_CHECK[] = {
    {"csr", OPTION_CSR, REQ, NULL, "FILE", "request that carries the evidence"},
    {"fleet", OPTION_TEXT, REQ, NULL, "NAME", "whose policy judges it"},
    {"device", OPTION_TEXT, 0, NULL, "NAME",
	"whose attestation keys count; else that of the record"},
    {"nonce", OPTION_TEXT, 0, NULL, "HEX",
	"what it must carry; else that of the record"},
    END,
};
static const struct option_spec EVIDENCE_REPLAY[] = {
    {"fleet", OPTION_TEXT, REQ, NULL, "NAME", "whose evidence, and policy"},
    {"last", OPTION_INT, REQ, NULL, "N", "so many decisions, 1 to 1000"},
    END,
};
static const char *const FACT_COLUMNS[] = {"name", "value", NULL};
static const char *const AGAIN_COLUMNS[] = {
    "id", "device", "at", "was", "now", "rule", "text", NULL};

static const struct command RECORDS[] = {
    {.words = "key list",
	.op = "key.list",
	.run = run_list,
	.options = commands_none,
	.columns = KEY_COLUMNS,
	.help = "List the keys of the issuing tokens"},
    {.words = "key block",
	.run = run_key_block,
	.options = KEY_BLOCK,
	.help = "Block keys that are known to be bad, by a file of hashes"},
    {.words = "key blocked",
	.op = "key.blocked",
	.run = run_list,
	.options = commands_pages,
	.columns = BLOCKED_COLUMNS,
	.paging = COMMAND_CURSOR,
	.help = "List blocked keys"},
    {.words = "key unblock",
	.op = "key.unblock",
	.run = run_object,
	.options = KEY_UNBLOCK,
	.positional = "hash",
	.help = "Take a key from the blocked ones"},
    {.words = "evidence show",
	.op = "evidence.show",
	.run = run_evidence_show,
	.options = EVIDENCE_SHOW,
	.positional = "what",
	.columns = FACT_COLUMNS,
	.rows = "facts",
	.help = "Tell what a device has shown, and what was decided on it"},
    {.words = "evidence check",
	.op = "evidence.check",
	.run = run_object,
	.options = EVIDENCE_CHECK,
	.positional = "csr",
	.columns = FACT_COLUMNS,
	.rows = "facts",
	.help = "Judge evidence again by today's policy; change nothing"},
    {.words = "evidence replay",
	.op = "evidence.replay",
	.run = run_object,
	.options = EVIDENCE_REPLAY,
	.columns = AGAIN_COLUMNS,
	.rows = "differences",
	.help = "Judge the last evidence of a fleet again by today's policy"},
    {.words = "backup",
	.run = run_backup,
	.options = BACKUP,
	.positional = "dir",
	.offline = 1,
	.help = "Copy store, published files and configuration to a folder",
	.more = "While inkan-ca runs, or without it. No PIN, no token. Exit\n"
		"status 3 when the copy is whole but something in it is wrong."},
    {.words = "restore",
	.run = run_restore,
	.options = RESTORE,
	.positional = "dir",
	.help = "Put store and published files of a backup back",
	.more = "inkan-ca is stopped, and what is there was put aside. With --merge\n"
		"the store that was put back goes on from what was published after\n"
		"the backup: before inkan-ca is started again."},
    {.words = NULL},
};

static const struct command *const GROUPS[] = {commands_ca, commands_policy,
    commands_cert, commands_device, commands_profile, commands_people, RECORDS,
    commands_log};

const struct command *
command_at(size_t i)
{
	const struct command *cmd;
	size_t g;

	for (g = 0; g < sizeof(GROUPS) / sizeof(GROUPS[0]); g++)
		for (cmd = GROUPS[g]; cmd->words != NULL; cmd++)
			if (i-- == 0)
				return cmd;
	return NULL;
}
