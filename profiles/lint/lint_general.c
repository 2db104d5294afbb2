#include <string.h>
#include "profiles/lint/lint_part.h"

/* GeneralName (RFC 5280 4.2.1.6), as it stands in many extensions. */

static int
is_alpha(unsigned char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static int
is_alnum(unsigned char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9');
}

static int
is_ascii(const struct der *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (b->p[i] <= 0x20 || b->p[i] >= 0x7f)
			return 0;
	return 1;
}

/* One label: letters, digits, hyphens inside; 1 to 63 octets. */
static int
is_label(const unsigned char *p, size_t len)
{
	size_t i;

	if (len < 1 || len > 63 || p[0] == '-' || p[len - 1] == '-')
		return 0;
	for (i = 0; i < len; i++)
		if (!is_alnum(p[i]) && p[i] != '-')
			return 0;
	return 1;
}

/* Preferred name syntax (RFC 1034 3.5, RFC 1123 2.1). */
static int
is_host(const unsigned char *p, size_t len)
{
	const unsigned char *dot;
	size_t n;

	if (len < 1 || len > 253)
		return 0;
	for (;;) {
		dot = memchr(p, '.', len);
		n = dot ? (size_t)(dot - p) : len;
		if (!is_label(p, n))
			return 0;
		if (!dot)
			return 1;
		p += n + 1;
		len -= n + 1;
	}
}

static const char *
check_dns(const struct der *b)
{
	size_t skip = b->len > 2 && b->p[0] == '*' && b->p[1] == '.' ? 2 : 0;

	return is_host(b->p + skip, b->len - skip)
	    ? NULL
	    : "dNSName is not in the preferred name syntax";
}

static const char *
check_email(const struct der *b)
{
	const unsigned char *at = NULL;
	size_t i, local;

	for (i = 0; i < b->len; i++)
		if (b->p[i] == '@')
			at = b->p + i;
	local = at ? (size_t)(at - b->p) : 0;
	return local >= 1 && local <= 64 && is_ascii(b) &&
		is_host(at + 1, b->len - local - 1)
	    ? NULL
	    : "rfc822Name is not local@domain";
}

/* What http and https cannot do without (RFC 9110 4.2.1). */
static int
has_host(const struct der *uri)
{
	size_t at = lint_uri_has(uri, "http") ? 7
	    : lint_uri_has(uri, "https")      ? 8
					      : 0;

	return at == 0 ||
	    (uri->len > at && memchr("/?#:@", uri->p[at], 5) == NULL);
}

/* A URI that is not relative (RFC 3986 3): scheme ":" and something after it;
   http and https have a host. */
static const char *
check_uri(const struct der *b)
{
	size_t i = 0;

	if (b->len == 0 || !is_alpha(b->p[0]) || !is_ascii(b))
		return "uniformResourceIdentifier is not absolute, in ASCII";
	while (i < b->len &&
	    (is_alnum(b->p[i]) || memchr("+-.", b->p[i], 3) != NULL))
		i++;
	if (i + 1 >= b->len || b->p[i] != ':')
		return "uniformResourceIdentifier has no scheme, or nothing "
		       "after it";
	for (i++; i < b->len; i++)
		if (memchr("\"<>\\^`{|}", b->p[i], 9) != NULL)
			return "uniformResourceIdentifier has a character that "
			       "must be escaped";
	return has_host(b) ? NULL : "uniformResourceIdentifier has no host";
}

int
lint_uri_has(const struct der *uri, const char *scheme)
{
	size_t i, n = strlen(scheme);

	if (uri->len < n + 3 || memcmp(uri->p + n, "://", 3) != 0)
		return 0;
	for (i = 0; i < n; i++)
		if ((uri->p[i] | 0x20) != (unsigned char)scheme[i])
			return 0;
	return 1;
}

static const char *
check_dir(const struct der *b)
{
	struct lint_name name = {.what = "directoryName"};

	name.whole = *b;
	lint_read_name(NULL, &name);
	if (name.bad)
		return "directoryName is no Name";
	return name.n == 0 ? "directoryName is empty" : NULL;
}

int
lint_other_name(const struct der *body, const char *oid, size_t oid_len,
    struct der *value)
{
	struct der in = *body, type;

	return lint_take(&in, DER_OID, &type) &&
	    der_equal(&type, (const unsigned char *)oid, oid_len) &&
	    lint_only(in, DER_CONTEXT_CONS(0), value);
}

static const char *
check_other(const struct der *b)
{
	struct der in = *b, value;

	return lint_take(&in, DER_OID, NULL) &&
		lint_only(in, DER_CONTEXT_CONS(0), &value) &&
		lint_take_any(&value, NULL, NULL, NULL) && value.len == 0
	    ? NULL
	    : "otherName is not OID and [0] value";
}

/* As a base of name constraints: a mask behind the address, ones first. */
static const char *
check_range(const struct der *b)
{
	size_t half = b->len / 2, i;
	int ended = 0, bit;

	if (b->len != 8 && b->len != 32)
		return "iPAddress is no address and mask";
	for (i = half * 8; i < b->len * 8; i++) {
		bit = b->p[i / 8] >> (7 - i % 8) & 1;
		if (bit && ended)
			return "iPAddress has a mask with a gap";
		ended |= !bit;
	}
	return NULL;
}

static const char *
check_ip(const struct der *b)
{
	return b->len == 4 || b->len == 16
	    ? NULL
	    : "iPAddress has neither 4 nor 16 octets";
}

/* Constraints name hosts, domains (".example.com"), or mailboxes (4.2.1.10). */
static const char *
check_base(unsigned char tag, const struct der *b)
{
	size_t skip = b->len > 1 && b->p[0] == '.';

	if (tag == DER_CONTEXT(7))
		return check_range(b);
	if (b->len == 0)
		return tag == DER_CONTEXT(2) ? NULL : "a base without a name";
	if (tag == DER_CONTEXT(1) && memchr(b->p, '@', b->len))
		return check_email(b);
	return is_host(b->p + skip, b->len - skip)
	    ? NULL
	    : "a base that is no host or domain";
}

const char *
lint_general(unsigned char tag, const struct der *body, int nc)
{
	switch (tag) {
	case DER_CONTEXT_CONS(0):
		return check_other(body);
	case DER_CONTEXT(1):
		return nc ? check_base(tag, body) : check_email(body);
	case DER_CONTEXT(2):
		return nc ? check_base(tag, body) : check_dns(body);
	case DER_CONTEXT_CONS(3): /* x400Address */
	case DER_CONTEXT_CONS(5): /* ediPartyName */
		return NULL;
	case DER_CONTEXT_CONS(4):
		return nc && body->len == 2 && body->p[0] == DER_SEQUENCE
		    ? NULL
		    : check_dir(body);
	case DER_CONTEXT(6):
		return nc ? check_base(tag, body) : check_uri(body);
	case DER_CONTEXT(7):
		return nc ? check_base(tag, body) : check_ip(body);
	case DER_CONTEXT(8):
		return body->len > 0 && !(body->p[body->len - 1] & 0x80)
		    ? NULL
		    : "registeredID is no OBJECT IDENTIFIER";
	default:
		return "a name of no known type";
	}
}

const char *
lint_generals(struct der list)
{
	struct der body;
	unsigned char tag;
	const char *why;
	size_t n = 0;

	if (list.len == 0)
		return "no name at all";
	for (; list.len > 0 && n < LINT_NAMES_MAX; n++) {
		if (!lint_take_any(&list, &tag, &body, NULL))
			return "a name that cannot be read";
		if ((why = lint_general(tag, &body, 0)) != NULL)
			return why;
	}
	return NULL;
}
