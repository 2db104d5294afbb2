#ifndef INKAN_CA_CLI_COMMANDS_H
#define INKAN_CA_CLI_COMMANDS_H

#include "ca/cli/command.h"

/* The inside of the table of commands: only for commands*.c. */

/* clang-format off */
#define REQ OPTION_REQUIRED
#define MANY OPTION_MANY
#define LOCAL OPTION_LOCAL
#define END {NULL, 0, 0, NULL, NULL, NULL}
#define BREAK_GLASS \
	{"break-glass", OPTION_TEXT, 0, "break_glass", "REASON", \
	    "now, without approvals: why"}
#define PAGING \
	{"limit", OPTION_INT, LOCAL, NULL, "N", "at most N rows"}, \
	{"all", OPTION_FLAG, LOCAL, NULL, NULL, "every row"}
/* clang-format on */

/* Groups of commands, each ended by words == NULL. */
extern const struct command commands_ca[];
extern const struct command commands_policy[];
extern const struct command commands_profile[];
extern const struct command commands_cert[];
extern const struct command commands_device[];
extern const struct command commands_log[];
extern const struct command commands_people[];

/* Options and columns of more than one group. */
extern const struct option_spec commands_none[], commands_pages[];
extern const char *const commands_cert_columns[];
extern const char *const commands_crl_columns[];

#endif
