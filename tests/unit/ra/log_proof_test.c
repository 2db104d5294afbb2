#include "house.h"

/* The proof of the certificate by which a client speaks. */

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
ask(const struct house *h, int with_cert, const char *method, struct reply *r)
{
	char request[128];

	snprintf(request, sizeof(request),
	    "%s /log-proof HTTP/1.1\r\nHost: localhost\r\n\r\n", method);
	house_ask(h, with_cert, request, strlen(request), r);
}

static void
gives_the_holder_his_proof(void **state)
{
	struct house *h = *state;
	const unsigned char *p;
	struct reply r;
	X509 *cert;
	size_t len;

	h->ca.mood = FAKE_ISSUE;
	ask(h, 1, "GET", &r);
	assert_int_equal(r.status, 200);
	assert_has(&r, "Content-Type: text/plain");
	assert_int_equal(r.body_len, 8);
	assert_memory_equal(r.body, "a proof\n", 8);
	p = field_bytes(h->ca.last, "cert", &len);
	assert_non_null(p);
	cert = d2i_X509(NULL, &p, (long)len);
	assert_int_equal(X509_cmp(cert, h->device), 0);
	X509_free(cert);
	assert_int_equal(sk_WIRE_FIELD_num(h->ca.last), 1);
	ask(h, 1, "HEAD", &r);
	assert_int_equal(r.status, 200);
	assert_int_equal(r.body_len, 0);
}

static void
gives_it_to_nobody_else(void **state)
{
	struct house *h = *state;
	struct reply r;
	int asked = h->ca.enrolled;

	h->ca.mood = FAKE_ISSUE;
	ask(h, 0, "GET", &r);
	assert_int_equal(r.status, 401);
	ask(h, 1, "POST", &r);
	assert_int_equal(r.status, 405);
	assert_has(&r, "Allow: GET, HEAD");
	assert_int_equal(h->ca.enrolled, asked);
}

static void
says_when_to_come_back(void **state)
{
	struct house *h = *state;
	struct reply r;

	h->ca.mood = FAKE_EMPTY;
	ask(h, 1, "GET", &r);
	assert_int_equal(r.status, 503);
	assert_has(&r, "Retry-After: 2");
	h->ca.mood = FAKE_OUT;
	ask(h, 1, "GET", &r);
	assert_int_equal(r.status, 503);
	h->ca.mood = FAKE_REFUSE;
	ask(h, 1, "GET", &r);
	assert_int_equal(r.status, 403);
}

/* Nor is it a fleet's: those may all have labels. */
static void
needs_no_default_fleet(void **state)
{
	static const char cacerts[] = "GET /.well-known/est/cacerts HTTP/1.1\r\n"
				      "Host: localhost\r\n\r\n";
	struct house *h = *state;
	struct reply r;

	h->ca.mood = FAKE_ISSUE;
	house_stop_worker(h);
	h->ca.no_default = 1;
	house_start_worker(h);
	house_wait_ready(h);
	house_ask(h, 1, cacerts, strlen(cacerts), &r);
	assert_int_equal(r.status, 404);
	ask(h, 1, "GET", &r);
	assert_int_equal(r.status, 200);
	assert_memory_equal(r.body, "a proof\n", 8);
	ask(h, 1, "POST", &r);
	assert_int_equal(r.status, 405);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_the_holder_his_proof),
	    cmocka_unit_test(gives_it_to_nobody_else),
	    cmocka_unit_test(says_when_to_come_back),
	    cmocka_unit_test(needs_no_default_fleet),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
