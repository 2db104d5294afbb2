#include "tests/unit/ca/cli/canned.h"

static void
accept_all(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	(void)a;
}

static int
start(void **state)
{
	int r = canned_start(state);

	canned.answer = accept_all;
	return r;
}

static void
test_find(void **state)
{
	char *list[] = {(char *)(uintptr_t) "cert", (char *)(uintptr_t) "list",
	    (char *)(uintptr_t) "x"};
	char *one[] = {(char *)(uintptr_t) "issue"};
	int used;

	(void)state;
	assert_string_equal(command_find(3, list, &used)->words, "cert list");
	assert_int_equal(used, 2);
	assert_null(command_find(1, list, &used));
	assert_null(command_find(0, list, &used));
	assert_string_equal(command_find(1, one, &used)->words, "issue");
	assert_int_equal(used, 1);
}

static void
usage_error(const char *a, const char *b, const char *c, const char *why)
{
	assert_int_equal(tool(a, b, c, NULL), 2);
	assert_string_equal(canned.out, "");
	assert_in(canned.err, why);
	assert_int_equal(canned.calls, 0);
}

static void
test_usage(void **state)
{
	(void)state;
	usage_error(NULL, NULL, NULL, "usage: inkan");
	usage_error("cert", NULL, NULL, "cert show");
	usage_error("cert", "lost", NULL, "unknown command");
	usage_error("sert", "list", NULL, "did you mean \"cert\"");
	usage_error("--jsn", "status", NULL, "did you mean \"json\"");
	usage_error("-x", "status", NULL, "unknown argument");
	usage_error("--socket", NULL, NULL, "PATH is missing");
	usage_error("status", "extra", NULL, "unknown argument \"extra\"");
	usage_error("status", "--chek", NULL, "did you mean \"check\"");
	usage_error("revoke", NULL, NULL, "usage: inkan revoke [--serial HEX]");
	usage_error("--store=x", "status", NULL, "--store is for");
	usage_error("--socket=", "status", NULL, "empty");
	usage_error("revoke", "\x1b[2J", NULL, "\\x1b[2J");
}

static void
test_help(void **state)
{
	(void)state;
	assert_int_equal(tool("--help", NULL), 0);
	assert_in(canned.out, "  cert list ");
	assert_in(canned.out, "  key list ");
	assert_int_equal(tool("-h", NULL), 0);
	assert_int_equal(tool("device", "--help", NULL), 0);
	assert_in(canned.out, "device revoke");
	assert_null(strstr(canned.out, "cert list"));
	assert_int_equal(tool("revoke", "--serial", "zz", "--help", NULL), 0);
	assert_in(canned.out, "usage: inkan revoke");
	assert_in(canned.out, "--reason R");
	assert_int_equal(tool("ca", "init", "--help", NULL), 0);
	assert_in(canned.out, "--config FILE");
	assert_string_equal(canned.err, "");
	assert_int_equal(canned.calls, 0);
}

/* Every command has help in lines that a terminal of 80 columns shows. */
static void
test_help_width(void **state)
{
	const struct command *cmd;
	char words[64], *second, *line, *save;
	size_t i;

	(void)state;
	for (i = 0; (cmd = command_at(i)) != NULL; i++) {
		strcpy(words, cmd->words);
		if ((second = strchr(words, ' ')) != NULL)
			*second++ = '\0';
		assert_int_equal(tool(words, second == NULL ? "--help" : second,
				     second == NULL ? NULL : "--help", NULL),
		    0);
		for (line = strtok_r(canned.out, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save))
			if (strlen(line) > 80)
				fail_msg("%s: %s", cmd->words, line);
	}
}

static void
test_globals(void **state)
{
	(void)state;
	assert_int_equal(tool("--json", "ca", "list", NULL), 0);
	assert_string_equal(canned.out, "[]\n");
	assert_int_equal(tool("ca", "list", "--json", NULL), 0);
	assert_string_equal(canned.out, "[]\n");
	/* The last word on the socket wins over the environment's. */
	assert_int_equal(
	    tool("ca", "list", "--socket", canned_file("none"), NULL), 1);
}

/* An answer that cannot be written is no success. */
static void
test_full_output(void **state)
{
	struct cli cli = {.socket = canned.path, .now = CANNED_NOW, .fd = -1};
	char *argv[] = {(char *)(uintptr_t) "inkan", (char *)(uintptr_t) "ca",
	    (char *)(uintptr_t) "list"};
	char *err;
	size_t len;

	(void)state;
	if ((cli.out = fopen("/dev/full", "w")) == NULL)
		skip();
	cli.err = open_memstream(&err, &len);
	assert_int_equal(command_main(&cli, 3, argv), 1);
	fclose(cli.out);
	fclose(cli.err);
	assert_in(err, "cannot be written");
	free(err);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_find),
	    T(test_usage),
	    T(test_help),
	    T(test_help_width),
	    T(test_globals),
	    T(test_full_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
