#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>

#include "ca/report/report.h"
#include "ca/shape/base64.h"
#include "ra/error.h"
#include "ra/private.h"

#define CHALLENGE "Basic realm=\"inkan\", charset=\"UTF-8\""

const char *
exchange_find(const struct exchange *x, const char *name)
{
	return evhttp_find_header(
	    evhttp_request_get_input_headers(x->req), name);
}

struct exchange *
exchange_new(struct connection *c, struct evhttp_request *req)
{
	struct exchange *x = OPENSSL_zalloc(sizeof(*x));

	if (x == NULL)
		return NULL;
	x->conn = c;
	x->req = req;
	x->head_only = evhttp_request_get_command(req) == EVHTTP_REQ_HEAD;
	client_look(x);
	c->exchange = x;
	return x;
}

static long
microseconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - t->tv_sec) * 1000000 +
	    (now.tv_nsec - t->tv_nsec) / 1000;
}

static const char *
or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}

static void
tell(const struct exchange *x, int http, size_t len, const char *stage,
    const char *rule)
{
	long us = microseconds_since(&x->conn->began);
	char status[16] = "gone", bytes[24], ms[24];
	char deviations[SHAPE_TEXT_MAX], habits[SHAPE_TEXT_MAX];
	unsigned departs = shape_departures(x->shape);

	client_answered(x, http, rule);
	shape_text(departs, deviations);
	shape_text(x->shape & ~departs, habits);

	metrics_request(x->conn->worker->shared.metrics, x->counts, x->route.op,
	    http, stage, us > 0 ? (uint64_t)us : 0);
	if (http != 0)
		snprintf(status, sizeof(status), "%d", http);
	snprintf(bytes, sizeof(bytes), "%zu", len);
	snprintf(ms, sizeof(ms), "%ld", us / 1000);
	report_event(http >= 500 && http != 501 ? REPORT_WARN : REPORT_INFO,
	    "est.request", "op", route_name(x->route.op), "label",
	    or_null(x->route.label), "status", status, "address",
	    x->conn->address, "bytes", bytes, "ms", ms, "deviations",
	    or_null(deviations), "stage", or_null(stage), "rule",
	    or_null(rule), "agent", or_null(x->client), "habits", or_null(habits), NULL);
}

void
exchange_drop(struct exchange *x, int request_is_ours)
{
	struct evhttp_request *req = x->req;

	if (x->call != 0)
		ca_link_forget(x->conn->worker->link, x->call);
	tell(x, 0, 0, NULL, NULL);
	OPENSSL_free(x);
	if (request_is_ours)
		evhttp_request_free(req);
}

void
exchange_header(struct exchange *x, const char *name, const char *value)
{
	evhttp_add_header(
	    evhttp_request_get_output_headers(x->req), name, value);
}

/* ${body} is taken over, NULL: out of memory. */
static void
answer(struct exchange *x, int http, const char *media, struct evbuffer *body,
    size_t len, const char *stage, const char *rule)
{
	struct connection *c = x->conn;
	struct evhttp_request *req = x->req;
	char text[24];

	if (body == NULL) {
		connection_close(c); /* drops ${x} */
		return;
	}
	exchange_header(x, "Content-Type", media);
	/* evhttp leaves it out for HEAD and for HTTP/1.0. */
	snprintf(text, sizeof(text), "%zu", len);
	exchange_header(x, "Content-Length", text);
	if (x->close || atomic_load(&c->worker->stopping))
		exchange_header(x, "Connection", "close");
	tell(x, http, x->head_only ? 0 : len, stage, rule);
	connection_answering(c, req);
	OPENSSL_free(x);
	ERR_clear_error();
	/* Writing may fail at once and free the connection: touch nothing of
	   it from here on. */
	evhttp_send_reply(req, http, answer_reason(http), body);
	evbuffer_free(body);
	ERR_clear_error();
}

void
exchange_answer(struct exchange *x, int http, const char *media, const void *p,
    size_t len, const char *stage, const char *rule)
{
	struct evbuffer *body = evbuffer_new();

	if (body != NULL && !x->head_only && evbuffer_add(body, p, len) != 0) {
		evbuffer_free(body);
		body = NULL;
	}
	answer(x, http, media, body, len, stage, rule);
}

static void
wipe(const void *p, size_t len, void *arg)
{
	(void)arg;
	OPENSSL_clear_free((void *)p, len);
}

void
exchange_answer_secret(
    struct exchange *x, const char *media, char *body, size_t len)
{
	struct evbuffer *out = evbuffer_new();

	/* By reference, so that it is never copied; it goes when it is sent or
	   the connection ends. */
	if (out == NULL || evbuffer_add_reference(out, body, len, wipe, NULL)) {
		OPENSSL_clear_free(body, len);
		if (out != NULL)
			evbuffer_free(out);
		out = NULL;
	}
	exchange_header(x, "Cache-Control", "no-store");
	answer(x, 200, media, out, len, NULL, NULL);
}

void
exchange_refuse_line(struct exchange *x, int http, const char *line,
    const char *stage, const char *rule, int64_t retry)
{
	long seconds = answer_retry(http, retry);
	char number[24];

	if (http == 401)
		exchange_header(x, "WWW-Authenticate", CHALLENGE);
	if (seconds > 0) {
		snprintf(number, sizeof(number), "%ld", seconds);
		exchange_header(x, "Retry-After", number);
	}
	exchange_answer(x, http, "text/plain; charset=utf-8", line,
	    strlen(line), stage, rule);
}

void
exchange_refuse(struct exchange *x, int http, const char *stage,
    const char *rule, const char *text, int64_t retry)
{
	char line[ANSWER_TEXT_MAX];

	answer_line(line, sizeof(line), stage, rule, text);
	exchange_refuse_line(x, http, line, stage, rule, retry);
}

void
exchange_refuse_queue(struct exchange *x, int http, const char *stage)
{
	char text[ANSWER_TEXT_MAX], *colon;

	report_last_text(text, sizeof(text));
	colon = strstr(text, ": ");
	if (colon == NULL || http == 500) {
		report_errors(REPORT_ERROR, "ra.internal", NULL);
		exchange_refuse(x, 500, stage, "internal", "internal error", 0);
		return;
	}
	*colon = '\0';
	exchange_refuse(x, http, stage, text, colon + 2, 0);
}

void
exchange_refuse_unsent(struct exchange *x)
{
	switch (ERR_GET_REASON(ERR_peek_last_error())) {
	case RA_E_BADREQUEST:
		exchange_refuse_queue(x, 400, "authenticate");
		break;
	case RA_E_AWAY:
		exchange_refuse_queue(x, 503, "ca");
		break;
	default:
		exchange_refuse_queue(x, 500, "ca");
		break;
	}
}

int
exchange_came_back(struct exchange *x, const WIRE_ANSWER *answer)
{
	char line[ANSWER_TEXT_MAX];

	ERR_clear_error();
	x->call = 0;
	if (answer == NULL) {
		exchange_refuse(x, 503, "ca", "ca.away",
		    "not available now, try again later", 0);
		return 0;
	}
	if (message_answer_status(answer) == WIRE_OK)
		return 1;
	answer_refusal(line, sizeof(line), answer);
	exchange_refuse_line(x, answer_http(message_answer_status(answer)),
	    line, message_refusal(answer, "stage"),
	    message_refusal(answer, "rule"), message_retry(answer));
	return 0;
}

void
exchange_answer_der(
    struct exchange *x, const char *media, const unsigned char *der, size_t len)
{
	int bare = (x->shape & SHAPE_BARE) == SHAPE_BARE;
	size_t columns = answer_columns(x->wrap, len, bare);
	char *text = base64_encode(der, len, columns);

	if (text == NULL) {
		exchange_refuse_queue(x, 500, "answer");
		return;
	}
	/* RFC 8951 has done away with it; who lives by RFC 7030 to the letter
	   takes a body without it for DER. */
	if (bare || (x->shape & SHAPE_TRANSFER))
		exchange_header(x, "Content-Transfer-Encoding", "base64");
	x->answered = columns == 0 ? ANSWERED_LINE : ANSWERED_WRAPPED;
	exchange_answer(x, 200, media, text, strlen(text), NULL, NULL);
	OPENSSL_free(text);
}
