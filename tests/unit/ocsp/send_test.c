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

static struct rig *rig;

static int
setup(void **state)
{
	(void)state;
	rig = rig_make();
	rig_serve(rig);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

static void
ask(struct http *h, const unsigned char *serial, int nonce, const char *more)
{
	char path[1024] = "/ocsp/";
	unsigned char *der;
	int n = pki_request(rig->pki.ca, serial, 2, EVP_sha1(), nonce, &der);

	EVP_EncodeBlock((unsigned char *)path + strlen(path), der, n);
	OPENSSL_free(der);
	http_get(rig, h, "GET", path, more);
}

static time_t
date(const struct http *h, const char *name)
{
	struct tm tm = {0};

	assert_non_null(
	    strptime(http_header(h, name), "%a, %d %b %Y %H:%M:%S GMT", &tm));
	return timegm(&tm);
}

/* RFC 9919 7.2. */
static void
test_cacheable(void **state)
{
	static struct http h;
	unsigned char md[32];
	char tag[80] = "\"", control[128];
	long age = -1;
	int i;

	(void)state;
	ask(&h, rig_good, 0, "");
	assert_int_equal(http_ocsp(&h), 0);
	assert_int_equal(atoi(http_header(&h, "Content-Length")), h.body_len);
	EVP_Digest(h.body, h.body_len, md, NULL, EVP_sha256(), NULL);
	for (i = 0; i < 32; i++)
		sprintf(tag + strlen(tag), "%02x", md[i]);
	strcat(tag, "\"");
	assert_string_equal(http_header(&h, "ETag"), tag);
	assert_int_equal(date(&h, "Last-Modified"), rig->now - 5);
	assert_true(labs((long)(date(&h, "Expires") - rig->now - 3600)) < 5);
	assert_true(labs((long)(date(&h, "Date") - time(NULL))) < 5);
	snprintf(control, sizeof(control), "%.120s",
	    http_header(&h, "Cache-Control"));
	assert_int_equal(sscanf(control, "max-age=%ld,", &age), 1);
	assert_true(age > 2600 && age < 2706);
	assert_string_equal(
	    strchr(control, ','), ",public,no-transform,must-revalidate");
	assert_null(http_header(&h, "Pragma"));
}

static void
test_no_store(void **state)
{
	static struct http h;

	(void)state;
	ask(&h, rig_never, 0, "");
	assert_int_equal(http_ocsp(&h), 0);
	assert_string_equal(http_header(&h, "Cache-Control"), "no-store");
	assert_null(http_header(&h, "ETag"));
	assert_null(http_header(&h, "Expires"));
	/* A nonce makes an answer no less authoritative. */
	ask(&h, rig_good, 16, "");
	assert_int_equal(http_ocsp(&h), 0);
	assert_string_equal(http_header(&h, "Cache-Control"),
	    "max-age=2700,public,no-transform,must-revalidate");
	assert_non_null(http_header(&h, "ETag"));
	http_get(rig, &h, "GET", "/ocsp/xx", "");
	assert_string_equal(http_header(&h, "Cache-Control"), "no-store");
	assert_int_equal(http_ocsp(&h), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

static void
test_conditional(void **state)
{
	static struct http h;
	char tag[128], more[256], since[64];

	(void)state;
	ask(&h, rig_good, 0, "");
	snprintf(tag, sizeof(tag), "%.120s", http_header(&h, "ETag"));
	snprintf(
	    since, sizeof(since), "%.60s", http_header(&h, "Last-Modified"));
	snprintf(more, sizeof(more), "If-None-Match: \"a\", %s\r\n", tag);
	ask(&h, rig_good, 0, more);
	assert_int_equal(h.status, 304);
	assert_int_equal(h.body_len, 0);
	assert_string_equal(http_header(&h, "ETag"), tag);
	assert_non_null(http_header(&h, "Cache-Control"));
	assert_non_null(http_header(&h, "Expires"));
	snprintf(more, sizeof(more), "If-Modified-Since: %s\r\n", since);
	ask(&h, rig_good, 0, more);
	assert_int_equal(h.status, 304);
	ask(&h, rig_good, 0, "If-None-Match: \"a\"\r\n");
	assert_int_equal(h.status, 200);
	/* An answer that is not cached knows no condition. */
	ask(&h, rig_never, 0, "If-None-Match: *\r\n");
	assert_int_equal(h.status, 200);
	assert_int_equal(counters_get(&rig->counters, COUNT_NOT_MODIFIED), 2);
}

/* Bounded by crl_max_age, and by nextUpdate. */
static void
test_crl(void **state)
{
	static struct http h;
	long age = -1;

	(void)state;
	rig_crl(rig, "a.crl", -6000, 864000);
	http_get(rig, &h, "GET", "/crl/a.crl", "");
	assert_non_null(http_header(&h, "ETag"));
	assert_true(date(&h, "Last-Modified") <= rig->now - 5400);
	assert_true(date(&h, "Expires") >= rig->now + 863990);
	sscanf(http_header(&h, "Cache-Control"), "max-age=%ld,", &age);
	assert_int_equal(age, 3600);
	rig_crl(rig, "a.crl", -60, 100);
	http_get(rig, &h, "GET", "/crl/a.crl", "");
	sscanf(http_header(&h, "Cache-Control"), "max-age=%ld,", &age);
	assert_true(age > 80 && age < 101);
	rig_crl(rig, "a.crl", -60, -10);
	http_get(rig, &h, "GET", "/crl/a.crl", "");
	sscanf(http_header(&h, "Cache-Control"), "max-age=%ld,", &age);
	assert_int_equal(age, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cacheable),
	    cmocka_unit_test(test_no_store),
	    cmocka_unit_test(test_conditional),
	    cmocka_unit_test(test_crl),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
