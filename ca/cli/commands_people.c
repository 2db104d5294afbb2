#include "ca/cli/commands.h"
#include "ca/cli/run.h"

/* Commands: who may do what. */

/* Columns of rows. */

static const char *const OPERATOR_COLUMNS[] = {
    "name", "uid", "roles", "you", "key", NULL};

const struct command commands_people[] = {
    {.words = "operator list",
	.op = "operator.list",
	.run = run_object,
	.options = commands_none,
	.columns = OPERATOR_COLUMNS,
	.rows = "operators",
	.help = "List operators, their roles, and what needs approvals"},
    {.words = NULL},
};
