#include "house.h"

#include <openssl/pkcs7.h>

/* Paths, methods, public answers. */

#define EST "/.well-known/est"
#define HOST " HTTP/1.1\r\nHost: localhost\r\n"

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
ask(void **state, const char *method, const char *path, struct reply *r)
{
	char request[512];

	snprintf(request, sizeof(request), "%s %s" HOST "%s\r\n", method, path,
	    strcmp(method, "POST") == 0 ? "Content-Length: 0\r\n" : "");
	house_ask(*state, 0, request, strlen(request), r);
}

static void
paths_and_methods(void **state)
{
	static const struct {
		const char *method, *path;
		int status;
		const char *head;
	} cases[] = {
	    {"GET", EST "/cacerts", 200, "application/pkcs7-mime"},
	    {"GET", EST "/devices/cacerts", 200, "certs-only"},
	    {"GET", EST "/csrattrs", 200, "application/csrattrs"},
	    {"GET", EST "/big/csrattrs", 200, "application/csrattrs"},
	    {"GET", EST "/cacerts?x=1", 200, "certs-only"},
	    {"GET", EST "/nobody/cacerts", 404, "text/plain"},
	    {"GET", EST "/cacerts/cacerts", 404, "text/plain"},
	    {"GET", EST "//cacerts", 404, "text/plain"},
	    {"GET", EST "/cacerts/", 404, "text/plain"},
	    {"GET", EST "/devices/", 404, "text/plain"},
	    {"GET", EST "/DEVICES/cacerts", 404, "text/plain"},
	    {"GET", EST "/Cacerts", 404, "text/plain"},
	    {"GET", EST "/%63acerts", 404, "text/plain"},
	    {"GET", "/", 404, "text/plain"},
	    {"GET", EST, 404, "text/plain"},
	    {"POST", EST "/unknown", 404, "text/plain"},
	    {"POST", EST "/cacerts", 405, "Allow: GET, HEAD\r\n"},
	    {"PUT", EST "/cacerts", 405, "Allow: GET, HEAD\r\n"},
	    {"DELETE", EST "/csrattrs", 405, "Allow: GET, HEAD\r\n"},
	    {"OPTIONS", EST "/csrattrs", 405, "Allow: GET, HEAD\r\n"},
	    {"GET", ENROLL, 405, "Allow: POST\r\n"},
	    {"PATCH", ENROLL, 405, "Allow: POST\r\n"},
	    {"GET", REENROLL, 405, "Allow: POST\r\n"},
	    {"GET", EST "/fullcmc", 405, "Allow: POST\r\n"},
	    {"GET", EST "/serverkeygen", 405, "Allow: POST\r\n"},
	    {"POST", EST "/fullcmc", 501, "text/plain"},
	    {"POST", EST "/devices/serverkeygen", 501, "text/plain"},
	    {"POST", EST "/nobody/serverkeygen", 404, "text/plain"},
	    {"POST", EST "/line/serverkeygen", 401, "WWW-Authenticate"},
	    {"POST", ENROLL, 401, "WWW-Authenticate: Basic realm="},
	    {"POST", EST "/nobody/simpleenroll", 404, "text/plain"},
	};
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(state, cases[i].method, cases[i].path, &r);
		if (r.status != cases[i].status)
			print_message("%s %s: %d\n", cases[i].method,
			    cases[i].path, r.status);
		assert_int_equal(r.status, cases[i].status);
		assert_has(&r, cases[i].head);
		if (r.status == 401) { /* to one that says nothing */
			assert_int_equal(r.body_len, 0);
			assert_has(&r, "Content-Length: 0\r\n");
			assert_has(&r,
			    "Refusal: authenticate: credentials.missing: ");
		} else if (r.status >= 400) {
			assert_int_equal(
			    strcspn(r.body, "\n"), strlen(r.body) - 1);
			assert_has(&r, "Content-Type: text/plain");
		}
	}
}

/* Which of the two it was that nobody knows. */
static void
the_rule_is_named(void **state)
{
	struct reply r;

	ask(state, "GET", EST "/nobody/cacerts", &r);
	assert_string_equal(r.body, "route: label.unknown: no such label\n");
	ask(state, "GET", EST "/nothing", &r);
	assert_string_equal(
	    r.body, "route: path.unknown: no such resource\n");
	ask(state, "POST", EST "/cacerts", &r);
	assert_string_equal(r.body, "route: method: method not allowed\n");
	ask(state, "POST", EST "/fullcmc", &r);
	assert_string_equal(
	    r.body, "route: operation: this operation is not offered\n");
}

static void
an_unknown_method_is_refused(void **state)
{
	struct reply r;

	ask(state, "BREW", EST "/cacerts", &r);
	assert_true(r.status == 501 || r.status == 400 || r.status == 405);
}

static PKCS7 *
certs_of(const struct reply *r, size_t *lines)
{
	unsigned char der[16384];
	const unsigned char *p = der;
	size_t len, i;

	*lines = 0;
	for (i = 0; i < r->body_len; i++)
		*lines += r->body[i] == '\n';
	assert_int_equal(r->body[r->body_len - 1], '\n');
	assert_int_equal(
	    base64_decode(r->body, r->body_len, 1, der, &len), BASE64_OK);
	return d2i_PKCS7(NULL, &p, (long)len);
}

/* Only for those who would take the body for DER without it: who says nothing of
   itself, or has it in its request. */
static void
encoding_is_named_for_few(void **state)
{
	static const char text[] = "GET " EST "/cacerts HTTP/1.1\r\nHost: a\r\n"
	    "User-Agent: a\r\n\r\n";
	static const char post[] = PKCS10 "User-Agent: a\r\n";
	static const char both[] = PKCS10 "User-Agent: a\r\n"
	    "Content-Transfer-Encoding: base64\r\n";
	struct reply r;

	house_ask(*state, 0, text, strlen(text), &r);
	assert_int_equal(r.status, 200);
	assert_lacks(&r, "Content-Transfer-Encoding");
	house_enroll(*state, 1, post, &r);
	assert_int_equal(r.status, 200);
	assert_lacks(&r, "Content-Transfer-Encoding");
	house_enroll(*state, 1, both, &r);
	assert_int_equal(r.status, 200);
	assert_has(&r, "Content-Transfer-Encoding: base64");
	house_enroll(*state, 0, post, &r);
	assert_int_equal(r.status, 401);
	assert_lacks(&r, "Refusal: ");
	assert_string_equal(r.body, "authenticate: credentials.missing: "
	    "client certificate or secret wanted\n");
}

static void
cacerts_holds_what_the_ca_said(void **state)
{
	struct house *h = *state;
	struct reply r;
	PKCS7 *p7;
	size_t lines;

	ask(state, "GET", EST "/cacerts", &r);
	assert_has(&r, "Content-Transfer-Encoding: base64");
	p7 = certs_of(&r, &lines);
	assert_non_null(p7);
	assert_true(PKCS7_type_is_signed(p7));
	assert_int_equal(sk_X509_num(p7->d.sign->cert), 1);
	assert_int_equal(
	    X509_cmp(sk_X509_value(p7->d.sign->cert, 0), h->ca.cert), 0);
	assert_int_equal(lines, 1);
	PKCS7_free(p7);
}

static void
wrap(void **state, const char *path, const char *headers, int one_line)
{
	char request[512];
	struct reply r;
	size_t lines;
	PKCS7 *p7;

	snprintf(
	    request, sizeof(request), "GET %s" HOST "%s\r\n", path, headers);
	house_ask(*state, 0, request, strlen(request), &r);
	assert_int_equal(r.status, 200);
	p7 = certs_of(&r, &lines);
	assert_non_null(p7);
	PKCS7_free(p7);
	assert_int_equal(lines == 1, one_line);
	if (!one_line)
		assert_int_equal(strcspn(r.body, "\n"), 64);
}

static void
lines_are_as_clients_want_them(void **state)
{
	wrap(state, EST "/cacerts", "User-Agent: x\r\n", 1);
	wrap(state, EST "/big/cacerts", "User-Agent: x\r\n", 0);
	wrap(state, EST "/big/cacerts", "Accept: */*\r\n", 0);
	wrap(state, EST "/big/cacerts", "", 1);
	wrap(state, EST "/line/cacerts", "User-Agent: x\r\n", 1);
	wrap(state, EST "/wrapped/cacerts", "User-Agent: x\r\n", 0);
}

static void
head_has_no_body(void **state)
{
	static const char both[] = "HEAD " EST "/cacerts" HOST "\r\n"
				   "GET " EST "/csrattrs" HOST "\r\n";
	struct client c;
	struct reply r;

	client_open(&c, *state, 0, 0);
	client_send(&c, both, strlen(both));
	client_read(&c, &r, 1);
	assert_int_equal(r.status, 200);
	assert_has(&r, "Content-Length: ");
	assert_lacks(&r, "Content-Length: 0");
	/* What follows must be the next answer, not a body. */
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "MAsGCSqGSIb3DQEJBw==\n");
	client_close(&c);
}

static void
http_1_0_closes_or_keeps(void **state)
{
	static const char plain[] = "GET " EST "/csrattrs HTTP/1.0\r\n\r\n";
	static const char keep[] = "GET " EST "/csrattrs HTTP/1.0\r\n"
				   "Connection: keep-alive\r\n\r\n";
	struct client c;
	struct reply r;

	client_open(&c, *state, 0, 0);
	client_send(&c, keep, strlen(keep));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	client_send(&c, plain, strlen(plain));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	assert_true(client_ended(&c));
	client_close(&c);
}

static void
close_is_honoured_with_close_notify(void **state)
{
	static const char text[] =
	    "GET " EST "/csrattrs" HOST "Connection: close\r\n\r\n";
	struct client c;
	struct reply r;
	char octet;
	int n;

	client_open(&c, *state, 0, 0);
	client_send(&c, text, strlen(text));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	n = SSL_read(c.ssl, &octet, 1);
	assert_int_equal(SSL_get_error(c.ssl, n), SSL_ERROR_ZERO_RETURN);
	client_close(&c);
}

/* Known once, the public part is answered without inkan-ca. */
static void
cacerts_goes_on_without_the_ca(void **state)
{
	struct house *h = *state;
	struct reply r;

	fake_stop(&h->ca);
	house_pause(100);
	ask(state, "GET", EST "/cacerts", &r);
	assert_int_equal(r.status, 200);
	house_enroll(h, 1, PKCS10, &r);
	assert_int_equal(r.status, 503);
	assert_has(&r, "Retry-After: 5\r\n");
	assert_has(&r, "Content-Type: text/plain");
	fake_start(&h->ca);
	house_pause(2500); /* back-off is at most 2 s */
	house_enroll(h, 1, PKCS10, &r);
	assert_int_equal(r.status, 200);
}

static void
before_the_ca_was_seen_it_is_503(void **state)
{
	struct house *h = house_open(1);
	void *alone = h;
	struct reply r;

	(void)state;
	ask(&alone, "GET", EST "/cacerts", &r);
	assert_int_equal(r.status, 503);
	assert_has(&r, "Retry-After: 5\r\n");
	ask(&alone, "GET", EST "/nonsense", &r);
	assert_int_equal(r.status, 404);
	house_close(h, 1);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(paths_and_methods),
	    t(the_rule_is_named),
	    t(encoding_is_named_for_few),
	    t(an_unknown_method_is_refused),
	    t(cacerts_holds_what_the_ca_said),
	    t(lines_are_as_clients_want_them),
	    t(head_has_no_body),
	    t(http_1_0_closes_or_keeps),
	    t(close_is_honoured_with_close_notify),
	    t(cacerts_goes_on_without_the_ca),
	    cmocka_unit_test(before_the_ca_was_seen_it_is_503),
	};

	return cmocka_run_group_tests_name("est", tests, NULL, NULL);
}
