#include <string.h>
#include "ca/cli/help.h"
#include "profiles/text.h"

#define WIDTH 79
#define COMMANDS_MAX 128

static int
in_group(const struct command *cmd, const char *group)
{
	size_t n = strcspn(cmd->words, " ");

	return group == NULL ||
	    (strlen(group) == n && memcmp(cmd->words, group, n) == 0);
}

size_t
help_list(FILE *out, const char *group)
{
	const struct command *cmd;
	size_t i, n = 0;

	for (i = 0; (cmd = command_at(i)) != NULL; i++) {
		if (!in_group(cmd, group))
			continue;
		if (n++ == 0)
			fputs("usage: inkan [--socket PATH] [--json] COMMAND "
			      "[OPTION ...]\n\n",
			    out);
		fprintf(out, "  %-18s%s\n", cmd->words, cmd->help);
	}
	if (n > 0)
		fputs("\n\"inkan COMMAND --help\" tells the options of a "
		      "command. inkan(1) tells all.\n",
		    out);
	return n;
}

/* One word of a usage line; *column is where the line stands. */
static void
put_word(FILE *out, size_t *column, size_t indent, const char *word)
{
	size_t n = strlen(word);

	if (*column + 1 + n > WIDTH) {
		fprintf(out, "\n%*s", (int)indent, "");
		*column = indent;
	} else {
		fputc(' ', out);
		*column += 1;
	}
	fputs(word, out);
	*column += n;
}

void
help_usage(FILE *out, const struct command *cmd)
{
	const struct option_spec *s;
	size_t column, indent;
	char word[128];
	int must;

	column = (size_t)fprintf(out, "usage: inkan %s", cmd->words);
	indent = strlen("usage: inkan ");
	for (s = cmd->options; s != NULL && s->name != NULL; s++) {
		must = s->flags & OPTION_REQUIRED;
		if (cmd->positional != NULL &&
		    strcmp(s->name, cmd->positional) == 0)
			snprintf(word, sizeof(word), "%s%s%s%s",
			    must ? "" : "[", s->value,
			    s->flags & OPTION_MANY ? "..." : "",
			    must ? "" : "]");
		else
			snprintf(word, sizeof(word), "%s--%s%s%s%s%s",
			    must ? "" : "[", s->name,
			    s->value == NULL ? "" : " ",
			    s->value == NULL ? "" : s->value, must ? "" : "]",
			    s->flags & OPTION_MANY ? "..." : "");
		put_word(out, &column, indent, word);
	}
	fputc('\n', out);
}

static void
put_options(FILE *out, const struct option_spec *s)
{
	char left[64];

	for (; s != NULL && s->name != NULL; s++) {
		snprintf(left, sizeof(left), "--%s%s%s", s->name,
		    s->value == NULL ? "" : " ",
		    s->value == NULL ? "" : s->value);
		fprintf(out, "  %-24s%s%s\n", left,
		    strlen(left) > 23 ? " " : "", s->help);
	}
}

void
help_command(FILE *out, const struct command *cmd)
{
	help_usage(out, cmd);
	fprintf(out, "\n%s.\n", cmd->help);
	if (cmd->more != NULL)
		fprintf(out, "%s\n", cmd->more);
	fputc('\n', out);
	put_options(out, cmd->options);
	put_options(out, command_globals);
}

const char *
help_hint(const char *word, char *hint)
{
	static char first[COMMANDS_MAX][16];
	const char *names[COMMANDS_MAX];
	const struct command *cmd;
	size_t n;

	for (n = 0; n < COMMANDS_MAX && (cmd = command_at(n)) != NULL; n++) {
		snprintf(first[n], sizeof(first[n]), "%.*s",
		    (int)strcspn(cmd->words, " "), cmd->words);
		names[n] = first[n];
	}
	return text_hint(word, names, n, hint);
}
