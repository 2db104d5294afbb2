#include <string.h>
#include <openssl/x509v3.h>
#include "profiles/lint/lint_part.h"

/* Rules on issuer and subject. */

#define BOTH (LINT_ON_CERT | LINT_ON_CRL)
#define AT "\x55\x04"
#define T_PRINTABLE 1 /* must be PrintableString */
#define T_IA5 2	      /* must be IA5String */

/* RFC 5280 A.1: bounds in characters; 0: none. streetAddress is X.520's, which
   dropped its bounds later; domainComponent is one label (RFC 1034 3.1). */
#define UB_NAME 32768 /* X.520 had 64; RFC 5280's is this */
static const struct attr {
	const char *name, *oid;
	size_t len, bound;
	int type;
} attrs[] = {
    {"commonName", AT "\x03", 3, 64, 0},
    {"surname", AT "\x04", 3, UB_NAME, 0},
    {"serialNumber", AT "\x05", 3, 64, T_PRINTABLE},
    {"countryName", AT "\x06", 3, 2, T_PRINTABLE},
    {"localityName", AT "\x07", 3, 128, 0},
    {"stateOrProvinceName", AT "\x08", 3, 128, 0},
    {"streetAddress", AT "\x09", 3, 128, 0},
    {"organizationName", AT "\x0a", 3, 64, 0},
    {"organizationalUnitName", AT "\x0b", 3, 64, 0},
    {"title", AT "\x0c", 3, 64, 0},
    {"name", AT "\x29", 3, UB_NAME, 0},
    {"givenName", AT "\x2a", 3, UB_NAME, 0},
    {"initials", AT "\x2b", 3, UB_NAME, 0},
    {"generationQualifier", AT "\x2c", 3, UB_NAME, 0},
    {"dnQualifier", AT "\x2e", 3, 0, T_PRINTABLE},
    {"pseudonym", AT "\x41", 3, 128, 0},
    {"organizationIdentifier", AT "\x61", 3, 0, 0},
    {"emailAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9, 255, T_IA5},
    {"domainComponent", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10, 63,
	T_IA5},
};

static const struct attr *
attr_of(const struct lint_attr *a)
{
	size_t i;

	for (i = 0; i < N(attrs); i++)
		if (der_equal(&a->type, (const unsigned char *)attrs[i].oid,
			attrs[i].len))
			return &attrs[i];
	return NULL;
}

static const char *
attr_name(const struct lint_attr *a)
{
	const struct attr *known = attr_of(a);

	return known ? known->name : "an attribute unknown here";
}

/* Runs ${look} over every attribute of issuer and subject. */
static void
each(struct lint_view *v,
    void (*look)(struct lint_view *, const struct lint_name *, size_t))
{
	size_t i;

	for (i = 0; i < v->issuer.n; i++)
		look(v, &v->issuer, i);
	for (i = 0; i < v->subject.n; i++)
		look(v, &v->subject, i);
}

static int
is_string(unsigned char tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5 ||
	    tag == LINT_TELETEX || tag == LINT_BMP || tag == LINT_UNIVERSAL ||
	    tag == LINT_NUMERIC || tag == LINT_VISIBLE;
}

static size_t
characters(const struct lint_attr *a)
{
	size_t i, n = 0;

	if (a->tag == LINT_BMP)
		return a->value.len / 2;
	if (a->tag == LINT_UNIVERSAL)
		return a->value.len / 4;
	if (a->tag != DER_UTF8)
		return a->value.len;
	for (i = 0; i < a->value.len; i++)
		n += (a->value.p[i] & 0xc0) != 0x80;
	return n;
}

static void
name_form(struct lint_view *v)
{
	if (v->issuer.bad)
		lint_say(v, "issuer: %s", v->issuer.bad);
	if (v->subject.bad)
		lint_say(v, "subject: %s", v->subject.bad);
}

static void
issuer_empty(struct lint_view *v)
{
	if (v->issuer.n == 0 && !v->issuer.bad)
		lint_say(v, "issuer is empty");
}

static void
subject_empty(struct lint_view *v)
{
	if (v->subject.n > 0 || v->subject.bad)
		return;
	if (!v->x[LINT_X_SAN] || !v->x[LINT_X_SAN]->critical)
		lint_say(v, "subject is empty, and no critical subjectAltName");
}

static void
subject_ca(struct lint_view *v)
{
	if (v->subject.n > 0 || v->subject.bad)
		return;
	if (v->classes & LINT_IS_CA)
		lint_say(v, "a CA without a subject");
	else if (v->ku & KU_CRL_SIGN)
		lint_say(v, "a CRL issuer without a subject");
}

static void
string_type_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	unsigned char tag = name->attr[i].tag;

	if (tag == LINT_TELETEX || tag == LINT_BMP || tag == LINT_UNIVERSAL)
		lint_say(v, "%s: %s as %s", name->what,
		    attr_name(&name->attr[i]),
		    tag == LINT_BMP	     ? "BMPString"
			: tag == LINT_TELETEX ? "TeletexString"
					      : "UniversalString");
}

static void
string_type(struct lint_view *v)
{
	each(v, string_type_of);
}

static void
required_type(
    struct lint_view *v, const struct lint_name *name, size_t i, int type)
{
	const struct attr *known = attr_of(&name->attr[i]);
	unsigned char want = type == T_IA5 ? DER_IA5 : DER_PRINTABLE;

	if (known && known->type == type && name->attr[i].tag != want)
		lint_say(v, "%s: %s is not %s", name->what, known->name,
		    type == T_IA5 ? "IA5String" : "PrintableString");
}

static void
printable_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	required_type(v, name, i, T_PRINTABLE);
}

static void
printable(struct lint_view *v)
{
	each(v, printable_of);
}

static void
ia5_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	required_type(v, name, i, T_IA5);
}

static void
ia5(struct lint_view *v)
{
	each(v, ia5_of);
}

static void
directory_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	const struct attr *known = attr_of(&name->attr[i]);
	unsigned char tag = name->attr[i].tag;

	if (known && known->type == 0 &&
	    (!is_string(tag) || tag == DER_IA5 || tag == LINT_NUMERIC ||
		tag == LINT_VISIBLE))
		lint_say(v, "%s: %s is no DirectoryString", name->what,
		    known->name);
}

static void
directory(struct lint_view *v)
{
	each(v, directory_of);
}

static void
country_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	const struct der *b = &name->attr[i].value;
	size_t k, ok = b->len == 2;

	if (!OID_IS(name->attr[i].type, AT "\x06"))
		return;
	for (k = 0; ok && k < 2; k++)
		ok = b->p[k] >= 'A' && b->p[k] <= 'Z';
	if (!ok)
		lint_say(v, "%s: countryName is not two capital letters",
		    name->what);
}

static void
country(struct lint_view *v)
{
	each(v, country_of);
}

static void
bound_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	const struct attr *known = attr_of(&name->attr[i]);
	size_t n = characters(&name->attr[i]);

	if (known && known->bound && n > known->bound)
		lint_say(v, "%s: %s has %zu characters, more than %zu",
		    name->what, known->name, n, known->bound);
}

static void
bound(struct lint_view *v)
{
	each(v, bound_of);
}

static void
value_empty_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	if (is_string(name->attr[i].tag) && name->attr[i].value.len == 0)
		lint_say(v, "%s: %s is empty", name->what,
		    attr_name(&name->attr[i]));
}

static void
value_empty(struct lint_view *v)
{
	each(v, value_empty_of);
}

static void
rdn_type_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	const struct lint_attr *a = &name->attr[i];
	size_t k;

	for (k = i + 1; k < name->n && name->attr[k].rdn == a->rdn; k++)
		if (lint_same(&name->attr[k].type, &a->type)) {
			lint_say(v, "%s: %s twice in one RDN", name->what,
			    attr_name(a));
			return;
		}
}

static void
rdn_type(struct lint_view *v)
{
	each(v, rdn_type_of);
}

static void
twice_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	const struct lint_attr *a = &name->attr[i];
	size_t k;

	for (k = i + 1; k < name->n; k++)
		if (lint_same(&name->attr[k].type, &a->type) &&
		    lint_same(&name->attr[k].value, &a->value)) {
			lint_say(v, "%s: the same %s twice", name->what,
			    attr_name(a));
			return;
		}
}

static void
twice(struct lint_view *v)
{
	each(v, twice_of);
}

static void
space_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	const struct der *b = &name->attr[i].value;

	if (is_string(name->attr[i].tag) && b->len > 0 &&
	    (b->p[0] == ' ' || b->p[b->len - 1] == ' '))
		lint_say(v, "%s: %s begins or ends with a space", name->what,
		    attr_name(&name->attr[i]));
}

static void
space(struct lint_view *v)
{
	each(v, space_of);
}

static void
control_of(struct lint_view *v, const struct lint_name *name, size_t i)
{
	const struct lint_attr *a = &name->attr[i];
	size_t k;

	if (!is_string(a->tag) || a->tag == LINT_BMP ||
	    a->tag == LINT_UNIVERSAL)
		return;
	for (k = 0; k < a->value.len; k++)
		if (a->value.p[k] < 0x20 || a->value.p[k] == 0x7f) {
			lint_say(v, "%s: %s holds a control character",
			    name->what, attr_name(a));
			return;
		}
}

static void
control(struct lint_view *v)
{
	each(v, control_of);
}

#define NAME(id, cite, sev, what, f)                                           \
	{{"name." id, cite, sev, BOTH, what}, f}

const struct lint_rule_fn lint_name_rules[] = {
    NAME("form", "RFC 5280 4.1.2.4", LINT_ERROR,
	"a name is RDNs of one attribute or more", name_form),
    {{"issuer.empty", "RFC 5280 4.1.2.4, 5.1.2.3", LINT_ERROR, BOTH,
	 "issuer is not empty"},
	issuer_empty},
    {{"subject.empty", "RFC 5280 4.1.2.6", LINT_ERROR, LINT_ON_CERT,
	 "an empty subject goes with a critical subjectAltName"},
	subject_empty},
    {{"subject.ca", "RFC 5280 4.1.2.6", LINT_ERROR, LINT_ON_CERT,
	 "a CA and a CRL issuer have a subject"},
	subject_ca},
    NAME("string_type", "RFC 5280 4.1.2.4", LINT_WARNING,
	"DirectoryString is UTF8String or PrintableString", string_type),
    NAME("directory_string", "RFC 5280 A.1", LINT_ERROR,
	"attributes of type DirectoryString have one of its types",
	directory),
    NAME("printable", "RFC 5280 A.1; X.520", LINT_ERROR,
	"countryName, serialNumber, dnQualifier are PrintableString",
	printable),
    NAME("ia5", "RFC 5280 4.1.2.6, A.1", LINT_ERROR,
	"emailAddress and domainComponent are IA5String", ia5),
    NAME("country", "RFC 5280 A.1; ISO 3166-1", LINT_ERROR,
	"countryName is two capital letters", country),
    NAME("bound", "RFC 5280 A.1; RFC 1034 3.1", LINT_ERROR,
	"attributes keep their upper bounds", bound),
    NAME("value", "RFC 5280 A.1", LINT_ERROR, "no attribute is empty",
	value_empty),
    NAME("rdn_type", "X.501, relative distinguished names", LINT_ERROR,
	"an RDN has each attribute type once", rdn_type),
    NAME("twice", "CA/B BR 7.1.4.1", LINT_WARNING,
	"no attribute has the same value twice", twice),
    NAME("space", "RFC 5280 7.1; RFC 4518 2.6", LINT_WARNING,
	"no value begins or ends with a space", space),
    NAME("control", "RFC 4518 2.2", LINT_WARNING,
	"no value holds a control character", control),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
