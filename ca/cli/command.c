#include <stdlib.h>
#include <string.h>
#include "ca/cli/client.h"
#include "ca/cli/command.h"
#include "ca/cli/help.h"
#include "ca/cli/offline.h"
#include "ca/error.h"
#include "ca/report/report.h"
#include "profiles/text.h"

const struct option_spec command_globals[] = {
    {"socket", OPTION_TEXT, OPTION_LOCAL, NULL, "PATH",
	"inkan-ca's admin socket (else $INKAN_ADMIN_SOCKET)"},
    {"json", OPTION_FLAG, OPTION_LOCAL, NULL, NULL, "answer in JSON"},
    {"store", OPTION_TEXT, OPTION_LOCAL, NULL, "FILE",
	"read this store instead (cert list/show, log, backup)"},
    {"help", OPTION_FLAG, OPTION_LOCAL, NULL, NULL, "this text"},
    {NULL, 0, 0, NULL, NULL, NULL},
};

/* How many of the ${n} words at ${argv} the command's words are; 0: others. */
static int
match(const char *words, int n, char **argv)
{
	size_t len;
	int used = 0;

	for (;;) {
		len = strcspn(words, " ");
		if (used == n || strlen(argv[used]) != len ||
		    memcmp(argv[used], words, len) != 0)
			return 0;
		used++;
		if (words[len] == '\0')
			return used;
		words += len + 1;
	}
}

const struct command *
command_find(int n, char **argv, int *used)
{
	const struct command *cmd;
	size_t i;

	for (i = 0; (cmd = command_at(i)) != NULL; i++)
		if ((*used = match(cmd->words, n, argv)) > 0)
			return cmd;
	return NULL;
}

static int
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* The error queue and the usage on stderr. */
static int
usage(const struct cli *cli, const struct command *cmd)
{
	char trace[REPORT_TRACE_MAX], text[4 * REPORT_TRACE_MAX + 20];

	report_trace(trace, sizeof(trace));
	ERR_clear_error();
	report_escape(trace, text, sizeof(text));
	if (cmd == NULL) {
		fprintf(cli->err,
		    "inkan: %s\n\"inkan --help\" tells the commands.\n", text);
	} else {
		fprintf(cli->err, "inkan: %s: %s\n", cmd->words, text);
		help_usage(cli->err, cmd);
	}
	return CLI_USAGE;
}

static int
take_globals(struct cli *cli, const struct options *o)
{
	const char *text;

	if (option_has(o, "json"))
		cli->json = 1;
	if ((text = option_text(o, "store")) != NULL)
		cli->store = text;
	if ((text = option_text(o, "socket")) == NULL)
		return 1;
	if (text[0] == '\0') {
		ca_raise(CA_E_BADREQUEST, "--socket: the value is empty");
		return 0;
	}
	cli->socket = text;
	return 1;
}

/* No command has these words: a group, or a mistake. */
static int
not_found(const struct cli *cli, int n, char **argv)
{
	char hint[TEXT_HINT_MAX];
	int asked = n > 1 && is_help(argv[1]);

	if (n == 0) {
		help_list(cli->err, NULL);
		return CLI_USAGE;
	}
	if (help_list(asked ? cli->out : cli->err, argv[0]) > 0) {
		if (!asked && n > 1)
			fprintf(cli->err, "inkan: unknown command\n");
		return asked ? CLI_DONE : CLI_USAGE;
	}
	ca_raise(CA_E_BADREQUEST, "unknown command \"%s\"%s", argv[0],
	    help_hint(argv[0], hint));
	return usage(cli, NULL);
}

/* The options of the command and the global ones in one table. */
static void
join_specs(const struct command *cmd, struct option_spec *all)
{
	const struct option_spec *s;
	size_t n = 0;

	for (s = cmd->options; s != NULL && s->name != NULL; s++)
		all[n++] = *s;
	for (s = command_globals; s->name != NULL; s++)
		all[n++] = *s;
	all[n].name = NULL;
}

static int
run(struct cli *cli, const struct command *cmd, int argc, char **argv)
{
	struct option_spec all[OPTION_MAX + 1];
	struct options o = {.argc = argc, .argv = argv};
	int i, status;

	for (i = 0; i < argc; i++)
		if (is_help(argv[i])) {
			help_command(cli->out, cmd);
			return CLI_DONE;
		}
	join_specs(cmd, all);
	if (!cmd->verbatim &&
	    (!option_parse(all, cmd->positional, argc, argv, &o) ||
		!take_globals(cli, &o)))
		return usage(cli, cmd);
	if (cli->store != NULL && !cmd->offline && !offline_knows(cmd->op)) {
		ca_raise(CA_E_BADREQUEST,
		    "needs the server: --store is for cert list, cert show, "
		    "log verify, log prove, log export and backup");
		return usage(cli, cmd);
	}
	status = cmd->run(cli, cmd, &o);
	return status == CLI_USAGE ? usage(cli, cmd) : status;
}

int
command_main(struct cli *cli, int argc, char **argv)
{
	const struct command *cmd;
	struct options globals = {.n = 0};
	int i, used, status;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (is_help(argv[i])) {
			help_list(cli->out, NULL);
			return CLI_DONE;
		}
		if (strncmp(argv[i], "--", 2) != 0 || argv[i][2] == '\0') {
			ca_raise(CA_E_BADREQUEST, "unknown argument \"%s\"",
			    argv[i]);
			return usage(cli, NULL);
		}
		if (!option_take(command_globals, argc, argv, &i, &globals))
			return usage(cli, NULL);
	}
	if (!take_globals(cli, &globals))
		return usage(cli, NULL);
	cmd = command_find(argc - i, argv + i, &used);
	if (cmd == NULL)
		return not_found(cli, argc - i, argv + i);
	status = run(cli, cmd, argc - i - used, argv + i + used);
	client_close(cli);
	if (status == CLI_FAILED && cli->parked)
		status = CLI_PARKED;
	if ((fflush(cli->out) != 0 || ferror(cli->out)) && status == CLI_DONE) {
		ca_raise(CA_E_INTERNAL, "standard output cannot be written");
		cli->json = 0;
		return client_failed(cli);
	}
	return status;
}
