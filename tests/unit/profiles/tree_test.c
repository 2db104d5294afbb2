#include "tests/unit/profiles/profile_case.h"
#include "profiles/tree.h"

#define EXT(body) "extensions = ( { oid = \"1.2.3\"; " body " } );\n"
#define LEAF "type = \"integer\"; from = \"registry.n\";"

static void
compiles_with(const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "extensions = ( { oid = \"1.2.3\"; %s } );\n", body);
	accepted(BASE, NULL, text);
}

static void
what_is_written_is_read(void **state)
{
	struct profile *p = compiles(BASE, NULL,
	    EXT("critical = true; type = \"sequence\"; optional = true; "
		"items = ( { type = \"utf8\"; tag = 3; explicit = true; "
		"size = 4; from = [ \"attested.a\", \"registry.a\" ]; "
		"optional = true; }, { type = \"integer\"; value = 5; }, "
		"{ type = \"boolean\"; value = true; }, { type = \"null\"; }, "
		"{ type = \"octet-string\"; items = ( { type = \"oid\"; "
		"value = \"1.2.840\"; } ); } );"));
	const struct tree *t = p->extensions[0].tree;

	(void)state;
	assert_int_equal(p->n_extensions, 1);
	assert_string_equal(p->extensions[0].oid, "1.2.3");
	assert_true(p->extensions[0].critical && t->optional);
	assert_int_equal(t->type, TREE_SEQUENCE);
	assert_int_equal(t->tag, -1);
	assert_int_equal(t->n_items, 5);
	assert_int_equal(t->item[0].tag, 3);
	assert_true(t->item[0].is_explicit && t->item[0].optional);
	assert_int_equal(t->item[0].size, 4);
	assert_int_equal(t->item[0].n_from, 2);
	assert_string_equal(t->item[0].from[1], "registry.a");
	assert_string_equal(t->item[1].value, "5");
	assert_string_equal(t->item[2].value, "true");
	assert_int_equal(t->item[4].n_items, 1);
	profile_free(p);
}

static void
trees_are_held_to_their_table(void **state)
{
	static const struct {
		const char *body, *want;
	} bad[] = {
	    {"", "missing key \"type\""},
	    {"type = \"integr\"; value = 1;", "did you mean \"integer\"?"},
	    {"type = \"integer\";", "needs either \"from\" or \"value\""},
	    {LEAF "value = 1;", "needs either \"from\" or \"value\""},
	    {"type = \"integer\"; value = \"x\";", "\"x\": not an integer"},
	    {"type = \"integer\"; value = 1; optional = true;",
		"a fixed value is always there"},
	    {"type = \"integer\"; from = \"device.n\";",
		"unknown source \"device.n\""},
	    {"type = \"integer\"; from = \"csr.CN\";", "unknown source"},
	    {"type = \"integer\"; from = [ ];", "from: one field, or a list"},
	    {"type = \"integer\"; from = [ \"ca.a\", \"ca.b\", \"ca.c\", "
	     "\"ca.d\", \"ca.e\" ];",
		"from: one field, or a list"},
	    {LEAF "explicit = true;", "explicit: only with \"tag\""},
	    {LEAF "tag = 31;", "tag: "},
	    {LEAF "size = 3;", "size: only for octet-string and texts"},
	    {"type = \"octet-string\"; from = \"registry.o\"; size = 513;",
		"size: "},
	    {"type = \"utf8\"; from = \"registry.u\"; size = 1025;", "size: "},
	    {LEAF "items = ( );", "items: only for sequence, set"},
	    {LEAF "when = 1;", "unknown key \"when\""},
	    {"type = \"null\"; value = 1;", "a null has no value"},
	    {"type = \"sequence\"; value = 1; items = ( );",
		"items: not beside a value"},
	    {"type = \"octet-string\"; items = ( { type = \"null\"; }, "
	     "{ type = \"null\"; } );",
		"an octet-string wraps one value"},
	    {"type = \"set\"; items = ( { type = \"null\"; }, { type = "
	     "\"integer\"; value = 1; } );",
		"the values of a set are of one type"},
	    {"type = \"sequence\"; items = ( { oid = \"1.2\"; type = "
	     "\"null\"; } );",
		"unknown key \"oid\""},
	};
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text),
		    "extensions = ( { oid = \"1.2.3\"; %s } );\n", bad[i].body);
		refused(BASE, NULL, text, bad[i].want);
	}
	compiles_with(LEAF);
	compiles_with("type = \"sequence\";");
	compiles_with("type = \"set\"; items = ( { type = \"null\"; }, "
		      "{ type = \"null\"; } );");
}

/* A tree of ${depth} levels. */
static char *
deep(size_t depth)
{
	char *text = calloc(1, 64 * (depth + 2));
	size_t i;

	strcpy(text, "extensions = ( { oid = \"1.2.3\"; ");
	for (i = 1; i < depth; i++)
		strcat(text, "type = \"sequence\"; items = ( { ");
	strcat(text, "type = \"null\"; ");
	for (i = 1; i < depth; i++)
		strcat(text, "} ); ");
	strcat(text, "} );\n");
	return text;
}

/* A tree of ${n} values, the root counted. */
static char *
broad(size_t n)
{
	char *text = calloc(1, 32 * (n + 4));
	size_t i;

	strcpy(text,
	    "extensions = ( { oid = \"1.2.3\"; type = \"sequence\"; items = "
	    "( ");
	for (i = 1; i < n; i++)
		strcat(text,
		    i > 1 ? ", { type = \"null\"; }" : "{ type = \"null\"; }");
	strcat(text, "); } );\n");
	return text;
}

static void
depth_and_number_end(void **state)
{
	char *text;

	(void)state;
	accepted(BASE, NULL, text = deep(TREE_DEPTH_MAX));
	free(text);
	refused(BASE, NULL, text = deep(TREE_DEPTH_MAX + 1), "nested deeper");
	free(text);
	accepted(BASE, NULL, text = broad(TREE_NODES_MAX));
	free(text);
	refused(BASE, NULL, text = broad(TREE_NODES_MAX + 1),
	    "more than 256 values in one extension");
	free(text);
}

static int
count(const struct tree *t, void *arg)
{
	(void)t;
	return ++*(int *)arg < 3;
}

static void
a_walk_can_end(void **state)
{
	struct profile *p = compiles(BASE, NULL,
	    EXT("type = \"sequence\"; items = ( { type = \"null\"; }, "
		"{ type = \"null\"; }, { type = \"null\"; } );"));
	int n = 0;

	(void)state;
	assert_int_equal(tree_walk(p->extensions[0].tree, count, &n), 0);
	assert_int_equal(n, 3);
	n = -10;
	assert_int_equal(tree_walk(p->extensions[0].tree, count, &n), 1);
	assert_int_equal(n, -6);
	assert_string_equal(tree_type_name(TREE_BIT_STRING), "bit-string");
	tree_free(NULL);
	profile_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(trees_are_held_to_their_table),
	    cmocka_unit_test(depth_and_number_end),
	    cmocka_unit_test(a_walk_can_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
