#include "desk.h"

#include "ra/answer.h"
#include "ra/error.h"

/*
 * What is kept of a request, and how it is answered and refused. What the log
 * says, and who is not there for the answer, is in exchange_end_test.c.
 */

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n"

/* One request of these octets on a connection of its own. */
static void
ask(const struct desk *d, const char *request, struct reply *r)
{
	house_ask(d->house, 0, request, strlen(request), r);
}

/* ---- what is kept ---- */

struct kept {
	const char *agent; /* expected */
	int head_only;
};

static void
look(struct desk *d, struct exchange *x)
{
	const struct kept *k = d->arg;

	d->wrong += strcmp(x->client, k->agent) != 0;
	d->wrong += x->head_only != k->head_only;
	d->wrong += x->call != 0 || x->close != 0;
	d->wrong += x->forwarded != 0 || x->known != 0;
	d->wrong += x->conn->exchange != x;
	d->wrong += strcmp(x->conn->address, "127.0.0.1") != 0;
	d->wrong += strcmp(exchange_find(x, "hOST"), "a") != 0;
	d->wrong += exchange_find(x, "Absent") != NULL;
	exchange_answer(x, 200, "text/plain", "ok", 2, NULL, NULL);
}

static void
what_is_kept_of_a_request(void **state)
{
	char agent[400], request[600], kept_agent[SEEN_AGENT_MAX + 1];
	struct {
		const char *request;
		struct kept kept;
	} cases[] = {
	    {GET "\r\n", {"", 0}},
	    {"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", {"", 1}},
	    {"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
		{"", 0}},
	    {GET "user-agent: a \"b\" (c)\r\n\r\n", {"a \"b\" (c)", 0}},
	    {GET "User-Agent: gr\xc3\xbc\x7f\x1bn\r\n\r\n", {"gr????n", 0}},
	    {request, {kept_agent, 0}},
	};
	struct desk *d = desk_open(look);
	struct reply r;
	size_t i;

	(void)state;
	memset(agent, 'y', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	memcpy(kept_agent, agent, SEEN_AGENT_MAX);
	kept_agent[SEEN_AGENT_MAX] = '\0';
	snprintf(request, sizeof(request), GET "User-Agent: %s\r\n\r\n", agent);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d->arg = &cases[i].kept;
		ask(d, cases[i].request, &r);
		assert_int_equal(r.status, 200);
		assert_int_equal(d->wrong, 0);
	}
	desk_close(d);
}

/* ---- answers ---- */

struct say {
	int http;
	const char *media;
	const void *p;
	size_t len;
	int close;
};

static void
say_it(struct desk *d, struct exchange *x)
{
	const struct say *s = d->arg;

	x->close = s->close;
	exchange_header(x, "X-Ours", "1");
	exchange_answer(x, s->http, s->media, s->p, s->len, NULL, NULL);
}

static void
an_answer_has_status_type_and_length(void **state)
{
	static const int statuses[] = {200, 202, 400, 401, 403, 404, 405, 413,
	    415, 429, 431, 500, 501, 503};
	static const char octets[] = "a\0b\r\n\r\nc";
	struct say say = {0, "application/x", octets, sizeof(octets), 0};
	struct desk *d = desk_open(say_it);
	char line[128];
	struct reply r;
	size_t i;

	(void)state;
	d->arg = &say;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		say.http = statuses[i];
		ask(d, GET "\r\n", &r);
		snprintf(line, sizeof(line), "HTTP/1.1 %d %s\r\n", statuses[i],
		    answer_reason(statuses[i]));
		assert_int_equal(strncmp(r.head, line, strlen(line)), 0);
		assert_has(&r, "Content-Type: application/x\r\n");
		assert_has(&r, "X-Ours: 1\r\n");
		assert_lacks(&r, "Connection: close");
		assert_int_equal(r.body_len, sizeof(octets));
		assert_memory_equal(r.body, octets, sizeof(octets));
	}
	desk_close(d);
}

static void
an_answer_may_be_empty(void **state)
{
	struct say say = {200, "text/plain", NULL, 0, 0};
	struct desk *d = desk_open(say_it);
	struct client c;
	struct reply r;
	int i;

	(void)state;
	d->arg = &say;
	client_open(&c, d->house, 0, 0);
	for (i = 0; i < 2; i++) { /* the second finds nothing in its way */
		client_send(&c, GET "\r\n", strlen(GET "\r\n"));
		client_read(&c, &r, 0);
		assert_int_equal(r.status, 200);
		assert_has(&r, "Content-Length: 0\r\n");
	}
	client_close(&c);
	desk_close(d);
}

/* Refusals of HEAD as well: a body would be the next answer. */
static void
head_gets_the_length_alone(void **state)
{
	static const char head[] = "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n";
	struct say say = {403, "text/plain", "twelve octets", 13, 0};
	struct desk *d = desk_open(say_it);
	struct client c;
	struct reply r;

	(void)state;
	d->arg = &say;
	client_open(&c, d->house, 0, 0);
	client_send(&c, head, strlen(head));
	client_read(&c, &r, 1);
	assert_int_equal(r.status, 403);
	assert_has(&r, "Content-Length: 13\r\n");
	say.http = 200;
	client_send(&c, GET "\r\n", strlen(GET "\r\n"));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "twelve octets");
	client_close(&c);
	assert_true(log_comes(d->log, "status=403", "bytes=0"));
	assert_true(log_comes(d->log, "status=200", "bytes=13"));
	desk_close(d);
}

static void
close_ends_the_connection_after_the_answer(void **state)
{
	struct say say = {200, "text/plain", "ok", 2, 1};
	struct desk *d = desk_open(say_it);
	struct client c;
	struct reply r;
	char octet;
	int n;

	(void)state;
	d->arg = &say;
	client_open(&c, d->house, 0, 0);
	client_send(&c, GET "\r\n", strlen(GET "\r\n"));
	client_read(&c, &r, 0);
	assert_string_equal(r.body, "ok");
	assert_has(&r, "Connection: close\r\n");
	n = SSL_read(c.ssl, &octet, 1);
	assert_int_equal(SSL_get_error(c.ssl, n), SSL_ERROR_ZERO_RETURN);
	client_close(&c);
	desk_close(d);
}

static void
say_while_stopping(struct desk *d, struct exchange *x)
{
	atomic_store(&d->worker.stopping, 1);
	say_it(d, x);
}

static void
a_stopping_worker_says_close(void **state)
{
	struct say say = {200, "text/plain", "ok", 2, 0};
	struct desk *d = desk_open(say_while_stopping);
	struct client c;
	struct reply r;

	(void)state;
	d->arg = &say;
	client_open(&c, d->house, 0, 0);
	client_send(&c, GET "\r\n", strlen(GET "\r\n"));
	client_read(&c, &r, 0);
	assert_string_equal(r.body, "ok");
	assert_has(&r, "Connection: close\r\n");
	assert_true(client_ended(&c));
	client_close(&c);
	desk_close(d);
}

static void
split(struct desk *d, struct exchange *x)
{
	(void)d;
	exchange_header(x, "X-A", "1\r\nX-Injected: 2");
	exchange_header(x, "X-B\r\nX-Injected", "3");
	exchange_header(x, "X-C", "4");
	exchange_answer(x, 200, "text/plain", "ok", 2, NULL, NULL);
}

/* A value cannot begin a header of its own. */
static void
headers_cannot_be_split(void **state)
{
	struct desk *d = desk_open(split);
	struct reply r;

	(void)state;
	ask(d, GET "\r\n", &r);
	assert_int_equal(r.status, 200);
	assert_has(&r, "X-C: 4\r\n");
	assert_lacks(&r, "X-Injected");
	desk_close(d);
}

/* ---- refusals ---- */

struct no {
	int http;
	const char *stage, *rule, *text;
	int64_t retry;
	const char *line, *retry_after; /* expected; NULL: none */
};

static void
say_no(struct desk *d, struct exchange *x)
{
	const struct no *n = d->arg;

	exchange_refuse(x, n->http, n->stage, n->rule, n->text, n->retry);
}

static void
a_refusal_is_one_line(void **state)
{
	static const struct no cases[] = {
	    {400, "body", "base64", "odd", 0, "body: base64: odd\n", NULL},
	    {401, "a", "b", "c", 9, "a: b: c\n", NULL},
	    {403, "", "", "c", 0, "c\n", NULL},
	    {202, "a", "b", "c", 0, "a: b: c\n", "60"},
	    {202, "a", "b", "c", 7, "a: b: c\n", "7"},
	    {429, "a", "b", "c", 0, "a: b: c\n", "5"},
	    {503, "a", "b", "c", 0, "a: b: c\n", "5"},
	    {503, "a", "b", "c", -1, "a: b: c\n", "5"},
	    {503, "a", "b", "c", INT64_MAX, "a: b: c\n", "86400"},
	    {500, "a", "b", "c", 9, "a: b: c\n", NULL},
	    {403, "a", "b", "c\r\nX-D: e\x1b\xc3\xa9", 0,
		"a: b: c  X-D: e???\n", NULL},
	};
	struct desk *d = desk_open(say_no);
	char retry[64];
	struct reply r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d->arg = (void *)&cases[i];
		ask(d, GET "\r\n", &r);
		assert_int_equal(r.status, cases[i].http);
		assert_string_equal(r.body, cases[i].line);
		assert_has(&r, "Content-Type: text/plain; charset=utf-8\r\n");
		snprintf(retry, sizeof(retry), "Retry-After: %s\r\n",
		    cases[i].retry_after != NULL ? cases[i].retry_after : "");
		if (cases[i].retry_after != NULL)
			assert_has(&r, retry);
		else
			assert_lacks(&r, "Retry-After");
		assert_int_equal(
		    strstr(r.head, "WWW-Authenticate: Basic realm=\"inkan\"") !=
			NULL,
		    cases[i].http == 401);
	}
	desk_close(d);
}

static void
a_long_refusal_is_cut(void **state)
{
	char text[2 * ANSWER_TEXT_MAX];
	const struct no no = {403, "a", "b", text, 0, NULL, NULL};
	struct desk *d = desk_open(say_no);
	struct reply r;

	(void)state;
	memset(text, 'z', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	d->arg = (void *)&no;
	ask(d, GET "\r\n", &r);
	assert_int_equal(r.status, 403);
	assert_in_range(r.body_len, ANSWER_TEXT_MAX / 2, ANSWER_TEXT_MAX);
	assert_int_equal(r.body[r.body_len - 1], '\n');
	assert_int_equal(strncmp(r.body, "a: b: zzz", 9), 0);
	desk_close(d);
}

struct raised {
	int http, reason;
	const char *text; /* NULL: the queue is empty */
	int status;	  /* expected */
	const char *line;
};

static void
refuse_raised(struct desk *d, struct exchange *x)
{
	const struct raised *q = d->arg;

	if (q->text != NULL) {
		ra_raise(RA_E_INTERNAL, "below: pin 1234");
		ra_raise(q->reason, "%s", q->text);
	}
	exchange_refuse_queue(x, q->http, "body");
}

/* Causes of our own failures are for the operator alone. */
static void
the_queue_is_refused_with_its_rule(void **state)
{
	static const struct raised cases[] = {
	    {400, RA_E_BADREQUEST, "base64.length: odd: very", 400,
		"body: base64.length: odd: very\n"},
	    {503, RA_E_AWAY, "ca.busy: too many", 503,
		"body: ca.busy: too many\n"},
	    {400, RA_E_BADREQUEST, "no rule", 500,
		"body: internal: internal error\n"},
	    {500, RA_E_INTERNAL, "memory: gone", 500,
		"body: internal: internal error\n"},
	    {400, 0, NULL, 500, "body: internal: internal error\n"},
	};
	struct desk *d = desk_open(refuse_raised);
	struct reply r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d->arg = (void *)&cases[i];
		ask(d, GET "\r\n", &r);
		assert_int_equal(r.status, cases[i].status);
		assert_string_equal(r.body, cases[i].line);
		assert_int_equal(d->wrong, 0); /* the queue is empty */
	}
	assert_true(log_comes(d->log, "event=ra.internal", "memory: gone"));
	assert_true(log_comes(d->log, "event=ra.internal", "below: pin 1234"));
	assert_int_equal(log_count(d->log, "base64.length: odd", ""), 0);
	desk_close(d);
}

/* ---- base64 ---- */

struct der {
	const unsigned char *p;
	size_t len;
	enum answer_wrap wrap;
};

static void
say_der(struct desk *d, struct exchange *x)
{
	const struct der *v = d->arg;

	x->wrap = v->wrap;
	exchange_answer_der(x, EST_MEDIA_CERTS, v->p, v->len);
}

/* Lines of 64 where the fleet or the client wants them, and every octet. */
static void
der_comes_as_base64(void **state)
{
	static const char plain[] = GET "Accept: */*\r\n\r\n";
	static const size_t lengths[] = {
	    1, 2, 3, 47, 48, 49, 749, 750, 751, 9000};
	unsigned char octets[9000], back[9100];
	struct der der = {octets, 0, ANSWER_AUTO};
	struct desk *d = desk_open(say_der);
	struct client c;
	struct reply r;
	size_t i, k, len;

	(void)state;
	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (unsigned char)(i * 7 + i / 256);
	d->arg = &der;
	client_open(&c, d->house, 0, 0);
	for (i = 0; i < 3 * sizeof(lengths) / sizeof(lengths[0]); i++) {
		static const enum answer_wrap wraps[] = {
		    ANSWER_AUTO, ANSWER_ONE_LINE, ANSWER_WRAP_64};

		der.len = lengths[i / 3];
		der.wrap = wraps[i % 3];
		client_send(&c, plain, strlen(plain));
		client_read(&c, &r, 0);
		assert_int_equal(r.status, 200);
		assert_has(&r, "Content-Type: " EST_MEDIA_CERTS "\r\n");
		assert_int_equal(
		    base64_decode(r.body, r.body_len, 1, back, &len),
		    BASE64_OK);
		assert_int_equal(len, der.len);
		assert_memory_equal(back, octets, len);
		k = strcspn(r.body, "\n");
		if (der.wrap == ANSWER_WRAP_64)
			assert_true(k <= 64);
		else if (der.wrap == ANSWER_ONE_LINE || der.len <= 750)
			assert_int_equal(k, r.body_len - 1);
		else
			assert_int_equal(k, 64);
	}
	client_close(&c);
	/* Who says neither what he is nor what he takes gets one line. */
	der.wrap = ANSWER_AUTO;
	ask(d, GET "\r\n", &r);
	assert_int_equal(strcspn(r.body, "\n"), r.body_len - 1);
	desk_close(d);
}

#define t(f) cmocka_unit_test(f)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(what_is_kept_of_a_request),
	    t(an_answer_has_status_type_and_length),
	    t(an_answer_may_be_empty),
	    t(head_gets_the_length_alone),
	    t(close_ends_the_connection_after_the_answer),
	    t(a_stopping_worker_says_close),
	    t(headers_cannot_be_split),
	    t(a_refusal_is_one_line),
	    t(a_long_refusal_is_cut),
	    t(the_queue_is_refused_with_its_rule),
	    t(der_comes_as_base64),
	};

	return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
