#include "tests/unit/ca/cli/canned.h"

/* The report: every page, up to one point, in three forms. */

static int64_t ends[8], firsts[8];
static size_t n_events;

static void
server(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	WIRE_FIELDS *l = message_add_row(a);

	if (strcmp(message_request_op(req), "report") == 0) {
		field_add_time(a->values, "from", CANNED_NOW - 100);
		field_add_time(a->values, "to", CANNED_NOW);
		field_add_int(a->values, "log_size", 42);
		field_add_text(a->values, "log_root", "abcd");
		field_add_text(l, "section", "issued");
		field_add_text(l, "issuer", "devices-g1");
		field_add_text(l, "profile", "a,b");
		field_add_int(l, "count", 7);
		return;
	}
	ends[n_events] = field_int(req->args, "end", -1);
	firsts[n_events++] = field_int(req->args, "first", -1);
	assert_int_equal(field_time(req->args, "to", 0), CANNED_NOW);
	field_add_text(l, "section", "break-glass");
	field_add_int(l, "index", n_events == 1 ? 11 : 12);
	field_add_text(l, "kind", "break-glass");
	field_add_text(l, "text", n_events == 1 ? "=1+1" : "say \"no\"");
	if (n_events == 1)
		message_set_next(a, "12");
}

static void
tables(void **state)
{
	(void)state;
	canned.answer = server;
	n_events = 0;
	assert_int_equal(tool("report", "--from", "2026-11-01", NULL), 0);
	assert_in(canned.out, "log_root: abcd");
	assert_in(canned.out, "\nIssued\n");
	assert_in(canned.out, "devices-g1  a,b");
	assert_in(canned.out, "\nBreak-glass\n");
	assert_in(canned.out, "=1+1");
	assert_in(canned.out, "say \"no\"");
	/* Both pages, up to the same entry. */
	assert_int_equal(n_events, 2);
	assert_int_equal(firsts[0], 0);
	assert_int_equal(firsts[1], 12);
	assert_int_equal(ends[0], 42);
	assert_int_equal(ends[1], 42);
}

static void
csv(void **state)
{
	(void)state;
	n_events = 0;
	assert_int_equal(tool("report", "--from", "2026-11-01", "--csv",
	    NULL), 0);
	assert_in(canned.out, "section,index,time,issuer,");
	assert_in(canned.out, "report,,,,,,,,,log_root,,abcd\r\n");
	assert_in(canned.out, "issued,,,devices-g1,\"a,b\",,7,");
	/* No formula for a spreadsheet, quotes doubled. */
	assert_in(canned.out, ",'=1+1\r\n");
	assert_in(canned.out, ",\"say \"\"no\"\"\"\r\n");
	assert_int_equal(tool("--json", "report", "--from", "2026-11-01",
	    "--csv", NULL), CLI_USAGE);
}

static void
as_json(void **state)
{
	(void)state;
	n_events = 0;
	assert_int_equal(tool("--json", "report", "--from", "2026-11-01",
	    NULL), 0);
	assert_in(canned.out, "\"log_size\": 42");
	assert_in(canned.out, "\"sums\"");
	assert_in(canned.out, "\"events\"");
	assert_int_equal(tool("report", NULL), CLI_USAGE);
	assert_in(canned.err, "--from is missing");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tables),
	    cmocka_unit_test(csv),
	    cmocka_unit_test(as_json),
	};

	return cmocka_run_group_tests(tests, canned_start, canned_stop);
}
