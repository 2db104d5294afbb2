#include <stdlib.h>
#include <unistd.h>
#include "profiles/conf.h"
#include "tests/unit/profiles/raised.h"

static const struct conf_key table[] = {
    {"name", CONF_TEXT, 1},
    {"validity", CONF_GROUP, 0},
    {"count", CONF_INT, 0},
    {"on", CONF_BOOL, 0},
    {"life", CONF_DURATION, 0},
    {"room", CONF_SIZE, 0},
    {"list", CONF_TEXTS, 0},
    {"rules", CONF_GROUPS, 0},
};
#define N_TABLE (sizeof(table) / sizeof(table[0]))

static struct conf *
read_text(const char *text)
{
	return conf_read_text("device.conf", text, strlen(text));
}

/* The text parses and fails the table (or does not parse) as ${want}. */
static void
refused(const char *text, const char *want)
{
	struct conf *c = read_text(text);

	if (c != NULL)
		assert_int_equal(conf_check(conf_root(c), table, N_TABLE), 0);
	assert_raised(PROFILE_E_CONFIG, want);
	conf_free(c);
}

static void
reads_every_kind(void **state)
{
	struct conf *c =
	    read_text("name = \"a\" \"b\";\ncount = 7;\non = true;\n"
		      "validity: { x = 1; };\nlife = \"2y\";\n"
		      "room = \"64k\"; list = [ \"p\", \"q\" ];\n"
		      "rules = ( { a = 1; }, { a = 2; } );\n");
	const struct conf_group *g;
	int64_t v;

	(void)state;
	assert_non_null(c);
	g = conf_root(c);
	assert_int_equal(conf_check(g, table, N_TABLE), 1);
	assert_string_equal(conf_text(g, "name", NULL), "ab");
	assert_int_equal(conf_int(g, "count", 0, 10, 3, &v), 1);
	assert_int_equal(v, 7);
	assert_int_equal(conf_bool(g, "on", 0), 1);
	assert_int_equal(conf_duration(g, "life", 0, INT64_MAX, 0, &v), 1);
	assert_int_equal(v, 2 * 365 * 86400);
	assert_int_equal(conf_size(g, "room", 0, INT64_MAX, 0, &v), 1);
	assert_int_equal(v, 65536);
	assert_int_equal(conf_n_texts(g, "list"), 2);
	assert_string_equal(conf_text_at(g, "list", 1), "q");
	assert_null(conf_text_at(g, "list", 2));
	assert_int_equal(conf_n_groups(g, "rules"), 2);
	assert_non_null(conf_group_at(g, "rules", 1));
	assert_non_null(conf_subgroup(g, "validity"));
	conf_free(c);
}

static void
unknown_key_is_named_with_line_and_suggestion(void **state)
{
	char text[512];
	struct conf *c = read_text("name = \"a\";\n\n\n\n\n\n\n\n\n\n\n"
				   "valdity: { };\n");

	(void)state;
	assert_non_null(c);
	assert_int_equal(conf_check(conf_root(c), table, N_TABLE), 0);
	assert_int_equal(raised(text, sizeof(text)), PROFILE_E_CONFIG);
	assert_string_equal(text,
	    "device.conf:12: unknown key \"valdity\" "
	    "(did you mean \"validity\"?)");
	conf_free(c);
	refused("name = \"a\";\nzzz = 1;\n",
	    "device.conf:2: unknown key "
	    "\"zzz\"");
}

static void
wrong_types_are_refused(void **state)
{
	(void)state;
	refused("count = 1;", "device.conf:1: missing key \"name\"");
	refused("name = 7;", "device.conf:1: name: must be a text");
	refused("name = \"\";", "device.conf:1: name: must be a text");
	refused("name = \"a\";\ncount = \"7\";",
	    "device.conf:2: count: must be an integer");
	refused("name = \"a\";\ncount = 7.0;", "must be an integer");
	refused("name = \"a\";\non = 1;", "device.conf:2: on: must be true");
	refused("name = \"a\";\nlist = \"x\";", "list: must be a list");
	refused("name = \"a\";\nlist = [ 1 ];", "list: must be a list");
	refused("name = \"a\";\nlist = [ \"\" ];", "list: must be a list");
	refused("name = \"a\";\nrules = [ \"x\" ];",
	    "rules: must be a list of "
	    "groups");
	refused("name = \"a\";\nrules = { };", "rules: must be a list of");
	refused("name = \"a\";\nvalidity = ( );", "validity: must be a group");
	refused("name = \"a\";\nlife = 5;", "life: must be a duration");
}

static void
what_cannot_be_parsed_is_refused(void **state)
{
	static const char nul[] = "name = \"a\0b\";";

	(void)state;
	refused("name = \"a\";\nname = \"b\";\n",
	    "device.conf:2: name: the same key twice");
	refused("x = 1;\n\tx : \"a\"", "device.conf:2: x: the same key twice");
	/* Which of them, libconfig does not tell. */
	refused("x = 1;\ny = 2; x = 3;\n", "device.conf:2: the same key twice");
	refused("x = 1; x = 2;", "device.conf:1: the same key twice");
	refused("name = \"a\";\nx = = 1;\n", "device.conf:2: syntax error");
	refused("name = \"a\";\n  @include \"/etc/passwd\"\n",
	    "device.conf:2: @include is not allowed");
	refused("name = \"a\\x00b\";", "device.conf:1: NUL in a text");
	refused("name = \"a\\xffb\";", "device.conf:1: text is not UTF-8");
	refused("name = \"a\xff\";", "not UTF-8");
	refused("rules = ((((((((((((((((((((((((((1))))))))))))))))))))))))));"
		"name = \"a\";",
	    "nested too deep");
	assert_null(conf_read_text("device.conf", nul, sizeof(nul) - 1));
	assert_raised(PROFILE_E_CONFIG, "not UTF-8");
}

static void
harmless_texts_pass(void **state)
{
	struct conf *c = read_text("# @include \"x\"\nname = \"a\\\\x00\";"
				   " /* \\ */");

	(void)state;
	assert_non_null(c);
	assert_string_equal(conf_text(conf_root(c), "name", ""), "a\\x00");
	conf_free(c);
	c = read_text("");
	assert_non_null(c);
	assert_int_equal(conf_check(conf_root(c), table, N_TABLE), 0);
	assert_raised(PROFILE_E_CONFIG, "device.conf:1: missing key");
	conf_free(c);
}

static void
files_are_read_and_bounded(void **state)
{
	char dir[] = "/tmp/inkan-conf-XXXXXX", path[64];
	struct conf *c;
	FILE *f;
	int i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	assert_null(conf_read_file(path));
	assert_raised(PROFILE_E_CONFIG, "cannot be opened");
	assert_null(conf_read_file(dir));
	assert_raised(PROFILE_E_CONFIG, "not a regular file");
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("name = \"a\";\n", f);
	fclose(f);
	c = conf_read_file(path);
	assert_non_null(c);
	conf_free(c);
	f = fopen(path, "w");
	for (i = 0; i <= CONF_FILE_MAX; i++)
		fputc(' ', f);
	fclose(f);
	assert_null(conf_read_file(path));
	assert_raised(PROFILE_E_CONFIG, "more than");
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_kind),
	    cmocka_unit_test(unknown_key_is_named_with_line_and_suggestion),
	    cmocka_unit_test(wrong_types_are_refused),
	    cmocka_unit_test(what_cannot_be_parsed_is_refused),
	    cmocka_unit_test(harmless_texts_pass),
	    cmocka_unit_test(files_are_read_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
