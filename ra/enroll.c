#include <string.h>

#include <event2/buffer.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/shape/basic.h"
#include "ca/shape/body.h"
#include "ra/certs.h"
#include "ra/error.h"
#include "ra/freshness.h"
#include "ra/multipart.h"
#include "ra/private.h"

/* The first answer to a client that shows credentials when it is asked for them.
   One that says nothing of itself may be of the family that takes a 401 with a
   body for a broken connection: it has the reason in a header. */
static void
challenge(struct exchange *x)
{
	x->conn->challenged = 1;
	if ((x->shape & SHAPE_BARE) != SHAPE_BARE) {
		exchange_refuse(x, 401, "authenticate", "credentials.missing",
		    "client certificate or secret wanted", 0);
		return;
	}
	exchange_header(x, "Refusal",
	    "authenticate: credentials.missing: client certificate or secret "
	    "wanted");
	exchange_refuse_line(
	    x, 401, "", "authenticate", "credentials.missing", 0);
}

/* Every credential is for inkan-ca to judge; here only whether there is one.
   0: refused. */
static int
check_credentials(struct exchange *x, enum basic_result basic)
{
	if (basic == BASIC_MALFORMED) {
		exchange_refuse(x, 401, "authenticate", "basic.format",
		    "Authorization cannot be read", 0);
		return 0;
	}
	if (tls_has_client(x->conn->ssl))
		return 1;
	if (basic == BASIC_NONE) {
		challenge(x);
		return 0;
	}
	if (x->route.op == ROUTE_SIMPLEREENROLL) {
		exchange_refuse(x, 403, "authenticate", "certificate.missing",
		    "renewal wants the certificate that is renewed", 0);
		return 0;
	}
	return 1;
}

static int
read_body(struct exchange *x, struct body *body)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
	size_t len = evbuffer_get_length(in);
	int parameters, ok;

	if (!body_media_ok(exchange_find(x, "Content-Type"), &parameters)) {
		exchange_refuse(x, 415, "body", "media.type",
		    "application/pkcs10 wanted", 0);
		return 0;
	}
	if (len > x->conn->worker->shared.settings->max_body) {
		exchange_refuse(
		    x, 413, "body", "body.size", "body is too long", 0);
		return 0;
	}
	if (parameters)
		x->shape |= SHAPE_PARAMETERS;
	ok = body_decode(evbuffer_pullup(in, -1), len, body);
	x->shape |= body->shape;
	if (!ok) {
		exchange_refuse_queue(x,
		    ERR_GET_REASON(ERR_peek_last_error()) == CA_E_BADREQUEST
			? 400
			: 500,
		    "body");
		return 0;
	}
	return 1;
}

static WIRE_FIELDS *
arguments(
    struct exchange *x, const struct body *body, const struct basic *basic)
{
	WIRE_FIELDS *args = field_list_new();
	char shape[SHAPE_TEXT_MAX], session[FRESHNESS_TOKEN_MAX + 1];
	int has = freshness_cookie(exchange_find(x, "Cookie"), session);

	shape_text(x->shape, shape);
	if (args == NULL || !field_add_text(args, "label", x->route.label) ||
	    !field_add_flag(
		args, "renew", x->route.op == ROUTE_SIMPLEREENROLL) ||
	    !field_add_flag(
		args, "keygen", x->route.op == ROUTE_SERVERKEYGEN) ||
	    !field_add_bytes(args, "csr", body->der, body->len) ||
	    !tls_add_evidence(x->conn->ssl, args) ||
	    !field_add_text(args, "address", x->conn->address) ||
	    !field_add_text(args, "client", x->client) ||
	    !field_add_text(args, "shape", shape) ||
	    (has && !field_add_text(args, "session", session)) ||
	    (basic != NULL &&
		(!field_add_text(args, "user", basic->user) ||
		    !field_add_text(args, "secret", basic->secret)))) {
		field_list_free(args);
		return NULL;
	}
	return args;
}

/* The key first, as in the example of RFC 7030 4.4.2. */
static void
answer_key(struct exchange *x, const WIRE_ANSWER *answer,
    const unsigned char *certs, size_t certs_len)
{
	struct multipart_part parts[2];
	struct multipart whole;

	parts[0].media = field_flag(answer->values, "encrypted", 0)
	    ? EST_MEDIA_KEY_CMS
	    : EST_MEDIA_KEY;
	parts[0].der =
	    field_bytes(answer->values, "private_key", &parts[0].len);
	parts[1].media = EST_MEDIA_CERTS;
	parts[1].der = certs;
	parts[1].len = certs_len;
	if (parts[0].der == NULL)
		ra_raise(RA_E_INTERNAL, "serverkeygen: answer without key");
	if (parts[0].der == NULL || !multipart_make(parts, 2, &whole)) {
		exchange_refuse_queue(x, 500, "answer");
		return;
	}
	exchange_answer_secret(x, whole.media, whole.body, whole.len);
}

static void
answer_certificate(struct exchange *x, const WIRE_ANSWER *answer)
{
	struct certs_der cert;
	unsigned char *der = NULL;
	size_t len;

	cert.p = field_bytes(answer->values, "cert", &cert.len);
	if (cert.p == NULL)
		ra_raise(RA_E_INTERNAL, "enroll: answer without certificate");
	if (cert.p == NULL || !certs_only(&cert, 1, &der, &len)) {
		exchange_refuse_queue(x, 500, "answer");
		return;
	}
	if (x->route.op == ROUTE_SERVERKEYGEN)
		answer_key(x, answer, der, len);
	else
		exchange_answer_der(x, EST_MEDIA_CERTS, der, len);
	OPENSSL_free(der);
}

static void
on_answer(const WIRE_ANSWER *answer, void *arg)
{
	struct exchange *x = arg;

	if (exchange_came_back(x, answer))
		answer_certificate(x, answer);
}

void
enroll_late(struct exchange *x)
{
	ca_link_forget(x->conn->worker->link, x->call);
	x->call = 0;
	x->close = 1;
	exchange_refuse(
	    x, 503, "ca", "ca.late", "not available now, try again later", 0);
}

static void
forward(struct exchange *x, const struct basic *basic)
{
	struct body body;
	WIRE_FIELDS *args;

	if (!read_body(x, &body))
		return;
	args = arguments(x, &body, basic);
	body_clear(&body);
	if (args != NULL)
		x->call = ca_link_call(
		    x->conn->worker->link, "enroll", args, on_answer, x);
	field_list_free(args);
	x->forwarded = x->call != 0;
	if (x->call == 0)
		exchange_refuse_unsent(x);
}

void
enroll_start(struct exchange *x)
{
	const char *header = exchange_find(x, "Authorization");
	struct basic basic;
	enum basic_result result = basic_parse(header, &basic);

	if (header != NULL) /* evhttp's own copy, not needed any more */
		OPENSSL_cleanse((char *)header, strlen(header));
	if (result == BASIC_GIVEN && x->conn->challenged)
		x->shape |= SHAPE_LATE;
	if (check_credentials(x, result))
		forward(x, result == BASIC_GIVEN ? &basic : NULL);
	basic_clear(&basic);
}
