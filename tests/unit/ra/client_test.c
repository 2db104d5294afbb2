#include "house.h"

/* What clients differ in: sent with the request, or told when it went no further. */

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
ask(struct house *h, int with_cert, const char *request)
{
	struct reply r;

	house_ask(h, with_cert, request, strlen(request), &r);
}

/* What the worker tells when it stops. */
static int64_t
told(struct house *h, const char *client, const char *what)
{
	const WIRE_FIELDS *l = h->ca.seen;
	size_t i, n = l == NULL ? 0 : field_count(l, "what");

	for (i = 0; i < n; i++)
		if (strcmp(field_get_text(field_find(l, "what", i)), what) ==
			0 &&
		    strcmp(field_get_text(field_find(l, "client", i)),
			client) == 0)
			return field_get_int(field_find(l, "count", i));
	return 0;
}

static void
stop(struct house *h)
{
	int i, done = 0;

	house_stop_worker(h);
	for (i = 0; i < 200 && !done; i++) {
		house_pause(10);
		pthread_mutex_lock(&h->ca.lock);
		done = h->ca.seen != NULL;
		pthread_mutex_unlock(&h->ca.lock);
	}
	assert_true(done);
}

static void
sent_with_the_request(void **state)
{
	static const struct {
		const char *headers, *shape;
	} cases[] = {
	    {PKCS10 "User-Agent: a\r\nAccept: */*\r\n", ""},
	    {PKCS10, "no-user-agent,no-accept"},
	    {"Content-Type: application/pkcs10; a=b\r\nUser-Agent: a\r\n"
	     "Accept: b\r\nContent-Transfer-Encoding: base64\r\n"
	     "Connection: Close\r\n",
		"media-parameters,content-transfer-encoding,"
		"connection-close"},
	};
	struct house *h = *state;
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		house_enroll(h, 1, cases[i].headers, &r);
		assert_int_equal(r.status, 200);
		assert_string_equal(
		    field_text(h->ca.last, "shape", "?"), cases[i].shape);
	}
}

/* The first try without credentials, the second on the same connection. */
static void
late_credentials(void **state)
{
	static const char secret[] = "Authorization: Basic dTpw\r\n";
	struct house *h = *state;
	char request[4096];
	struct client c;
	struct reply r;
	int i;

	client_open(&c, h, 0, 0);
	for (i = 0; i < 2; i++) {
		snprintf(request, sizeof(request),
		    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
		    "User-Agent: a\r\nAccept: b\r\n%sContent-Length: %zu"
		    "\r\n\r\n%s",
		    i > 0 ? secret : "", strlen(h->csr), h->csr);
		client_send(&c, request, strlen(request));
		client_read(&c, &r, 0);
		assert_int_equal(r.status, i > 0 ? 200 : 401);
	}
	client_close(&c);
	assert_string_equal(
	    field_text(h->ca.last, "shape", "?"), "late-credentials");
	stop(h);
	assert_int_equal(told(h, "a", "refused:credentials.missing"), 1);
	assert_int_equal(told(h, "a", "request"), 1);
	assert_int_equal(told(h, "a", "body-one-line"), 1);
	assert_int_equal(told(h, "a", "answer"), 0); /* inkan-ca's to count */
}

static void
told_when_it_stops(void **state)
{
	struct house *h = *state;
	struct reply r;

	ask(h, 0,
	    "GET /.well-known/est/cacerts HTTP/1.0\r\nUser-Agent: old\r\n"
	    "\r\n");
	ask(h, 0,
	    "GET /.well-known/est/big/cacerts HTTP/1.1\r\nHost: a\r\n"
	    "User-Agent: reader\r\n\r\n");
	house_post(h, 1, ENROLL,
	    "Content-Type: text/plain\r\nUser-Agent: bad\r\n", "x", 1, &r);
	assert_int_equal(r.status, 415);
	house_post(h, 1, ENROLL, PKCS10 "User-Agent: bad\r\n", "MA*\r\nAA",
	    8, &r);
	assert_int_equal(r.status, 400);
	/* Nobody's labels are nobody's clients. */
	ask(h, 0,
	    "GET /.well-known/est/none/cacerts HTTP/1.1\r\nHost: a\r\n"
	    "User-Agent: stray\r\n\r\n");
	ask(h, 0,
	    "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: stray\r\n\r\n");
	stop(h);
	assert_int_equal(told(h, "old", "http-1.0"), 1);
	assert_int_equal(told(h, "old", "no-accept"), 1);
	assert_int_equal(told(h, "old", "answer"), 1);
	assert_int_equal(told(h, "old", "body-one-line"), 1);
	assert_int_equal(told(h, "reader", "body-wrapped"), 1);
	assert_int_equal(told(h, "bad", "request"), 2);
	assert_int_equal(told(h, "bad", "refused:media.type"), 1);
	assert_int_equal(told(h, "bad", "refused:base64.character"), 1);
	assert_int_equal(told(h, "bad", "crlf"), 1);
	assert_int_equal(told(h, "stray", "request"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		sent_with_the_request, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		late_credentials, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		told_when_it_stops, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
