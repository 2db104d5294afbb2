#include "tests/unit/ca/cli/canned.h"
#include "ca/cli/help.h"
#include "profiles/text.h"

static char *text;
static size_t len;

static int
start(void **state)
{
	(void)state;
	text = NULL;
	canned.out = canned.err = NULL;
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	free(text);
	return 0;
}

static void
test_usage(void **state)
{
	static const struct option_spec OPTIONS[] = {
	    {"serial", OPTION_SERIAL, OPTION_REQUIRED, NULL, "HEX", "a"},
	    {"set", OPTION_SET, OPTION_MANY, NULL, "F=V", "b"},
	    {"file", OPTION_TEXT, OPTION_REQUIRED | OPTION_MANY, NULL, "FILE",
		"c"},
	    {"pem", OPTION_FLAG, 0, NULL, NULL, "d"},
	    {NULL, 0, 0, NULL, NULL, NULL},
	};
	static const struct command CMD = {
	    .words = "cert show", .options = OPTIONS, .positional = "file"};
	FILE *f = open_memstream(&text, &len);

	(void)state;
	help_usage(f, &CMD);
	fclose(f);
	assert_string_equal(text,
	    "usage: inkan cert show --serial HEX [--set F=V]... FILE... "
	    "[--pem]\n");
}

static void
test_list(void **state)
{
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(help_list(f, "secret"), 3);
	assert_int_equal(help_list(f, "secre"), 0);
	assert_int_equal(help_list(f, ""), 0);
	assert_true(help_list(f, NULL) > 30);
	fclose(f);
}

static void
test_hint(void **state)
{
	char hint[TEXT_HINT_MAX];

	(void)state;
	assert_in(help_hint("devic", hint), "\"device\"");
	assert_string_equal(help_hint("xyzzy-plugh", hint), "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_usage),
	    T(test_list),
	    T(test_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
