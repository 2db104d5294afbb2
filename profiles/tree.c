#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiles/error.h"
#include "profiles/text.h"
#include "profiles/profile_part.h"
#include "profiles/tree.h"

static const char *const names[] = {[TREE_BOOLEAN] = "boolean",
    [TREE_INTEGER] = "integer",
    [TREE_BIT_STRING] = "bit-string",
    [TREE_OCTET_STRING] = "octet-string",
    [TREE_NULL] = "null",
    [TREE_OID] = "oid",
    [TREE_ENUMERATED] = "enumerated",
    [TREE_UTF8] = "utf8",
    [TREE_PRINTABLE] = "printable",
    [TREE_IA5] = "ia5",
    [TREE_TIME] = "time",
    [TREE_SEQUENCE] = "sequence",
    [TREE_SET] = "set",
    NULL};

/* The first two stand in the outermost group alone. */
static const struct conf_key keys[] = {
    {"oid", CONF_TEXT, 1},
    {"critical", CONF_BOOL, 0},
    {"type", CONF_TEXT, 1},
    {"tag", CONF_INT, 0},
    {"explicit", CONF_BOOL, 0},
    {"optional", CONF_BOOL, 0},
    {"size", CONF_INT, 0},
    {"value", CONF_SCALAR, 0},
    {"from", CONF_SOURCES, 0},
    {"items", CONF_GROUPS, 0},
};
#define ROOT_KEYS 2

const char *
tree_type_name(enum tree_type type)
{
	return names[type];
}

static int
is_leaf(const struct tree *t)
{
	return t->type != TREE_SEQUENCE && t->type != TREE_SET &&
	    t->n_items == 0;
}

static char *
copy(const struct conf_group *g, const char *key, const char *text)
{
	char *out = NULL;

	if (strlen(text) > TREE_TEXT_MAX)
		conf_fail(g, key, "longer than %d octets", TREE_TEXT_MAX);
	else if ((out = strdup(text)) == NULL)
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
	return out;
}

static int
take_fields(struct tree *t, const struct conf_group *g)
{
	size_t i, n = conf_n_texts(g, "from");
	const char *name;

	if (n == 0 || n > TREE_FROM_MAX)
		return conf_fail(g, "from", "one field, or a list of 2 to %d",
		    TREE_FROM_MAX);
	for (i = 0; i < n; i++) {
		name = conf_text_at(g, "from", i);
		if (!profile_field_known(name))
			return conf_fail(
			    g, "from", "unknown source \"%.64s\"", name);
		if ((t->from[i] = copy(g, "from", name)) == NULL)
			return 0;
		t->n_from++;
	}
	return 1;
}

static int
take_fixed(struct tree *t, const struct conf_group *g)
{
	char buf[CONF_SCALAR_MAX];
	const char *text = conf_scalar(g, "value", buf), *what;

	if ((what = tree_breach(t, text)) != NULL)
		return conf_fail(g, "value", "\"%.64s\": %s", text, what);
	if (t->optional)
		return conf_fail(
		    g, "optional", "a fixed value is always there");
	if ((t->value = copy(g, "value", text)) == NULL)
		return 0;
	return t->type != TREE_OID || text_to_oid(t->value);
}

/* A leaf has "value" or "from", a null neither. */
static int
parse_leaf(struct tree *t, const struct conf_group *g)
{
	if (t->type == TREE_NULL)
		return !conf_has(g, "value") && !conf_has(g, "from") &&
			!t->optional
		    ? 1
		    : conf_fail(g, "type", "a null has no value");
	if (conf_has(g, "value") == conf_has(g, "from"))
		return conf_fail(g, NULL, "needs either \"from\" or \"value\"");
	return conf_has(g, "from") ? take_fields(t, g) : take_fixed(t, g);
}

static int parse(
    struct tree *t, const struct conf_group *g, int depth, size_t *left);

static int
parse_items(struct tree *t, const struct conf_group *g, int depth, size_t *left)
{
	size_t i, n = conf_n_groups(g, "items");

	if (conf_has(g, "value") || conf_has(g, "from"))
		return conf_fail(g, "items", "not beside a value");
	if (t->type == TREE_OCTET_STRING && n != 1)
		return conf_fail(g, "items", "an octet-string wraps one value");
	if (n == 0)
		return 1;
	if ((t->item = calloc(n, sizeof(*t->item))) == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		return 0;
	}
	for (i = 0; i < n; i++) {
		t->n_items++;
		if (!parse(&t->item[i], conf_group_at(g, "items", i), depth + 1,
			left))
			return 0;
		if (t->type == TREE_SET &&
		    (t->item[i].type != t->item[0].type ||
			t->item[i].tag != t->item[0].tag))
			return conf_fail(
			    g, "items", "the values of a set are of one type");
	}
	return 1;
}

static int
parse_size(struct tree *t, const struct conf_group *g)
{
	int64_t size, max = TREE_TEXT_MAX;

	if (t->type == TREE_OCTET_STRING)
		max /= 2; /* its text has two digits an octet */
	if (!conf_int(g, "size", 1, max, 0, &size))
		return 0;
	t->size = (size_t)size;
	if (t->size == 0 || t->type == TREE_UTF8 || t->type == TREE_IA5 ||
	    t->type == TREE_PRINTABLE ||
	    (t->type == TREE_OCTET_STRING && !conf_has(g, "items")))
		return 1;
	return conf_fail(g, "size", "only for octet-string and texts");
}

static int
parse(struct tree *t, const struct conf_group *g, int depth, size_t *left)
{
	size_t skip = depth > 1 ? ROOT_KEYS : 0;
	int64_t tag;
	int type;

	t->tag = -1;
	if (depth > TREE_DEPTH_MAX)
		return conf_fail(
		    g, NULL, "nested deeper than %d", TREE_DEPTH_MAX);
	if ((*left)-- == 0)
		return conf_fail(g, NULL,
		    "more than %d values in one extension", TREE_NODES_MAX);
	if (!conf_check(g, keys + skip, N(keys) - skip) ||
	    (type = conf_choice(g, "type", names, -1)) < 0 ||
	    !conf_int(g, "tag", 0, TREE_TAG_MAX, -1, &tag))
		return 0;
	t->type = (enum tree_type)type;
	t->tag = (int)tag;
	t->is_explicit = conf_bool(g, "explicit", 0);
	t->optional = conf_bool(g, "optional", 0);
	if (t->is_explicit && t->tag < 0)
		return conf_fail(g, "explicit", "only with \"tag\"");
	if (!parse_size(t, g))
		return 0;
	if (t->type == TREE_SEQUENCE || t->type == TREE_SET ||
	    (t->type == TREE_OCTET_STRING && conf_has(g, "items")))
		return parse_items(t, g, depth, left);
	if (conf_has(g, "items"))
		return conf_fail(
		    g, "items", "only for sequence, set and octet-string");
	return parse_leaf(t, g);
}

static void
clear(struct tree *t)
{
	size_t i;

	for (i = 0; i < t->n_items; i++)
		clear(&t->item[i]);
	for (i = 0; i < t->n_from; i++)
		free(t->from[i]);
	free(t->item);
	free(t->value);
}

struct tree *
tree_parse(const struct conf_group *g)
{
	struct tree *t = calloc(1, sizeof(*t));
	size_t left = TREE_NODES_MAX;

	if (t == NULL)
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
	else if (!parse(t, g, 1, &left)) {
		tree_free(t);
		t = NULL;
	}
	return t;
}

void
tree_free(struct tree *t)
{
	if (t == NULL)
		return;
	clear(t);
	free(t);
}

void
tree_dump(const struct tree *t, const char *prefix, BIO *out)
{
	char path[128];
	size_t i;

	BIO_printf(out, "%s = %s", prefix, names[t->type]);
	if (t->tag >= 0)
		BIO_printf(
		    out, " [%d]%s", t->tag, t->is_explicit ? " explicit" : "");
	if (t->size > 0)
		BIO_printf(out, " size %zu", t->size);
	if (is_leaf(t) && t->value != NULL) {
		BIO_puts(out, " fixed ");
		profile_dump_text(out, t->value, "");
	}
	for (i = 0; i < t->n_from; i++)
		BIO_printf(out, "%s%s", i == 0 ? " from " : "|", t->from[i]);
	BIO_puts(out, t->optional ? " optional\n" : "\n");
	for (i = 0; i < t->n_items; i++) {
		snprintf(path, sizeof(path), "%s.%zu", prefix, i);
		tree_dump(&t->item[i], path, out);
	}
}

int
tree_walk(const struct tree *t, int (*each)(const struct tree *t, void *arg),
    void *arg)
{
	size_t i;

	if (!each(t, arg))
		return 0;
	for (i = 0; i < t->n_items; i++)
		if (!tree_walk(&t->item[i], each, arg))
			return 0;
	return 1;
}
