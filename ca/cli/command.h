#ifndef INKAN_CA_CLI_COMMAND_H
#define INKAN_CA_CLI_COMMAND_H

#include <stddef.h>
#include "ca/cli/cli.h"
#include "ca/cli/option.h"

/* A command is an entry of the table in commands*.c. */

struct command;

/* What a command does with its parsed options; an exit status. */
typedef int command_fn(struct cli *cli, const struct command *cmd,
    const struct options *o);

enum command_paging {
	COMMAND_WHOLE,		/* the answer is everything */
	COMMAND_CURSOR,		/* pages by "limit" and "cursor" */
	COMMAND_FROM		/* pages by "limit" and "from" */
};

struct command {
	const char *words;	/* "cert list" */
	const char *op;		/* "cert.list"; NULL: none is called as such */
	command_fn *run;
	const struct option_spec *options;
	const char *positional;	/* option that a bare word is; NULL: none */
	const char *const *columns;	/* of rows, ended by NULL; or NULL */
	const char *rows;	/* JSON key of the rows beside values */
	const char *raw;	/* value that is many lines of text */
	enum command_paging paging;
	int verbatim;		/* words are left to run, unread */
	int offline;		/* --store is for it, too: run reads the file */
	const char *help;	/* one line */
	const char *more;	/* further lines for --help, or NULL */
};

/* The table, in the order of help: command ${i} from 0 on, or NULL after the
   last. */
const struct command *command_at(size_t i);
/* Options that all commands know. */
extern const struct option_spec command_globals[];

/* The command that the ${n} words at ${argv} begin with: how many of them are
   its words in *used. NULL: none. */
const struct command *command_find(int n, char **argv, int *used);

/* The whole program: parse, run, exit status. */
int command_main(struct cli *cli, int argc, char **argv);

#endif
