#include "ra/attest/tree_json.h"

/* Whether it is JSON is jansson's to say: of what is none this says anything. */
static int
within_limits(struct attest_octets in)
{
	size_t i, depth = 0, items = 0;
	int quoted = 0;

	for (i = 0; i < in.len; i++)
		switch (in.p[i]) {
		case '"':
			quoted = !quoted;
			break;
		case '\\':
			i += (size_t)quoted; /* what it escapes */
			break;
		case '[':
		case '{':
			depth += (size_t)!quoted;
			items += (size_t)!quoted;
			if (depth > TREE_DEPTH_MAX)
				return 0;
			break;
		case ']':
		case '}':
			depth -= (size_t)(!quoted && depth > 0);
			break;
		case ',':
			items += (size_t)!quoted;
			break;
		default:
			break;
		}
	return items <= TREE_ITEMS_MAX;
}

json_t *
tree_json_read(const char *rule, const char *field, struct attest_octets in)
{
	json_t *root = NULL;

	if (within_limits(in))
		root = json_loadb((const char *)in.p, in.len,
		    JSON_REJECT_DUPLICATES, NULL);
	if (root == NULL)
		attest_malformed(rule, field,
		    "not JSON of %d levels, %d items, no name twice",
		    TREE_DEPTH_MAX, TREE_ITEMS_MAX);
	return root;
}
