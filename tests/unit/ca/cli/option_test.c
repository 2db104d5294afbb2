#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>
#include "ca/cli/option.h"
#include "ca/error.h"
#include "ca/report/report.h"

static const struct option_spec SPECS[] = {
    {"serial", OPTION_SERIAL, OPTION_REQUIRED, NULL, "HEX", ""},
    {"reason", OPTION_REASON, 0, NULL, "R", ""},
    {"name", OPTION_TEXT, OPTION_MANY, "label", "NAME", ""},
    {"reusable", OPTION_FLAG, 0, NULL, NULL, ""},
    {"ttl", OPTION_DURATION, 0, NULL, "T", ""},
    {"count", OPTION_INT, 0, NULL, "N", ""},
    {"before", OPTION_TIME, 0, NULL, "TIME", ""},
    {"set", OPTION_SET, OPTION_MANY, NULL, "FIELD=VALUE", ""},
    {"out", OPTION_TEXT, OPTION_LOCAL, NULL, "FILE", ""},
    {NULL, 0, 0, NULL, NULL, NULL},
};

/* Words in one text, split at '|'. */
static int
parse(const char *line, struct options *o)
{
	static char buf[1024];
	char *argv[64], *save = NULL, *p;
	int argc = 0;

	ERR_clear_error();
	strcpy(buf, line);
	for (p = strtok_r(buf, "|", &save); p != NULL;
	     p = strtok_r(NULL, "|", &save))
		argv[argc++] = p;
	*o = (struct options){.n = 0};
	return option_parse(SPECS, "name", argc, argv, o);
}

static void
test_fields(void **state)
{
	WIRE_FIELDS *args = field_list_new();
	struct options o;

	(void)state;
	assert_int_equal(
	    parse("--serial=0x4F|a|--reusable|--reason|SUPERSEDED|--ttl|2m|b|"
		  "--count|7|--before|+1d|--set|x=1|--set|y=2|--out|-",
		&o),
	    1);
	assert_int_equal(option_fields(&o, 1000, args), 1);
	assert_string_equal(field_text(args, "serial", ""), "4f");
	assert_int_equal(field_count(args, "label"), 2);
	assert_string_equal(field_get_text(field_find(args, "label", 1)), "b");
	assert_string_equal(field_text(args, "reason", ""), "superseded");
	assert_int_equal(field_flag(args, "reusable", 0), 1);
	assert_int_equal(field_int(args, "ttl", 0), 120);
	assert_int_equal(field_int(args, "count", 0), 7);
	assert_int_equal(field_time(args, "before", 0), 87400);
	assert_string_equal(field_get_text(field_find(args, "set", 1)), "y=2");
	/* The tool's own options are not sent. */
	assert_null(field_find(args, "out", 0));
	assert_string_equal(option_text(&o, "out"), "-");
	field_list_free(args);
}

static void
test_words_after_dashes(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("--serial|1|--|--odd|-x", &o), 1);
	assert_int_equal(o.n, 3);
	assert_string_equal(o.v[1].text, "--odd");
	assert_string_equal(o.v[2].text, "-x");
	/* A value that looks like an option must be tied with "=". */
	assert_int_equal(parse("--serial|1|--name=--odd", &o), 1);
	assert_string_equal(option_text(&o, "name"), "--odd");
	assert_int_equal(parse("--serial|1|--name|--odd", &o), 0);
}

static void
refused(const char *line, const char *why)
{
	char text[512];
	struct options o;

	if (parse(line, &o))
		fail_msg("accepted: %s", line);
	report_trace(text, sizeof(text));
	if (strstr(text, why) == NULL)
		fail_msg("%s: no \"%s\" in \"%s\"", line, why, text);
	ERR_clear_error();
}

static void
test_refused(void **state)
{
	(void)state;
	refused("", "--serial is missing");
	refused("--reusable", "--serial is missing");
	refused("--seriall|1", "did you mean \"serial\"");
	refused("--serial", "HEX is missing");
	refused("--serial|--reusable", "HEX is missing");
	refused("--serial|1|--serial|2", "stands twice");
	refused("--serial|1|--reusable=yes", "takes no value");
	refused("--serial|1|-x", "unknown argument");
	refused("--serial|xyz", "--serial: \"xyz\"");
	refused("--serial=", "--serial");
	refused("--serial|1|--reason|none", "--reason");
	refused("--serial|1|--ttl|soon", "--ttl");
	refused("--serial|1|--count|-1", "--count");
	refused("--serial|1|--count|1.5", "--count");
	refused("--serial|1|--before|tomorrow", "--before");
	refused("--serial|1|--set|x", "--set");
	refused("--serial|1|--name=", "the value is empty");
	refused("--serial|1|--name|\xff", "not UTF-8");
}

static void
test_no_words(void **state)
{
	char *argv[] = {(char *)(uintptr_t) "word"};
	struct options o = {.n = 0};

	(void)state;
	assert_int_equal(option_parse(SPECS, NULL, 1, argv, &o), 0);
	ERR_clear_error();
}

static void
test_too_many(void **state)
{
	char *argv[OPTION_MAX + 1];
	struct options o = {.n = 0};
	int i;

	(void)state;
	for (i = 0; i <= OPTION_MAX; i++)
		argv[i] = (char *)(uintptr_t) "w";
	assert_int_equal(
	    option_parse(SPECS, "name", OPTION_MAX + 1, argv, &o), 0);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_words_after_dashes),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_no_words),
	    cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
