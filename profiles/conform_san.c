#include <string.h>
#include "profiles/conform_rule.h"

/*
 * subjectAltName (RFC 5280 4.2.1.6): its entries, taken apart once per rule,
 * held against the profile's types and against the syntax of each type.
 */

#define OID_PERMANENT_ID "1.3.6.1.5.5.7.8.3"
#define OID_HW_MODULE_NAME "1.3.6.1.5.5.7.8.4"

struct entry {
	int type; /* enum profile_san_type, -1: none of ours */
	struct der whole;
	struct der value; /* text, octets, or the SEQUENCE of an
			     otherName (whole) */
};

/* OtherName (RFC 5280 4.2.1.6): type-id and [0] EXPLICIT value. */
static int
read_other(struct der body, struct entry *e)
{
	struct der oid, outer;

	if (!der_take(&body, DER_OID, &oid) ||
	    !der_only(body, DER_CONTEXT_CONS(0), &outer))
		return 0;
	if (der_oid_is(&oid, OID_HW_MODULE_NAME))
		e->type = PROFILE_SAN_HW_MODULE_NAME;
	else if (der_oid_is(&oid, OID_PERMANENT_ID))
		e->type = PROFILE_SAN_PERMANENT_ID;
	e->value = outer;
	return 1;
}

static int
next_entry(struct der *list, struct entry *e)
{
	struct der body;
	unsigned char tag;

	if (!der_take_any(list, &tag, &body, &e->whole))
		return 0;
	e->type = -1;
	e->value = body;
	switch (tag) {
	case DER_CONTEXT_CONS(0):
		return read_other(body, e);
	case DER_CONTEXT(1):
		e->type = PROFILE_SAN_EMAIL;
		break;
	case DER_CONTEXT(2):
		e->type = PROFILE_SAN_DNS;
		break;
	case DER_CONTEXT(6):
		e->type = PROFILE_SAN_URI;
		break;
	case DER_CONTEXT(7):
		e->type = PROFILE_SAN_IP;
		break;
	}
	return 1;
}

static const char *
type_name(int type)
{
	static const char *const names[] = {[PROFILE_SAN_DNS] = "dNSName",
	    [PROFILE_SAN_IP] = "iPAddress",
	    [PROFILE_SAN_EMAIL] = "rfc822Name",
	    [PROFILE_SAN_URI] = "uniformResourceIdentifier",
	    [PROFILE_SAN_HW_MODULE_NAME] = "hardwareModuleName",
	    [PROFILE_SAN_PERMANENT_ID] = "permanentIdentifier"};

	return type < 0 ? "another type" : names[type];
}

static struct der
san_list(const struct conform_view *v)
{
	struct der list = {NULL, 0};

	if (v->ext[CONFORM_SAN].present)
		der_only(v->ext[CONFORM_SAN].value, DER_SEQUENCE, &list);
	return list;
}

static int
check_form(struct conform_view *v)
{
	struct der list = san_list(v);
	struct entry e;
	size_t n = 0;

	if (!v->ext[CONFORM_SAN].present)
		return 1;
	if (list.len == 0)
		return conform_breach(v, "no entry");
	while (list.len > 0) {
		if (!next_entry(&list, &e))
			return conform_breach(
			    v, "entry %zu is no GeneralName", n + 1);
		if (++n > CONFORM_SAN_MAX)
			return conform_breach(
			    v, "more than %d entries", CONFORM_SAN_MAX);
	}
	return 1;
}

static size_t
entries_of(const struct conform_view *v, int type)
{
	struct der list = san_list(v);
	struct entry e;
	size_t n = 0;

	while (next_entry(&list, &e))
		n += e.type == type;
	return n;
}

/* How many entries of ${type} the rules allow. Only what comes from a CSR has
   a number in the profile; a field may list several values. */
static size_t
allowed(const struct profile *p, int type)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_san; i++) {
		if ((int)p->san[i].type != type)
			continue;
		n += p->san[i].kind == PROFILE_FROM_CSR ? p->san[i].max
							: CONFORM_SAN_MAX;
	}
	return n;
}

static int
check_types(struct conform_view *v)
{
	struct der list = san_list(v);
	struct entry e;
	size_t max;

	while (next_entry(&list, &e)) {
		max = allowed(v->ctx->profile, e.type);
		if (max == 0)
			return conform_breach(
			    v, "%s is not in the profile", type_name(e.type));
		if (entries_of(v, e.type) > max)
			return conform_breach(
			    v, "more than %zu of %s", max, type_name(e.type));
	}
	return 1;
}

static int
has_text(const struct conform_view *v, int type, const char *text)
{
	struct der list = san_list(v);
	struct entry e;

	while (next_entry(&list, &e))
		if (e.type == type &&
		    der_equal(
			&e.value, (const unsigned char *)text, strlen(text)))
			return 1;
	return 0;
}

/* What a rule that is not optional makes must be there, a fixed text as it
   is in the profile. */
static int
check_rules(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	const struct profile_san_rule *r;
	size_t i;

	for (i = 0; i < p->n_san && !v->ctx->renewed; i++) {
		r = &p->san[i];
		if (!r->optional && entries_of(v, r->type) == 0)
			return conform_breach(
			    v, "%s is missing", type_name(r->type));
		if (r->kind == PROFILE_FROM_FIXED &&
		    (r->type == PROFILE_SAN_DNS ||
			r->type == PROFILE_SAN_URI) &&
		    !strchr(r->source, ',') && !has_text(v, r->type, r->source))
			return conform_breach(
			    v, "the fixed %s is missing", type_name(r->type));
	}
	return 1;
}

static int
check_once(struct conform_view *v)
{
	struct der list = san_list(v), rest;
	struct entry e, other;

	while (next_entry(&list, &e)) {
		rest = list;
		while (next_entry(&rest, &other))
			if (der_equal(&other.whole, e.whole.p, e.whole.len))
				return conform_breach(
				    v, "%s is there twice", type_name(e.type));
	}
	return 1;
}

static int
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

/* A label of RFC 1123: letters, digits, hyphens within, 63 at most. */
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

/* Preferred name syntax (RFC 1034 3.5), no final dot. A first label "*" is no
   name, but what RFC 9525 6.3 matches by. */
static int
is_dns(const unsigned char *p, size_t len, int wildcard)
{
	size_t i, start = 0;

	if (len < 1 || len > 253)
		return 0;
	if (wildcard && len > 2 && p[0] == '*' && p[1] == '.')
		start = 2;
	for (i = start; i <= len; i++) {
		if (i < len && p[i] != '.')
			continue;
		if (!is_label(p + start, i - start))
			return 0;
		start = i + 1;
	}
	return 1;
}

/* Four groups of digits look like a name and are none. */
static int
is_dotted_quad(const unsigned char *p, size_t len)
{
	size_t i, dots = 0;

	for (i = 0; i < len; i++) {
		if (p[i] == '.')
			dots++;
		else if (p[i] < '0' || p[i] > '9')
			return 0;
	}
	return dots == 3;
}

static int
check_dns(struct conform_view *v)
{
	struct der list = san_list(v);
	struct entry e;

	while (next_entry(&list, &e))
		if (e.type == PROFILE_SAN_DNS &&
		    (!is_dns(e.value.p, e.value.len, 1) ||
			is_dotted_quad(e.value.p, e.value.len)))
			return conform_breach(v, "not a host name");
	return 1;
}

static int
check_ip(struct conform_view *v)
{
	struct der list = san_list(v);
	struct entry e;

	while (next_entry(&list, &e))
		if (e.type == PROFILE_SAN_IP && e.value.len != 4 &&
		    e.value.len != 16)
			return conform_breach(
			    v, "%zu octets, not 4 or 16", e.value.len);
	return 1;
}

/* atext of RFC 5322 3.2.3, and dots that are not first, last or double. */
static int
is_dot_atom(const unsigned char *p, size_t len)
{
	size_t i;

	if (len < 1 || len > 64 || p[0] == '.' || p[len - 1] == '.')
		return 0;
	for (i = 0; i < len; i++) {
		if (p[i] == 0 ||
		    (!is_alnum(p[i]) && !strchr("!#$%&'*+-/=?^_`{|}~.", p[i])))
			return 0;
		if (p[i] == '.' && p[i + 1] == '.')
			return 0;
	}
	return 1;
}

/* Local-part "@" Domain (RFC 5280 4.2.1.6): no phrase, no comment, no "<>". */
static int
check_email(struct conform_view *v)
{
	struct der list = san_list(v);
	const unsigned char *at, *end;
	struct entry e;

	while (next_entry(&list, &e)) {
		if (e.type != PROFILE_SAN_EMAIL)
			continue;
		end = e.value.p + e.value.len;
		at = e.value.len ? memchr(e.value.p, '@', e.value.len) : NULL;
		if (at == NULL || e.value.len > 254 ||
		    !is_dot_atom(e.value.p, at - e.value.p) ||
		    !is_dns(at + 1, end - at - 1, 0))
			return conform_breach(v, "not a mailbox");
	}
	return 1;
}

/* host of RFC 3986 3.2.2 as 4.2.1.6 wants it: a name or an address. */
static int
is_host(const unsigned char *p, size_t len)
{
	size_t i;

	if (len > 4 && p[0] == '[' && p[len - 1] == ']') {
		for (i = 1; i < len - 1; i++)
			if (p[i] == 0 ||
			    !strchr("0123456789abcdefABCDEF:.", p[i]))
				return 0;
		return 1;
	}
	return is_dns(p, len, 0);
}

/* [ userinfo "@" ] host [ ":" port ], up to the path. */
static int
is_authority(const unsigned char *p, size_t len)
{
	const unsigned char *end = p, *at, *colon;

	while (end < p + len && *end != '/' && *end != '?' && *end != '#')
		end++;
	len = end - p;
	at = len ? memchr(p, '@', len) : NULL;
	if (at) {
		len = end - at - 1;
		p = at + 1;
	}
	for (colon = end; colon > p && colon[-1] >= '0' && colon[-1] <= '9';)
		colon--;
	if (colon > p && colon[-1] == ':')
		len = colon - 1 - p;
	return is_host(p, len);
}

/* Absolute, of the characters of RFC 3986, with a part behind the scheme. */
static int
is_uri(const unsigned char *p, size_t len)
{
	size_t i, scheme = 0;

	for (i = 0; i < len; i++)
		if (p[i] == 0 ||
		    (!is_alnum(p[i]) &&
			!strchr("-._~:/?#[]@!$&'()*+,;=%", p[i])))
			return 0;
	while (
	    scheme < len && (is_alnum(p[scheme]) || strchr("+-.", p[scheme])))
		scheme++;
	if (scheme == 0 || !is_alnum(p[0]) || (p[0] >= '0' && p[0] <= '9') ||
	    scheme + 1 >= len || p[scheme] != ':')
		return 0;
	p += scheme + 1;
	len -= scheme + 1;
	if (len >= 2 && p[0] == '/' && p[1] == '/')
		return is_authority(p + 2, len - 2);
	return 1;
}

static int
check_uri(struct conform_view *v)
{
	struct der list = san_list(v);
	struct entry e;

	while (next_entry(&list, &e))
		if (e.type == PROFILE_SAN_URI &&
		    !is_uri(e.value.p, e.value.len))
			return conform_breach(v, "not an absolute URI");
	return 1;
}

/* Is ${oid} what some rule of this type names? A rule without one takes any. */
static int
fits_oid(const struct conform_view *v, int type, const struct der *oid)
{
	const struct profile *p = v->ctx->profile;
	size_t i;

	for (i = 0; i < p->n_san; i++) {
		if ((int)p->san[i].type != type)
			continue;
		if (p->san[i].oid[0] == '\0' ||
		    (oid->p && der_oid_is(oid, p->san[i].oid)))
			return 1;
	}
	return 0;
}

/* HardwareModuleName ::= SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET
   STRING } - octets, not text, is what is most often got wrong. */
static int
check_hardware(struct conform_view *v)
{
	struct der list = san_list(v), seq, oid, serial;
	struct entry e;

	while (next_entry(&list, &e)) {
		if (e.type != PROFILE_SAN_HW_MODULE_NAME)
			continue;
		if (!der_only(e.value, DER_SEQUENCE, &seq) ||
		    !der_take(&seq, DER_OID, &oid) ||
		    !der_only(seq, DER_OCTET_STRING, &serial) ||
		    serial.len == 0)
			return conform_breach(
			    v, "not hwType and an OCTET STRING serial");
		if (!fits_oid(v, e.type, &oid))
			return conform_breach(v, "hwType is not the profile's");
	}
	return 1;
}

/* PermanentIdentifier ::= SEQUENCE { identifierValue UTF8String OPTIONAL,
   assigner OBJECT IDENTIFIER OPTIONAL } */
static int
check_permanent(struct conform_view *v)
{
	struct der list = san_list(v), seq, id;
	struct entry e;

	while (next_entry(&list, &e)) {
		struct der assigner = {NULL, 0};

		if (e.type != PROFILE_SAN_PERMANENT_ID)
			continue;
		if (!der_only(e.value, DER_SEQUENCE, &seq))
			return conform_breach(v, "not a SEQUENCE");
		if (!der_take(&seq, DER_UTF8, &id) || id.len == 0)
			return conform_breach(v, "no identifierValue");
		if ((seq.len > 0 && !der_only(seq, DER_OID, &assigner)))
			return conform_breach(v, "assigner is not an OID");
		if (!fits_oid(v, e.type, &assigner))
			return conform_breach(
			    v, "assigner is not the profile's");
	}
	return 1;
}

const struct conform_rule conform_san_rules[] = {
    {"san.form", "RFC 5280 4.2.1.6", check_form},
    {"san.types", "profile", check_types},
    {"san.rules", "profile", check_rules},
    {"san.once", "RFC 5280 4.2.1.6", check_once},
    {"san.dns", "RFC 5280 4.2.1.6, RFC 1034 3.5, RFC 1123 2.1", check_dns},
    {"san.ip", "RFC 5280 4.2.1.6", check_ip},
    {"san.email", "RFC 5280 4.2.1.6, RFC 5321 4.1.2", check_email},
    {"san.uri", "RFC 5280 4.2.1.6, RFC 3986", check_uri},
    {"san.hardware", "RFC 4108 5, IEEE 802.1AR-2018 8.10.4", check_hardware},
    {"san.permanent", "profile, RFC 4043 2", check_permanent}, {NULL, NULL, NULL}};
