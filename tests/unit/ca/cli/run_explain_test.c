#include "tests/unit/ca/cli/canned.h"

static const char *verdict;

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

#define PATH "/.well-known/est/"

static void
as(const char *text)
{
	canned_write("request", text, strlen(text));
}

/* The shape before the stages; what the head says goes to the server. */
static void
test_request(void **state)
{
	(void)state;
	canned.answer = explain;
	verdict = "issue";
	as("POST " PATH "line-1/simplereenroll HTTP/1.0\r\n"
	   "Content-Type: application/pkcs10\r\nUser-Agent: a\r\n"
	   "Accept: b\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"
	   "MAMC\nAQU=\n");
	assert_int_equal(
	    tool("explain", "--request", canned_file("request"), NULL), 0);
	assert_string_equal(field_text(canned.args, "label", "-"), "line-1");
	assert_string_equal(field_text(canned.args, "user", "-"), "user");
	assert_null(field_find(canned.args, "secret", 0));
	assert_int_equal(field_flag(canned.args, "renew", 0), 1);
	assert_int_equal(field_flag(canned.args, "keygen", 1), 0);
	assert_in(canned.out, "shape      pass     deviation     wrapped");
	assert_in(canned.out, "shape      pass     habit         http-1.0");
	assert_true(strstr(canned.out, "shape") <
	    strstr(canned.out, "authorize"));
	/* Another fleet than that of the path. */
	assert_int_equal(tool("explain", "--request", canned_file("request"),
			     "--fleet", "f", "--user", "x", NULL),
	    0);
	assert_null(field_find(canned.args, "label", 0));
	assert_string_equal(field_text(canned.args, "user", "-"), "x");
	assert_int_equal(field_count(canned.args, "user"), 1);
	/* A body alone. */
	as("MAMCAQU=\n");
	assert_int_equal(tool("--json", "explain", "--request",
			     canned_file("request"), "--fleet", "f",
			     "--keygen", NULL),
	    0);
	assert_int_equal(field_flag(canned.args, "keygen", 0), 1);
	assert_in(canned.out, "\"stage\": \"shape\"");
	/* By a profile, only the CSR counts. */
	as("POST " PATH "simpleenroll HTTP/1.1\r\n"
	   "Content-Type: application/pkcs10\r\n\r\nMAMCAQU=\n");
	assert_int_equal(tool("explain", "--request", canned_file("request"),
			     "--profile", "p", NULL),
	    0);
	assert_null(field_find(canned.args, "label", 0));
	assert_null(field_find(canned.args, "renew", 0));
}

/* What inkan-ra would refuse never reaches the server. */
static void
test_request_refused(void **state)
{
	static const struct {
		const char *text, *rule;
	} cases[] = {
	    {"MAMC*QU=", "base64.character"},
	    {"POST " PATH "simpleenroll HTTP/1.1\r\nContent-Type: text/plain"
	     "\r\n\r\nMAMCAQU=",
		"media.type"},
	    {"GET " PATH "simpleenroll HTTP/1.1\r\n\r\n", "method"},
	    {"POST /x HTTP/1.1\r\n\r\nMAMCAQU=", "path.unknown"},
	};
	char row[64];
	size_t i;

	(void)state;
	canned.answer = explain;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		as(cases[i].text);
		assert_int_equal(tool("explain", "--request",
				     canned_file("request"), "--fleet", "f",
				     NULL),
		    1);
		snprintf(row, sizeof(row), "refuse   %s", cases[i].rule);
		assert_in(canned.out, row);
		assert_in(canned.out, "approve       skip");
		assert_in(canned.out, "verdict: refuse");
		assert_int_equal(tool("--json", "explain", "--request",
				     canned_file("request"), "--fleet", "f",
				     NULL),
		    1);
		assert_in(canned.out, cases[i].rule);
	}
	assert_int_equal(canned.calls, 0);
}

static void
test_request_usage(void **state)
{
	(void)state;
	canned.answer = explain;
	as("MAMCAQU=\n");
	assert_int_equal(
	    tool("explain", "--request", canned_file("request"), NULL), 2);
	assert_int_equal(tool("explain", "--request", canned_file("request"),
			     "--fleet", "f", "--csr",
			     canned_file("request"), NULL),
	    2);
	assert_int_equal(tool("explain", "--request", canned_file("none"),
			     "--fleet", "f", NULL),
	    1);
	as("POST " PATH "simpleenroll HTTP/1.1\r\n"
	   "Content-Type: application/pkcs10\r\n\r\nMAMCAQU=\n");
	assert_int_equal(tool("explain", "--request", canned_file("request"),
			     "--renew", NULL),
	    2);
	assert_int_equal(canned.calls, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, canned_start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_explain),
	    T(test_explain_usage),
	    T(test_request),
	    T(test_request_refused),
	    T(test_request_usage),
	};

	return cmocka_run_group_tests_name("run_explain", tests, NULL, NULL);
}
