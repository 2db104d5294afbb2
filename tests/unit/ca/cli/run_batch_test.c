#include "tests/unit/ca/cli/canned.h"
#include <sys/stat.h>

/* A batch against a server that answers by the device's name. */

static const unsigned char DER[] = {0x30, 0x03, 0x02, 0x01, 0x05};
#define CSR                                                                    \
	"-----BEGIN CERTIFICATE REQUEST-----\\nMAMCAQU=\\n"                    \
	"-----END CERTIFICATE REQUEST-----\\n"

static int busy; /* times that the server says: come back */

static void
issue(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	const char *device = field_text(req->args, "device", "");

	if (busy > 0) {
		busy--;
		message_set_status(a, WIRE_UNAVAILABLE);
		message_set_retry(a, 1);
	} else if (strcmp(device, "bad") == 0) {
		message_set_status(a, WIRE_DENIED);
		message_set_refusal(
		    a, "authorize", "device.disabled", "device", "it is off");
	} else {
		field_add_bytes(a->values, "cert", DER, sizeof(DER));
		field_add_text(a->values, "serial", "4f");
	}
}

static int
start(void **state)
{
	int r = canned_start(state);

	canned.answer = issue;
	return r;
}

static void
write_list(const char *text)
{
	canned_write("list", text, strlen(text));
}

static int
batch(const char *out)
{
	char list[160];

	snprintf(list, sizeof(list), "%s", canned_file("list"));
	return tool("issue", "--batch", list, "--out", canned_file(out),
	    "--profile", "p", NULL);
}

static void
resumes(void **state)
{
	struct stat st;
	size_t calls;

	(void)state;
	write_list("{\"device\": \"a\", \"csr\": \"" CSR "\", \"cn\": \"x\"}\n"
		   "{\"device\": \"bad\", \"csr\": \"" CSR "\"}\n"
		   "{\"fleet\": \"f\", \"csr\": \"" CSR "\", \"profile\": "
		   "\"q\", \"out\": \"own.pem\"}\n"
		   "{\"device\": \"../b\", \"csr\": \"" CSR "\"}\n");
	busy = 1;
	assert_int_equal(batch("o"), 1);
	assert_in(canned.out, "issued: 3\nbefore: 0\nrefused: 1\n");
	assert_in(canned.err, ":2: device.disabled: it is off");
	assert_int_equal(canned.calls, 5);
	assert_int_equal(stat(canned_file("o/a.pem"), &st), 0);
	assert_int_equal(stat(canned_file("o/own.pem"), &st), 0);
	assert_int_equal(stat(canned_file("o/line-4.pem"), &st), 0);
	assert_int_equal(field_flag(canned.args, "once", 0), 1);
	/* Only what is not there is asked for again. */
	calls = canned.calls;
	assert_int_equal(batch("o"), 1);
	assert_int_equal(canned.calls, calls + 1);
	assert_in(canned.out, "issued: 0\nbefore: 3\nrefused: 1\n");
	assert_int_equal(unlink(canned_file("o/a.pem")), 0);
	assert_int_equal(batch("o"), 1);
	assert_in(canned.out, "issued: 1\nbefore: 2\n");
}

static void
rows_are_requests(void **state)
{
	const unsigned char *p;
	size_t len;

	(void)state;
	write_list("{\"fleet\": \"f\", \"device\": \"d\", \"csr\": \"" CSR
		   "\", \"cn\": \"x y\"}\n");
	assert_int_equal(batch("o6"), 0);
	assert_string_equal(canned.op, "issue");
	assert_string_equal(field_text(canned.args, "profile", ""), "p");
	assert_string_equal(field_text(canned.args, "fleet", ""), "f");
	assert_string_equal(field_text(canned.args, "set", ""), "cn=x y");
	p = field_bytes(canned.args, "csr", &len);
	assert_int_equal(len, sizeof(DER));
	assert_memory_equal(p, DER, len);
}

static void
mistakes(void **state)
{
	size_t calls = canned.calls;

	(void)state;
	write_list("{\"device\": \"a\"}\n"
		   "{\"device\": \"a\", \"csr\": \"/nonexistent\"}\n"
		   "{\"device\": \"b\", \"csr\": \"" CSR
		   "\", \"out\": \"../x\"}\n");
	assert_int_equal(batch("o2"), 1);
	assert_int_equal(canned.calls, calls);
	assert_in(canned.err, ":1: batch.csr");
	assert_in(canned.err, ":2: batch.out: another row");
	assert_in(canned.err, ":3: batch.out: no name");
	assert_int_equal(tool("issue", "--batch", "x", NULL), 2);
	assert_in(canned.err, "--out is missing");
	assert_int_equal(tool("issue", "--batch", "x", "--out", "y", "--csr",
			     "z", NULL),
	    2);
	assert_int_equal(
	    tool("issue", "--batch", "/nonexistent", "--out",
		canned_file("o3"), NULL),
	    1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(resumes),
	    cmocka_unit_test(rows_are_requests),
	    cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, start, canned_stop);
}
