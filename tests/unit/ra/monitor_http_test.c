#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ra/monitor_http.h"

static enum monitor_page
page(const char *text)
{
	struct monitor_request r;

	monitor_parse(text, strlen(text), &r);
	return r.page;
}

static void
pages(void **state)
{
	struct monitor_request r;

	(void)state;
	assert_int_equal(
	    page("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), MONITOR_METRICS);
	assert_int_equal(page("GET /metrics HTTP/1.0\n\n"), MONITOR_METRICS);
	assert_int_equal(
	    page("GET /metrics?a=b HTTP/1.1\r\n\r\n"), MONITOR_METRICS);
	assert_int_equal(page("GET /healthz HTTP/1.1\r\n\r\n"), MONITOR_READY);
	assert_int_equal(
	    page("GET /healthz?live HTTP/1.1\r\n\r\n"), MONITOR_LIVE);
	assert_int_equal(
	    page("GET /healthz?x HTTP/1.1\r\n\r\n"), MONITOR_READY);
	assert_int_equal(page("GET / HTTP/1.1\r\n\r\n"), MONITOR_UNKNOWN);
	assert_int_equal(
	    page("GET /metricsx HTTP/1.1\r\n\r\n"), MONITOR_UNKNOWN);
	assert_int_equal(
	    page("GET /healthz?livex HTTP/1.1\r\n\r\n"), MONITOR_READY);
	assert_int_equal(
	    page("POST /metrics HTTP/1.1\r\n\r\n"), MONITOR_METHOD);
	monitor_parse("HEAD /metrics HTTP/1.1\r\n\r\n", 26, &r);
	assert_int_equal(r.page, MONITOR_METRICS);
	assert_int_equal(r.head_only, 1);
}

static void
not_ours(void **state)
{
	char large[MONITOR_HEAD_MAX + 1];

	(void)state;
	assert_int_equal(page(""), MONITOR_UNFINISHED);
	assert_int_equal(page("GET /metrics HTTP/1.1\r\n"), MONITOR_UNFINISHED);
	assert_int_equal(page("GET /metrics\r\n\r\n"), MONITOR_BAD);
	assert_int_equal(page("GET /metrics HTTP/2\r\n\r\n"), MONITOR_BAD);
	assert_int_equal(page("\r\n\r\n"), MONITOR_BAD);
	assert_int_equal(page("\x16\x03\x01\n\n"), MONITOR_BAD);
	memset(large, 'a', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_int_equal(page(large), MONITOR_LARGE);
	/* A line too long for its field is cut by nobody. */
	memcpy(large, "GET /", 5);
	memcpy(large + 600, " HTTP/1.1\r\n\r\n", 14);
	assert_int_equal(page(large), MONITOR_BAD);
	memcpy(large + 210, " HTTP/1.1\r\n\r\n", 14);
	assert_int_equal(page(large), MONITOR_BAD);
}

static void
heads(void **state)
{
	char out[512];
	size_t n = monitor_head(out, sizeof(out), 503, "text/plain", 3);

	(void)state;
	assert_int_equal(n, strlen(out));
	assert_int_equal(strncmp(out, "HTTP/1.1 503 ", 13), 0);
	assert_non_null(strstr(out, "\r\nContent-Length: 3\r\n"));
	assert_non_null(strstr(out, "\r\nConnection: close\r\n\r\n"));
	assert_null(strstr(out, "Allow"));
	monitor_head(out, sizeof(out), 405, "text/plain", 3);
	assert_non_null(strstr(out, "\r\nAllow: GET, HEAD\r\n"));
	assert_int_equal(monitor_head(out, 20, 200, "text/plain", 3), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pages),
	    cmocka_unit_test(not_ours),
	    cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests_name("monitor_http", tests, NULL, NULL);
}
