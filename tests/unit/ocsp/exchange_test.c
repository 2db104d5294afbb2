#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/ocsp/rig.h"
#include "tests/unit/ocsp/http.h"

#define MALFORMED OCSP_RESPONSE_STATUS_MALFORMEDREQUEST

static struct rig *rig;
static unsigned char *der;
static size_t der_len;
static char base64[512];

static int
setup(void **state)
{
	(void)state;
	rig = rig_make();
	rig_serve(rig);
	der_len =
	    (size_t)pki_request(rig->pki.ca, rig_good, 2, EVP_sha1(), 0, &der);
	EVP_EncodeBlock((unsigned char *)base64, der, (int)der_len);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	OPENSSL_free(der);
	rig_free(rig);
	return 0;
}

static void
expect_get(const char *prefix, const char *text, int status)
{
	static struct http h;
	char path[4096];

	snprintf(path, sizeof(path), "%s%s", prefix, text);
	http_get(rig, &h, "GET", path, "");
	assert_int_equal(http_ocsp(&h), status);
}

static void
expect_status(const char *method, const char *path, int status)
{
	static struct http h;

	http_get(rig, &h, method, path, "");
	assert_int_equal(h.status, status);
	assert_string_equal(http_header(&h, "Cache-Control"), "no-store");
	assert_string_equal(http_header(&h, "Content-Type"), "text/plain");
}

static void
test_post(void **state)
{
	static const char *const paths[] = {
	    "/", "/ocsp", "/ocsp/", "/ocsp/devices-g1", "//ocsp", "/ocsp?x=y"};
	static struct http h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		http_post(rig, &h, paths[i], der, der_len);
		assert_int_equal(http_ocsp(&h), 0);
	}
	http_post(rig, &h, "/ocsp", "", 0);
	assert_int_equal(http_ocsp(&h), MALFORMED);
	http_post(rig, &h, "/ocsp", "garbage", 7);
	assert_int_equal(http_ocsp(&h), MALFORMED);
	http_post(rig, &h, "/nowhere", der, der_len);
	assert_int_equal(h.status, 404);
	http_post(rig, &h, "/crl/x.crl", der, der_len);
	assert_int_equal(h.status, 405);
	assert_string_equal(http_header(&h, "Allow"), "GET, HEAD");
}

/* Another media type, none, or a chunked body. */
static void
test_post_forms(void **state)
{
	static struct http h;
	char head[512], chunk[600];
	size_t n;

	(void)state;
	snprintf(head, sizeof(head),
	    "POST /ocsp HTTP/1.0\r\nContent-Type: "
	    "text/html\r\nContent-Length: %zu\r\n\r\n",
	    der_len);
	http_ask(rig, &h, head, der, der_len);
	assert_int_equal(http_ocsp(&h), 0);
	snprintf(head, sizeof(head),
	    "POST /ocsp HTTP/1.0\r\nContent-Length: %zu\r\n\r\n", der_len);
	http_ask(rig, &h, head, der, der_len);
	assert_int_equal(http_ocsp(&h), 0);
	n = (size_t)snprintf(chunk, sizeof(chunk), "%zx\r\n", der_len);
	memcpy(chunk + n, der, der_len);
	memcpy(chunk + n + der_len, "\r\n0\r\n\r\n", 7);
	http_ask(rig, &h,
	    "POST /ocsp HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n",
	    chunk, n + der_len + 7);
	assert_int_equal(http_ocsp(&h), 0);
	snprintf(head, sizeof(head),
	    "POST /ocsp HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: %zu\r\nTransfer-Encoding: chunked\r\n\r\n",
	    n + der_len + 7);
	http_ask(rig, &h, head, chunk, n + der_len + 7);
	assert_int_equal(h.status, 400);
}

static void
test_post_large(void **state)
{
	static struct http h;
	unsigned char *big = calloc(1, 5 << 20);

	(void)state;
	http_post(rig, &h, "/ocsp", big, 65536);
	assert_int_equal(http_ocsp(&h), MALFORMED);
	http_post(rig, &h, "/ocsp", big, 65537);
	assert_int_equal(h.status, 413);
	http_post(rig, &h, "/ocsp", big, 1 << 20);
	assert_int_equal(h.status, 413);
	assert_string_equal(http_header(&h, "Content-Type"), "text/plain");
	http_ask(rig, &h,
	    "POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-Length: "
	    "99999999999\r\n\r\n",
	    "", 0);
	assert_int_equal(h.status, 413);
	free(big);
}

/* A chunked body without end is not read for ever. */
static void
test_post_endless(void **state)
{
	static char chunk[65536 + 16];
	int fd = http_connect(rig), i, sent = 1;

	(void)state;
	memset(chunk, 'x', sizeof(chunk));
	memcpy(chunk, "10000\r\n", 7);
	memcpy(chunk + 7 + 65536, "\r\n", 2);
	http_write(fd,
	    "POST / HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n",
	    56);
	for (i = 0; i < 2000 && sent; i++)
		sent = http_write(fd, chunk, 65536 + 9);
	assert_false(sent);
	close(fd);
}

static void
test_get(void **state)
{
	char text[2048], *p;
	size_t i;

	(void)state;
	expect_get("/ocsp/", base64, 0);
	expect_get("/", base64, 0);
	expect_get("//", base64, 0);
	expect_get("/ocsp//", base64, 0);
	expect_get("/ocsp/devices-g1/", base64, 0);
	expect_get("//ocsp//devices-g1//", base64, 0);
	/* Every letter escaped; upper and lower case; once. */
	for (p = text, i = 0; base64[i] != '\0'; i++)
		p += sprintf(p, i % 2 ? "%%%02x" : "%%%02X", base64[i]);
	expect_get("/ocsp/", text, 0);
	for (p = text; *p != '\0'; p++)
		if (*p == '%')
			*p = '$';
	expect_get("/ocsp/", text, MALFORMED);
	/* base64url without padding */
	snprintf(text, sizeof(text), "%s", base64);
	for (p = text; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
	expect_get("/ocsp/", text, 0);
}

static void
test_get_refused(void **state)
{
	char text[16384];

	(void)state;
	expect_get("/ocsp", "", MALFORMED);
	expect_get("/ocsp/", "", MALFORMED);
	expect_get("/ocsp/", "!!!", MALFORMED);
	expect_get("/ocsp/", "MA", MALFORMED);
	expect_get("/ocsp/", "M%", MALFORMED);
	expect_get("/ocsp/../", base64, MALFORMED);
	/* The whole is cut at '?': a query is no part of the request. */
	snprintf(text, sizeof(text), "%s?a=b", base64);
	expect_get("/ocsp/", text, 0);
	memset(text, 'M', 12000);
	text[12000] = '\0';
	expect_get("/ocsp/", text, MALFORMED);
}

/* A base64 text with "//" and '+' reaches us as it is. */
static void
test_get_raw(void **state)
{
	unsigned char serial[12], *req;
	char text[1024];
	int i, n, seen = 0;

	(void)state;
	memset(serial, 0x41, sizeof(serial));
	for (i = 0; i < 12 && !seen; i++) {
		memset(serial + 1, 0xff, (size_t)i);
		n = pki_request(
		    rig->pki.ca, serial, sizeof(serial), EVP_sha1(), 0, &req);
		EVP_EncodeBlock((unsigned char *)text, req, n);
		OPENSSL_free(req);
		seen = strstr(text, "//") != NULL;
	}
	assert_true(seen);
	expect_get("/ocsp/", text, 0);
	expect_get("/", text, 0);
}

static void
test_methods(void **state)
{
	static struct http h;

	(void)state;
	expect_status("PUT", "/ocsp", 405);
	expect_status("DELETE", "/", 405);
	expect_status("OPTIONS", "/ocsp", 405);
	expect_status("PUT", "/ca/x.cer", 405);
	http_get(rig, &h, "PUT", "/ocsp", "");
	assert_string_equal(http_header(&h, "Allow"), "GET, HEAD, POST");
	expect_status("GET", "/", 200);
	expect_status("GET", "/favicon.ico", 404);
	expect_status("GET", "/crl/none.crl", 404);
	expect_status("GET", "/crl/../status.db", 404);
	expect_status("GET", "/crl/%2e%2e/status.db", 404);
	expect_status("GET", "/ca/..%2fstatus.cer", 404);
}

static void
test_head(void **state)
{
	static struct http h;
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "/ocsp/%s", base64);
	http_get(rig, &h, "HEAD", path, "");
	assert_int_equal(h.status, 200);
	assert_int_equal(h.body_len, 0);
	assert_true(atoi(http_header(&h, "Content-Length")) > 500);
	assert_non_null(http_header(&h, "ETag"));
}

static void
test_files(void **state)
{
	static struct http h;
	char path[512];
	unsigned char *cer = NULL;
	int n = i2d_X509(rig->pki.ca, &cer);

	(void)state;
	rig_crl(rig, "devices-g1.crl", -60, 3600);
	snprintf(path, sizeof(path), "%s/ca/devices-g1.cer", rig->dir);
	pki_write(path, cer, (size_t)n);
	http_get(rig, &h, "GET", "/crl/devices-g1.crl", "");
	assert_int_equal(h.status, 200);
	assert_string_equal(
	    http_header(&h, "Content-Type"), "application/pkix-crl");
	http_get(rig, &h, "GET", "//ca//devices-g1.cer", "");
	assert_int_equal(h.status, 200);
	assert_string_equal(
	    http_header(&h, "Content-Type"), "application/pkix-cert");
	assert_int_equal(h.body_len, n);
	assert_memory_equal(h.body, cer, (size_t)n);
	http_get(rig, &h, "HEAD", "/ca/devices-g1.cer", "");
	assert_int_equal(h.status, 200);
	assert_int_equal(atoi(http_header(&h, "Content-Length")), n);
	OPENSSL_free(cer);
}

static void
expect_part(const char *more, int status, const char *range, size_t len)
{
	static struct http h;
	const char *got;

	http_get(rig, &h, "GET", "/ca/part.cer", more);
	assert_int_equal(h.status, status);
	assert_int_equal(h.body_len, len);
	got = http_header(&h, "Content-Range");
	if (range == NULL)
		assert_null(got);
	else
		assert_string_equal(got, range);
	if (status == 206)
		assert_non_null(http_header(&h, "ETag"));
	if (status == 206)
		assert_memory_equal(h.body, "23", len < 2 ? len : 2);
}

static void
test_ranges(void **state)
{
	static struct http h;
	char path[1024], more[640];

	(void)state;
	snprintf(path, sizeof(path), "%s/ca/part.cer", rig->dir);
	pki_write(path, "0123456789", 10);
	http_get(rig, &h, "GET", "/ca/part.cer", "");
	assert_string_equal(http_header(&h, "Accept-Ranges"), "bytes");
	expect_part("Range: bytes=2-4\r\n", 206, "bytes 2-4/10", 3);
	expect_part("Range: bytes=2-\r\n", 206, "bytes 2-9/10", 8);
	expect_part("Range: bytes=-8\r\n", 206, "bytes 2-9/10", 8);
	expect_part("Range: bytes=2-99\r\n", 206, "bytes 2-9/10", 8);
	expect_part("Range: bytes=10-\r\n", 416, "bytes */10", 0);
	expect_part("Range: bytes=1-2,4-5\r\n", 200, NULL, 10);
	expect_part("Range: lines=1-2\r\n", 200, NULL, 10);
	snprintf(more, sizeof(more), "Range: bytes=2-3\r\nIf-Range: %s\r\n",
	    http_header(&h, "ETag"));
	expect_part(more, 206, "bytes 2-3/10", 2);
	expect_part(
	    "Range: bytes=2-3\r\nIf-Range: \"other\"\r\n", 200, NULL, 10);
	/* Of HEAD, and of answers to OCSP requests, no part is asked. */
	http_get(rig, &h, "HEAD", "/ca/part.cer", "Range: bytes=2-4\r\n");
	assert_int_equal(h.status, 200);
	snprintf(path, sizeof(path), "/ocsp/%s", base64);
	http_get(rig, &h, "GET", path, "Range: bytes=2-4\r\n");
	assert_int_equal(http_ocsp(&h), 0);
	assert_null(http_header(&h, "Accept-Ranges"));
}

/* RFC 9919 7.2, header by header. */
static void
test_cache_headers(void **state)
{
	static struct http h;
	char path[1024], tag[80];
	unsigned char md[32];
	const char *p;
	size_t i;
	long age;

	(void)state;
	snprintf(path, sizeof(path), "/ocsp/%s", base64);
	http_get(rig, &h, "GET", path, "");
	assert_int_equal(http_ocsp(&h), 0);
	EVP_Digest(h.body, h.body_len, md, NULL, EVP_sha256(), NULL);
	for (i = 0; i < 32; i++)
		snprintf(tag + 1 + 2 * i, 3, "%02x", md[i]);
	tag[0] = '"';
	strcpy(tag + 65, "\"");
	assert_string_equal(http_header(&h, "ETag"), tag);
	p = http_header(&h, "Cache-Control");
	assert_int_equal(sscanf(p, "max-age=%ld", &age), 1);
	assert_in_range(age, 1, rig->set.validity - 1);
	assert_string_equal(
	    strchr(p, ','), ",public,no-transform,must-revalidate");
	assert_non_null(http_header(&h, "Date"));
	assert_non_null(http_header(&h, "Last-Modified"));
	assert_non_null(http_header(&h, "Expires"));
	assert_null(http_header(&h, "Pragma"));
	/* Not authoritative: no-store, and nothing that invites to keep it. */
	http_post(rig, &h, "/ocsp", "garbage", 7);
	assert_string_equal(http_header(&h, "Cache-Control"), "no-store");
	assert_null(http_header(&h, "ETag"));
	assert_null(http_header(&h, "Expires"));
	assert_null(http_header(&h, "Last-Modified"));
}

static void
test_conditional(void **state)
{
	static struct http h;
	char path[1024], more[640];

	(void)state;
	snprintf(path, sizeof(path), "/ocsp/%s", base64);
	http_get(rig, &h, "GET", path, "");
	snprintf(more, sizeof(more), "If-None-Match: \"x\", W/%s\r\n",
	    http_header(&h, "ETag"));
	http_get(rig, &h, "GET", path, more);
	assert_int_equal(h.status, 304);
	assert_non_null(http_header(&h, "ETag"));
	assert_non_null(http_header(&h, "Cache-Control"));
	http_get(rig, &h, "GET", path, "");
	snprintf(more, sizeof(more), "If-Modified-Since: %s\r\n",
	    http_header(&h, "Last-Modified"));
	http_get(rig, &h, "HEAD", path, more);
	assert_int_equal(h.status, 304);
	http_get(rig, &h, "GET", path, "If-None-Match: \"x\"\r\n");
	assert_int_equal(h.status, 200);
	http_get(rig, &h, "GET", path,
	    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	assert_int_equal(h.status, 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_post),
	    cmocka_unit_test(test_post_forms),
	    cmocka_unit_test(test_post_large),
	    cmocka_unit_test(test_post_endless),
	    cmocka_unit_test(test_get),
	    cmocka_unit_test(test_get_refused),
	    cmocka_unit_test(test_get_raw),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_head),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_cache_headers),
	    cmocka_unit_test(test_conditional),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
