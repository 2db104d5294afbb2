#include <string.h>

#include "ra/attest/tree.h"

/* ---- The walk before ---- */

struct walk {
	const unsigned char *p;
	size_t left, items;
};

/* Initial octet and argument of one item (RFC 8949 3). */
static int
head(struct walk *w, unsigned *major, uint64_t *value)
{
	size_t n, i;
	unsigned info;

	if (w->left == 0 || ++w->items > TREE_ITEMS_MAX)
		return 0;
	*major = w->p[0] >> 5;
	info = w->p[0] & 0x1f;
	w->p++;
	w->left--;
	if (info < 24) {
		*value = info;
		return 1;
	}
	if (info > 27) /* reserved, or an indefinite length */
		return 0;
	n = (size_t)1 << (info - 24);
	if (w->left < n)
		return 0;
	for (*value = 0, i = 0; i < n; i++)
		*value = *value << 8 | w->p[i];
	w->p += n;
	w->left -= n;
	return 1;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as ${depth} allows. */
static int
item(struct walk *w, unsigned depth)
{
	unsigned major;
	uint64_t value, i;

	if (depth == 0 || !head(w, &major, &value))
		return 0;
	switch (major) {
	case 2:
	case 3:
		if (value > w->left)
			return 0;
		w->p += value;
		w->left -= value;
		return 1;
	case 4:
	case 5:
		if (value > TREE_ITEMS_MAX)
			return 0;
		for (i = 0; i < value * (major - 3); i++)
			if (!item(w, depth - 1))
				return 0;
		return 1;
	case 6:
		return item(w, depth - 1);
	default:
		return 1;
	}
}

/* ---- Keys once ---- */

static int
same_key(const cbor_item_t *a, const cbor_item_t *b)
{
	struct attest_octets s, t;
	int64_t m, n;

	if (tree_int(a, &m) && tree_int(b, &n))
		return m == n;
	return (tree_text(a, &s) && tree_text(b, &t)) &&
	    octets_equal(s, t.p, t.len);
}

static int
map_is_fit(const cbor_item_t *map)
{
	struct cbor_pair *pair = cbor_map_handle(map);
	size_t n = cbor_map_size(map), i, j;
	struct attest_octets text;
	int64_t number;

	for (i = 0; i < n; i++) {
		if (!tree_int(pair[i].key, &number) &&
		    !tree_text(pair[i].key, &text))
			return 0;
		for (j = 0; j < i; j++)
			if (same_key(pair[i].key, pair[j].key))
				return 0;
	}
	return 1;
}

/* NOLINTNEXTLINE(misc-no-recursion): the walk has limited the depth. */
static int
all_fit(const cbor_item_t *it)
{
	size_t i;

	switch (cbor_typeof(it)) {
	case CBOR_TYPE_MAP:
		if (!map_is_fit(it))
			return 0;
		for (i = 0; i < cbor_map_size(it); i++)
			if (!all_fit(cbor_map_handle(it)[i].value))
				return 0;
		return 1;
	case CBOR_TYPE_ARRAY:
		for (i = 0; i < cbor_array_size(it); i++)
			if (!all_fit(cbor_array_handle(it)[i]))
				return 0;
		return 1;
	case CBOR_TYPE_TAG:
		return all_fit(tree_tagged(it, cbor_tag_value(it)));
	default:
		return 1;
	}
}

cbor_item_t *
tree_read_first(const char *rule, const char *field, struct attest_octets in,
    size_t *used)
{
	struct walk w = { in.p, in.len, 0 };
	struct cbor_load_result result;
	cbor_item_t *out = NULL;

	if (!item(&w, TREE_DEPTH_MAX)) {
		attest_malformed(rule, field,
		    "not CBOR of definite lengths, %d levels, %d items",
		    TREE_DEPTH_MAX, TREE_ITEMS_MAX);
		return NULL;
	}
	*used = in.len - w.left;
	out = cbor_load(in.p, *used, &result);
	if (out && (result.error.code != CBOR_ERR_NONE || result.read != *used ||
		       !all_fit(out)))
		cbor_decref(&out);
	if (out == NULL)
		attest_malformed(rule, field,
		    "not CBOR, or a key twice in a map");
	return out;
}

cbor_item_t *
tree_read(const char *rule, const char *field, struct attest_octets in)
{
	size_t used = 0;
	cbor_item_t *out = tree_read_first(rule, field, in, &used);

	if (out && used != in.len) {
		attest_malformed(rule, field, "%zu octets behind its end",
		    in.len - used);
		cbor_decref(&out);
	}
	return out;
}

/* ---- Questions ---- */

cbor_item_t *
tree_int_key(const cbor_item_t *map, int64_t key)
{
	size_t i;
	int64_t k;

	if (map == NULL || !cbor_isa_map(map))
		return NULL;
	for (i = 0; i < cbor_map_size(map); i++)
		if (tree_int(cbor_map_handle(map)[i].key, &k) && k == key)
			return cbor_map_handle(map)[i].value;
	return NULL;
}

cbor_item_t *
tree_text_key(const cbor_item_t *map, const char *key)
{
	struct attest_octets k;
	size_t i;

	if (map == NULL || !cbor_isa_map(map))
		return NULL;
	for (i = 0; i < cbor_map_size(map); i++)
		if (tree_text(cbor_map_handle(map)[i].key, &k) &&
		    octets_equal(k, (const unsigned char *)key, strlen(key)))
			return cbor_map_handle(map)[i].value;
	return NULL;
}

int
tree_bytes(const cbor_item_t *it, struct attest_octets *out)
{
	if (it == NULL || !cbor_isa_bytestring(it))
		return 0;
	*out = octets_of(
	    cbor_bytestring_handle(it), cbor_bytestring_length(it));
	return 1;
}

int
tree_text(const cbor_item_t *it, struct attest_octets *out)
{
	if (it == NULL || !cbor_isa_string(it))
		return 0;
	*out = octets_of(cbor_string_handle(it), cbor_string_length(it));
	return 1;
}

int
tree_int(const cbor_item_t *it, int64_t *out)
{
	uint64_t value;

	if (it == NULL || !cbor_is_int(it))
		return 0;
	value = cbor_get_int(it);
	if (value > INT64_MAX)
		return 0;
	*out = cbor_isa_uint(it) ? (int64_t)value : -1 - (int64_t)value;
	return 1;
}

int
tree_bool(const cbor_item_t *it, int *out)
{
	/* cbor_is_bool() ends the process when it is asked of a float. */
	if (it == NULL || !cbor_isa_float_ctrl(it) ||
	    !cbor_float_ctrl_is_ctrl(it) || !cbor_is_bool(it))
		return 0;
	*out = cbor_ctrl_value(it) == CBOR_CTRL_TRUE;
	return 1;
}

size_t
tree_count(const cbor_item_t *it)
{
	return it && cbor_isa_array(it) ? cbor_array_size(it) : 0;
}

cbor_item_t *
tree_at(const cbor_item_t *it, size_t i)
{
	return i < tree_count(it) ? cbor_array_handle(it)[i] : NULL;
}

cbor_item_t *
tree_tagged(const cbor_item_t *it, uint64_t tag)
{
	cbor_item_t *inner;

	if (it == NULL || !cbor_isa_tag(it) || cbor_tag_value(it) != tag)
		return NULL;
	inner = cbor_tag_item(it); /* counted for us */
	cbor_intermediate_decref(inner);
	return inner;
}

size_t
tree_head(unsigned char *out, unsigned char major, size_t len)
{
	size_t n = len < 24 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 4, i;

	if (n == 0) {
		out[0] = (unsigned char)(major | len);
		return 1;
	}
	out[0] = (unsigned char)(major | (n == 4 ? 26 : 23 + n));
	for (i = 0; i < n; i++)
		out[1 + i] = (unsigned char)(len >> (8 * (n - 1 - i)));
	return 1 + n;
}
