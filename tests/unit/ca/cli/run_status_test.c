#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>

static const char *level = "ok", *verdict = "issue";

static void
check(WIRE_ANSWER *a, const char *name, const char *how, const char *text,
    int64_t expires)
{
	WIRE_FIELDS *row = message_add_row(a);

	field_add_text(row, "check", name);
	field_add_text(row, "level", how);
	field_add_text(row, "text", text);
	field_add_time(row, "expires", expires);
}

static void
status(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	field_add_text(a->values, "level", level);
	field_add_text(a->values, "version", "1");
	check(a, "crl:devices-g1", level, "number 7",
	    CANNED_NOW + 3 * 86400 + 60);
	check(a, "token", "ok", "4 sessions", 0);
	check(a, "service:est", strcmp(level, "fail") == 0 ? "warn" : "ok",
	    "expires soon", CANNED_NOW + 7200);
	check(a, "policy", "ok", "version 1", 0);
	check(a, "new:thing", "ok", "from a newer server", CANNED_NOW - 5);
}

static void
test_sections(void **state)
{
	(void)state;
	level = "ok";
	canned.answer = status;
	assert_int_equal(tool("status", NULL), 0);
	assert_string_equal(canned.out,
	    "level: ok\nversion: 1\n"
	    "Instance\n"
	    "  ok    token      4 sessions\n"
	    "  ok    policy     version 1\n"
	    "  ok    new:thing  from a newer server "
	    "(until 2026-11-21T06:59:55Z)\n"
	    "CRLs\n"
	    "  ok    devices-g1  number 7 "
	    "(until 2026-11-24T07:01:00Z, 3 days)\n"
	    "Certificates of our services\n"
	    "  ok    est  expires soon (until 2026-11-21T09:00:00Z, 2 h)\n");
	level = "fail";
	/* Without --check a look is a look. */
	assert_int_equal(tool("status", NULL), 0);
	assert_in(canned.out, "  FAIL  devices-g1");
	assert_in(canned.out, "  WARN  est");
}

static void
test_check(void **state)
{
	json_t *v;

	(void)state;
	canned.answer = status;
	level = "ok";
	assert_int_equal(tool("status", "--check", NULL), 0);
	assert_string_equal(canned.out, "ok: 5 checks\n");
	level = "fail";
	assert_int_equal(tool("status", "--check", NULL), 1);
	assert_string_equal(canned.out,
	    "fail: crl:devices-g1: number 7; "
	    "warn: service:est: expires soon\n");
	level = "warn";
	assert_int_equal(tool("status", "--check", NULL), 1);
	assert_string_equal(canned.out, "warn: crl:devices-g1: number 7\n");
	assert_int_equal(tool("status", "--check", "--json", NULL), 1);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_int_equal(json_array_size(json_object_get(v, "checks")), 5);
	json_decref(v);
	assert_int_equal(
	    tool("status", "--check", "--socket", canned_file("none"), NULL),
	    1);
	assert_string_equal(canned.out, "fail: inkan-ca does not answer\n");
}

static void
explain(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	WIRE_FIELDS *row = message_add_row(a);

	(void)req;
	field_add_text(row, "stage", "authorize");
	field_add_text(row, "verdict", "refuse");
	field_add_text(row, "rule", "renew.window");
	field_add_text(row, "field", "");
	field_add_text(row, "text", "too early");
	field_add_text(a->values, "verdict", verdict);
}

static void
test_explain(void **state)
{
	(void)state;
	canned.answer = explain;
	canned_write("csr", "\x30\x03\x02\x01\x05", 5);
	verdict = "refuse";
	assert_int_equal(
	    tool("explain", "--fleet", "f", "--csr", canned_file("csr"), NULL),
	    1);
	assert_string_equal(canned.out,
	    "STAGE      VERDICT  RULE          FIELD  TEXT\n"
	    "authorize  refuse   renew.window         too early\n"
	    "\nverdict: refuse\n");
	verdict = "park";
	assert_int_equal(tool("explain", "--profile", "f", "--csr",
			     canned_file("csr"), "--json", NULL),
	    1);
	assert_in(canned.out, "\"stages\": [");
	verdict = "issue";
	assert_int_equal(tool("explain", "--fleet", "f", "--csr",
			     canned_file("csr"), "--renew", NULL),
	    0);
	assert_int_equal(field_flag(canned.args, "renew", 0), 1);
}

static void
test_explain_usage(void **state)
{
	(void)state;
	canned.answer = explain;
	canned_write("csr", "\x30\x03\x02\x01\x05", 5);
	assert_int_equal(tool("explain", "--csr", canned_file("csr"), NULL), 2);
	assert_in(canned.err, "--fleet or --profile");
	assert_int_equal(tool("explain", "--csr", canned_file("csr"), "--fleet",
			     "f", "--profile", "p", NULL),
	    2);
	assert_int_equal(canned.calls, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, canned_start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_sections),
	    T(test_check),
	    T(test_explain),
	    T(test_explain_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
