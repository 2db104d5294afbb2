#include <string.h>
#include "profiles/lint/lint_part.h"

/* Rules on subjectAltName and issuerAltName. */

/* Runs ${look} over the names of an extension; stops when it returns 0. */
static void
each(struct lint_view *v, enum lint_ext_id id,
    void (*look)(struct lint_view *, unsigned char, const struct der *))
{
	struct der list, body;
	unsigned char tag;
	size_t n = 0;

	if (!lint_ext_open(v, id, DER_SEQUENCE, &list))
		return;
	while (n++ < LINT_NAMES_MAX && lint_take_any(&list, &tag, &body, NULL))
		look(v, tag, &body);
}

static void
some(struct lint_view *v, enum lint_ext_id id)
{
	struct der list;

	if (!v->x[id])
		return;
	if (!lint_ext_open(v, id, DER_SEQUENCE, &list))
		lint_say(v, "not a SEQUENCE of names");
	else if (list.len == 0)
		lint_say(v, "no name at all");
}

static void
san_some(struct lint_view *v)
{
	some(v, LINT_X_SAN);
}

static void
ian_some(struct lint_view *v)
{
	some(v, LINT_X_IAN);
}

static void
type_of(struct lint_view *v, unsigned char tag, const struct der *body)
{
	(void)body;
	if ((tag & 0xc0) != 0x80 || (tag & 0x1f) > 8)
		lint_say(v, "a name of no known type");
}

static void
san_type(struct lint_view *v)
{
	each(v, LINT_X_SAN, type_of);
}

/* One rule a type, so that a finding says which. */
static void
if_tag(struct lint_view *v, unsigned char tag, const struct der *body,
    unsigned char want)
{
	const char *why;

	if (tag == want && (why = lint_general(tag, body, 0)) != NULL)
		lint_say(v, "%s: %.*s", why,
		    tag & 0x20 || tag == DER_CONTEXT(7) ? 0
			: body->len > 64		? 64
							: (int)body->len,
		    (const char *)body->p);
}

#define TYPE(name, want)                                                       \
	static void name##_of(                                                 \
	    struct lint_view *v, unsigned char tag, const struct der *body)    \
	{                                                                      \
		if_tag(v, tag, body, want);                                    \
	}                                                                      \
	static void name(struct lint_view *v)                                  \
	{                                                                      \
		each(v, LINT_X_SAN, name##_of);                                \
	}

TYPE(san_other, DER_CONTEXT_CONS(0))
TYPE(san_email, DER_CONTEXT(1))
TYPE(san_dns, DER_CONTEXT(2))
TYPE(san_dir, DER_CONTEXT_CONS(4))
TYPE(san_uri, DER_CONTEXT(6))
TYPE(san_ip, DER_CONTEXT(7))
TYPE(san_rid, DER_CONTEXT(8))

static void
ian_name_of(struct lint_view *v, unsigned char tag, const struct der *body)
{
	const char *why = lint_general(tag, body, 0);

	if (why)
		lint_say(v, "%s", why);
}

static void
ian_name(struct lint_view *v)
{
	each(v, LINT_X_IAN, ian_name_of);
}

static void
san_twice(struct lint_view *v)
{
	struct der list, rest, whole, other;
	size_t n = 0;

	if (!lint_ext_open(v, LINT_X_SAN, DER_SEQUENCE, &list))
		return;
	while (n++ < LINT_EXTS_MAX &&
	    lint_take_any(&list, NULL, NULL, &whole)) {
		rest = list;
		while (lint_take_any(&rest, NULL, NULL, &other))
			if (lint_same(&whole, &other)) {
				lint_say(v, "the same name twice");
				return;
			}
	}
}

/* HardwareModuleName (RFC 4108 5): type and serial number, octets. */
static void
hardware_of(struct lint_view *v, unsigned char tag, const struct der *body)
{
	struct der value, seq, serial;

	if (tag != DER_CONTEXT_CONS(0) ||
	    !lint_other_name(body, PKIX "\x08\x04", 8, &value))
		return;
	if (!lint_only(value, DER_SEQUENCE, &seq) ||
	    !lint_take(&seq, DER_OID, NULL) ||
	    !lint_only(seq, DER_OCTET_STRING, &serial) || serial.len == 0)
		lint_say(v, "hardwareModuleName is not OID and OCTET STRING");
}

static void
san_hardware(struct lint_view *v)
{
	each(v, LINT_X_SAN, hardware_of);
}

/* PermanentIdentifier (RFC 4043 2): identifierValue, assigner, both optional
   by the syntax; with neither it names nothing. */
static void
permanent_of(struct lint_view *v, unsigned char tag, const struct der *body)
{
	struct der value, seq;
	int n = 0;

	if (tag != DER_CONTEXT_CONS(0) ||
	    !lint_other_name(body, PKIX "\x08\x03", 8, &value))
		return;
	if (lint_only(value, DER_SEQUENCE, &seq)) {
		n += lint_take(&seq, DER_UTF8, NULL);
		n += lint_take(&seq, DER_OID, NULL);
	}
	if (n == 0 || seq.len > 0)
		lint_say(v, "permanentIdentifier is not UTF8String and OID");
}

static void
san_permanent(struct lint_view *v)
{
	each(v, LINT_X_SAN, permanent_of);
}

/* SmtpUTF8Mailbox (RFC 9598 3): no byte order mark; a local part that is not all
   ASCII, which would be rfc822Name's; a domain of A-labels, in small letters. */
static const char *
check_smtp(const struct der *text)
{
	size_t i, at = text->len, wide = 0, host = 0;

	for (i = text->len; i > 0 && at == text->len; i--)
		if (text->p[i - 1] == '@')
			at = i - 1;
	for (i = 0; i < at; i++)
		wide += text->p[i] >= 0x80;
	for (i = at + 1; i < text->len; i++)
		host += text->p[i] < 0x80 &&
		    (text->p[i] < 'A' || text->p[i] > 'Z');
	if (at == text->len || wide == 0)
		return "SmtpUTF8Mailbox without a local part beyond ASCII";
	if (text->len > 2 && memcmp(text->p, "\xef\xbb\xbf", 3) == 0)
		return "SmtpUTF8Mailbox with a byte order mark";
	return host == 0 || host < text->len - at - 1
	    ? "SmtpUTF8Mailbox with a domain that is not in small ASCII"
	    : NULL;
}

static void
smtp_of(struct lint_view *v, unsigned char tag, const struct der *body)
{
	const char *why = "SmtpUTF8Mailbox is no UTF8String";
	struct der value, text;

	if (tag != DER_CONTEXT_CONS(0) ||
	    !lint_other_name(body, PKIX "\x08\x09", 8, &value))
		return;
	if (lint_only(value, DER_UTF8, &text))
		why = check_smtp(&text);
	if (why)
		lint_say(v, "%s", why);
}

static void
san_smtp(struct lint_view *v)
{
	each(v, LINT_X_SAN, smtp_of);
}

#define SAN(id, cite, sev, what, f) {{"san." id, cite, sev, LINT_ON_CERT, what}, f}
#define IAN(id, cite, what, f)                                                 \
	{{"ian." id, cite, LINT_ERROR, LINT_ON_CERT | LINT_ON_CRL, what}, f}

const struct lint_rule_fn lint_san_rules[] = {
    SAN("some", "RFC 5280 4.2.1.6", LINT_ERROR,
	"subjectAltName has one name or more", san_some),
    SAN("type", "RFC 5280 4.2.1.6", LINT_ERROR,
	"each name is one of the nine types", san_type),
    SAN("other", "RFC 5280 4.2.1.6", LINT_ERROR,
	"otherName is OID and [0] value", san_other),
    SAN("email", "RFC 5280 4.2.1.6", LINT_ERROR,
	"rfc822Name is local@domain in ASCII", san_email),
    SAN("dns", "RFC 5280 4.2.1.6; RFC 1034 3.5, RFC 1123 2.1", LINT_ERROR,
	"dNSName in preferred syntax, a wildcard only as first label",
	san_dns),
    SAN("directory", "RFC 5280 4.2.1.6", LINT_ERROR,
	"directoryName is a Name, not empty", san_dir),
    SAN("uri", "RFC 5280 4.2.1.6; RFC 3986 3", LINT_ERROR,
	"uniformResourceIdentifier is absolute", san_uri),
    SAN("ip", "RFC 5280 4.2.1.6", LINT_ERROR,
	"iPAddress has 4 or 16 octets", san_ip),
    SAN("registered_id", "RFC 5280 4.2.1.6", LINT_ERROR,
	"registeredID is an OBJECT IDENTIFIER", san_rid),
    SAN("twice", "RFC 5280 4.2.1.6", LINT_WARNING, "no name twice",
	san_twice),
    SAN("hardware", "RFC 4108 5", LINT_ERROR,
	"hardwareModuleName is hwType OID, hwSerialNum OCTET STRING",
	san_hardware),
    SAN("permanent_id", "RFC 4043 2", LINT_ERROR,
	"permanentIdentifier is UTF8String, assigner OID, or both",
	san_permanent),
    SAN("smtp_utf8", "RFC 9598 3", LINT_ERROR,
	"SmtpUTF8Mailbox: a local part beyond ASCII, a domain in small ASCII",
	san_smtp),
    IAN("some", "RFC 5280 4.2.1.7, 5.2.2",
	"issuerAltName has one name or more", ian_some),
    IAN("name", "RFC 5280 4.2.1.7, 5.2.2",
	"each name of issuerAltName is well-formed", ian_name),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
