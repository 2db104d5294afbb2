#include <string.h>
#include <time.h>
#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include "ca/error.h"
#include "ca/wire/field.h"

/* clang-format off */
ASN1_SEQUENCE(WIRE_FIELD) = {
	ASN1_SIMPLE(WIRE_FIELD, name, ASN1_UTF8STRING),
	ASN1_SIMPLE(WIRE_FIELD, value, ASN1_ANY),
} ASN1_SEQUENCE_END(WIRE_FIELD)

IMPLEMENT_ASN1_FUNCTIONS(WIRE_FIELD)

ASN1_ITEM_TEMPLATE(WIRE_FIELDS) =
	ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SEQUENCE_OF, 0, WIRE_FIELDS, WIRE_FIELD)
ASN1_ITEM_TEMPLATE_END(WIRE_FIELDS)
    /* clang-format on */

    WIRE_FIELDS
    * field_list_new(void)
{
	return sk_WIRE_FIELD_new_null();
}

void
field_list_free(WIRE_FIELDS *list)
{
	sk_WIRE_FIELD_pop_free(list, WIRE_FIELD_free);
}

int
field_text_ok(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned long c;
	int n;

	while (len > 0) {
		if (*p > 0 && *p < 0x80) { /* nearly all there is */
			p++;
			len--;
			continue;
		}
		n = UTF8_getc(p, len > 4 ? 4 : (int)len, &c);
		if (n <= 0 || c == 0 || c > 0x10ffff ||
		    (c >= 0xd800 && c <= 0xdfff))
			return 0;
		p += n;
		len -= n;
	}
	return 1;
}

static int
name_ok(const char *name, size_t len)
{
	size_t i;

	if (len < 1 || len > FIELD_NAME_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if (name[i] <= 0x20 || name[i] >= 0x7f)
			return 0;
	return 1;
}

/* Append a field with ${type} and ${value}, which is given: freed also when
   this fails. */
static int
push(WIRE_FIELDS *l, const char *name, int type, void *value)
{
	WIRE_FIELD *f = NULL;

	if (!name_ok(name, strlen(name))) {
		ca_raise(CA_E_INTERNAL, "wire: bad field name");
		goto out;
	}
	if ((f = WIRE_FIELD_new()) == NULL ||
	    !ASN1_STRING_set(f->name, name, (int)strlen(name)))
		goto out;
	ASN1_TYPE_set(f->value, type, value);
	value = NULL;
	if (!sk_WIRE_FIELD_push(l, f))
		goto out;
	return 1;
out:
	WIRE_FIELD_free(f);
	if (type != V_ASN1_BOOLEAN && type != V_ASN1_NULL)
		ASN1_STRING_free(value);
	return 0;
}

static int
push_string(WIRE_FIELDS *l, const char *name, int type, const void *p, size_t n)
{
	ASN1_STRING *s;

	if (n > FIELD_VALUE_MAX) {
		ca_raise(CA_E_BADREQUEST, "wire: field %s is too long", name);
		return 0;
	}
	/* A length of 0 must not be taken for «measure it yourself». */
	if ((s = ASN1_STRING_type_new(type)) == NULL ||
	    !ASN1_STRING_set(s, n > 0 ? p : "", (int)n)) {
		ASN1_STRING_free(s);
		return 0;
	}
	return push(l, name, type, s);
}

int
field_add_text(WIRE_FIELDS *l, const char *name, const char *value)
{
	if (value == NULL)
		return push(l, name, V_ASN1_NULL, NULL);
	if (!field_text_ok(value, strlen(value))) {
		ca_raise(CA_E_BADREQUEST, "wire: %s: text is not UTF-8", name);
		return 0;
	}
	return push_string(l, name, V_ASN1_UTF8STRING, value, strlen(value));
}

int
field_add_bytes(WIRE_FIELDS *l, const char *name, const void *p, size_t n)
{
	return push_string(l, name, V_ASN1_OCTET_STRING, p, n);
}

int
field_add_int(WIRE_FIELDS *l, const char *name, int64_t value)
{
	ASN1_INTEGER *i;

	if ((i = ASN1_INTEGER_new()) == NULL ||
	    !ASN1_INTEGER_set_int64(i, value)) {
		ASN1_INTEGER_free(i);
		return 0;
	}
	return push(l, name, V_ASN1_INTEGER, i);
}

int
field_add_flag(WIRE_FIELDS *l, const char *name, int value)
{
	/* ASN1_TYPE_set() reads NULL as FALSE and anything else as TRUE. */
	return push(l, name, V_ASN1_BOOLEAN, value ? l : NULL);
}

int
field_add_time(WIRE_FIELDS *l, const char *name, int64_t when)
{
	ASN1_GENERALIZEDTIME *t;

	if (when == 0)
		return push(l, name, V_ASN1_NULL, NULL);
	if ((t = ASN1_GENERALIZEDTIME_set(NULL, (time_t)when)) == NULL) {
		ca_raise(CA_E_INTERNAL, "wire: %s: impossible time", name);
		return 0;
	}
	return push(l, name, V_ASN1_GENERALIZEDTIME, t);
}

const WIRE_FIELD *
field_find(const WIRE_FIELDS *l, const char *name, size_t i)
{
	const WIRE_FIELD *f;
	int n;

	for (n = 0; n < sk_WIRE_FIELD_num(l); n++) {
		f = sk_WIRE_FIELD_value(l, n);
		if (strcmp(field_name(f), name) == 0 && i-- == 0)
			return f;
	}
	return NULL;
}

size_t
field_count(const WIRE_FIELDS *l, const char *name)
{
	size_t i = 0;
	int n;

	for (n = 0; n < sk_WIRE_FIELD_num(l); n++)
		if (strcmp(field_name(sk_WIRE_FIELD_value(l, n)), name) == 0)
			i++;
	return i;
}

const char *
field_name(const WIRE_FIELD *f)
{
	const unsigned char *p = ASN1_STRING_get0_data(f->name);

	return p == NULL ? "" : (const char *)p;
}

int
field_type(const WIRE_FIELD *f)
{
	return ASN1_TYPE_get(f->value);
}

/* The first field of that name when it has that type. */
static const WIRE_FIELD *
typed(const WIRE_FIELDS *l, const char *name, int type)
{
	const WIRE_FIELD *f;

	if ((f = field_find(l, name, 0)) == NULL || field_type(f) != type)
		return NULL;
	return f;
}

const char *
field_text(const WIRE_FIELDS *l, const char *name, const char *dflt)
{
	const WIRE_FIELD *f = typed(l, name, V_ASN1_UTF8STRING);

	return f == NULL ? dflt : field_get_text(f);
}

const unsigned char *
field_bytes(const WIRE_FIELDS *l, const char *name, size_t *len)
{
	const WIRE_FIELD *f = typed(l, name, V_ASN1_OCTET_STRING);

	*len = 0;
	return f == NULL ? NULL : field_get_bytes(f, len);
}

int64_t
field_int(const WIRE_FIELDS *l, const char *name, int64_t dflt)
{
	const WIRE_FIELD *f = typed(l, name, V_ASN1_INTEGER);

	return f == NULL ? dflt : field_get_int(f);
}

int
field_flag(const WIRE_FIELDS *l, const char *name, int dflt)
{
	const WIRE_FIELD *f = typed(l, name, V_ASN1_BOOLEAN);

	return f == NULL ? dflt : field_get_flag(f);
}

int64_t
field_time(const WIRE_FIELDS *l, const char *name, int64_t dflt)
{
	const WIRE_FIELD *f = typed(l, name, V_ASN1_GENERALIZEDTIME);

	return f == NULL ? dflt : field_get_time(f);
}

const char *
field_get_text(const WIRE_FIELD *f)
{
	size_t len;
	const char *p;

	if (field_type(f) != V_ASN1_UTF8STRING)
		return NULL;
	p = (const char *)field_get_bytes(f, &len);
	return len == 0 ? "" : p;
}

const unsigned char *
field_get_bytes(const WIRE_FIELD *f, size_t *len)
{
	const ASN1_STRING *s;
	const unsigned char *p;

	*len = 0;
	if (field_type(f) != V_ASN1_OCTET_STRING &&
	    field_type(f) != V_ASN1_UTF8STRING)
		return NULL;
	s = f->value->value.asn1_string;
	*len = ASN1_STRING_length(s);
	p = ASN1_STRING_get0_data(s);
	return p == NULL ? (const unsigned char *)"" : p;
}

void
field_wipe(const WIRE_FIELDS *l, const char *name)
{
	const WIRE_FIELD *f;
	const unsigned char *p;
	size_t i, len;

	for (i = 0; (f = field_find(l, name, i)) != NULL; i++) {
		p = field_get_bytes(f, &len);
		if (p != NULL && len > 0)
			OPENSSL_cleanse((void *)p, len);
	}
}

int64_t
field_get_int(const WIRE_FIELD *f)
{
	int64_t v = 0;

	if (field_type(f) == V_ASN1_INTEGER &&
	    ASN1_INTEGER_get_int64(&v, f->value->value.integer) != 1)
		v = 0;
	return v;
}

int
field_get_flag(const WIRE_FIELD *f)
{
	return field_type(f) == V_ASN1_BOOLEAN && f->value->value.boolean != 0;
}

int64_t
field_get_time(const WIRE_FIELD *f)
{
	struct tm tm;

	if (field_type(f) != V_ASN1_GENERALIZEDTIME ||
	    ASN1_TIME_to_tm(f->value->value.generalizedtime, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

int
field_list_encode(const WIRE_FIELDS *l, unsigned char **out, size_t *len)
{
	int n;

	*out = NULL;
	*len = 0;
	n = ASN1_item_i2d(
	    (const ASN1_VALUE *)l, out, ASN1_ITEM_rptr(WIRE_FIELDS));
	if (n <= 0)
		return 0;
	*len = n;
	return 1;
}

/* Seconds and Z, no fractions: what DER leaves of GeneralizedTime. */
static int
time_ok(const ASN1_GENERALIZEDTIME *t)
{
	const unsigned char *p = ASN1_STRING_get0_data(t);

	return ASN1_STRING_length(t) == 15 && p[14] == 'Z' &&
	    ASN1_GENERALIZEDTIME_check(t);
}

static int
value_ok(const WIRE_FIELD *f)
{
	const ASN1_TYPE *v = f->value;
	int64_t i;

	switch (ASN1_TYPE_get(v)) {
	case V_ASN1_UTF8STRING:
		return field_text_ok(
		    (const char *)ASN1_STRING_get0_data(v->value.utf8string),
		    ASN1_STRING_length(v->value.utf8string));
	case V_ASN1_INTEGER:
		return ASN1_INTEGER_get_int64(&i, v->value.integer) == 1;
	case V_ASN1_BOOLEAN:
		return v->value.boolean == 0 || v->value.boolean == 0xff;
	case V_ASN1_GENERALIZEDTIME:
		return time_ok(v->value.generalizedtime);
	case V_ASN1_OCTET_STRING:
	case V_ASN1_NULL:
		return 1;
	}
	return 0;
}

int
field_list_check(const WIRE_FIELDS *l)
{
	const WIRE_FIELD *f;
	int i;

	if (sk_WIRE_FIELD_num(l) > FIELDS_MAX) {
		ca_raise(
		    CA_E_BADREQUEST, "wire: more than %d fields", FIELDS_MAX);
		return 0;
	}
	for (i = 0; i < sk_WIRE_FIELD_num(l); i++) {
		f = sk_WIRE_FIELD_value(l, i);
		if (!name_ok((const char *)ASN1_STRING_get0_data(f->name),
			ASN1_STRING_length(f->name))) {
			ca_raise(CA_E_BADREQUEST, "wire: bad field name");
			return 0;
		}
		if (!value_ok(f)) {
			ca_raise(CA_E_BADREQUEST, "wire: %s: bad value",
			    field_name(f));
			return 0;
		}
	}
	return 1;
}

int
field_is_der(const ASN1_VALUE *v, const ASN1_ITEM *it, const unsigned char *der,
    size_t len)
{
	unsigned char *again = NULL;
	int n, ok;

	n = ASN1_item_i2d(v, &again, it);
	ok = n > 0 && (size_t)n == len && memcmp(again, der, len) == 0;
	OPENSSL_clear_free(again, n > 0 ? (size_t)n : 0); /* may hold a secret */
	return ok;
}

WIRE_FIELDS *
field_list_decode(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	ASN1_VALUE *v = NULL;
	WIRE_FIELDS *l;

	if (len == 0 || len > FIELD_VALUE_MAX) {
		ca_raise(CA_E_BADREQUEST, "wire: fields: bad length");
		return NULL;
	}
	v = ASN1_item_d2i(NULL, &p, (long)len, ASN1_ITEM_rptr(WIRE_FIELDS));
	l = (WIRE_FIELDS *)v;
	if (l == NULL || p != der + len ||
	    !field_is_der(v, ASN1_ITEM_rptr(WIRE_FIELDS), der, len)) {
		ca_raise(CA_E_BADREQUEST, "wire: fields: not DER");
		goto out;
	}
	if (!field_list_check(l))
		goto out;
	return l;
out:
	field_list_free(l);
	return NULL;
}
