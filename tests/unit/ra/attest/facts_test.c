#include "tests/unit/ra/attest/evidence.h"

/* Facts: what a person may be shown, and what may not be said twice. */

static void
values(void **state)
{
	struct attest_facts *f = attest_facts_new();

	(void)state;
	assert_true(facts_text(f, "a", "x\x1b[2J\\\n", 7));
	assert_true(facts_number(f, "b", -5));
	assert_true(facts_unsigned(f, "c", UINT64_MAX));
	assert_true(facts_octets(f, "d", (const unsigned char *)"\x00\xff", 2));
	assert_true(facts_flag(f, "e", 7));
	assert_int_equal(attest_facts_count(f), 5);
	assert_string_equal(attest_facts_get(f, "a"), "x\\x1b[2J\\x5c\\x0a");
	assert_string_equal(attest_facts_get(f, "b"), "-5");
	assert_string_equal(attest_facts_get(f, "c"), "18446744073709551615");
	assert_string_equal(attest_facts_get(f, "d"), "00ff");
	assert_string_equal(attest_facts_get(f, "e"), "true");
	assert_null(attest_facts_get(f, "f"));
	assert_int_equal(attest_facts_at(f, 3)->type, ATTEST_OCTETS);
	assert_null(attest_facts_at(f, 5));
	attest_facts_free(f);
	attest_facts_free(NULL);
}

static void
limits(void **state)
{
	struct attest_facts *f = attest_facts_new();
	static char text[5000];
	int i;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_true(facts_text(f, "long", text, sizeof(text)));
	assert_int_equal(strlen(attest_facts_get(f, "long")), 2048);
	for (i = 1; i < ATTEST_FACTS_MAX; i++)
		assert_true(facts_number(f, "n", i));
	assert_false(facts_number(f, "n", i));
	assert_rule("attest.facts");
	attest_facts_free(f);
}

static void
one_key(void **state)
{
	struct attest_facts *f = attest_facts_new();

	(void)state;
	assert_int_equal(attest_facts_key(f).len, 0);
	assert_true(facts_set_key(f, octets_of("key", 3)));
	assert_true(facts_set_key(f, octets_of("key", 3)));
	assert_false(facts_set_key(f, octets_of("yek", 3)));
	assert_rule("attest.facts.key");
	assert_true(facts_set_ak_name(f, (const unsigned char *)"n", 1));
	assert_false(facts_set_ak_name(f, (const unsigned char *)"m", 1));
	assert_rule("attest.facts.ak-name");
	assert_int_equal(attest_facts_ak_name(f).len, 1);
	attest_facts_free(f);
}

static void
kinds(void **state)
{
	(void)state;
	assert_int_equal(attest_kind_of(ATTEST_OID_TPM_CERTIFY, NULL),
	    ATTEST_KIND_TPM_CERTIFY);
	assert_int_equal(
	    attest_kind_of("1.2.3.5", "1.2.3"), ATTEST_KIND_ANDROID);
	assert_int_equal(
	    attest_kind_of("1.2.3.9", "1.2.3"), ATTEST_KIND_UNKNOWN);
	assert_int_equal(
	    attest_kind_of("1.2.3.1", "1.2.3"), ATTEST_KIND_UNKNOWN);
	assert_int_equal(
	    attest_kind_of("1.2.35", "1.2.3"), ATTEST_KIND_UNKNOWN);
	assert_int_equal(
	    attest_kind_of("1.2.3.5.1", "1.2.3"), ATTEST_KIND_UNKNOWN);
	assert_int_equal(attest_kind_of("1.2.3.5", NULL), ATTEST_KIND_UNKNOWN);
	assert_string_equal(attest_format_name(ATTEST_DICE), "dice");
	assert_null(attest_format_name(ATTEST_N_FORMATS));
	assert_int_equal(
	    attest_kind_format(ATTEST_KIND_DICE_CMW), ATTEST_EAT);
	assert_int_equal(
	    attest_kind_format(ATTEST_KIND_UNKNOWN), ATTEST_N_FORMATS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(limits),
		cmocka_unit_test(one_key), cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
