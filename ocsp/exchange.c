#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "ocsp/exchange.h"
#include "ocsp/logfiles.h"
#include "ocsp/path.h"

/* Most requests fit in here: about 85 octets by SHA-1, 115 by SHA-256. */
#define INLINE_MAX 512

/* Octets of a request in a GET path. */
#define GET_MAX 8192

struct exchange {
	int started;
	size_t received;     /* octets of body, also those not kept */
	unsigned char *body; /* NULL: inline */
	size_t room;
	unsigned char first[INLINE_MAX];
};

/* What a handler needs, in one piece. */
struct turn {
	struct exchange_ctx *ctx;
	struct MHD_Connection *con;
	struct exchange *x;
	time_t now;
	int is_post, is_get, is_head; /* is_get: GET or HEAD */
};

static struct conn *
conn_of(struct MHD_Connection *con)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(con, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

void *
exchange_begin(void *ctx, const char *uri, struct MHD_Connection *con)
{
	struct exchange_ctx *c = ctx;
	struct conn *conn = conn_of(con);
	struct exchange *x = OPENSSL_malloc(sizeof(*x));

	(void)uri;
	if (x != NULL)
		memset(x, 0, offsetof(struct exchange, first));
	if (conn != NULL)
		conns_begin(c->conns, conn, conns_now());
	return x;
}

void
exchange_end(void *ctx, struct MHD_Connection *con, void **exchange,
    enum MHD_RequestTerminationCode why)
{
	struct exchange_ctx *c = ctx;
	struct conn *conn = conn_of(con);
	struct exchange *x = *exchange;

	(void)why;
	if (conn != NULL)
		conns_end(c->conns, conn, conns_now());
	if (x != NULL)
		OPENSSL_free(x->body);
	OPENSSL_free(x);
	*exchange = NULL;
}

static const char *
header(struct MHD_Connection *con, const char *name)
{
	return MHD_lookup_connection_value(con, MHD_HEADER_KIND, name);
}

/* ---- body ---- */

static int
make_room(struct exchange *x, size_t want, size_t max)
{
	unsigned char *grown;
	size_t room;

	if (want <= (x->body == NULL ? INLINE_MAX : x->room))
		return 1;
	for (room = 2 * INLINE_MAX; room < want; room *= 2)
		;
	if (room > max)
		room = max;
	if ((grown = OPENSSL_realloc(x->body, room)) == NULL)
		return 0;
	if (x->body == NULL)
		memcpy(grown, x->first, x->received);
	x->body = grown;
	x->room = room;
	return 1;
}

static enum MHD_Result
take_body(
    struct exchange_ctx *c, struct exchange *x, const char *data, size_t len)
{
	size_t max = c->set->max_request;

	if (len > EXCHANGE_DRAIN_MAX - x->received)
		return MHD_NO;
	if (x->received + len <= max) {
		if (!make_room(x, x->received + len, max))
			return MHD_NO;
		memcpy((x->body == NULL ? x->first : x->body) + x->received,
		    data, len);
	}
	x->received += len;
	return MHD_YES;
}

/* The head is in. What is wrong with it is said at once; that ends the
   connection when a body was announced. */
static enum MHD_Result
start(struct turn *t)
{
	const char *length = header(t->con, "Content-Length");

	t->x->started = 1;
	counters_add(t->ctx->counters, COUNT_REQUESTS);
	if (length == NULL)
		return MHD_YES;
	/* RFC 9112 6.1: a sign of request smuggling. */
	if (header(t->con, "Transfer-Encoding") != NULL)
		return send_text(t->ctx->send, t->con, 400,
		    "Content-Length and Transfer-Encoding\n", NULL);
	if (strtoull(length, NULL, 10) > EXCHANGE_DRAIN_MAX)
		return send_text(
		    t->ctx->send, t->con, 413, "request too large\n", NULL);
	return MHD_YES;
}

/* ---- answers ---- */

/* ${reply} is given. */
static enum MHD_Result
finish_as(struct turn *t, struct reply *reply, enum send_how how)
{
	struct conn *conn = conn_of(t->con);
	enum MHD_Result result;

	if (reply == NULL)
		return send_text(
		    t->ctx->send, t->con, 500, "out of memory\n", NULL);
	if (conn != NULL)
		conns_send(t->ctx->conns, conn, reply->len, conns_now());
	result = send_reply(t->ctx->send, t->con, reply, how, t->now);
	reply_free(reply);
	return result;
}

static enum MHD_Result
finish(struct turn *t, struct reply *reply)
{
	return finish_as(
	    t, reply, t->is_get ? SEND_CONDITIONAL : SEND_WHOLE);
}

static enum MHD_Result
finish_file(struct turn *t, struct reply *reply)
{
	if (reply == NULL)
		return send_text(
		    t->ctx->send, t->con, 404, "not found\n", NULL);
	counters_add(t->ctx->counters, COUNT_FILES);
	return finish_as(
	    t, reply, t->is_head ? SEND_CONDITIONAL : SEND_RANGES);
}

static enum MHD_Result
not_allowed(struct turn *t, const char *allow)
{
	return send_text(
	    t->ctx->send, t->con, 405, "method not allowed\n", allow);
}

static enum MHD_Result
answer_post(struct turn *t)
{
	struct exchange *x = t->x;

	if (x->received > t->ctx->set->max_request)
		return send_text(
		    t->ctx->send, t->con, 413, "request too large\n", NULL);
	return finish(t,
	    responder_answer(t->ctx->responder,
		x->body == NULL ? x->first : x->body, x->received, t->now));
}

static enum MHD_Result
answer_get(struct turn *t, const char *base64)
{
	unsigned char der[GET_MAX];
	size_t len;

	if (!path_decode(base64, der, sizeof(der), &len))
		return finish(t, responder_malformed(t->ctx->responder));
	return finish(t, responder_answer(t->ctx->responder, der, len, t->now));
}

static enum MHD_Result
answer_file(struct turn *t, enum files_kind kind, const char *name)
{
	if (!t->is_get)
		return not_allowed(t, "GET, HEAD");
	return finish_file(t, files_get(t->ctx->files, kind, name));
}

static enum MHD_Result
answer_log(struct turn *t, const char *name)
{
	if (!t->is_get)
		return not_allowed(t, "GET, HEAD");
	return finish_file(
	    t, logfiles_get(t->ctx->set->publish_dir, name));
}

static enum MHD_Result
answer(struct turn *t, const char *url)
{
	struct path path;

	path_route(url, &path);
	switch (path.kind) {
	case PATH_CRL:
		return answer_file(t, FILES_CRL, path.name);
	case PATH_CA:
		return answer_file(t, FILES_CERT, path.name);
	case PATH_LOG:
		return answer_log(t, path.name);
	case PATH_NONE:
		return send_text(
		    t->ctx->send, t->con, 404, "not found\n", NULL);
	case PATH_HOME:
		if (t->is_get)
			return send_text(t->ctx->send, t->con, 200,
			    "OCSP responder\n", NULL);
		break;
	case PATH_OCSP:
		if (t->is_get)
			return answer_get(t, path.base64);
		break;
	}
	return t->is_post ? answer_post(t) : not_allowed(t, "GET, HEAD, POST");
}

enum MHD_Result
exchange_handle(void *ctx, struct MHD_Connection *con, const char *url,
    const char *method, const char *version, const char *upload_data,
    size_t *upload_size, void **exchange)
{
	struct turn t = {.ctx = ctx, .con = con, .x = *exchange};
	enum MHD_Result result;

	(void)version;
	if (t.x == NULL)
		return MHD_NO;
	if (!t.x->started)
		return start(&t);
	if (*upload_size > 0) {
		result = take_body(ctx, t.x, upload_data, *upload_size);
		*upload_size = 0;
		return result;
	}
	t.now = time(NULL);
	t.is_post = strcmp(method, "POST") == 0;
	t.is_head = strcmp(method, "HEAD") == 0;
	t.is_get = t.is_head || strcmp(method, "GET") == 0;
	return answer(&t, url);
}
