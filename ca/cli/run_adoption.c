#include "ca/cli/run.h"

/* ca adoption: a count, or with --list the devices by name. */

int
run_adoption(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	static const char *const COLUMNS[] = {
	    "fleet", "name", "anchor", "anchor_at", NULL};
	struct command list = *cmd;

	if (!option_has(o, "list"))
		return run_object(cli, cmd, o);
	list.columns = COLUMNS;
	list.rows = NULL;
	list.paging = COMMAND_CURSOR;
	return run_list(cli, &list, o);
}
