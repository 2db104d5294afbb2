#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>

static const char *level = "ok";

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

#define T(f) cmocka_unit_test_setup_teardown(f, canned_start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_sections),
	    T(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
