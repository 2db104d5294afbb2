#include "logs.h"

#define SERIAL "4141414141414141414141414141414100000001"

static int waits;

/* Not covered at first. */
static void
prove_answer(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	if (strcmp(message_request_op(req), "log.prove") != 0) {
		logs_answer(req, a);
		return;
	}
	assert_true(field_add_int(a->values, "index", 3) &&
	    field_add_int(a->values, "size", 8) &&
	    field_add_text(a->values, "proof",
		waits-- > 0 ? NULL : "a proof\n"));
}

static void
waits_for_a_checkpoint(void **state)
{
	(void)state;
	canned.answer = prove_answer;
	waits = 2;
	assert_int_equal(logs_run("log prove " SERIAL), 0);
	assert_string_equal(canned.out, "a proof\n");
	assert_int_equal(canned.calls, 3);
	assert_string_equal(field_text(canned.args, "serial", ""), SERIAL);
	assert_int_equal(logs_run("log prove " SERIAL " --issuer devices --out "
				  "@dir/proof"), 0);
	assert_string_equal(canned.out, "");
	logs_sh("grep -qx 'a proof' proof");
}

static void
proves_from_a_file(void **state)
{
	(void)state;
	assert_int_equal(logs_run("log prove --store @store " SERIAL), 0);
	assert_in(canned.out, "c2sp.org/tlog-proof@v1\nextra ");
	assert_in(canned.out, "\nindex 3\n");
	assert_int_equal(canned.calls, 0);
	assert_int_equal(logs_run("log prove --store @store 0102"), 1);
	assert_in(canned.err, "no certificate with that serial");
	assert_int_equal(logs_run("log prove --store @store xyz"), 2);
}

/* The rig's certificates are none: that is told by the hash of another file. */
static void
checks_a_proof(void **state)
{
	(void)state;
	logs_sh("openssl req -x509 -newkey ed25519 -nodes -keyout k -subj /CN=x "
		"-out c.pem 2>/dev/null");
	assert_int_equal(logs_run("log prove --store @store " SERIAL
				  " --out @dir/p"), 0);
	assert_int_equal(logs_run("log check @dir/p --cert @dir/c.pem --key "
				  "@pub/log.vkey"), 1);
	assert_in(canned.err, "proof.certificate: it is the proof of another "
	    "certificate (devices-g1, serial " SERIAL ")");
	assert_int_equal(logs_run("log check @dir/p --cert @dir/c.pem --key "
				  "@dir/k"), 1);
	assert_in(canned.err, "no verifier key");
	assert_int_equal(logs_run("log check @dir/c.pem --cert @dir/c.pem --key "
				  "@pub/log.vkey"), 1);
	assert_in(canned.err, "proof.format: ");
	assert_int_equal(logs_run("log check @dir/none --cert @dir/c.pem --key "
				  "@pub/log.vkey"), 1);
	assert_int_equal(logs_run("log check @dir/p --key @pub/log.vkey"), 2);
	assert_int_equal(canned.calls, 0);
}

static void
exports(void **state)
{
	(void)state;
	assert_int_equal(logs_run("log export --from 6"), 0);
	assert_in(canned.out, "{\"index\": 6, \"kind\": \"issue.reserved\", "
	    "\"time\": 1795000000, \"salt\": \"");
	assert_null(strstr(canned.out, "\"index\": 5"));
	assert_int_equal(logs_run("log export --store @store"), 0);
	assert_in(canned.out, "{\"index\": 0, ");
	assert_int_equal(logs_run("log export --store /nonexistent"), 1);
	assert_int_equal(logs_run("log export --from x"), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, logs_start, logs_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(waits_for_a_checkpoint),
	    TEST(proves_from_a_file),
	    TEST(checks_a_proof),
	    TEST(exports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
