#include <string.h>
#include "profiles/lint/lint_part.h"

/*
 * Elements as the linter reads them: a length that is longer than need be is
 * read all the same, so that the finding names it and the rest is judged too.
 */

static int
take_length(const struct der *in, size_t *head, size_t *len)
{
	size_t i, n, v = 0;

	if (in->len < 2)
		return 0;
	if (in->p[1] < 0x80) {
		*head = 2;
		*len = in->p[1];
		return 1;
	}
	n = in->p[1] & 0x7f;
	if (n < 1 || n > 4 || in->len < 2 + n)
		return 0;
	for (i = 0; i < n; i++)
		v = v << 8 | in->p[2 + i];
	*head = 2 + n;
	*len = v;
	return 1;
}

int
lint_take_any(
    struct der *in, unsigned char *tag, struct der *body, struct der *whole)
{
	size_t head, len;

	if (!take_length(in, &head, &len) || (in->p[0] & 0x1f) == 0x1f ||
	    len > in->len - head)
		return 0;
	if (tag)
		*tag = in->p[0];
	if (whole)
		*whole = (struct der){in->p, head + len};
	if (body)
		*body = (struct der){in->p + head, len};
	in->p += head + len;
	in->len -= head + len;
	return 1;
}

int
lint_take(struct der *in, unsigned char tag, struct der *body)
{
	return der_next_is(in, tag) && lint_take_any(in, NULL, body, NULL);
}

int
lint_take_whole(struct der *in, unsigned char tag, struct der *whole)
{
	return der_next_is(in, tag) && lint_take_any(in, NULL, NULL, whole);
}

int
lint_only(struct der in, unsigned char tag, struct der *body)
{
	return lint_take(&in, tag, body) && in.len == 0;
}

int
lint_same(const struct der *a, const struct der *b)
{
	return der_equal(a, b->p, b->len);
}

static void
note(struct lint_faults *f, enum lint_fault kind, const unsigned char *at,
    const char *why)
{
	if (!why || f->why[kind])
		return;
	f->why[kind] = why;
	f->at[kind] = (size_t)(at - f->base);
}

/* The shortest form: short up to 127, else no leading zero octet. */
static const char *
check_length(const struct der *whole, const struct der *body)
{
	size_t n;

	if (whole->p[1] < 0x80)
		return NULL;
	n = whole->p[1] & 0x7f;
	return body->len < 0x80 || whole->p[2] == 0 ||
		(n > 1 && body->len < (size_t)1 << 8 * (n - 1))
	    ? "a length that is not in its shortest form"
	    : NULL;
}

/* Strings that only foreign certificates have. */
static const char *
check_string(unsigned char tag, const struct der *b)
{
	size_t i;

	switch (tag) {
	case LINT_BMP:
		return b->len % 2 ? "a BMPString of odd length" : NULL;
	case LINT_UNIVERSAL:
		return b->len % 4 ? "a UniversalString cut short" : NULL;
	case LINT_NUMERIC:
		for (i = 0; i < b->len; i++)
			if (b->p[i] != ' ' && (b->p[i] < '0' || b->p[i] > '9'))
				return "a NumericString with another character";
		return NULL;
	case LINT_VISIBLE:
		for (i = 0; i < b->len; i++)
			if (b->p[i] < 0x20 || b->p[i] > 0x7e)
				return "a VisibleString with another character";
		return NULL;
	default:
		return der_leaf(tag, b);
	}
}

static void
check_leaf(struct lint_faults *f, unsigned char tag, const struct der *b,
    const unsigned char *at)
{
	switch (tag) {
	case DER_BOOLEAN:
		note(f, LINT_F_BOOLEAN, at, der_leaf(tag, b));
		return;
	case DER_INTEGER:
	case DER_ENUMERATED:
		note(f, LINT_F_INTEGER, at, der_leaf(tag, b));
		return;
	case DER_BIT_STRING:
		note(f, LINT_F_BITS, at, der_leaf(tag, b));
		return;
	case DER_NULL:
		note(f, LINT_F_NULL, at, der_leaf(tag, b));
		return;
	case DER_OID:
		note(f, LINT_F_OID, at, der_leaf(tag, b));
		return;
	case DER_UTCTIME:
	case DER_GENERALIZEDTIME:
		note(f, LINT_F_TIME, at, der_leaf(tag, b));
		return;
	case DER_UTF8:
	case DER_PRINTABLE:
	case DER_IA5:
	case LINT_NUMERIC:
	case LINT_VISIBLE:
	case LINT_BMP:
	case LINT_UNIVERSAL:
		note(f, LINT_F_STRING, at, check_string(tag, b));
		return;
	case DER_OCTET_STRING:
	case LINT_TELETEX:
		return;
	default:
		if ((tag & 0xc0) != 0x80)
			note(f, LINT_F_TAG, at,
			    "an element of a type that certificates lack");
	}
}

/* X.690 11.6: by octets, the shorter one as if padded with zeros. */
static int
in_order(const struct der *a, const struct der *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int c = memcmp(a->p, b->p, n);

	return c < 0 || (c == 0 && a->len <= b->len);
}

static void
walk(struct lint_faults *f, struct der in, int is_set, int depth)
{
	struct der body, whole, before = {NULL, 0};
	unsigned char tag;

	if (depth > LINT_DEPTH_MAX) {
		note(f, LINT_F_TAG, in.p, "elements nested too deep");
		return;
	}
	while (in.len > 0) {
		if (!lint_take_any(&in, &tag, &body, &whole)) {
			note(f, LINT_F_TAG, in.p,
			    "an element whose tag or length is not DER");
			return;
		}
		note(f, LINT_F_LENGTH, whole.p, check_length(&whole, &body));
		if (is_set && before.p && !in_order(&before, &whole))
			note(f, LINT_F_SET, whole.p, "a SET OF out of order");
		before = whole;
		if (tag == DER_SEQUENCE || tag == DER_SET ||
		    (tag & 0xe0) == 0xa0)
			walk(f, body, tag == DER_SET, depth + 1);
		else
			check_leaf(f, tag, &body, whole.p);
	}
}

void
lint_der_walk(struct lint_faults *f, struct der in)
{
	walk(f, in, 0, 0);
}
