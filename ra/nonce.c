#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "ca/shape/body.h"
#include "ra/freshness.h"
#include "ra/private.h"
#include "ra/tls.h"

/* The nonce endpoint. Nothing is kept here: what a nonce was given for is known
   to inkan-ca, and to the session by its cookie. */

static void
set_cookie(struct exchange *x, const WIRE_FIELDS *v)
{
	char text[160];

	snprintf(text, sizeof(text),
	    FRESHNESS_COOKIE "=%.*s; Max-Age=%lld; Path=/; Secure; HttpOnly",
	    FRESHNESS_TOKEN_MAX, field_text(v, "session", ""),
	    (long long)field_int(v, "expiry", 0));
	exchange_header(x, "Set-Cookie", text);
}

static void
on_answer(const WIRE_ANSWER *answer, void *arg)
{
	struct exchange *x = arg;
	char *text;

	if (!exchange_came_back(x, answer))
		return;
	if ((text = freshness_write(answer)) == NULL) {
		exchange_refuse_queue(x, 500, "answer");
		return;
	}
	if (field_text(answer->values, "session", NULL) != NULL)
		set_cookie(x, answer->values);
	exchange_header(x, "Cache-Control", "no-store");
	exchange_answer(
	    x, 200, FRESHNESS_MEDIA, text, strlen(text), NULL, NULL);
	free(text);
}

/* 0: refused. */
static int
read_body(struct exchange *x, WIRE_FIELDS *args)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
	size_t len = evbuffer_get_length(in);
	int parameters;

	if (evhttp_request_get_command(x->req) != EVHTTP_REQ_POST)
		return 1;
	if (!body_media_is(exchange_find(x, "Content-Type"), FRESHNESS_MEDIA,
		&parameters)) {
		exchange_refuse(x, 415, "body", "media.type",
		    FRESHNESS_MEDIA " wanted", 0);
		return 0;
	}
	if (len > FRESHNESS_MAX) {
		exchange_refuse(
		    x, 413, "body", "body.size", "body is too long", 0);
		return 0;
	}
	if (freshness_read((const char *)evbuffer_pullup(in, -1), len, args))
		return 1;
	exchange_refuse_queue(x, 400, "body");
	return 0;
}

void
nonce_start(struct exchange *x)
{
	WIRE_FIELDS *args = field_list_new();
	int ok;

	ok = args != NULL && field_add_text(args, "label", x->route.label) &&
	    field_add_text(args, "address", x->conn->address) &&
	    field_add_text(args, "client", x->client) &&
	    tls_add_chain(x->conn->ssl, args);
	if (!ok) {
		exchange_refuse_unsent(x);
		goto out;
	}
	if (!read_body(x, args))
		goto out;
	x->call = ca_link_call(
	    x->conn->worker->link, "attest.nonce", args, on_answer, x);
	x->forwarded = x->call != 0;
	if (x->call == 0)
		exchange_refuse_unsent(x);
out:
	field_list_free(args);
}
