#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "ca/shape/base64.h"
#include "ca/shape/body.h"
#include "ca/shape/shape.h"
#include "ca/error.h"

#define MEDIA "application/pkcs10"

int
body_media_is(const char *content_type, const char *media, int *parameters)
{
	size_t len = strlen(media);
	const char *rest;

	*parameters = 0;
	if (content_type == NULL || strncasecmp(content_type, media, len) != 0)
		return 0;
	rest = content_type + len;
	rest += strspn(rest, " \t");
	*parameters = *rest == ';';
	return *rest == '\0' || *rest == ';';
}

int
body_media_ok(const char *content_type, int *parameters)
{
	return body_media_is(content_type, MEDIA, parameters);
}

static int
is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Cut white space off both ends. */
static void
trim(const unsigned char **p, size_t *len)
{
	while (*len > 0 && is_space((*p)[0])) {
		(*p)++;
		(*len)--;
	}
	while (*len > 0 && is_space((*p)[*len - 1]))
		(*len)--;
}

/* Exactly one SEQUENCE: its length in the shortest form, and nothing after. */
static int
one_sequence(const unsigned char *p, size_t len)
{
	size_t n = 0, i, octets, head = 2;

	if (len < 2 || p[0] != 0x30 || p[1] == 0x80) {
		ca_raise(CA_E_BADREQUEST, "der.sequence: not a DER SEQUENCE");
		return 0;
	}
	if (p[1] < 0x80) {
		n = p[1];
	} else {
		octets = p[1] & 0x7f;
		head += octets;
		if (octets > 3 || head > len || p[2] == 0) {
			ca_raise(CA_E_BADREQUEST,
			    "der.length: length of the SEQUENCE is wrong");
			return 0;
		}
		for (i = 0; i < octets; i++)
			n = n << 8 | p[2 + i];
		if (n < 0x80) {
			ca_raise(CA_E_BADREQUEST,
			    "der.length: length is not in the shortest form");
			return 0;
		}
	}
	if (n > len - head) {
		ca_raise(CA_E_BADREQUEST,
		    "der.length: %zu octets announced, %zu there", n,
		    len - head);
		return 0;
	}
	if (n < len - head) {
		ca_raise(CA_E_BADREQUEST,
		    "der.trailing: %zu octets after the request",
		    len - head - n);
		return 0;
	}
	return 1;
}

static int
raw(const unsigned char *p, size_t len, struct body *out)
{
	if (!one_sequence(p, len))
		return 0;
	out->der = OPENSSL_memdup(p, len);
	if (out->der == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	out->len = len;
	out->shape |= SHAPE_DER;
	return 1;
}

static int
refuse_base64(enum base64_result why)
{
	switch (why) {
	case BASE64_CHARACTER:
		ca_raise(CA_E_BADREQUEST,
		    "base64.character: a character is not base64");
		break;
	case BASE64_LENGTH:
		ca_raise(CA_E_BADREQUEST,
		    "base64.length: not a multiple of four characters");
		break;
	default:
		ca_raise(CA_E_BADREQUEST, "base64.padding: padding is wrong");
		break;
	}
	return 0;
}

/* How the text is laid out: the first line tells the width. */
static unsigned
layout(const unsigned char *p, size_t len)
{
	const unsigned char *end = memchr(p, '\n', len);
	size_t width = end == NULL ? len : (size_t)(end - p);
	unsigned shape = 0;

	if (width > 0 && width < len && p[width - 1] == '\r')
		width--;
	if (end != NULL)
		shape |= width == 64 ? SHAPE_WRAPPED_64
		    : width == 76    ? SHAPE_WRAPPED_76
				     : SHAPE_WRAPPED;
	if (memchr(p, '\r', len) != NULL)
		shape |= SHAPE_CRLF;
	if (memchr(p, ' ', len) != NULL || memchr(p, '\t', len) != NULL)
		shape |= SHAPE_BLANKS;
	return shape;
}

static int
text(const unsigned char *p, size_t len, struct body *out)
{
	enum base64_result result;

	out->der = OPENSSL_malloc(BASE64_DECODED_MAX(len));
	if (out->der == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	result = base64_decode((const char *)p, len, 1, out->der, &out->len);
	if (result != BASE64_OK)
		return refuse_base64(result);
	return one_sequence(out->der, out->len);
}

/* What stands between the lines of PEM armour of ${label}. */
static int
armour(const unsigned char **p, size_t *len, const char *label)
{
	const unsigned char *from = *p, *end;
	size_t n = strlen(label), left = *len;
	const size_t dashes = 5, begin = strlen("-----BEGIN ");
	const size_t ending = strlen("-----END ");

	if (left < begin + n + dashes ||
	    memcmp(from, "-----BEGIN ", begin) != 0 ||
	    memcmp(from + begin, label, n) != 0 ||
	    memcmp(from + begin + n, "-----", dashes) != 0)
		return 0;
	from += begin + n + dashes;
	left -= begin + n + dashes;
	end = memmem(from, left, "-----END ", ending);
	/* The closing line must be the last of the body. */
	if (end == NULL || left - (size_t)(end - from) != ending + n + dashes ||
	    memcmp(end + ending, label, n) != 0 ||
	    memcmp(end + ending + n, "-----", dashes) != 0)
		return 0;
	*p = from;
	*len = (size_t)(end - from);
	return 1;
}

static unsigned
line_ends(const unsigned char *p, size_t len)
{
	unsigned shape = 0;

	if (len > 0 && p[len - 1] != '\n')
		shape |= SHAPE_NO_LINE_END;
	if (len > 1 && p[len - 1] == '\n' && p[len - 2] == '\r')
		shape |= SHAPE_CRLF;
	return shape;
}

static int
decode(const unsigned char *p, size_t len, struct body *out)
{
	const unsigned char *whole = p;
	size_t whole_len = len;

	trim(&p, &len);
	out->shape |= line_ends(whole, whole_len);
	if (len == 0) {
		ca_raise(CA_E_BADREQUEST, "body.empty: there is no request");
		return 0;
	}
	/* Base64 of a SEQUENCE begins with M, so 0x30 can only be raw DER,
	   the end of which must not be cut off as white space. */
	if (p[0] == 0x30) {
		out->shape = 0;
		return raw(p, whole_len - (size_t)(p - whole), out);
	}
	if (p[0] == '-') {
		if (!armour(&p, &len, "CERTIFICATE REQUEST") &&
		    !armour(&p, &len, "NEW CERTIFICATE REQUEST")) {
			ca_raise(CA_E_BADREQUEST,
			    "pem.armour: not one PEM certificate request");
			return 0;
		}
		out->shape |= SHAPE_PEM;
		trim(&p, &len);
	}
	out->shape |= layout(p, len);
	if (out->shape & SHAPE_PEM) /* is wrapped by its nature */
		out->shape &=
		    ~(SHAPE_WRAPPED_64 | SHAPE_WRAPPED_76 | SHAPE_WRAPPED);
	return text(p, len, out);
}

int
body_decode(const unsigned char *p, size_t len, struct body *out)
{
	memset(out, 0, sizeof(*out));
	if (decode(p, len, out))
		return 1;
	OPENSSL_free(out->der);
	out->der = NULL;
	out->len = 0;
	return 0;
}

void
body_clear(struct body *b)
{
	OPENSSL_free(b->der);
	memset(b, 0, sizeof(*b));
}
