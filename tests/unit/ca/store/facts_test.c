#include "tests/unit/ca/store/temp.h"
#include "ca/store/facts.h"

static int
kept(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	unsigned char *facts = NULL, *long_one;
	struct cert_row row;
	size_t len = 1;

	temp_row(t, &row, 1);
	assert_true(certs_reserve(tx, &row));
	assert_int_equal(facts_get(tx, row.id, &facts, &len), 0);
	assert_null(facts);
	assert_int_equal(len, 0);
	assert_true(facts_add(tx, row.id, (const unsigned char *)"fact", 4));
	assert_int_equal(facts_get(tx, row.id, &facts, &len), 1);
	assert_int_equal(len, 4);
	assert_memory_equal(facts, "fact", 4);
	OPENSSL_free(facts);
	assert_int_equal(facts_get(tx, row.id + 1, &facts, &len), 0);
	long_one = OPENSSL_zalloc(FACTS_MAX + 1);
	assert_false(facts_add(tx, row.id, long_one, FACTS_MAX + 1));
	assert_raised(CA_E_BADREQUEST, "identity.facts");
	assert_false(facts_add(tx, row.id, long_one, 0));
	assert_raised(CA_E_BADREQUEST, "identity.facts");
	OPENSSL_free(long_one);
	return 1;
}

/* Once for each certificate, and for none that there is not. */
static int
twice(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct cert_row row;

	temp_row(t, &row, 2);
	assert_true(certs_reserve(tx, &row));
	assert_true(facts_add(tx, row.id, (const unsigned char *)"a", 1));
	assert_false(facts_add(tx, row.id, (const unsigned char *)"b", 1));
	ERR_clear_error();
	return 1;
}

static void
facts(void **state)
{
	struct temp *t = *state;

	WRITE(t, kept, t);
	WRITE(t, twice, t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(facts, temp_make, temp_remove)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
