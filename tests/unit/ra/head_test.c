#include "desk.h"
#include "house.h"

/* Framing that two readers could read in two ways, and heads too long. */

#define EST "/.well-known/est"
#define LINE(method) method " " EST "/csrattrs HTTP/1.1\r\n"
#define POST "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10

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
framing(void **state)
{
	/* Without a rule evhttp answers by itself. */
	static const struct {
		const char *request;
		int status;
		const char *rule;
	} cases[] = {
	    {LINE("GET") "Host: a\r\n\r\n", 200, NULL},
	    {LINE("GET") "\r\n", 400, "host.missing"},
	    {"GET " EST "/csrattrs HTTP/1.0\r\n\r\n", 200, NULL},
	    {"GET " EST "/csrattrs HTTP/0.9\r\n\r\n", 505, "version"},
	    {"GET " EST "/csrattrs HTTP/1.-1\r\nHost: a\r\n\r\n", 505,
		"version"},
	    {LINE("GET") "Host: a\r\nHost: b\r\n\r\n", 400, "header.twice"},
	    {LINE("GET") "Host: a\r\nContent-Length: 0\r\n\r\n", 200, NULL},
	    {LINE("GET") "Host: a\r\nContent-Length: 3\r\n\r\nabc", 400,
		"body.unexpected"},
	    {LINE("GET") "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "0\r\n\r\n",
		400, "body.unexpected"},
	    {POST "Content-Length: 4\r\nContent-Length: 5\r\n\r\nMAAA", 400,
		"length.twice"},
	    {POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "4\r\nMAAA\r\n0\r\n\r\n",
		400, NULL},
	    {POST "Transfer-Encoding: gzip\r\n\r\n", 400,
		"transfer.encoding"},
	    {POST "Content-Length: -1\r\n\r\n", 400, NULL},
	    {POST "Content-Length: +4\r\n\r\nMAAA", 400, "length.number"},
	    {POST "Content-Length: 4x\r\n\r\nMAAA", 400, NULL},
	    {POST "Content-Type: application/pkcs10\r\n"
		  "Content-Length: 4\r\n\r\nMAAA",
		400, "header.twice"},
	    {POST "Authorization: Basic YTpi\r\n"
		  "Authorization: Basic YTpj\r\n"
		  "Content-Length: 4\r\n\r\nMAAA",
		400, "header.twice"},
	    {LINE("GET") "Host: a\r\nX-Y_z.1!#$%&'*+^`|~: b\r\n\r\n", 200,
		NULL},
	    {LINE("GET") "Host: a\r\nContent-Length : 0\r\n\r\n", 400,
		"header.name"},
	    {POST "Content-Length : 4\r\n\r\nMAAA", 400, "header.name"},
	    {POST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400,
		"header.name"},
	    {LINE("GET") "Host: a\r\n: b\r\n\r\n", 400, "header.name"},
	    {LINE("GET") "Host: a\r\nX(y): b\r\n\r\n", 400, "header.name"},
	    {LINE("GET") "Host: a\r\nX\xc3\xa4: b\r\n\r\n", 400,
		"header.name"},
	    {"GET\r\n\r\n", 400, NULL},
	    {"\x01\x02\x03\r\n\r\n", 400, NULL},
	};
	struct house *h = *state;
	char start[64];
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		house_ask(h, 1, cases[i].request, strlen(cases[i].request), &r);
		if (r.status != cases[i].status)
			print_message("%zu: %d %s\n", i, r.status, r.body);
		assert_int_equal(r.status, cases[i].status);
		if (cases[i].rule == NULL)
			continue;
		snprintf(start, sizeof(start), "http: %s: ", cases[i].rule);
		if (strncmp(r.body, start, strlen(start)) != 0)
			fail_msg("%zu: %s", i, r.body);
	}
	assert_int_equal(h->ca.enrolled, 0);
}

/* As an evhttp would hand it over that does not refuse this by itself. */
static void
give_both(struct desk *d, struct exchange *x)
{
	struct evkeyvalq *h = evhttp_request_get_input_headers(x->req);

	evhttp_add_header(h, "Content-Length", "0");
	evhttp_add_header(h, "Transfer-Encoding", "chunked");
	d->wrong += head_check(x) != 0;
}

static void
length_and_chunks(void **state)
{
	static const char text[] = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
	struct desk *d = desk_open(give_both);
	struct reply r;

	(void)state;
	house_ask(d->house, 0, text, strlen(text), &r);
	assert_int_equal(r.status, 400);
	assert_string_equal(r.body, "http: length.chunked: Content-Length "
	    "together with Transfer-Encoding\n");
	assert_int_equal(d->wrong, 0);
	desk_close(d);
}

static void
a_wrong_frame_ends_the_connection(void **state)
{
	static const char text[] =
	    LINE("GET") "Host: a\r\nContent-Length: 4\r\n\r\nabcd" LINE(
		"GET") "Host: a\r\n\r\n";
	struct client c;
	struct reply r;

	client_open(&c, *state, 0, 0);
	client_send(&c, text, strlen(text));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 400);
	assert_has(&r, "Connection: close");
	assert_true(client_ended(&c));
	client_close(&c);
}

static int
with_head_of(void **state, size_t len)
{
	char *request = malloc(len + 256);
	struct reply r;
	size_t n;

	n = (size_t)sprintf(request, LINE("GET") "Host: a\r\nX-Filler: ");
	memset(request + n, 'x', len - n - 4);
	strcpy(request + len - 4, "\r\n\r\n");
	house_ask(*state, 0, request, len, &r);
	free(request);
	return r.status;
}

static void
a_long_head_is_refused(void **state)
{
	assert_int_equal(with_head_of(state, 16000), 200);
	assert_int_equal(with_head_of(state, 16500), 431);
	assert_int_equal(with_head_of(state, 40000), 431);
	/* evhttp's own answer, which must not be lost in a reset. */
	assert_int_equal(with_head_of(state, 100000), 400);
	assert_int_equal(with_head_of(state, 300000), 400);
	assert_int_equal(with_head_of(state, 1000000), 400);
}

/* Far beyond, the status may be lost with the rest that nobody reads. */
static void
a_very_long_head_is_cut_off(void **state)
{
	static const char line[] = LINE("GET") "Host: a\r\nX-Filler: ";
	char filler[1000];
	struct client c;
	struct reply r;
	int i, n = 1;

	memset(filler, 'x', sizeof(filler));
	client_open(&c, *state, 0, 0);
	client_send(&c, line, strlen(line));
	for (i = 0; i < 30000 && n > 0; i++)
		n = SSL_write(c.ssl, filler, sizeof(filler));
	ERR_clear_error();
	assert_true(n <= 0); /* 30 MB are never taken */
	client_read(&c, &r, 0);
	assert_true(r.status == 400 || r.status == 413 || r.status == 0);
	client_close(&c);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(framing),
	    cmocka_unit_test(length_and_chunks),
	    t(a_wrong_frame_ends_the_connection),
	    t(a_long_head_is_refused),
	    t(a_very_long_head_is_cut_off),
	};

	return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}
