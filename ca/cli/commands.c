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

static const char *const KEY_COLUMNS[] = {"token", "label", "type",
    "sensitive", "extractable", "local", "issuer", "uri", NULL};

static const struct command RECORDS[] = {
    {.words = "key list",
	.op = "key.list",
	.run = run_list,
	.options = commands_none,
	.columns = KEY_COLUMNS,
	.help = "List the keys of the issuing tokens"},
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
