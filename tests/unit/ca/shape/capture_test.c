#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/shape/capture.h"
#include "ca/shape/shape.h"

#define EST "/.well-known/est/"
#define TYPE "Content-Type: application/pkcs10\r\n"
#define FULL "User-Agent: a/1\r\nAccept: */*\r\n" TYPE

/* 30 03 02 01 05 = MAMCAQU= */
static const unsigned char der[] = {0x30, 0x03, 0x02, 0x01, 0x05};

static int
take(const char *text, struct capture *c)
{
	ERR_clear_error();
	return capture_read((const unsigned char *)text, strlen(text), c);
}

static void
read_as(void **state)
{
	static const struct {
		const char *text, *label, *shape;
		enum route_op op;
	} cases[] = {
	    {"MAMCAQU=\n", "", "", ROUTE_NONE},
	    {"MAMC\nAQU=", "", "wrapped,no-line-end", ROUTE_NONE},
	    {"-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQU=\n"
	     "-----END CERTIFICATE REQUEST-----\n",
		"", "pem-armour", ROUTE_NONE},
	    {"0\x03\x02\x01\x05", "", "raw-der", ROUTE_NONE},
	    {"POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	     "Content-Length: 9\r\n\r\nMAMCAQU=\nGET / HTTP/1.1\r\n\r\n",
		"", "", ROUTE_SIMPLEENROLL},
	    {"POST " EST "a/simplereenroll HTTP/1.0\n" TYPE "\nMAMCAQU=\n",
		"a", "http-1.0,no-user-agent,no-accept",
		ROUTE_SIMPLEREENROLL},
	    {"POST " EST "a/serverkeygen?x HTTP/1.1\r\nUser-Agent: a\r\n"
	     "Accept: b\r\ncontent-type: application/PKCS10; q=1\r\n"
	     "Transfer-Encoding: chunked\r\n\r\n4\r\nMAMC\r\n"
	     "5;x\r\nAQU=\n\r\n0\r\n\r\n",
		"a", "media-parameters,chunked", ROUTE_SERVERKEYGEN},
	};
	char shape[SHAPE_TEXT_MAX];
	struct capture c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(take(cases[i].text, &c));
		assert_int_equal(c.http, cases[i].op != ROUTE_NONE);
		assert_int_equal(c.route.op, cases[i].op);
		assert_string_equal(c.route.label, cases[i].label);
		assert_string_equal(
		    shape_text(c.shape, shape), cases[i].shape);
		assert_int_equal(c.body.len, sizeof(der));
		assert_memory_equal(c.body.der, der, sizeof(der));
		capture_clear(&c);
	}
}

static void
credentials(void **state)
{
	struct capture c;

	(void)state;
	assert_true(take("POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	    "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\nMAMCAQU=\n", &c));
	assert_int_equal(c.has_basic, BASIC_GIVEN);
	assert_string_equal(c.basic.user, "user");
	assert_string_equal(c.agent, "a/1");
	capture_clear(&c);
	assert_string_equal(c.basic.secret, "");
	assert_true(take("POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	    "\r\nMAMCAQU=\n", &c));
	assert_int_equal(c.has_basic, BASIC_NONE);
	capture_clear(&c);
}

static void
refused(void **state)
{
	static const struct {
		const char *text, *rule;
	} cases[] = {
	    {"", "body.empty: "},
	    {"MAMC*", "base64.character: "},
	    {"POST /x HTTP/1.1\r\n" FULL "\r\nMAMCAQU=", "path.unknown: "},
	    {"GET " EST "cacerts HTTP/1.1\r\n\r\n", "operation: "},
	    {"GET " EST "simpleenroll HTTP/1.1\r\n" FULL "\r\n", "method: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\nA: b\r\n\r\nMAMCAQU=",
		"media.type: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\n" FULL, "http.end: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	     "Authorization: Basic *\r\n\r\nMAMCAQU=",
		"basic.format: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\nfoo\r\n\r\nMAMCAQU=",
		"http.header: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	     "Content-Length: 99\r\n\r\nMAMCAQU=",
		"http.length: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	     "Content-Length: x\r\n\r\nMAMCAQU=",
		"length.number: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	     "Transfer-Encoding: chunked\r\n\r\n9\r\nMAMC\r\n0\r\n\r\n",
		"http.chunks: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	     "Transfer-Encoding: chunked\r\n\r\nMAMCAQU=",
		"http.chunks: "},
	    {"POST " EST "simpleenroll HTTP/1.1\r\n" FULL
	     "Content-Length: 6\r\n\r\nMAMC*\n",
		"base64.character: "},
	};
	struct capture c;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(take(cases[i].text, &c));
		assert_null(c.body.der);
		report_last_text(text, sizeof(text));
		if (strncmp(text, cases[i].rule, strlen(cases[i].rule)) != 0)
			fail_msg("%zu: %s", i, text);
		assert_int_equal(report_last_reason(), CA_E_BADREQUEST);
		capture_clear(&c);
	}
	ERR_clear_error();
}

/* The client is told of also where its request is not read. */
static void
seen_of_the_refused(void **state)
{
	struct capture c;

	(void)state;
	assert_false(take("POST " EST "simpleenroll HTTP/1.0\r\n"
	    "User-Agent: odd\r\nContent-Transfer-Encoding: binary\r\n\r\n",
	    &c));
	assert_string_equal(c.agent, "odd");
	assert_int_equal(
	    c.shape, SHAPE_HTTP10 | SHAPE_NO_ACCEPT | SHAPE_TRANSFER);
	capture_clear(&c);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(read_as),
	    cmocka_unit_test(credentials),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(seen_of_the_refused),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
