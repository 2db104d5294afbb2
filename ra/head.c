#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>

#include "ra/private.h"

/*
 * evhttp is lenient about framing (RFC 9112 6.3): what two readers could read
 * in two ways is refused, and the connection with it.
 */

static int
refuse(struct exchange *x, int http, const char *rule, const char *text)
{
	x->close = 1;
	exchange_refuse(x, http, "http", rule, text, 0);
	return 0;
}

/* How often the header stands there; *value is its first value. */
static size_t
count(const struct evkeyvalq *headers, const char *name, const char **value)
{
	const struct evkeyval *h;
	size_t n = 0;

	*value = NULL;
	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
		if (strcasecmp(h->key, name) != 0)
			continue;
		if (n++ == 0)
			*value = h->value;
	}
	return n;
}

static int
lengths_differ(const struct evkeyvalq *headers, const char *first)
{
	const struct evkeyval *h;

	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next)
		if (strcasecmp(h->key, "Content-Length") == 0 &&
		    strcmp(h->value, first) != 0)
			return 1;
	return 0;
}

static size_t
head_size(const struct evhttp_request *req, const struct evkeyvalq *headers)
{
	const struct evkeyval *h;
	/* method, blanks, version, line ends */
	size_t n = strlen(evhttp_request_get_uri(req)) + 20;

	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next)
		n += strlen(h->key) + strlen(h->value) + 4;
	return n;
}

/* evhttp takes whatever stands before the colon: "Content-Length : 4" is no
   length to it, and is one to others (RFC 9112 5.1). */
static int
names_fit(const struct evkeyvalq *headers)
{
	static const char tchar[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "!#$%&'*+-.^_`|~";
	const struct evkeyval *h;

	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next)
		if (h->key[0] == '\0' ||
		    h->key[strspn(h->key, tchar)] != '\0')
			return 0;
	return 1;
}

static int
check_framing(struct exchange *x, const struct evkeyvalq *headers)
{
	const char *length, *encoding;
	size_t n_length = count(headers, "Content-Length", &length);
	size_t n_encoding = count(headers, "Transfer-Encoding", &encoding);

	if (n_length > 1 && lengths_differ(headers, length))
		return refuse(
		    x, 400, "length.twice", "Content-Length given twice");
	if (n_length > 0 && n_encoding > 0)
		return refuse(x, 400, "length.chunked",
		    "Content-Length together with Transfer-Encoding");
	if (n_length > 0 &&
	    (length[0] == '\0' ||
		strspn(length, "0123456789") != strlen(length)))
		return refuse(
		    x, 400, "length.number", "Content-Length is not a number");
	if (n_encoding > 1 ||
	    (n_encoding == 1 &&
		(strcasecmp(encoding, "chunked") != 0 || x->req->minor == 0)))
		return refuse(
		    x, 400, "transfer.encoding", "only chunked is understood");
	/* evhttp reads a body after some of these and not after others, where
	   it would be the next request. */
	if (x->req->type != EVHTTP_REQ_POST && x->req->type != EVHTTP_REQ_PUT &&
	    x->req->type != EVHTTP_REQ_PATCH &&
	    (n_encoding > 0 || (n_length > 0 && strtol(length, NULL, 10) > 0)))
		return refuse(
		    x, 400, "body.unexpected", "this method takes no body");
	return 1;
}

/* evhttp takes any version below 2, and would answer in the same. */
static int
check_version(struct exchange *x)
{
	if (x->req->major == 1 && x->req->minor >= 0)
		return 1;
	x->req->major = x->req->minor = 1;
	return refuse(
	    x, 505, "version", "only HTTP/1.0 and HTTP/1.1 are spoken");
}

int
head_check(struct exchange *x)
{
	static const char *const once[] = {
	    "Authorization", "Content-Type", "Host"};
	const struct evkeyvalq *headers =
	    evhttp_request_get_input_headers(x->req);
	const struct settings *s = x->conn->worker->shared.settings;
	const char *value;
	size_t i;

	if (!check_version(x))
		return 0;
	if (head_size(x->req, headers) > s->max_head)
		return refuse(x, 431, "head.size", "head is too long");
	if (!names_fit(headers))
		return refuse(
		    x, 400, "header.name", "a header's name is no token");
	if (!check_framing(x, headers))
		return 0;
	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (count(headers, once[i], &value) > 1)
			return refuse(x, 400, "header.twice", once[i]);
	if (x->req->minor >= 1 && count(headers, "Host", &value) == 0)
		return refuse(
		    x, 400, "host.missing", "HTTP/1.1 wants a Host header");
	return 1;
}
