#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>

static void
fact(WIRE_FIELDS *row, const char *what, int64_t count)
{
	field_add_text(row, "what", what);
	field_add_int(row, "count", count);
	field_add_time(row, "fact_first", CANNED_NOW - 60);
	field_add_time(row, "fact_last", CANNED_NOW);
}

static WIRE_FIELDS *
client(WIRE_ANSWER *a, const char *fleet, const char *agent)
{
	WIRE_FIELDS *row = message_add_row(a);

	field_add_text(row, "fleet", fleet);
	field_add_text(row, "agent", agent);
	field_add_flag(row, "known", 1);
	field_add_time(row, "first", CANNED_NOW - 60);
	field_add_time(row, "last", CANNED_NOW);
	return row;
}

/* Two pages, in no order. */
static void
answer(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	WIRE_FIELDS *row;

	if (strcmp(field_text(req->args, "fleet", ""), "none") == 0)
		return;
	if (field_text(req->args, "cursor", NULL) == NULL) {
		row = client(a, "devices", "curl/7\033[31m");
		fact(row, "request", 7);
		fact(row, "answer", 5);
		fact(row, "refused:csr.der", 2);
		fact(row, "wrapped-64", 7);
		fact(row, "http-1.0", 1);
		fact(row, "body-one-line", 4);
		fact(row, "body-wrapped", 1);
		message_set_next(a, "1");
		return;
	}
	row = client(a, "devices", "");
	fact(row, "request", 3);
	fact(row, "no-user-agent", 3);
	fact(row, "no-accept", 3);
	client(a, "a-fleet", "z");
}

static void
for_people(void **state)
{
	(void)state;
	canned.answer = answer;
	assert_int_equal(tool("client", "report", NULL), 0);
	assert_string_equal(canned.op, "client.list");
	assert_int_equal(canned.calls, 2);
	assert_in(canned.out, "  7 requests, 5 answered, until 2026-11-21T");
	assert_in(canned.out, "refused         2  csr.der");
	assert_in(canned.out, "departs         7  wrapped-64");
	assert_in(canned.out, "base64 in lines of 64 characters");
	assert_in(canned.out, "habit           1  http-1.0");
	assert_in(canned.out, "needs any, was given one line 4 times, "
			      "lines of 64 1 times");
	assert_in(canned.out, "devices: (says no User-Agent)");
	assert_in(canned.out, "needs one-line, was given one line 0 times");
	/* By fleet, then agent; nothing that a terminal would obey. */
	assert_true(strstr(canned.out, "a-fleet: z") == canned.out);
	assert_true(strstr(canned.out, "(says no") <
	    strstr(canned.out, "curl/7"));
	assert_null(strchr(canned.out, '\033'));
}

static void
as_json(void **state)
{
	json_t *all, *c;

	(void)state;
	canned.answer = answer;
	assert_int_equal(
	    tool("--json", "client", "report", "--fleet", "devices", NULL), 0);
	assert_string_equal(field_text(canned.args, "fleet", ""), "devices");
	all = json_loads(canned.out, 0, NULL);
	assert_int_equal(json_array_size(all), 3);
	c = json_array_get(all, 2);
	assert_string_equal(
	    json_string_value(json_object_get(c, "body_needed")), "any");
	c = json_object_get(json_object_get(c, "facts"), "wrapped-64");
	assert_int_equal(json_integer_value(json_object_get(c, "count")), 7);
	assert_true(json_is_true(json_object_get(c, "departs")));
	c = json_array_get(all, 1);
	assert_string_equal(
	    json_string_value(json_object_get(c, "body_needed")), "one-line");
	assert_true(json_is_true(json_object_get(c, "authenticated")));
	json_decref(all);
}

static void
nobody(void **state)
{
	(void)state;
	canned.answer = answer;
	assert_int_equal(
	    tool("client", "report", "--fleet", "none", NULL), 0);
	assert_string_equal(canned.out, "no client was seen\n");
	assert_int_equal(
	    tool("--json", "client", "report", "--fleet", "none", NULL), 0);
	assert_string_equal(canned.out, "[]\n");
	assert_int_equal(tool("client", "report", "--since", "x", NULL), 2);
	assert_int_equal(tool("client", "report", "--socket",
			     canned_file("none"), NULL),
	    1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, canned_start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(for_people), T(as_json),
	    T(nobody)};

	return cmocka_run_group_tests_name("run_client", tests, NULL, NULL);
}
