#include "tests/unit/profiles/conform_case.h"
#include "profiles/tree.h"

/* Trees written by hand, values in hex by hand: neither tree.c nor build_tree.c
   has a part in what is judged. */

#define OID "1.3.6.1.4.1.99999.5"

static struct tree leaf, node;
static struct tree pair[2];
static struct profile_extension ext = {.oid = OID};
static const struct build_field fields[] = {{"registry.a", "5"},
    {"registry.b", "6"}, {"registry.none", ""}, {"attested.b", "7"}};

/* A device's certificate that declares ${t} and holds ${hex} for it. */
static void
declare(struct make *m, struct tree *t)
{
	shape_ldevid(m);
	ext.tree = t;
	ext.critical = 0;
	m->profile.extensions = &ext;
	m->profile.n_extensions = 1;
	m->ctx.fields = fields;
	m->ctx.n_fields = sizeof(fields) / sizeof(fields[0]);
}

static struct tree *current;
static void
declared(struct make *m)
{
	declare(m, current);
}

static void
judge(struct tree *t, const char *hex, int good)
{
	struct make *m;

	current = t;
	m = make_new(declared, NULL);
	put(m, OID, 0, hex);
	make_encode(m);
	if (good)
		must_pass(m, hex);
	else
		must_refuse(m, "declared.value");
	make_free(m);
}

static struct tree *
fixed(enum tree_type type, const char *value)
{
	memset(&leaf, 0, sizeof(leaf));
	leaf.type = type;
	leaf.tag = -1;
	leaf.value = (char *)value;
	return &leaf;
}

static struct tree *
from(enum tree_type type, const char *a, const char *b)
{
	fixed(type, NULL);
	leaf.from[0] = (char *)a;
	leaf.from[1] = (char *)b;
	leaf.n_from = b ? 2 : 1;
	return &leaf;
}

static void
leaves_are_compared(void **state)
{
	static const struct {
		enum tree_type type;
		const char *text, *good, *bad[4];
	} rows[] = {
	    {TREE_BOOLEAN, "true", "0101ff", {"010100", "0201ff"}},
	    {TREE_BOOLEAN, "false", "010100", {"0101ff"}},
	    {TREE_BOOLEAN, "1", NULL, {"0101ff", "010100"}},
	    {TREE_INTEGER, "0", "020100", {"020101", "0a0100"}},
	    {TREE_INTEGER, "128", "02020080", {"020180", "02020081"}},
	    {TREE_INTEGER, "-128", "020180", {"02020080", "0202ff7f"}},
	    {TREE_INTEGER, "-129", "0202ff7f", {"02017f"}},
	    {TREE_INTEGER, "18446744073709551615", "020900ffffffffffffffff",
		{"0201ff", "020900fffffffffffffffe"}},
	    {TREE_INTEGER, "340282366920938463463374607431768211455",
		"021100ffffffffffffffffffffffffffffffff", {"0201ff"}},
	    {TREE_INTEGER, "-170141183460469231731687303715884105728",
		"021080000000000000000000000000000000",
		{"021080000000000000000000000000000001"}},
	    {TREE_INTEGER, "three", NULL, {"020103", "020100"}},
	    {TREE_INTEGER, "-", NULL, {"020100"}},
	    {TREE_ENUMERATED, "10", "0a010a", {"02010a", "0a010b"}},
	    {TREE_NULL, NULL, "0500", {"3000", "0400"}},
	    {TREE_OID, "2.5.4.3", "0603550403", {"0603550404"}},
	    {TREE_OCTET_STRING, "0aFF", "04020aff",
		{"04020afe", "04010a", "04030aff00", "0402faff"}},
	    {TREE_OCTET_STRING, "0g", NULL, {"040100"}},
	    {TREE_BIT_STRING, "1", "03020780", {"03020680", "03020080"}},
	    {TREE_BIT_STRING, "101000000", "030307a000",
		{"030306a000", "0303072000"}},
	    {TREE_UTF8, "A", "0c0141", {"0c0142", "130141", "0c024141"}},
	    {TREE_PRINTABLE, "A", "130141", {"0c0141"}},
	    {TREE_IA5, "@", "160140", {"160141"}},
	    {TREE_TIME, "20260101000000Z", "180f32303236303130313030303030305a",
		{"180f32303236303130313030303030315a"}},
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].good)
			judge(
			    fixed(rows[i].type, rows[i].text), rows[i].good, 1);
		for (k = 0; k < 4 && rows[i].bad[k]; k++)
			judge(fixed(rows[i].type, rows[i].text), rows[i].bad[k],
			    0);
	}
}

/* Under an implicit tag the characters are looked at all the same. */
static void
tags_are_compared(void **state)
{
	struct tree *t = fixed(TREE_PRINTABLE, "A");

	(void)state;
	t->tag = 3;
	judge(t, "830141", 1);
	judge(t, "840141", 0);
	judge(t, "130141", 0);
	t->is_explicit = 1;
	judge(t, "a303130141", 1);
	judge(t, "830141", 0);
	judge(t, "a3030c0141", 0);
	judge(t, "a306130141130141", 0);
	t = fixed(TREE_PRINTABLE, "a@b");
	t->tag = 3;
	judge(t, "8303614062", 0);
	t = fixed(TREE_OCTET_STRING, "0102");
	t->size = 3;
	judge(t, "04020102", 0);
	t->size = 2;
	judge(t, "04020102", 1);
}

static struct tree *
hold(enum tree_type type, size_t n)
{
	memset(&node, 0, sizeof(node));
	node.type = type;
	node.tag = -1;
	node.item = pair;
	node.n_items = n;
	memset(pair, 0, sizeof(pair));
	pair[0] = (struct tree){
	    .type = TREE_INTEGER, .tag = -1, .value = (char *)"2"};
	pair[1] = (struct tree){.type = TREE_INTEGER,
	    .tag = -1,
	    .from = {(char *)"registry.a"},
	    .n_from = 1};
	return &node;
}

static void
nodes_are_compared(void **state)
{
	struct tree *t = hold(TREE_SEQUENCE, 2);

	(void)state;
	judge(t, "3006020102020105", 1);
	judge(t, "3006020105020102", 0);
	judge(t, "3003020102", 0);
	judge(t, "3009020102020105020105", 0);
	judge(t, "3106020102020105", 0);
	pair[1].from[0] = (char *)"registry.none";
	judge(t, "3003020102", 0);
	pair[1].optional = 1;
	judge(t, "3003020102", 1);
	judge(t, "3006020102020105", 0);
	t = hold(TREE_SET, 2);
	judge(t, "3106020102020105", 1);
	judge(t, "3106020102020102", 0);
	judge(t, "3103020102", 0);
	judge(t, "3109020102020105020105", 0);
	t = hold(TREE_OCTET_STRING, 1);
	judge(t, "0403020102", 1);
	judge(t, "0406020102020105", 0);
	judge(t, "04020500", 0);
}

static void
the_first_field_given_counts(void **state)
{
	(void)state;
	judge(from(TREE_INTEGER, "attested.b", "registry.b"), "020107", 1);
	judge(from(TREE_INTEGER, "attested.b", "registry.b"), "020106", 0);
	judge(from(TREE_INTEGER, "attested.x", "registry.b"), "020106", 1);
	judge(from(TREE_INTEGER, "registry.none", NULL), "020100", 0);
}

/* ---- the rules -------------------------------------------------------- */

static void
shape_five(struct make *m)
{
	declare(m, from(TREE_INTEGER, "registry.a", NULL));
	put(m, OID, 0, "020105");
}

static void
shape_without(struct make *m)
{
	declare(m, from(TREE_INTEGER, "registry.none", NULL));
	leaf.optional = 1;
}

static void
missing(struct make *m)
{
	drop(m, OID);
}

static void
critical(struct make *m)
{
	swap(m, OID, 1, "020105");
}

static void
not_given(struct make *m)
{
	put(m, OID, 0, "020105");
}

static void
other(struct make *m)
{
	swap(m, OID, 0, "020106");
}

static const struct conform_case cases[] = {
    {"declared.set", shape_five, NULL, missing, NULL},
    {"declared.set", shape_five, NULL, critical, NULL},
    {"declared.set", shape_without, NULL, not_given, NULL},
    {"declared.value", shape_five, NULL, other, NULL},
};

static void
bad_extensions(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_tree_rules);
}

static void
another_extension(struct make *m)
{
	put(m, "1.3.6.1.4.1.99999.6", 0, "0500");
}

static void
only_what_is_declared(void **state)
{
	static const struct conform_case c = {
	    "extension.known", shape_five, NULL, another_extension, NULL};

	(void)state;
	run_case(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(leaves_are_compared),
	    cmocka_unit_test(tags_are_compared),
	    cmocka_unit_test(nodes_are_compared),
	    cmocka_unit_test(the_first_field_given_counts),
	    cmocka_unit_test(bad_extensions),
	    cmocka_unit_test(only_what_is_declared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
