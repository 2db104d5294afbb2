#include <string.h>
#include <openssl/objects.h>
#include "profiles/conform_rule.h"

#define PRINTABLE 1
#define UTF8 2
#define IA5 4

/* Upper bounds in characters (RFC 5280 A.1; X.520 for what it leaves out), and
   the string types that a new certificate may use (4.1.2.4). */
static const struct bound {
	int nid;
	size_t min, max;
	int types;
} bounds[] = {
    {NID_countryName, 2, 2, PRINTABLE}, {NID_serialNumber, 1, 64, PRINTABLE},
    {NID_dnQualifier, 1, 64, PRINTABLE},
    {NID_commonName, 1, 64, PRINTABLE | UTF8},
    {NID_organizationName, 1, 64, PRINTABLE | UTF8},
    {NID_organizationalUnitName, 1, 64, PRINTABLE | UTF8},
    {NID_title, 1, 64, PRINTABLE | UTF8},
    {NID_stateOrProvinceName, 1, 128, PRINTABLE | UTF8},
    {NID_localityName, 1, 128, PRINTABLE | UTF8},
    {NID_streetAddress, 1, 128, PRINTABLE | UTF8},
    {NID_pseudonym, 1, 128, PRINTABLE | UTF8},
    {NID_userId, 1, 256, PRINTABLE | UTF8},
    {NID_pkcs9_emailAddress, 1, 255, IA5}, {NID_domainComponent, 1, 63, IA5},
    {NID_undef, 1, 256, PRINTABLE | UTF8}, /* any other */
};

static int
is_nid(const struct conform_attr *a, int nid)
{
	const ASN1_OBJECT *obj = OBJ_nid2obj(nid);

	return obj && der_equal(&a->type, OBJ_get0_data(obj), OBJ_length(obj));
}

static const struct bound *
bound_of(const struct conform_attr *a)
{
	const struct bound *b = bounds;

	while (b->nid != NID_undef && !is_nid(a, b->nid))
		b++;
	return b;
}

static const char *
attr_name(const struct conform_attr *a)
{
	const struct bound *b = bound_of(a);

	return b->nid == NID_undef ? "attribute" : OBJ_nid2sn(b->nid);
}

size_t
conform_name_count(const struct conform_view *v, int nid)
{
	size_t i, n = 0;

	for (i = 0; i < v->n_attrs; i++)
		n += is_nid(&v->attr[i], nid);
	return n;
}

/* Takes the subject apart: RDNs of exactly one attribute, as profiles write
   them. */
static int
check_form(struct conform_view *v)
{
	struct der name, rdn, seq;
	struct conform_attr *a;

	if (!der_only(v->subject, DER_SEQUENCE, &name))
		return conform_breach(v, "subject is not a SEQUENCE");
	while (name.len > 0) {
		if (v->n_attrs == CONFORM_ATTRS_MAX)
			return conform_breach(
			    v, "more than %d attributes", CONFORM_ATTRS_MAX);
		a = &v->attr[v->n_attrs++];
		if (!der_take(&name, DER_SET, &rdn) ||
		    !der_take(&rdn, DER_SEQUENCE, &seq) || rdn.len > 0 ||
		    !der_take(&seq, DER_OID, &a->type) ||
		    !der_take_any(&seq, &a->tag, &a->value, NULL) ||
		    seq.len > 0)
			return conform_breach(v,
			    "RDN %zu is not one type and one value",
			    v->n_attrs);
	}
	return 1;
}

static size_t
rules_of(const struct profile *p, const struct conform_attr *a)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_subject; i++)
		n += is_nid(a, p->subject[i].nid);
	return n;
}

static size_t
same_type(const struct conform_view *v, const struct conform_attr *a)
{
	size_t i, n = 0;

	for (i = 0; i < v->n_attrs; i++)
		n += der_equal(&v->attr[i].type, a->type.p, a->type.len);
	return n;
}

static int
check_attributes(struct conform_view *v)
{
	const struct conform_attr *a;
	size_t i, rules, have;

	for (i = 0; i < v->n_attrs; i++) {
		a = &v->attr[i];
		rules = rules_of(v->ctx->profile, a);
		if (rules == 0)
			return conform_breach(v,
			    "%s is not an attribute of the profile",
			    attr_name(a));
		have = same_type(v, a);
		if (have > rules)
			return conform_breach(v,
			    "%s is there %zu times, the profile says %zu",
			    attr_name(a), have, rules);
	}
	return 1;
}

static int
fits_rule(const struct conform_attr *a, const struct profile_subject_rule *r)
{
	return is_nid(a, r->nid) &&
	    (r->kind != PROFILE_FROM_FIXED ||
		der_equal(&a->value, (const unsigned char *)r->source,
		    strlen(r->source)));
}

/*
 * In the order of the rules; only an optional one may be left out; a fixed
 * text is what the profile says. Bit n of ${at} says that the first n
 * attributes fit the rules so far: two rules of one type, one of them optional,
 * can be met in more than one way. A renewal keeps its predecessor's name,
 * which an older version of the profile may have made.
 */
static int
check_rules(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	uint64_t at = 1, next;
	size_t i, n;

	if (v->ctx->renewed)
		return 1;
	for (i = 0; i < p->n_subject; i++) {
		next = p->subject[i].optional ? at : 0;
		for (n = 0; n < v->n_attrs; n++)
			if (at >> n & 1 &&
			    fits_rule(&v->attr[n], &p->subject[i]))
				next |= (uint64_t)1 << (n + 1);
		if (next == 0)
			return conform_breach(v,
			    "%s is missing, misplaced or not the fixed text",
			    OBJ_nid2sn(p->subject[i].nid));
		at = next;
	}
	if (!(at >> v->n_attrs & 1))
		return conform_breach(v, "not in the profile's order");
	return 1;
}

static int
check_type(struct conform_view *v)
{
	const struct conform_attr *a;
	size_t i;
	int type;

	for (i = 0; i < v->n_attrs; i++) {
		a = &v->attr[i];
		type = a->tag == DER_PRINTABLE ? PRINTABLE
		    : a->tag == DER_UTF8       ? UTF8
		    : a->tag == DER_IA5	       ? IA5
					       : 0;
		if (!(bound_of(a)->types & type))
			return conform_breach(
			    v, "%s has string type %02x", attr_name(a), a->tag);
	}
	return 1;
}

static size_t
characters(const struct conform_attr *a)
{
	size_t i, n = 0;

	for (i = 0; i < a->value.len; i++)
		n += (a->value.p[i] & 0xc0) != 0x80;
	return n;
}

static int
check_length(struct conform_view *v)
{
	const struct bound *b;
	size_t i, n;

	for (i = 0; i < v->n_attrs; i++) {
		b = bound_of(&v->attr[i]);
		n = characters(&v->attr[i]);
		if (n < b->min || n > b->max)
			return conform_breach(v,
			    "%s has %zu characters, bounds are %zu to %zu",
			    attr_name(&v->attr[i]), n, b->min, b->max);
	}
	return 1;
}

/* Control characters (C0, DEL, C1) in valid UTF-8. */
static int
has_control(const struct der *t)
{
	size_t i;

	for (i = 0; i < t->len; i++)
		if (t->p[i] < 0x20 || t->p[i] == 0x7f ||
		    (t->p[i] == 0xc2 && i + 1 < t->len && t->p[i + 1] < 0xa0))
			return 1;
	return 0;
}

/* What names compare by ignores outer spaces (RFC 5280 7.1), and programs cut
   at a NUL: two names that look alike must not both exist. */
static int
check_text(struct conform_view *v)
{
	const struct conform_attr *a;
	size_t i;

	for (i = 0; i < v->n_attrs; i++) {
		a = &v->attr[i];
		if (has_control(&a->value))
			return conform_breach(
			    v, "%s has a control character", attr_name(a));
		if (a->value.p[0] == ' ' || a->value.p[a->value.len - 1] == ' ')
			return conform_breach(
			    v, "%s begins or ends with a space", attr_name(a));
	}
	return 1;
}

static int
is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

static int
check_country(struct conform_view *v)
{
	const struct conform_attr *a;
	size_t i;

	for (i = 0; i < v->n_attrs; i++) {
		a = &v->attr[i];
		if (is_nid(a, NID_countryName) &&
		    (!is_upper(a->value.p[0]) || !is_upper(a->value.p[1])))
			return conform_breach(
			    v, "C is not two capital letters");
	}
	return 1;
}

const struct conform_rule conform_name_rules[] = {
    {"subject.form", "RFC 5280 4.1.2.4", check_form},
    {"subject.attributes", "profile", check_attributes},
    {"subject.rules", "profile", check_rules},
    {"subject.type", "RFC 5280 4.1.2.4, A.1", check_type},
    {"subject.length", "RFC 5280 A.1, X.520", check_length},
    {"subject.text", "RFC 5280 7.1", check_text},
    {"subject.country", "RFC 5280 A.1, ISO 3166-1", check_country},
    {NULL, NULL, NULL}};
