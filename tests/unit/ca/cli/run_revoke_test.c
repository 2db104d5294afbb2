#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>

/* "inkan revoke": which way, what it asks, what it shows. */

static int64_t asked; /* campaign.show so far */
static int64_t last = 2;
static const char *end = "done";

static void
campaign(WIRE_ANSWER *a, const char *state, int64_t done)
{
	field_add_int(a->values, "id", 7);
	field_add_text(a->values, "state", state);
	field_add_int(a->values, "total", 4);
	field_add_int(a->values, "done", done);
	field_add_int(a->values, "skipped", 0);
	field_add_int(a->values, "seconds_left", 4 - done);
}

static void
plan(WIRE_ANSWER *a)
{
	WIRE_FIELDS *row;

	field_add_int(a->values, "certificates", 4);
	row = message_add_row(a);
	field_add_text(row, "part", "group");
	field_add_text(row, "issuer", "devices-g1");
	field_add_text(row, "profile", "p");
	field_add_int(row, "certificates", 4);
	field_add_int(row, "crl_octets", 212);
	row = message_add_row(a);
	field_add_text(row, "part", "sample");
	field_add_text(row, "serial", "4f01");
	field_add_text(row, "device", "dev-1");
}

static void
server(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	const char *op = message_request_op(req);

	if (strcmp(op, "revoke.plan") == 0) {
		plan(a);
	} else if (strcmp(op, "campaign.start") == 0 ||
	    strcmp(op, "campaign.resume") == 0 ||
	    strcmp(op, "campaign.stop") == 0) {
		campaign(a, "choosing", 0);
	} else if (strcmp(op, "campaign.show") == 0) {
		asked++;
		campaign(a, asked < last ? "running" : end, 2 * asked);
	} else {
		field_add_text(a->values, "state", "revoked");
	}
}

static void
usage_error(
    const char *a, const char *b, const char *c, const char *d, const char *why)
{
	size_t calls = canned.calls;

	assert_int_equal(tool("revoke", a, b, c, d, NULL), 2);
	assert_in(canned.err, why);
	assert_in(canned.err, "usage: inkan revoke");
	assert_int_equal(canned.calls, calls);
}

static void
test_usage(void **state)
{
	(void)state;
	canned.answer = server;
	usage_error(NULL, NULL, NULL, NULL, "what? --serial");
	usage_error("--reason", "superseded", NULL, NULL, "what? --serial");
	usage_error("--serial=4f", "--device=d", NULL, NULL,
	    "--serial and --device exclude each other");
	usage_error("--resume=1", "--abort=1", NULL, NULL, "exclude");
	usage_error("--device=d", "--unknown", NULL, NULL,
	    "--unknown does not go with --device");
	usage_error("--serial=4f", "--execute", NULL, NULL, "--execute does");
	usage_error("--serial=4f", "--fleet=f", NULL, NULL, "--fleet does");
	usage_error("--spki=ab", "--note=n", NULL, NULL, "--note does");
	usage_error("--abort=1", "--no-wait", NULL, NULL, "--no-wait does");
	usage_error("--where=a=b", "--no-wait", NULL, NULL, "for --execute");
	usage_error("--where=a=b", "--break-glass=x", NULL, NULL,
	    "--break-glass is for --execute");
	usage_error("--abort=1", "--break-glass=x", NULL, NULL,
	    "--break-glass does");
	usage_error("--where", NULL, NULL, NULL, "EXPR is missing");
	usage_error("--where=", NULL, NULL, NULL, "empty");
	usage_error(
	    "--serial=4f", "--invalidity-date=now", NULL, NULL, "not a time");
}

static void
test_ways(void **state)
{
	(void)state;
	canned.answer = server;
	assert_int_equal(
	    tool("revoke", "--serial=4F", "--issuer=devices", "--unknown",
		"--reason=keycompromise", "--invalidity-date=2026-11-20", NULL),
	    0);
	assert_string_equal(canned.op, "revoke");
	assert_string_equal(field_text(canned.args, "serial", ""), "4f");
	assert_int_equal(field_flag(canned.args, "unknown", 0), 1);
	assert_int_equal(
	    field_time(canned.args, "invalidity_date", 0), 1795132800);
	assert_int_equal(tool("revoke", "--device=d", "--fleet=f", NULL), 0);
	assert_string_equal(canned.op, "revoke.device");
	assert_string_equal(field_text(canned.args, "name", ""), "d");
	assert_int_equal(tool("revoke", "--spki=abcd", NULL), 0);
	assert_string_equal(canned.op, "revoke.key");
	assert_int_equal(tool("revoke", "--abort=7", NULL), 0);
	assert_string_equal(canned.op, "campaign.stop");
	assert_int_equal(field_int(canned.args, "id", 0), 7);
}

static void
test_plan(void **state)
{
	json_t *o;

	(void)state;
	canned.answer = server;
	assert_int_equal(tool("revoke", "--where", "model=X1", NULL), 0);
	assert_string_equal(canned.op, "revoke.plan");
	assert_string_equal(field_text(canned.args, "where", ""), "model=X1");
	assert_in(canned.out, "certificates: 4\n\nof which:\nISSUER");
	assert_in(canned.out, "for example:\nSERIAL");
	assert_in(canned.out, "Nothing was changed");
	assert_int_equal(
	    tool("--json", "revoke", "--where", "model=X1", NULL), 0);
	o = json_loads(canned.out, 0, NULL);
	assert_non_null(o);
	assert_int_equal(
	    json_integer_value(json_object_get(o, "certificates")), 4);
	assert_int_equal(json_array_size(json_object_get(o, "groups")), 1);
	assert_int_equal(json_array_size(json_object_get(o, "sample")), 1);
	assert_null(json_object_get(
	    json_array_get(json_object_get(o, "sample"), 0), "part"));
	json_decref(o);
}

static void
test_follows(void **state)
{
	json_t *o;

	(void)state;
	canned.answer = server;
	asked = 0;
	assert_int_equal(tool("revoke", "--where=a=b", "--execute", "--stage=2",
			     "--pause=1", "--note=n", NULL),
	    0);
	assert_in(canned.out,
	    "campaign 7\n2 of 4 revoked, 0 skipped, 2 s left\n"
	    "4 of 4 revoked, 0 skipped, 0 s left\nid: 7\nstate: done\n");
	assert_string_equal(canned.op, "campaign.show");
	/* The end alone, as one object. */
	asked = 0;
	assert_int_equal(tool("--json", "revoke", "--resume=7", NULL), 0);
	o = json_loads(canned.out, 0, NULL);
	assert_non_null(o);
	assert_string_equal(
	    json_string_value(json_object_get(o, "state")), "done");
	json_decref(o);
	/* Stopped by somebody: that is no success. */
	asked = 0;
	end = "stopped";
	assert_int_equal(tool("revoke", "--resume=7", NULL), 1);
	end = "done";
	assert_int_equal(
	    tool("revoke", "--where=a=b", "--execute", "--no-wait", NULL), 0);
	assert_string_equal(canned.op, "campaign.start");
	assert_in(canned.out, "state: choosing");
	assert_int_equal(canned.args == NULL, 0);
	assert_null(field_find(canned.args, "execute", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_usage, canned_start, canned_stop),
	    cmocka_unit_test_setup_teardown(
		test_ways, canned_start, canned_stop),
	    cmocka_unit_test_setup_teardown(
		test_plan, canned_start, canned_stop),
	    cmocka_unit_test_setup_teardown(
		test_follows, canned_start, canned_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
