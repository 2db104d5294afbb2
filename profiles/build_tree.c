#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "profiles/error.h"
#include "profiles/tree.h"
#include "profiles/build_part.h"

/*
 * Declared extensions: a tree of typed values becomes DER, leaves first. Each
 * value is one element: contents, then its tag and length, then a context tag
 * in place of its own or around it (X.690 8.14).
 */

#define UNIVERSAL(tag) (tag), V_ASN1_UNIVERSAL

struct octets {
	unsigned char *p; /* owned; NULL: left out */
	size_t len;
};

/* What is being made, for the refusals. */
struct making {
	const struct build_request *req;
	const char *oid;
};

static int
refuse(const struct making *m, const char *field, const char *what)
{
	profile_raise(
	    PROFILE_E_REFUSED, "extension.%s: %.64s: %s", m->oid, field, what);
	return 0;
}

static int
internal(const struct making *m)
{
	profile_raise(
	    PROFILE_E_INTERNAL, "extension.%s: cannot be made", m->oid);
	return 0;
}

/* One element around ${len} octets of contents. */
static int
wrap(const struct making *m, int constructed, int tag, int class,
    const unsigned char *body, size_t len, struct octets *out)
{
	unsigned char *w;
	int n;

	if (len > TREE_DER_MAX ||
	    (n = ASN1_object_size(constructed, (int)len, tag)) > TREE_DER_MAX)
		return refuse(m, "value", "too long");
	if (n < 0 || (out->p = w = OPENSSL_malloc((size_t)n)) == NULL)
		return internal(m);
	ASN1_put_object(&w, constructed, (int)len, tag, class);
	if (len > 0)
		memcpy(w, body, len);
	out->len = (size_t)n;
	return 1;
}

static int
put_number(const struct making *m, const char *text, int enumerated,
    struct octets *out)
{
	ASN1_INTEGER *n = NULL;
	BIGNUM *bn = NULL;
	int len = -1;

	if (BN_dec2bn(&bn, text) > 0)
		n = enumerated ? BN_to_ASN1_ENUMERATED(bn, NULL)
			       : BN_to_ASN1_INTEGER(bn, NULL);
	if (n != NULL)
		len = enumerated ? i2d_ASN1_ENUMERATED(n, &out->p)
				 : i2d_ASN1_INTEGER(n, &out->p);
	BN_free(bn);
	ASN1_STRING_free(n);
	if (len <= 0)
		return internal(m);
	out->len = (size_t)len;
	return 1;
}

static int
put_oid(const struct making *m, const char *text, struct octets *out)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(text, 1);
	int len = obj != NULL ? i2d_ASN1_OBJECT(obj, &out->p) : -1;

	ASN1_OBJECT_free(obj);
	if (len <= 0)
		return internal(m);
	out->len = (size_t)len;
	return 1;
}

static int
put_octets(const struct making *m, const char *text, struct octets *out)
{
	unsigned char *body;
	long len;
	int ok;

	if ((body = OPENSSL_hexstr2buf(text, &len)) == NULL)
		return internal(m);
	ok = wrap(m, 0, UNIVERSAL(V_ASN1_OCTET_STRING), body, (size_t)len, out);
	OPENSSL_free(body);
	return ok;
}

/* Bits as they are, with those that fill the last octet counted in front. */
static int
put_bits(const struct making *m, const char *text, struct octets *out)
{
	unsigned char body[1 + (TREE_TEXT_MAX + 7) / 8] = {0};
	size_t i, n = strlen(text);

	body[0] = (unsigned char)((8 - n % 8) % 8);
	for (i = 0; i < n; i++)
		if (text[i] == '1')
			body[1 + i / 8] |= (unsigned char)(0x80 >> i % 8);
	return wrap(
	    m, 0, UNIVERSAL(V_ASN1_BIT_STRING), body, 1 + (n + 7) / 8, out);
}

static int
put_text(const struct making *m, int tag, const char *text, struct octets *out)
{
	return wrap(m, 0, UNIVERSAL(tag), (const unsigned char *)text,
	    strlen(text), out);
}

static int
put_value(const struct making *m, enum tree_type type, const char *text,
    struct octets *out)
{
	static const unsigned char no = 0, yes = 0xff;

	switch (type) {
	case TREE_BOOLEAN:
		return wrap(m, 0, UNIVERSAL(V_ASN1_BOOLEAN),
		    strcmp(text, "true") == 0 ? &yes : &no, 1, out);
	case TREE_INTEGER:
		return put_number(m, text, 0, out);
	case TREE_ENUMERATED:
		return put_number(m, text, 1, out);
	case TREE_BIT_STRING:
		return put_bits(m, text, out);
	case TREE_OCTET_STRING:
		return put_octets(m, text, out);
	case TREE_OID:
		return put_oid(m, text, out);
	case TREE_UTF8:
		return put_text(m, V_ASN1_UTF8STRING, text, out);
	case TREE_PRINTABLE:
		return put_text(m, V_ASN1_PRINTABLESTRING, text, out);
	case TREE_IA5:
		return put_text(m, V_ASN1_IA5STRING, text, out);
	case TREE_TIME:
		return put_text(m, V_ASN1_GENERALIZEDTIME, text, out);
	default:
		return internal(m);
	}
}

/* The first field that is given; NULL when none is. */
static const char *
given(const struct making *m, const struct tree *t, const char **field)
{
	const char *value = NULL;
	size_t i;

	for (i = 0; value == NULL && i < t->n_from; i++) {
		*field = t->from[i];
		value = build_value(m->req, t->from[i]);
	}
	return value;
}

static int
put_leaf(const struct making *m, const struct tree *t, struct octets *out)
{
	const char *field = "value", *value = t->value, *what;

	if (t->type == TREE_NULL)
		return wrap(m, 0, UNIVERSAL(V_ASN1_NULL), NULL, 0, out);
	if (value == NULL)
		value = given(m, t, &field);
	if (value == NULL)
		return t->optional || refuse(m, t->from[0], "not given");
	if ((what = tree_breach(t, value)) != NULL)
		return refuse(m, field, what);
	return put_value(m, t->type, value, out);
}

/* Is any field below ${t} given? */
static int
any_given(const struct making *m, const struct tree *t)
{
	const char *field;
	size_t i;

	if (t->n_from > 0)
		return given(m, t, &field) != NULL;
	for (i = 0; i < t->n_items; i++)
		if (any_given(m, &t->item[i]))
			return 1;
	return 0;
}

/* X.690 11.6: the shorter one as if padded with zeros. */
static int
by_octets(const void *va, const void *vb)
{
	const struct octets *a = va, *b = vb;
	size_t n = a->len < b->len ? a->len : b->len;
	int c = n > 0 ? memcmp(a->p, b->p, n) : 0;

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static int put(
    const struct making *m, const struct tree *t, struct octets *out);

static int
join(const struct making *m, const struct tree *t, struct octets *parts,
    struct octets *body)
{
	size_t i;

	for (i = 0; i < t->n_items; i++) {
		if (!put(m, &t->item[i], &parts[i]))
			return 0;
		body->len += parts[i].len;
	}
	if (t->type == TREE_SET)
		qsort(parts, t->n_items, sizeof(*parts), by_octets);
	if ((body->p = OPENSSL_malloc(body->len + 1)) == NULL)
		return internal(m);
	body->len = 0;
	for (i = 0; i < t->n_items; i++) {
		if (parts[i].len > 0)
			memcpy(body->p + body->len, parts[i].p, parts[i].len);
		body->len += parts[i].len;
	}
	return 1;
}

static int
put_items(const struct making *m, const struct tree *t, struct octets *out)
{
	int tag = t->type == TREE_SEQUENCE ? V_ASN1_SEQUENCE
	    : t->type == TREE_SET	   ? V_ASN1_SET
					   : V_ASN1_OCTET_STRING;
	struct octets *parts, body = {NULL, 0};
	size_t i;
	int ok;

	parts = OPENSSL_zalloc((t->n_items + 1) * sizeof(*parts));
	if (parts == NULL)
		return internal(m);
	ok = join(m, t, parts, &body) &&
	    wrap(m, tag != V_ASN1_OCTET_STRING, UNIVERSAL(tag), body.p,
		body.len, out);
	for (i = 0; i < t->n_items; i++)
		OPENSSL_free(parts[i].p);
	OPENSSL_free(parts);
	OPENSSL_free(body.p);
	return ok;
}

/* An implicit tag takes the place of the universal one, which is one octet. */
static int
put_tag(const struct making *m, const struct tree *t, struct octets *out)
{
	struct octets inner = *out;
	int ok;

	if (t->tag < 0 || out->p == NULL)
		return 1;
	if (!t->is_explicit) {
		out->p[0] = (unsigned char)(V_ASN1_CONTEXT_SPECIFIC |
		    (out->p[0] & V_ASN1_CONSTRUCTED) | t->tag);
		return 1;
	}
	out->p = NULL;
	out->len = 0;
	ok = wrap(
	    m, 1, t->tag, V_ASN1_CONTEXT_SPECIFIC, inner.p, inner.len, out);
	OPENSSL_free(inner.p);
	return ok;
}

static int
put(const struct making *m, const struct tree *t, struct octets *out)
{
	int node =
	    t->type == TREE_SEQUENCE || t->type == TREE_SET || t->n_items > 0;

	if (node && t->optional && !any_given(m, t))
		return 1;
	return (node ? put_items(m, t, out) : put_leaf(m, t, out)) &&
	    put_tag(m, t, out);
}

int
build_trees(struct build *b)
{
	const struct profile_extension *e;
	struct making m = {.req = b->req};
	struct octets der;
	size_t i;
	int ok = 1;

	for (i = 0; ok && i < b->p->n_extensions; i++) {
		e = &b->p->extensions[i];
		der = (struct octets){NULL, 0};
		m.oid = e->oid;
		ok = put(&m, e->tree, &der) &&
		    (der.p == NULL ||
			build_push_der(b, e->oid, e->critical, der.p, der.len));
		OPENSSL_free(der.p);
	}
	return ok;
}
