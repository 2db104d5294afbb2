#include "issued.h"

/* Enrolment: what goes to inkan-ca, and what comes back. */

#define BASIC "Authorization: Basic ZGV2OnMzY3JldA==\r\n" /* dev:s3cret */

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
a_secret_is_forwarded(void **state)
{
	struct house *h = *state;
	struct reply r;
	size_t len;

	house_enroll(h, 0, PKCS10 BASIC "User-Agent: dev\x01ice\r\n", &r);
	assert_issued(h, &r);
	assert_string_equal(field_text(h->ca.last, "user", ""), "dev");
	assert_string_equal(field_text(h->ca.last, "secret", ""), "s3cret");
	assert_string_equal(field_text(h->ca.last, "label", ""), "devices");
	assert_string_equal(field_text(h->ca.last, "address", ""), "127.0.0.1");
	assert_string_equal(field_text(h->ca.last, "client", ""), "dev?ice");
	assert_int_equal(field_flag(h->ca.last, "renew", 1), 0);
	assert_int_equal(field_count(h->ca.last, "chain"), 0);
	assert_non_null(field_bytes(h->ca.last, "csr", &len));
	assert_int_equal(len, h->csr_der_len);
}

static void
a_long_chain_is_refused(void **state)
{
	struct house *h = *state;
	int before = h->ca.enrolled;
	struct reply r;

	h->more_certs = 9;
	house_post(h, 1, REENROLL, PKCS10, h->csr, strlen(h->csr), &r);
	h->more_certs = 0;
	assert_int_equal(r.status, 400);
	assert_non_null(strstr(r.body, "chain.length: "));
	assert_int_equal(h->ca.enrolled, before);
}

static void
the_chain_is_forwarded_leaf_first(void **state)
{
	struct house *h = *state;
	X509 *expected[2] = {h->device, h->device_issuer};
	const unsigned char *p;
	struct reply r;
	size_t i, len;
	X509 *cert;

	house_post(h, 1, REENROLL, PKCS10, h->csr, strlen(h->csr), &r);
	assert_issued(h, &r);
	assert_int_equal(field_flag(h->ca.last, "renew", 0), 1);
	assert_int_equal(field_count(h->ca.last, "chain"), 2);
	assert_null(field_text(h->ca.last, "user", NULL));
	assert_null(field_text(h->ca.last, "secret", NULL));
	for (i = 0; i < 2; i++) {
		p = field_get_bytes(field_find(h->ca.last, "chain", i), &len);
		cert = d2i_X509(NULL, &p, (long)len);
		assert_int_equal(X509_cmp(cert, expected[i]), 0);
		X509_free(cert);
	}
}

/* "the key" in base64, and the certificate. */
static void
a_key_comes_in_two_parts(void **state)
{
	struct house *h = *state;
	char *body = h->csr;
	struct reply r;

	house_post(h, 0, "/.well-known/est/line/serverkeygen", PKCS10 BASIC,
	    body, strlen(body), &r);
	assert_int_equal(r.status, 200);
	assert_int_equal(field_flag(h->ca.last, "keygen", 0), 1);
	assert_has(&r, "Content-Type: multipart/mixed; boundary=inkan-");
	assert_has(&r, "Cache-Control: no-store");
	assert_lacks(&r, "\r\nContent-Transfer-Encoding");
	assert_non_null(strstr(r.body,
	    "Content-Type: application/pkcs8\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\ndGhlIGtleQ==\r\n--"));
	assert_non_null(strstr(
	    r.body, "Content-Type: application/pkcs7-mime; "
		    "smime-type=certs-only\r\n"));
	house_post(h, 0, "/.well-known/est/big/serverkeygen", PKCS10 BASIC,
	    body, strlen(body), &r);
	assert_non_null(strstr(r.body, "Content-Type: application/pkcs7-mime; "
				       "smime-type=server-generated-key\r\n"));
	/* A refusal is what it is elsewhere. */
	h->ca.mood = FAKE_REFUSE;
	house_post(h, 0, "/.well-known/est/line/serverkeygen", PKCS10 BASIC,
	    body, strlen(body), &r);
	assert_int_equal(r.status, 403);
	assert_has(&r, "Content-Type: text/plain");
	h->ca.mood = FAKE_EMPTY;
	house_post(h, 0, "/.well-known/est/line/serverkeygen", PKCS10 BASIC,
	    body, strlen(body), &r);
	assert_int_equal(r.status, 500);
	/* Not offered: inkan-ca is not asked. */
	h->ca.mood = FAKE_ISSUE;
	house_post(h, 0, "/.well-known/est/serverkeygen", PKCS10 BASIC, body,
	    strlen(body), &r);
	assert_int_equal(r.status, 501);
}

static int
presented_is(const WIRE_FIELDS *args, size_t i, const X509 *cert)
{
	unsigned char md[32];
	const unsigned char *p;
	size_t len;

	X509_digest(cert, EVP_sha256(), md, NULL);
	p = field_get_bytes(field_find(args, "server_sha256", i), &len);
	return p != NULL && len == 32 && memcmp(p, md, 32) == 0;
}

/* What this connection presented, also when another certificate has been loaded
   since. */
static void
what_was_presented_is_told(void **state)
{
	struct house *h = *state;
	X509 *first = tls_certificate(h->tls), *second;
	EVP_PKEY *key = keyfile_read(h->key);
	char request[2048];
	struct client c;
	struct reply r;
	FILE *f;

	client_open(&c, h, 1, 0);
	second = fake_certificate(key, h->ca.key, h->ca.cert, "est", 30);
	f = fopen(h->certificate, "w");
	PEM_write_X509(f, second);
	fclose(f);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	snprintf(request, sizeof(request),
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(h->csr), h->csr);
	client_send(&c, request, strlen(request));
	client_read(&c, &r, 0);
	client_close(&c);
	assert_issued(h, &r);
	assert_int_equal(field_count(h->ca.last, "server_sha256"), 2);
	assert_true(presented_is(h->ca.last, 0, first));
	assert_true(presented_is(h->ca.last, 1, h->ca.cert));
	house_enroll(h, 1, PKCS10, &r);
	assert_issued(h, &r);
	assert_int_equal(field_count(h->ca.last, "server_sha256"), 1);
	assert_true(presented_is(h->ca.last, 0, second));
	X509_free(first);
	X509_free(second);
	EVP_PKEY_free(key);
}

/* Client's and server's idea of the binding must be the same octets. */
static void
bindings_are_equal_on_both_sides(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	static const char *const names[] = {"TLSv1.2", "TLSv1.3"};
	struct house *h = *state;
	unsigned char exporter[32], unique[64];
	char request[2048];
	const unsigned char *p;
	struct client c;
	struct reply r;
	size_t i, len, n;

	snprintf(request, sizeof(request),
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(h->csr), h->csr);
	for (i = 0; i < 2; i++) {
		client_open(&c, h, 1, versions[i]);
		client_send(&c, request, strlen(request));
		client_read(&c, &r, 0);
		assert_issued(h, &r);
		assert_string_equal(
		    field_text(h->ca.last, "tls_version", ""), names[i]);
		SSL_export_keying_material(c.ssl, exporter, 32,
		    "EXPORTER-Channel-Binding", 24, (const unsigned char *)"",
		    0, 1);
		p = field_bytes(h->ca.last, "tls_exporter", &len);
		assert_int_equal(len, 32);
		assert_memory_equal(p, exporter, 32);
		n = SSL_get_finished(c.ssl, unique, sizeof(unique));
		p = field_bytes(h->ca.last, "tls_unique", &len);
		if (versions[i] == TLS1_3_VERSION) {
			assert_null(p);
		} else {
			assert_int_equal(n, len);
			assert_memory_equal(p, unique, n);
		}
		client_close(&c);
	}
}

static void
credentials_are_asked_for(void **state)
{
	struct house *h = *state;
	struct reply r;

	house_enroll(h, 0, PKCS10, &r);
	assert_int_equal(r.status, 401);
	assert_has(&r, "WWW-Authenticate: Basic realm=\"inkan\", charset=");
	house_enroll(h, 0, PKCS10 "Authorization: Bearer abc\r\n", &r);
	assert_int_equal(r.status, 401);
	house_enroll(h, 0, PKCS10 "Authorization: Basic !!\r\n", &r);
	assert_int_equal(r.status, 401);
	assert_has(&r, "WWW-Authenticate: ");
	house_post(h, 0, REENROLL, PKCS10, h->csr, strlen(h->csr), &r);
	assert_int_equal(r.status, 401);
	assert_has(&r, "WWW-Authenticate: ");
	house_post(h, 0, REENROLL, PKCS10 BASIC, h->csr, strlen(h->csr), &r);
	assert_int_equal(r.status, 403);
	assert_string_equal(r.body, "authenticate: certificate.missing: "
	    "renewal wants the certificate that is renewed\n");
	/* Before media type and body are looked at. */
	house_enroll(h, 0, "Content-Type: text/html\r\n", &r);
	assert_int_equal(r.status, 401);
	assert_int_equal(h->ca.enrolled, 0);
}

/* 401 first, then again on the same connection, as clients do. */
static void
a_challenge_can_be_answered(void **state)
{
	struct house *h = *state;
	char request[2048];
	struct client c;
	struct reply r;
	int i;

	client_open(&c, h, 0, 0);
	for (i = 0; i < 2; i++) {
		snprintf(request, sizeof(request),
		    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
		    "%sContent-Length: %zu\r\n\r\n%s",
		    i == 0 ? "" : BASIC, strlen(h->csr), h->csr);
		client_send(&c, request, strlen(request));
		client_read(&c, &r, 0);
		assert_int_equal(r.status, i == 0 ? 401 : 200);
	}
	client_close(&c);
}

static void
answers_of_the_ca(void **state)
{
	static const struct {
		enum fake_mood mood;
		int status;
		const char *head, *body;
	} cases[] = {
	    {FAKE_REFUSE, 403, "text/plain",
		"authorize: renew.subject: differs from the certificate"
		" [subject]\n"},
	    {FAKE_PARK, 202, "Retry-After: 7\r\n",
		"waiting for a decision, ask again\n"},
	    {FAKE_LIMIT, 429, "Retry-After: 9\r\n", "limited\n"},
	    {FAKE_BROKEN, 500, "text/plain", "sign: token: internal error\n"},
	    {FAKE_OUT, 503, "Retry-After: 5\r\n",
		"sign: token.absent: not available now, try again"
		" later\n"},
	    {FAKE_EMPTY, 500, "text/plain",
		"answer: internal: internal error\n"},
	    {FAKE_ISSUE, 200, "certs-only", NULL},
	};
	struct house *h = *state;
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		h->ca.mood = cases[i].mood;
		house_enroll(h, 1, PKCS10, &r);
		assert_int_equal(r.status, cases[i].status);
		assert_has(&r, cases[i].head);
		if (cases[i].body != NULL)
			assert_string_equal(r.body, cases[i].body);
	}
}

static void
a_silent_ca_is_503_within_the_deadline(void **state)
{
	struct house *h = *state;
	double start = house_seconds();
	struct reply r;

	h->ca.mood = FAKE_SILENT;
	house_enroll(h, 1, PKCS10, &r);
	assert_int_equal(r.status, 503);
	assert_has(&r, "Retry-After: 5\r\n");
	assert_true(house_seconds() - start < 4.0);
	h->ca.mood = FAKE_ISSUE;
	house_enroll(h, 1, PKCS10, &r);
	assert_issued(h, &r);
}

static void
a_ca_that_talks_nonsense_is_left(void **state)
{
	struct house *h = *state;
	struct reply r;

	h->ca.mood = FAKE_GARBAGE;
	house_enroll(h, 1, PKCS10, &r);
	assert_int_equal(r.status, 503);
	h->ca.mood = FAKE_ISSUE;
	house_pause(500);
	house_enroll(h, 1, PKCS10, &r);
	assert_issued(h, &r);
}

static void *
ask_and_leave(void *arg)
{
	struct house *h = arg;
	char request[2048];
	struct client c;

	snprintf(request, sizeof(request),
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(h->csr), h->csr);
	client_open(&c, h, 1, 0);
	client_send(&c, request, strlen(request));
	house_pause(100);
	client_close(&c);
	return NULL;
}

/* The client goes while inkan-ca thinks; so does then the worker. */
static void
a_client_may_leave(void **state)
{
	struct house *h = *state;
	struct reply r;

	h->ca.mood = FAKE_SILENT;
	ask_and_leave(h);
	h->ca.mood = FAKE_ISSUE;
	house_enroll(h, 1, PKCS10, &r);
	assert_issued(h, &r);
	h->ca.mood = FAKE_SILENT;
	ask_and_leave(h);
}

static void *
enroll_in_thread(void *arg)
{
	struct reply *r = calloc(1, sizeof(*r));

	house_enroll(arg, 1, PKCS10, r);
	return r;
}

static void
many_at_once(void **state)
{
	struct house *h = *state;
	pthread_t threads[20];
	void *r[20];
	size_t i;

	/* Twenty handshakes, on a machine with much else to do. */
	h->settings.request_timeout = 60;
	for (i = 0; i < 20; i++)
		pthread_create(&threads[i], NULL, enroll_in_thread, h);
	/* All of them first: a test that fails leaves no thread behind. */
	for (i = 0; i < 20; i++)
		pthread_join(threads[i], &r[i]);
	for (i = 0; i < 20; i++) {
		assert_issued(h, r[i]);
		free(r[i]);
	}
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(a_secret_is_forwarded),
	    t(a_long_chain_is_refused),
	    t(the_chain_is_forwarded_leaf_first),
	    t(a_key_comes_in_two_parts),
	    t(what_was_presented_is_told),
	    t(bindings_are_equal_on_both_sides),
	    t(credentials_are_asked_for),
	    t(a_challenge_can_be_answered),
	    t(answers_of_the_ca),
	    t(a_silent_ca_is_503_within_the_deadline),
	    t(a_ca_that_talks_nonsense_is_left),
	    t(a_client_may_leave),
	    t(many_at_once),
	};

	return cmocka_run_group_tests_name("enroll", tests, NULL, NULL);
}
