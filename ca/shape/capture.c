#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/shape/capture.h"
#include "ca/shape/shape.h"

#define LINE_MAX_OCTETS 8192

struct reader {
	const unsigned char *p;
	size_t len;
};

struct heads {		/* copies, owned */
	char *agent, *accept, *connection, *transfer, *expect;
	char *content_transfer, *content_type, *authorization, *length;
};

static int
bad(const char *text)
{
	ca_raise(CA_E_BADREQUEST, "%s", text);
	return 0;
}

/* The next line without its end, NUL behind it. 0: there is none, or it is too
   long or no text. */
static int
next_line(struct reader *r, char out[LINE_MAX_OCTETS])
{
	const unsigned char *end = memchr(r->p, '\n', r->len);
	size_t n = end == NULL ? 0 : (size_t)(end - r->p), used = n + 1;

	if (end == NULL)
		return 0;
	if (n > 0 && r->p[n - 1] == '\r')
		n--;
	if (n >= LINE_MAX_OCTETS || memchr(r->p, '\0', n) != NULL)
		return 0;
	memcpy(out, r->p, n);
	out[n] = '\0';
	r->p += used;
	r->len -= used;
	return 1;
}

/* "POST /x HTTP/1.1": does it begin like that? */
static int
is_http(const unsigned char *p, size_t len)
{
	const unsigned char *end = memchr(p, '\n', len);
	size_t n = end == NULL ? len : (size_t)(end - p);

	return n >= 14 && p[0] >= 'A' && p[0] <= 'Z' &&
	    memmem(p, n, " /", 2) != NULL && memmem(p, n, " HTTP/", 6) != NULL;
}

static char **
place(struct heads *h, const char *name)
{
	const struct {
		const char *name;
		char **place;
	} known[] = {
	    {"User-Agent", &h->agent},
	    {"Accept", &h->accept},
	    {"Connection", &h->connection},
	    {"Transfer-Encoding", &h->transfer},
	    {"Expect", &h->expect},
	    {"Content-Transfer-Encoding", &h->content_transfer},
	    {"Content-Type", &h->content_type},
	    {"Authorization", &h->authorization},
	    {"Content-Length", &h->length},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(known[i].name, name) == 0)
			return known[i].place;
	return NULL;
}

static int
take_header(struct heads *h, char *line)
{
	char *value = strchr(line, ':'), *end, **to;

	if (value == NULL || value == line)
		return bad("http.header: a line of the head is no header");
	*value++ = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	to = place(h, line);
	if (to == NULL || *to != NULL)
		return 1;
	*to = OPENSSL_strdup(value);
	if (*to != NULL)
		return 1;
	ca_raise(CA_E_INTERNAL, "out of memory");
	return 0;
}

static void
heads_clear(struct heads *h)
{
	OPENSSL_free(h->agent);
	OPENSSL_free(h->accept);
	OPENSSL_free(h->connection);
	OPENSSL_free(h->transfer);
	OPENSSL_free(h->expect);
	OPENSSL_free(h->content_transfer);
	OPENSSL_free(h->content_type);
	OPENSSL_free(h->length);
	if (h->authorization != NULL)
		OPENSSL_clear_free(h->authorization, strlen(h->authorization));
}

static int
take_first(const char *line, struct head *head, struct capture *out)
{
	char method[16], path[LINE_MAX_OCTETS], major[2], minor[2];

	/* One digit each (RFC 9112 2.3). */
	if (sscanf(line, "%15s %8191s HTTP/%1[0-9].%1[0-9]", method, path,
		major, minor) != 4)
		return bad("http.line: the first line is no request line");
	head->major = major[0] - '0';
	head->minor = minor[0] - '0';
	path[strcspn(path, "?#")] = '\0';
	if (!route_parse(path, &out->route))
		return bad("path.unknown: no such resource");
	if (out->route.op != ROUTE_SIMPLEENROLL &&
	    out->route.op != ROUTE_SIMPLEREENROLL &&
	    out->route.op != ROUTE_SERVERKEYGEN) {
		ca_raise(CA_E_BADREQUEST,
		    "operation: %s is no request for a certificate",
		    route_name(out->route.op));
		return 0;
	}
	return strcmp(method, "POST") == 0 ||
	    bad("method: method not allowed, only POST");
}

static int
take_head(struct reader *r, struct heads *h, struct capture *out)
{
	char line[LINE_MAX_OCTETS];
	struct head head = {.major = 0};
	int first, parameters = 0, ok;

	first = next_line(r, line) && take_first(line, &head, out);
	while ((ok = next_line(r, line)) && line[0] != '\0')
		first = take_header(h, line) && first;
	OPENSSL_cleanse(line, sizeof(line));
	head.agent = h->agent;
	head.accept = h->accept;
	head.connection = h->connection;
	head.transfer = h->transfer;
	head.expect = h->expect;
	head.content_transfer = h->content_transfer;
	out->shape |= head_shape(&head);
	head_agent(h->agent, out->agent);
	out->has_basic = basic_parse(h->authorization, &out->basic);
	if (!first)
		return 0;
	if (!ok)
		return bad("http.end: the head has no end");
	if (out->has_basic == BASIC_MALFORMED)
		return bad("basic.format: Authorization cannot be read");
	if (!body_media_ok(h->content_type, &parameters))
		return bad("media.type: application/pkcs10 wanted");
	out->shape |= parameters ? SHAPE_PARAMETERS : 0;
	return 1;
}

/* Chunks become one body in ${out}, which has room for all of it. */
static int
join(struct reader *r, unsigned char *out, size_t *out_len)
{
	char line[LINE_MAX_OCTETS], *end;
	unsigned long n;

	*out_len = 0;
	while (next_line(r, line)) {
		n = strtoul(line, &end, 16);
		if (end == line || (*end != '\0' && *end != ';'))
			break;
		if (n == 0)
			return 1;
		if (n > r->len)
			break;
		memcpy(out + *out_len, r->p, n);
		*out_len += n;
		r->p += n;
		r->len -= n;
		if (!next_line(r, line) || line[0] != '\0')
			break;
	}
	return bad("http.chunks: the chunks of the body cannot be read");
}

static int
take_chunks(struct reader *r, struct capture *out)
{
	unsigned char *whole = OPENSSL_malloc(r->len + 1);
	size_t len = 0;
	int ok;

	if (whole == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	ok = join(r, whole, &len) && body_decode(whole, len, &out->body);
	OPENSSL_free(whole);
	return ok;
}

static int
take_body(struct reader *r, const struct heads *h, struct capture *out)
{
	unsigned long n;
	char *end;

	if (h->transfer != NULL)
		return take_chunks(r, out);
	if (h->length != NULL) {
		n = strtoul(h->length, &end, 10);
		if (end == h->length || *end != '\0')
			return bad(
			    "length.number: Content-Length is not a number");
		if (n > r->len) {
			ca_raise(CA_E_BADREQUEST,
			    "http.length: %lu octets announced, %zu there", n,
			    r->len);
			return 0;
		}
		r->len = n;
	}
	return body_decode(r->p, r->len, &out->body);
}

int
capture_read(const unsigned char *p, size_t len, struct capture *out)
{
	struct reader r = {p, len};
	struct heads h;
	int ok;

	memset(out, 0, sizeof(*out));
	memset(&h, 0, sizeof(h));
	out->http = is_http(p, len);
	ok = (!out->http || take_head(&r, &h, out)) && take_body(&r, &h, out);
	out->shape |= out->body.shape;
	heads_clear(&h);
	return ok;
}

void
capture_clear(struct capture *c)
{
	body_clear(&c->body);
	basic_clear(&c->basic);
}
