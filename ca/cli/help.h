#ifndef INKAN_CA_CLI_HELP_H
#define INKAN_CA_CLI_HELP_H

#include <stdio.h>
#include "ca/cli/command.h"

/* All commands, or those whose first word is ${group}. How many. */
size_t help_list(FILE *out, const char *group);
/* "usage: inkan cert show ..." in lines of at most 79 columns. */
void help_usage(FILE *out, const struct command *cmd);
/* Everything about a command. */
void help_command(FILE *out, const struct command *cmd);

/* ' (did you mean "..."?)' for a first word, or "" in ${hint} (TEXT_HINT_MAX
   octets). Returns ${hint}. */
const char *help_hint(const char *word, char *hint);

#endif
