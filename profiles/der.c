#include <stdint.h>
#include <string.h>
#include <openssl/objects.h>
#include "profiles/der.h"

/* Reads a length octet row at in[1]; ${head} becomes the header's size. Only
   the shortest definite form counts (X.690 10.1). */
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
	if (n < 1 || n > 4 || in->len < 2 + n || in->p[2] == 0)
		return 0;
	for (i = 0; i < n; i++)
		v = v << 8 | in->p[2 + i];
	if (v < 0x80)
		return 0;
	*head = 2 + n;
	*len = v;
	return 1;
}

int
der_take_any(
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
der_next_is(const struct der *in, unsigned char tag)
{
	return in->len > 0 && in->p[0] == tag;
}

int
der_take(struct der *in, unsigned char tag, struct der *body)
{
	return der_next_is(in, tag) && der_take_any(in, NULL, body, NULL);
}

int
der_take_whole(struct der *in, unsigned char tag, struct der *whole)
{
	return der_next_is(in, tag) && der_take_any(in, NULL, NULL, whole);
}

int
der_only(struct der in, unsigned char tag, struct der *body)
{
	return der_take(&in, tag, body) && in.len == 0;
}

int
der_equal(const struct der *a, const unsigned char *p, size_t len)
{
	return a->len == len && (len == 0 || memcmp(a->p, p, len) == 0);
}

/* The number of digits at ${s}, and behind its dot, if there is one. NULL when
   there is none, or it is too large. */
static const char *
read_arc(const char *s, uint64_t *arc)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > (UINT64_MAX >> 8))
			return NULL;
		v = 10 * v + (uint64_t)(*s - '0');
	}
	*arc = v;
	return *s != '.' ? s : s[1] != '\0' ? s + 1 : NULL;
}

/* Take ${arc} in base 128 (X.690 8.19.2) off the front of ${oid}. */
static int
take_arc(struct der *oid, uint64_t arc)
{
	int shift;

	for (shift = 63; shift > 0 && arc >> shift == 0; shift -= 7)
		;
	for (; shift >= 0; shift -= 7, oid->p++, oid->len--)
		if (oid->len == 0 ||
		    oid->p[0] != (((arc >> shift) & 0x7f) | (shift ? 0x80 : 0)))
			return 0;
	return 1;
}

/* Arcs of any size, as those under 2.25 (X.667); not a number: not the same. */
static int
oid_is_large(const struct der *oid, const char *dotted)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(dotted, 1);
	int same;

	same = obj && der_equal(oid, OBJ_get0_data(obj), OBJ_length(obj));
	ASN1_OBJECT_free(obj);
	return same;
}

int
der_oid_is(const struct der *oid, const char *dotted)
{
	struct der left = *oid;
	const char *s = dotted;
	uint64_t first, arc;

	if (!(s = read_arc(s, &first)) || !(s = read_arc(s, &arc)) ||
	    first > 2 || (first < 2 && arc > 39))
		return oid_is_large(oid, dotted);
	for (arc += 40 * first;; arc = first) {
		if (!take_arc(&left, arc))
			return 0;
		if (*s == '\0')
			return left.len == 0;
		if (!(s = read_arc(s, &first)))
			return oid_is_large(oid, dotted);
	}
}

static const char *
check_integer(const struct der *b)
{
	if (b->len == 0)
		return "INTEGER without contents";
	if (b->len > 1 &&
	    ((b->p[0] == 0 && b->p[1] < 0x80) ||
		(b->p[0] == 0xff && b->p[1] >= 0x80)))
		return "INTEGER with a needless leading octet";
	return NULL;
}

static const char *
check_bits(const struct der *b)
{
	if (b->len == 0 || b->p[0] > 7 || (b->len == 1 && b->p[0] != 0))
		return "BIT STRING with a wrong number of unused bits";
	if (b->len > 1 && (b->p[b->len - 1] & ((1u << b->p[0]) - 1)))
		return "BIT STRING whose unused bits are not zero";
	return NULL;
}

static const char *
check_oid(const struct der *b)
{
	size_t i;

	if (b->len == 0 || b->p[b->len - 1] & 0x80)
		return "OBJECT IDENTIFIER that ends within an arc";
	for (i = 0; i < b->len; i++)
		if (b->p[i] == 0x80 && (i == 0 || !(b->p[i - 1] & 0x80)))
			return "OBJECT IDENTIFIER with a padded arc";
	return NULL;
}

/* PrintableString's characters, as a set of 128 bits (X.680 41.4). */
static int
is_printable(unsigned char c)
{
	static const uint32_t set[4] = {
	    0, 0xa7fffb81u, 0x07fffffeu, 0x07fffffeu};

	return c < 0x80 && (set[c >> 5] >> (c & 31) & 1);
}

static const char *
check_printable(const struct der *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (!is_printable(b->p[i]))
			return "PrintableString with a character outside it";
	return NULL;
}

static const char *
check_ia5(const struct der *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (b->p[i] >= 0x80)
			return "IA5String with an octet above 127";
	return NULL;
}

/* Octets of the UTF-8 sequence at p, 0 when it is none: RFC 3629's table, so
   no overlong form, no surrogate, nothing above U+10FFFF. */
static size_t
utf8_sequence(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char from, to, low, high, size;
	} rows[] = {{0x00, 0x7f, 0x80, 0xbf, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
	    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
	    {0xf4, 0xf4, 0x80, 0x8f, 4}};
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (p[0] < rows[i].from || p[0] > rows[i].to)
			continue;
		if (rows[i].size > left)
			return 0;
		if (rows[i].size > 1 &&
		    (p[1] < rows[i].low || p[1] > rows[i].high))
			return 0;
		for (k = 2; k < rows[i].size; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].size;
	}
	return 0;
}

static const char *
check_utf8(const struct der *b)
{
	size_t i = 0, n;

	while (i < b->len) {
		n = utf8_sequence(b->p + i, b->len - i);
		if (n == 0)
			return "UTF8String that is not UTF-8";
		i += n;
	}
	return NULL;
}

/* Digits and a final Z of the one length that X.690 11.7 and 11.8 leave when
   there are no fractions. */
static const char *
check_time(const struct der *b, size_t len)
{
	size_t i;

	if (b->len != len || b->p[len - 1] != 'Z')
		return "time that is not whole seconds ending in Z";
	for (i = 0; i < len - 1; i++)
		if (b->p[i] < '0' || b->p[i] > '9')
			return "time with something other than digits";
	return NULL;
}

const char *
der_leaf(unsigned char tag, const struct der *b)
{
	switch (tag) {
	case DER_BOOLEAN:
		return b->len == 1 && (b->p[0] == 0 || b->p[0] == 0xff)
		    ? NULL
		    : "BOOLEAN that is neither 00 nor FF";
	case DER_INTEGER:
	case DER_ENUMERATED:
		return check_integer(b);
	case DER_BIT_STRING:
		return check_bits(b);
	case DER_OCTET_STRING:
		return NULL;
	case DER_NULL:
		return b->len == 0 ? NULL : "NULL with contents";
	case DER_OID:
		return check_oid(b);
	case DER_UTF8:
		return check_utf8(b);
	case DER_PRINTABLE:
		return check_printable(b);
	case DER_IA5:
		return check_ia5(b);
	case DER_UTCTIME:
		return check_time(b, 13);
	case DER_GENERALIZEDTIME:
		return check_time(b, 15);
	default:
		return (tag & 0xc0) == 0x80 ? NULL : "unexpected tag";
	}
}

/* X.690 11.6: by octets, the shorter one as if padded with zeros. */
static int
set_in_order(const struct der *a, const struct der *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int c = memcmp(a->p, b->p, n);

	return c < 0 || (c == 0 && a->len <= b->len);
}

static const char *
strict(struct der in, int is_set, int depth)
{
	struct der body, whole, before = {NULL, 0};
	const char *why;
	unsigned char tag;

	if (depth > DER_DEPTH_MAX)
		return "nested too deep";
	while (in.len > 0) {
		if (!der_take_any(&in, &tag, &body, &whole))
			return "element whose tag or length is not DER";
		if (is_set && before.p && !set_in_order(&before, &whole))
			return "SET OF out of order";
		before = whole;
		if (tag == DER_SEQUENCE || tag == DER_SET ||
		    (tag & 0xe0) == 0xa0)
			why = strict(body, tag == DER_SET, depth + 1);
		else
			why = der_leaf(tag, &body);
		if (why)
			return why;
	}
	return NULL;
}

const char *
der_strict(struct der in)
{
	return strict(in, 0, 0);
}
