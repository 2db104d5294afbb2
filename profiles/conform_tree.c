#include <string.h>
#include "profiles/conform_rule.h"
#include "profiles/tree.h"

/*
 * Declared extensions, judged by walking the DER along the profile's tree. What
 * each value must be is worked out here once more from the same fields, without
 * a line of build_tree.c or tree_value.c: what a text is not fit for, no DER
 * matches.
 */

#define NUMBER_MAX 17 /* octets of an INTEGER of TREE_DIGITS_MAX digits */

static const char *
field_of(const struct conform_context *ctx, const char *name)
{
	size_t i;

	for (i = 0; i < ctx->n_fields; i++)
		if (strcmp(ctx->fields[i].name, name) == 0)
			return ctx->fields[i].value && ctx->fields[i].value[0]
			    ? ctx->fields[i].value
			    : NULL;
	return NULL;
}

static const char *
text_of(const struct conform_context *ctx, const struct tree *t)
{
	const char *text = t->value;
	size_t i;

	for (i = 0; !text && i < t->n_from; i++)
		text = field_of(ctx, t->from[i]);
	return text;
}

/* How many fields at or below ${t} have a value. */
static size_t
count_given(const struct conform_context *ctx, const struct tree *t)
{
	size_t i, n = t->n_from > 0 && text_of(ctx, t);

	for (i = 0; i < t->n_items; i++)
		n += count_given(ctx, &t->item[i]);
	return n;
}

static int
left_out(const struct conform_context *ctx, const struct tree *t)
{
	return t->optional && count_given(ctx, t) == 0;
}

/* ---- leaves ----------------------------------------------------------- */

/* Decimal to the shortest two's complement; 0 when it is none or too long. */
static size_t
number_of(const char *text, unsigned char out[NUMBER_MAX])
{
	unsigned char v[NUMBER_MAX] = {0};
	int negative = *text == '-', i;
	unsigned carry;
	size_t n;

	text += negative;
	if (!*text || strspn(text, "0123456789") != strlen(text))
		return 0;
	for (; *text; text++) {
		carry = (unsigned)(*text - '0');
		for (i = NUMBER_MAX - 1; i >= 0; i--) {
			carry += v[i] * 10u;
			v[i] = carry & 0xff;
			carry >>= 8;
		}
		if (carry)
			return 0;
	}
	for (carry = 1, i = NUMBER_MAX - 1; negative && i >= 0; i--) {
		carry += (unsigned char)~v[i];
		v[i] = carry & 0xff;
		carry >>= 8;
	}
	/* Leading octets that only repeat the sign are not written. */
	for (n = NUMBER_MAX, i = 0; n > 1; n--, i++)
		if (v[i] != (v[i + 1] & 0x80 ? 0xff : 0))
			break;
	memcpy(out, v + NUMBER_MAX - n, n);
	return n;
}

static int
number_is(const struct der *d, const char *text)
{
	unsigned char want[NUMBER_MAX];
	size_t len = number_of(text, want);

	return len > 0 && der_equal(d, want, len);
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int
octets_are(const struct der *d, const char *text)
{
	size_t i;

	if (strlen(text) != 2 * d->len)
		return 0;
	for (i = 0; i < d->len; i++)
		if (nibble(text[2 * i]) < 0 || nibble(text[2 * i + 1]) < 0 ||
		    nibble(text[2 * i]) << 4 != (d->p[i] & 0xf0) ||
		    nibble(text[2 * i + 1]) != (d->p[i] & 0x0f))
			return 0;
	return 1;
}

static int
bits_are(const struct der *d, const char *text)
{
	size_t i, n = strlen(text);

	if (d->len < 2 || d->p[0] > 7 || (d->len - 1) * 8 - d->p[0] != n)
		return 0;
	for (i = 0; i < n; i++)
		if ((text[i] != '0' && text[i] != '1') ||
		    (d->p[1 + i / 8] >> (7 - i % 8) & 1) != text[i] - '0')
			return 0;
	return 1;
}

static int
boolean_is(const struct der *d, const char *text)
{
	return d->len == 1 &&
	    ((d->p[0] == 0xff && strcmp(text, "true") == 0) ||
		(d->p[0] == 0 && strcmp(text, "false") == 0));
}

static int
text_is(const struct der *d, const char *text)
{
	return der_equal(d, (const unsigned char *)text, strlen(text));
}

/* The characters of a string type, or the form of a time, although the tag is
   implicit: der_strict() looks at universal tags alone. */
static int
form_is(unsigned char tag, const struct der *d)
{
	unsigned char el[4 + TREE_TEXT_MAX] = {tag};
	size_t head = d->len < 0x80 ? 2 : d->len < 0x100 ? 3 : 4;

	if (d->len > TREE_TEXT_MAX)
		return 0;
	el[1] = (unsigned char)(0x80 | (head - 2));
	if (head == 4)
		el[2] = (unsigned char)(d->len >> 8);
	el[head - 1] = (unsigned char)d->len;
	if (d->len > 0)
		memcpy(el + head, d->p, d->len);
	return !der_strict((struct der){el, head + d->len});
}

static const unsigned char universal[] = {[TREE_BOOLEAN] = DER_BOOLEAN,
    [TREE_INTEGER] = DER_INTEGER,
    [TREE_BIT_STRING] = DER_BIT_STRING,
    [TREE_OCTET_STRING] = DER_OCTET_STRING,
    [TREE_NULL] = DER_NULL,
    [TREE_OID] = DER_OID,
    [TREE_ENUMERATED] = DER_ENUMERATED,
    [TREE_UTF8] = DER_UTF8,
    [TREE_PRINTABLE] = DER_PRINTABLE,
    [TREE_IA5] = DER_IA5,
    [TREE_TIME] = DER_GENERALIZEDTIME,
    [TREE_SEQUENCE] = DER_SEQUENCE,
    [TREE_SET] = DER_SET};

static int
size_is(const struct tree *t, const struct der *d)
{
	return t->size == 0 || d->len == t->size;
}

static int
leaf_is(const struct conform_context *ctx, const struct tree *t,
    const struct der *d)
{
	const char *text = text_of(ctx, t);

	if (t->type == TREE_NULL)
		return d->len == 0;
	if (!text)
		return 0;
	switch (t->type) {
	case TREE_BOOLEAN:
		return boolean_is(d, text);
	case TREE_INTEGER:
	case TREE_ENUMERATED:
		return number_is(d, text);
	case TREE_BIT_STRING:
		return bits_are(d, text);
	case TREE_OCTET_STRING:
		return size_is(t, d) && octets_are(d, text);
	case TREE_OID:
		return der_oid_is(d, text);
	default:
		return size_is(t, d) && text_is(d, text) &&
		    form_is(universal[t->type], d);
	}
}

/* ---- nodes ------------------------------------------------------------ */

static int matches(
    const struct conform_context *ctx, const struct tree *t, struct der *in);

/* Each value once, in whatever order DER wants them. */
static int
set_is(const struct conform_context *ctx, const struct tree *t, struct der body)
{
	unsigned char used[TREE_NODES_MAX] = {0};
	struct der one;
	size_t i;

	while (body.len > 0) {
		if (!der_take_any(&body, NULL, NULL, &one))
			return 0;
		for (i = 0; i < t->n_items; i++) {
			struct der d = one;

			if (!used[i] && !left_out(ctx, &t->item[i]) &&
			    matches(ctx, &t->item[i], &d) && d.len == 0)
				break;
		}
		if (i == t->n_items)
			return 0;
		used[i] = 1;
	}
	for (i = 0; i < t->n_items; i++)
		if (!used[i] && !left_out(ctx, &t->item[i]))
			return 0;
	return 1;
}

static int
contents_are(
    const struct conform_context *ctx, const struct tree *t, struct der body)
{
	size_t i;

	if (t->type == TREE_SET)
		return set_is(ctx, t, body);
	if (t->type != TREE_SEQUENCE && t->n_items == 0)
		return leaf_is(ctx, t, &body);
	for (i = 0; i < t->n_items; i++)
		if (!matches(ctx, &t->item[i], &body))
			return 0;
	return body.len == 0;
}

/* Takes off ${in} what ${t} says; nothing when ${t} is left out. */
static int
matches(const struct conform_context *ctx, const struct tree *t, struct der *in)
{
	unsigned char tag = universal[t->type];
	struct der body;

	if (left_out(ctx, t))
		return 1;
	if (t->tag >= 0 && !t->is_explicit)
		tag = (unsigned char)(0x80 | (tag & 0x20) | t->tag);
	if (t->tag >= 0 && t->is_explicit) {
		if (!der_take(in, DER_CONTEXT_CONS(t->tag), &body) ||
		    !der_only(body, tag, &body))
			return 0;
	} else if (!der_take(in, tag, &body)) {
		return 0;
	}
	return contents_are(ctx, t, body);
}

/* ---- rules ------------------------------------------------------------ */

/* The extension with this OID; 0 when it is not there. check_form() has made
   sure of its form. */
static int
find(const struct conform_view *v, const char *oid, struct conform_ext *out)
{
	struct der list = v->extensions, one, type;

	memset(out, 0, sizeof(*out));
	while (der_take(&list, DER_SEQUENCE, &one)) {
		if (!der_take(&one, DER_OID, &type) || !der_oid_is(&type, oid))
			continue;
		out->present = 1;
		out->critical = der_take(&one, DER_BOOLEAN, NULL);
		return der_take(&one, DER_OCTET_STRING, &out->value);
	}
	return 0;
}

static int
check_set(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	struct conform_ext ext;
	size_t i;
	int want;

	for (i = 0; i < p->n_extensions; i++) {
		want = !left_out(v->ctx, p->extensions[i].tree);
		if (want != find(v, p->extensions[i].oid, &ext))
			return conform_breach(v,
			    want ? "%s is missing"
				 : "%s is there, but no field of it is given",
			    p->extensions[i].oid);
		if (want && ext.critical != !!p->extensions[i].critical)
			return conform_breach(v, "%s is %scritical",
			    p->extensions[i].oid, ext.critical ? "" : "not ");
	}
	return 1;
}

static int
check_value(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	struct conform_ext ext;
	size_t i;

	for (i = 0; i < p->n_extensions; i++)
		if (find(v, p->extensions[i].oid, &ext) &&
		    (!matches(v->ctx, p->extensions[i].tree, &ext.value) ||
			ext.value.len > 0))
			return conform_breach(v,
			    "%s is not what the profile and the fields say",
			    p->extensions[i].oid);
	return 1;
}

int
conform_tree_declares(const struct conform_view *v, const struct der *oid)
{
	const struct profile *p = v->ctx->profile;
	size_t i;

	for (i = 0; i < p->n_extensions; i++)
		if (der_oid_is(oid, p->extensions[i].oid))
			return 1;
	return 0;
}

const struct conform_rule conform_tree_rules[] = {
    {"declared.set", "profile, RFC 5280 4.2", check_set},
    {"declared.value", "profile, X.690", check_value}, {NULL, NULL, NULL}};
