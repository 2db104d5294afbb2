#include "issued.h"

/* Enrolment: the body of a request, its type, its size, how it comes. */

static int
set_up(void **state)
{
	*state = house_open(0);
	return 0;
}

static int
tear_down(void **state)
{
	house_close(*state, 0);
	return 0;
}

static void
media_types(void **state)
{
	static const struct {
		const char *header;
		int status;
	} cases[] = {
	    {PKCS10, 200},
	    {"Content-Type: APPLICATION/PKCS10\r\n", 200},
	    {"Content-Type: application/pkcs10; charset=x\r\n", 200},
	    {"Content-Type: application/pkcs10 ;a=b\r\n", 200},
	    {PKCS10 "Content-Transfer-Encoding: base64\r\n", 200},
	    {PKCS10 "Content-Transfer-Encoding: binary\r\n", 200},
	    {"Content-Type: application/pkcs10evil\r\n", 415},
	    {"Content-Type: application/pkcs7-mime\r\n", 415},
	    {"", 415},
	};
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		house_enroll(*state, 1, cases[i].header, &r);
		assert_int_equal(r.status, cases[i].status);
	}
}

static void
bodies(void **state)
{
	struct house *h = *state;
	char pem[4096], *wrapped;
	unsigned char big[70000];
	struct reply r;

	wrapped = base64_encode(h->csr_der, h->csr_der_len, 76);
	house_post(h, 1, ENROLL, PKCS10, wrapped, strlen(wrapped), &r);
	assert_issued(h, &r);
	snprintf(pem, sizeof(pem),
	    "-----BEGIN CERTIFICATE REQUEST-----\n%s"
	    "-----END CERTIFICATE REQUEST-----\n",
	    wrapped);
	house_post(h, 1, ENROLL, PKCS10, pem, strlen(pem), &r);
	assert_issued(h, &r);
	OPENSSL_free(wrapped);
	house_post(h, 1, ENROLL, PKCS10, h->csr_der, h->csr_der_len, &r);
	assert_issued(h, &r);
	house_post(h, 1, ENROLL, PKCS10, "not base64 at all", 17, &r);
	assert_int_equal(r.status, 400);
	assert_has(&r, "Content-Type: text/plain");
	assert_string_equal(
	    r.body, "body: base64.length: not a multiple of four characters\n");
	house_post(h, 1, ENROLL, PKCS10, "", 0, &r);
	assert_int_equal(r.status, 400);
	memcpy(big, h->csr_der, h->csr_der_len);
	big[h->csr_der_len] = 0;
	house_post(h, 1, ENROLL, PKCS10, big, h->csr_der_len + 1, &r);
	assert_int_equal(r.status, 400);
	memset(big, 'M', sizeof(big));
	house_post(h, 1, ENROLL, PKCS10, big, 65537, &r);
	assert_int_equal(r.status, 413);
	assert_string_equal(r.body, "body: body.size: body is too long\n");
	assert_has(&r, "Content-Type: text/plain");
	house_post(h, 1, ENROLL, PKCS10, big, 65536, &r);
	assert_int_equal(r.status, 400);
	assert_int_equal(h->ca.enrolled, 3);
}

/* Beyond what evhttp reads only the status counts. */
static void
a_huge_body_is_413(void **state)
{
	const size_t len = 1500000;
	char *body = malloc(len);
	struct reply r;

	memset(body, 'M', len);
	house_post(*state, 1, ENROLL, PKCS10, body, len, &r);
	assert_int_equal(r.status, 413);
	free(body);
}

static void
chunked(struct house *h, const char *body, size_t len, struct reply *r)
{
	size_t size = len * 2 + 1024, at = 0, n;
	char *request = malloc(size);

	at += (size_t)snprintf(request, size,
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Transfer-Encoding: chunked\r\n\r\n");
	for (; len > 0; len -= n, body += n) {
		n = len > 1000 ? 1000 : len;
		at += (size_t)sprintf(request + at, "%zx\r\n", n);
		memcpy(request + at, body, n);
		at += n;
		at += (size_t)sprintf(request + at, "\r\n");
	}
	at += (size_t)sprintf(request + at, "0\r\n\r\n");
	house_ask(h, 1, request, at, r);
	free(request);
}

static void
chunked_bodies(void **state)
{
	struct house *h = *state;
	const size_t len = 1500000;
	char *body = malloc(len);
	struct reply r;

	chunked(h, h->csr, strlen(h->csr), &r);
	assert_issued(h, &r);
	memset(body, 'M', len);
	chunked(h, body, 70000, &r);
	assert_int_equal(r.status, 413);
	assert_has(&r, "Content-Type: text/plain");
	chunked(h, body, len, &r);
	assert_int_equal(r.status, 413);
	free(body);
}

static void
expect_is_answered(void **state)
{
	struct house *h = *state;
	char request[512];
	struct client c;
	struct reply r;

	snprintf(request, sizeof(request),
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Expect: 100-continue\r\nContent-Length: %zu\r\n\r\n",
	    strlen(h->csr));
	client_open(&c, h, 1, 0);
	client_send(&c, request, strlen(request));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 100);
	client_send(&c, h->csr, strlen(h->csr));
	client_read(&c, &r, 0);
	assert_issued(h, &r);
	client_close(&c);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(media_types),
	    t(bodies),
	    t(a_huge_body_is_413),
	    t(chunked_bodies),
	    t(expect_is_answered),
	};

	return cmocka_run_group_tests_name("enroll_body", tests, NULL, NULL);
}
