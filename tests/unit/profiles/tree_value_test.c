#include "tests/unit/profiles/raised.h"
#include "profiles/tree.h"

static const struct {
	enum tree_type type;
	const char *good[8], *bad[10];
} rows[] = {
    {TREE_BOOLEAN, {"true", "false"}, {"TRUE", "1", "", "yes"}},
    {TREE_INTEGER,
	{"0", "-1", "18446744073709551615",
	    "340282366920938463463374607431768211455"},
	{"", "-", "+1", "01", "-0", "1.0", "0x10", " 1", "three",
	    "1234567890123456789012345678901234567890"}},
    {TREE_ENUMERATED, {"0", "999999999"}, {"-1", "1000000000", "a", "01"}},
    {TREE_BIT_STRING, {"0", "1", "010101010"}, {"", "2", "0b1", "1 0"}},
    {TREE_OCTET_STRING, {"00", "0aFf"}, {"", "0", "0x00", "zz", "00 11"}},
    {TREE_OID, {"1.2", "2.5.4.3", "1.3.6.1.4.1.32473"},
	{"", "1", "commonName", "3.1", "1..2", "1.2.x"}},
    {TREE_UTF8, {"a", "\xe8\xa8\xbc"}, {"\xff", "\xc0\x80"}},
    {TREE_PRINTABLE, {"A b-c?"}, {"a@b", "a_b", "\xe8\xa8\xbc"}},
    {TREE_IA5, {"a@b_c"}, {"\xe8\xa8\xbc", "a\tb"}},
    {TREE_TIME, {"20260101000000Z", "20240229235959Z", "99991231235959Z"},
	{"20260101000000", "260101000000Z", "20230229000000Z",
	    "20261301000000Z", "20260101240000Z", "20260101006000Z",
	    "20260101000000+09", "20260100000000Z"}},
    {TREE_SEQUENCE, {NULL}, {"", "1"}},
    {TREE_NULL, {NULL}, {"", "1"}},
};

static void
texts_fit_their_types(void **state)
{
	struct tree t = {.tag = -1};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.type = rows[i].type;
		for (k = 0; k < 8 && rows[i].good[k] != NULL; k++)
			if (tree_breach(&t, rows[i].good[k]) != NULL)
				fail_msg("%s \"%s\": %s",
				    tree_type_name(t.type), rows[i].good[k],
				    tree_breach(&t, rows[i].good[k]));
		for (k = 0; k < 10 && rows[i].bad[k] != NULL; k++)
			if (tree_breach(&t, rows[i].bad[k]) == NULL)
				fail_msg("%s \"%s\" is taken",
				    tree_type_name(t.type), rows[i].bad[k]);
	}
}

static void
sizes_are_exact(void **state)
{
	struct tree t = {.type = TREE_OCTET_STRING, .tag = -1, .size = 2};
	char text[TREE_TEXT_MAX + 2];

	(void)state;
	assert_null(tree_breach(&t, "0a0b"));
	assert_string_equal(tree_breach(&t, "0a"), "not of the right size");
	assert_string_equal(tree_breach(&t, "0a0b0c"), "not of the right size");
	t.type = TREE_IA5;
	assert_null(tree_breach(&t, "ab"));
	assert_non_null(tree_breach(&t, "abc"));
	t.size = 0;
	memset(text, 'a', sizeof(text));
	text[TREE_TEXT_MAX] = '\0';
	assert_null(tree_breach(&t, text));
	text[TREE_TEXT_MAX] = 'a';
	text[TREE_TEXT_MAX + 1] = '\0';
	assert_string_equal(tree_breach(&t, text), "too long");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_fit_their_types),
	    cmocka_unit_test(sizes_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
