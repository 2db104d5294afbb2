#include "tests/unit/ca/cli/canned.h"
#include "ca/cli/client.h"

/* Refusals and failures, as people and programs see them. */

static void
refuse(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	message_set_status(a, WIRE_DENIED);
	message_set_refusal(
	    a, "authorize", "renew.window", "csr.san", "too early\x1b[2J");
}

static void
refuse_busy(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	message_set_status(a, WIRE_UNAVAILABLE);
	message_set_refusal(a, "", "store", "", "store: cannot be written");
	message_set_retry(a, 30);
}

static void
refuse_bare(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	message_set_status(a, WIRE_INTERNAL);
}

static void
accept_all(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	field_add_text(a->values, "state", "stopped");
}

static void
test_done(void **state)
{
	(void)state;
	canned.answer = accept_all;
	assert_int_equal(tool("ca", "stop", "--reason", "test", NULL), 0);
	assert_string_equal(canned.out, "state: stopped\n");
	assert_string_equal(canned.err, "");
	assert_string_equal(canned.op, "ca.stop");
	assert_string_equal(field_text(canned.args, "reason", ""), "test");
}

static void
test_refused(void **state)
{
	(void)state;
	canned.answer = refuse;
	assert_int_equal(tool("ca", "stop", NULL), 1);
	assert_string_equal(canned.out, "");
	assert_string_equal(canned.err,
	    "inkan: refused at stage authorize: renew.window: "
	    "too early\\x1b[2J (field csr.san)\n");
	canned.answer = refuse_busy;
	assert_int_equal(tool("ca", "stop", NULL), 1);
	assert_string_equal(canned.err,
	    "inkan: refused: store: cannot be written; try again in 30 s\n");
	canned.answer = refuse_bare;
	assert_int_equal(tool("ca", "stop", NULL), 1);
	assert_string_equal(canned.err, "inkan: refused: internal\n");
}

static void
test_refused_json(void **state)
{
	(void)state;
	canned.answer = refuse;
	assert_int_equal(tool("ca", "stop", "--json", NULL), 1);
	assert_in(canned.out, "\"status\": \"denied\"");
	assert_in(canned.out, "\"stage\": \"authorize\"");
	assert_in(canned.out, "\"rule\": \"renew.window\"");
	assert_in(canned.out, "\"field\": \"csr.san\"");
	assert_in(canned.out, "\"text\": \"too early\\u001B[2J\"");
	assert_in(canned.err, "inkan: refused at stage authorize");
}

static void
test_no_server(void **state)
{
	(void)state;
	assert_int_equal(
	    tool("--socket", canned_file("none"), "ca", "list", NULL), 1);
	assert_in(canned.err, "/none");
	assert_in(canned.err, "--socket or $INKAN_ADMIN_SOCKET");
	assert_string_equal(canned.out, "");
	assert_int_equal(
	    tool("--json", "ca", "list", "--socket", canned_file("none"), NULL),
	    1);
	assert_in(canned.out, "\"status\": \"failed\"");
}

/* A server that hangs up, and one that answers nonsense. */
static void
test_bad_server(void **state)
{
	struct cli cli = {.fd = -1, .err = stderr, .out = stdout};
	int sv[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	cli.fd = sv[0];
	close(sv[1]);
	assert_null(client_call(&cli, "status", NULL));
	/* The connection is not used again. */
	assert_int_equal(cli.fd, -1);
	ERR_clear_error();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	cli.fd = sv[0];
	assert_int_equal(write(sv[1], "\0\0\0\2zz", 6), 6);
	assert_null(client_call(&cli, "status", NULL));
	assert_int_equal(cli.fd, -1);
	close(sv[1]);
	ERR_clear_error();
}

#define T(f) cmocka_unit_test_setup_teardown(f, canned_start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_done),
	    T(test_refused),
	    T(test_refused_json),
	    T(test_no_server),
	    T(test_bad_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
