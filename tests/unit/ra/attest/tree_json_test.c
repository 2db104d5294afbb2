#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/tree_json.h"

/* JSON that is refused before or after jansson has seen it. */

static void
limits(void **state)
{
	static const char *const good[] = {
		"{\"a\":[[[[[[[]]]]]]]}",	 /* eight levels */
		"{\"a\":\"[[[[[[[[[[{{{{\"}",	 /* of text */
		"{\"\\\"[[[[[[[[[\":\"\\\\\",\"a\":1}", /* with escapes */
		"[[],[],[],[],[],[],[],[],[],[]]", /* side by side */
	};
	static const char *const bad[] = {
		"",
		"{\"a\":[[[[[[[[]]]]]]]]}", /* nine */
		"{\"a\":1,\"a\":1}",
		"{\"a\":\"\\u0000\"}",
		"[1] ]",
		"[1",
		"{\"a\\\":[[[[[[[[[[",
	};
	json_t *root;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		root = tree_json_read("eat.claims", "in", text_of(good[i]));
		assert_non_null(root);
		json_decref(root);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(tree_json_read(
		    "eat.claims", "in", text_of(bad[i])));
		assert_rule("attest.eat.claims");
	}
}

/* [0,0,...]: what opens it is an item, too. */
static json_t *
row_of(size_t n)
{
	char text[2 * TREE_ITEMS_MAX + 16];
	size_t i;

	for (i = 0; i < n; i++)
		memcpy(text + 2 * i, i ? ",0" : "[0", 2);
	text[2 * n] = ']';
	return tree_json_read("eat.claims", "in", octets_of(text, 2 * n + 1));
}

static void
items(void **state)
{
	json_t *root = row_of(TREE_ITEMS_MAX);

	(void)state;
	assert_non_null(root);
	json_decref(root);
	assert_null(row_of(TREE_ITEMS_MAX + 1));
	assert_rule("attest.eat.claims");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits), cmocka_unit_test(items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
