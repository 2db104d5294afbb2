#include <string.h>
#include <openssl/crypto.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/file.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/error.h"
#include "ca/report/report.h"
#include "profiles/profile.h"

/* Profiles, also without a server: the compiler is the same. */

#define SUFFIX ".conf"

/* ${path} as {"file", "ok", "name", "error"}; NULL out of memory. */
static json_t *
check_file(const char *path, int *all_ok)
{
	char trace[REPORT_TRACE_MAX], text[4 * REPORT_TRACE_MAX + 20];
	struct profile *p = profile_read_file(path);
	json_t *o;

	if (p != NULL) {
		o = json_pack("{ss sb ss sn}", "file", path, "ok", 1, "name",
		    p->name, "error");
	} else {
		report_trace(trace, sizeof(trace));
		ERR_clear_error();
		report_escape(trace, text, sizeof(text));
		o = json_pack("{ss sb sn ss}", "file", path, "ok", 0, "name",
		    "error", text);
		*all_ok = 0;
	}
	profile_free(p);
	return o;
}

static void
print_checked(const struct cli *cli, const json_t *o)
{
	char path[FORMAT_MAX];

	report_escape(
	    json_string_value(json_object_get(o, "file")), path, sizeof(path));
	if (json_is_true(json_object_get(o, "ok")))
		fprintf(cli->out, "%s: profile \"%s\" is fine\n", path,
		    json_string_value(json_object_get(o, "name")));
	else /* the text begins with file and line */
		fprintf(cli->err, "%s\n",
		    json_string_value(json_object_get(o, "error")));
}

int
run_profile_check(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	json_t *array = json_array(), *one;
	int all_ok = 1, printed = 1;
	size_t i;

	(void)cmd;
	for (i = 0; i < o->n; i++) {
		if (strcmp(o->v[i].spec->name, "file") != 0)
			continue;
		one = check_file(o->v[i].text, &all_ok);
		if (one == NULL || json_array_append(array, one) != 0) {
			json_decref(one);
			json_decref(array);
			ca_raise(CA_E_INTERNAL, "out of memory");
			return client_failed(cli);
		}
		if (!cli->json)
			print_checked(cli, one);
		json_decref(one);
	}
	if (cli->json)
		printed = encode_print(cli->out, json_incref(array));
	json_decref(array);
	if (!printed)
		return client_failed(cli);
	return all_ok ? CLI_DONE : CLI_FAILED;
}

static int
show_file(struct cli *cli, const char *path)
{
	struct profile *p = NULL;
	char *text = NULL;
	int ok = 0;

	if ((p = profile_read_file(path)) == NULL ||
	    (text = profile_dump(p)) == NULL)
		goto out;
	if (cli->json) {
		ok = encode_print(cli->out, json_pack("{ss}", "text", text));
	} else {
		format_lines(cli->out, text);
		ok = 1;
	}
out:
	OPENSSL_free(text);
	profile_free(p);
	return ok ? CLI_DONE : client_failed(cli);
}

int
run_profile_is_file(const char *word)
{
	size_t n = strlen(word), m = strlen(SUFFIX);

	return strchr(word, '/') != NULL ||
	    (n > m && strcmp(word + n - m, SUFFIX) == 0);
}

int
run_profile_show(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	const char *name = option_text(o, "name");

	if (run_profile_is_file(name))
		return show_file(cli, name);
	return run_object(cli, cmd, o);
}

/* The file goes to the server, which has the requests. */
int
run_profile_replay(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	const char *path = option_text(o, "file"), *base = strrchr(path, '/');
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;
	int status = CLI_FAILED;

	if (args == NULL || !file_add_text(args, "text", path) ||
	    !field_add_text(args, "file", base != NULL ? base + 1 : path))
		client_failed(cli);
	else if ((a = run_call_with(cli, cmd, o, args)) != NULL)
		status = run_print(cli, cmd, a);
	field_list_free(args);
	return status;
}
