#include "house.h"

#include "ra/freshness.h"

/* The nonce endpoint: what goes to inkan-ca, and what comes back. */

#define HOST " HTTP/1.1\r\nHost: localhost\r\n"
#define NONCE "/.well-known/est/nonce"
#define JSON "Content-Type: application/est-attestation-freshness+json\r\n"
#define SESSION                                                                \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

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
get(struct house *h, int with_cert, const char *path, struct reply *r)
{
	char request[256];

	snprintf(request, sizeof(request), "GET %s" HOST "User-Agent: d\r\n\r\n",
	    path);
	house_ask(h, with_cert, request, strlen(request), r);
}

static void
post(struct house *h, const char *headers, const char *body, struct reply *r)
{
	house_post(h, 0, NONCE, headers, body, strlen(body), r);
}

/* Refused here: inkan-ca is not asked. */
static void
refused(struct house *h, const char *headers, const char *body, int status,
    const char *text)
{
	int before = h->ca.enrolled;
	struct reply r;

	post(h, headers, body, &r);
	assert_int_equal(r.status, status);
	if (strstr(r.body, text) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", r.body, text);
	assert_lacks(&r, "Set-Cookie");
	assert_int_equal(h->ca.enrolled, before);
}

static void
is_given_with_its_session(void **state)
{
	struct house *h = *state;
	struct reply r;

	get(h, 0, NONCE, &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "{\"nonce\":\"-__-\",\"expiry\":300}");
	assert_has(&r, JSON);
	assert_has(&r, "Cache-Control: no-store\r\n");
	assert_has(&r, "Set-Cookie: __Host-inkan-att=" SESSION
	    "; Max-Age=300; Path=/; Secure; HttpOnly\r\n");
	assert_string_equal(field_text(h->ca.last, "label", ""), "devices");
	assert_string_equal(field_text(h->ca.last, "address", ""), "127.0.0.1");
	assert_string_equal(field_text(h->ca.last, "client", ""), "d");
	assert_int_equal(field_count(h->ca.last, "chain"), 0);
	assert_null(field_find(h->ca.last, "len", 0));
	/* With a client certificate it is that client's. */
	get(h, 1, "/.well-known/est/big/nonce", &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(field_text(h->ca.last, "label", ""), "big");
	assert_int_equal(field_count(h->ca.last, "chain"), 2);
}

static void
none_is_an_answer(void **state)
{
	struct house *h = *state;
	struct reply r;

	get(h, 0, "/.well-known/est/line/nonce", &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "{\"nonce\":\"\"}");
	assert_lacks(&r, "Set-Cookie");
}

static void
a_body_is_read(void **state)
{
	struct house *h = *state;
	struct reply r;
	size_t len = 0;

	post(h, JSON, "{}", &r);
	assert_int_equal(r.status, 200);
	post(h, "Content-Type: Application/EST-attestation-freshness+json ;"
		"charset=utf-8\r\n",
	    "{\"len\":48,\"reqTypeInfo\":{\"type\":\"1.2.3\",\"reqInfo\":{"
	    "\"akPub\":\"AQI\",\"ekCerts\":[\"AQ\",\"Ag\"]}}}", &r);
	assert_int_equal(r.status, 200);
	assert_int_equal(field_int(h->ca.last, "len", 0), 48);
	assert_string_equal(field_text(h->ca.last, "type", ""), "1.2.3");
	assert_int_equal(field_count(h->ca.last, "ek_cert"), 2);
	assert_memory_equal(
	    field_bytes(h->ca.last, "ak_public", &len), "\1\2", 2);
}

static void
what_is_no_request(void **state)
{
	struct house *h = *state;
	char *long_body = calloc(1, FRESHNESS_MAX + 2);

	refused(h, "", "{}", 415, "media.type");
	refused(h, "Content-Type: application/json\r\n", "{}", 415,
	    "media.type");
	/* A type that only begins so is another. */
	refused(h, "Content-Type: application/est-attestation-freshness+jsonx"
		   "\r\n", "{}", 415, "media.type");
	refused(h, JSON, "", 400, "freshness.request");
	refused(h, JSON, "{\"len\":7}", 400, "freshness.request");
	refused(h, JSON, "[]", 400, "freshness.request");
	memset(long_body, ' ', FRESHNESS_MAX + 1);
	refused(h, JSON, long_body, 413, "body.size");
	free(long_body);
}

static void
refusals_are_passed_on(void **state)
{
	struct house *h = *state;
	struct reply r;

	h->ca.mood = FAKE_REFUSE;
	get(h, 0, NONCE, &r);
	assert_int_equal(r.status, 403);
	assert_non_null(strstr(r.body, "renew.subject"));
	assert_lacks(&r, "Set-Cookie");
	h->ca.mood = FAKE_LIMIT;
	get(h, 0, NONCE, &r);
	assert_int_equal(r.status, 429);
	assert_has(&r, "Retry-After: 9\r\n");
	h->ca.mood = FAKE_OUT;
	get(h, 0, NONCE, &r);
	assert_int_equal(r.status, 503);
	assert_null(strstr(r.body, "/secret/path"));
	/* An answer without a nonce is no answer. */
	h->ca.mood = FAKE_EMPTY;
	get(h, 0, NONCE, &r);
	assert_int_equal(r.status, 500);
	assert_lacks(&r, "Set-Cookie");
	h->ca.mood = FAKE_ISSUE;
	get(h, 0, NONCE, &r);
	assert_int_equal(r.status, 200);
}

/* Ten certificates are forwarded; eleven are the client's mistake, not ours. */
static void
a_long_chain_is_refused(void **state)
{
	struct house *h = *state;
	struct reply r;
	int before;

	h->more_certs = 8;
	get(h, 1, NONCE, &r);
	assert_int_equal(r.status, 200);
	assert_int_equal(field_count(h->ca.last, "chain"), 10);
	before = h->ca.enrolled;
	h->more_certs = 9;
	get(h, 1, NONCE, &r);
	h->more_certs = 0;
	assert_int_equal(r.status, 400);
	assert_string_equal(r.body,
	    "authenticate: chain.length: more than 10 certificates\n");
	assert_int_equal(h->ca.enrolled, before);
}

static void
by_other_methods(void **state)
{
	static const char *const methods[] = {"PUT", "DELETE", "HEAD"};
	struct house *h = *state;
	char request[256];
	struct reply r;
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(request, sizeof(request), "%s " NONCE HOST "\r\n",
		    methods[i]);
		house_ask(h, 0, request, strlen(request), &r);
		assert_int_equal(r.status, 405);
		assert_has(&r, "Allow: GET, POST\r\n");
	}
	get(h, 0, "/.well-known/est/nobody/nonce", &r);
	assert_int_equal(r.status, 404);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_given_with_its_session),
	    cmocka_unit_test(none_is_an_answer),
	    cmocka_unit_test(a_body_is_read),
	    cmocka_unit_test(what_is_no_request),
	    cmocka_unit_test(refusals_are_passed_on),
	    cmocka_unit_test(a_long_chain_is_refused),
	    cmocka_unit_test(by_other_methods),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
