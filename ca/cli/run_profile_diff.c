#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/error.h"
#include "profiles/profile.h"

/*
 * What differs between two profiles, key by key of their dumps: the compiled
 * forms are compared, not the files, so that order, comments and defaults do
 * not count. Each side is a file, read without a server; the active profile of
 * a name; or NAME@VERSION, that of an older policy.
 */

#define LINES_MAX 8192
#define VERSION_DIGITS 9

struct side {
	char *text; /* the dump, cut into lines; owned */
	struct line {
		const char *key, *value;
	} * line;
	size_t n;
};

static char *
dump_of(struct profile *p)
{
	char *text = p != NULL ? profile_dump(p) : NULL;

	profile_free(p);
	return text;
}

/* A text of the server's answer, to be freed; NULL after the failure is told.
 */
static char *
ask(struct cli *cli, const char *op, WIRE_FIELDS *args, const char *field)
{
	WIRE_ANSWER *a = client_call(cli, op, args);
	char *text = NULL;

	if (a == NULL)
		client_failed(cli);
	else if (client_done(cli, a) &&
	    (text = OPENSSL_strdup(field_text(a->values, field, ""))) == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		client_failed(cli);
	}
	WIRE_ANSWER_free(a);
	return text;
}

static char *
active_dump(struct cli *cli, const char *name)
{
	WIRE_FIELDS *args = field_list_new();
	char *text = NULL;

	if (args == NULL || !field_add_text(args, "name", name))
		client_failed(cli);
	else
		text = ask(cli, "profile.show", args, "text");
	field_list_free(args);
	return text;
}

static char *
old_dump(struct cli *cli, const char *word, const char *at)
{
	WIRE_FIELDS *args = field_list_new();
	char path[128], *conf = NULL, *text = NULL;

	snprintf(path, sizeof(path), "profiles/%.*s.conf",
	    at - word > 64 ? 64 : (int)(at - word), word);
	if (args == NULL || !field_add_text(args, "path", path) ||
	    !field_add_int(args, "version", strtol(at + 1, NULL, 10)))
		client_failed(cli);
	else if ((conf = ask(cli, "policy.show", args, "content")) != NULL &&
	    (text = dump_of(profile_compile(path, conf, strlen(conf)))) == NULL)
		client_failed(cli);
	OPENSSL_free(conf);
	field_list_free(args);
	return text;
}

/* The dump of what ${word} names; NULL after the failure is told. */
static char *
side_dump(struct cli *cli, const char *word)
{
	const char *at = strchr(word, '@');
	size_t digits = at != NULL ? strspn(at + 1, "0123456789") : 0;
	char *text;

	if (!run_profile_is_file(word)) {
		if (digits > 0 && digits <= VERSION_DIGITS &&
		    at[1 + digits] == '\0')
			return old_dump(cli, word, at);
		return active_dump(cli, word);
	}
	if ((text = dump_of(profile_read_file(word))) == NULL)
		client_failed(cli);
	return text;
}

/* "key = value" lines, cut where they stand. */
static int
cut(struct side *s)
{
	char *p = s->text, *eq, *save = NULL;

	s->line = calloc(LINES_MAX, sizeof(*s->line));
	if (s->line == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	for (p = strtok_r(p, "\n", &save); p != NULL && s->n < LINES_MAX;
	     p = strtok_r(NULL, "\n", &save)) {
		if ((eq = strchr(p, '=')) == NULL)
			continue;
		s->line[s->n].value = eq + 1 + strspn(eq + 1, " ");
		while (eq > p && eq[-1] == ' ')
			eq--;
		*eq = '\0';
		s->line[s->n++].key = p;
	}
	return 1;
}

static const char *
value_of(const struct side *s, const char *key)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->line[i].key, key) == 0)
			return s->line[i].value;
	return NULL;
}

/* A profile has each key once: where one stands twice, something else is wrong
   with the dump, and the first of them says nothing. */
static int
is_once(const struct side *s, const char *key)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		n += strcmp(s->line[i].key, key) == 0;
	return n == 1;
}

static int
note(json_t *changes, const char *key, const char *was, const char *is)
{
	const char *what = was == NULL ? "added"
	    : is == NULL	       ? "removed"
				       : "changed";

	return json_array_append_new(changes,
		   json_pack("{ss ss ss? ss?}", "change", what, "key", key,
		       "old", was, "new", is)) == 0;
}

/* What is gone or otherwise first, in the order of the old one; then the new.
 */
static json_t *
compare(const struct side *was, const struct side *is)
{
	json_t *changes = json_array();
	const char *now;
	size_t i;
	int ok = changes != NULL;

	for (i = 0; ok && i < was->n; i++) {
		now = value_of(is, was->line[i].key);
		if (now == NULL || strcmp(now, was->line[i].value) != 0 ||
		    !is_once(was, was->line[i].key) ||
		    !is_once(is, was->line[i].key))
			ok = note(
			    changes, was->line[i].key, was->line[i].value, now);
	}
	for (i = 0; ok && i < is->n; i++)
		if (value_of(was, is->line[i].key) == NULL)
			ok = note(
			    changes, is->line[i].key, NULL, is->line[i].value);
	if (ok)
		return changes;
	json_decref(changes);
	ca_raise(CA_E_INTERNAL, "out of memory");
	return NULL;
}

static void
print_changes(FILE *out, const json_t *changes)
{
	const char *old, *new;
	char line[2 * FORMAT_MAX];
	const json_t *c;
	size_t i;

	json_array_foreach(changes, i, c)
	{
		old = json_string_value(json_object_get(c, "old"));
		new = json_string_value(json_object_get(c, "new"));
		snprintf(line, sizeof(line), "%s %s: %s%s%s\n",
		    json_string_value(json_object_get(c, "change")),
		    json_string_value(json_object_get(c, "key")),
		    old != NULL ? old : "",
		    old != NULL && new != NULL ? " -> " : "",
		    new != NULL ? new : "");
		format_lines(out, line);
	}
	if (json_array_size(changes) == 0)
		fputs("no difference\n", out);
}

static int
print_diff(struct cli *cli, const char *const word[2], json_t *changes)
{
	if (cli->json)
		return encode_print(cli->out,
		    json_pack("{ss ss sO}", "old", word[0], "new", word[1],
			"changes", changes));
	print_changes(cli->out, changes);
	return 1;
}

int
run_profile_diff(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	const char *word[2] = {NULL, NULL};
	struct side side[2] = {{NULL, NULL, 0}, {NULL, NULL, 0}};
	json_t *changes = NULL;
	size_t i, n = 0;
	int status = CLI_FAILED;

	(void)cmd;
	for (i = 0; i < o->n; i++)
		if (strcmp(o->v[i].spec->name, "profile") == 0 && n++ < 2)
			word[n - 1] = o->v[i].text;
	if (n != 2) {
		ca_raise(
		    CA_E_BADREQUEST, "two profiles are compared, not %zu", n);
		return CLI_USAGE;
	}
	for (i = 0; i < 2; i++)
		if ((side[i].text = side_dump(cli, word[i])) == NULL)
			goto out;
	if (cut(&side[0]) && cut(&side[1]) &&
	    (changes = compare(&side[0], &side[1])) != NULL &&
	    print_diff(cli, word, changes))
		status = CLI_DONE;
	else
		status = client_failed(cli);
out:
	json_decref(changes);
	for (i = 0; i < 2; i++) {
		OPENSSL_free(side[i].text);
		free(side[i].line);
	}
	return status;
}
