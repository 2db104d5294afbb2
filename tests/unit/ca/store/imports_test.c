#include "tests/unit/ca/store/temp.h"
#include "ca/store/imports.h"

static int
life(struct store_tx *tx, void *arg)
{
	struct import_row row = {
	    .file = "a.csv", .who = "admin:uid:0", .started = NOW};
	struct import_row got;

	(void)arg;
	assert_true(imports_add(tx, &row));
	assert_true(row.id > 0);
	assert_int_equal(imports_get(tx, row.id, &got), 1);
	assert_string_equal(got.file, "a.csv");
	assert_string_equal(got.who, "admin:uid:0");
	assert_int_equal(got.started, NOW);
	assert_int_equal(got.ended, 0);
	got.added = 3;
	got.unchanged = 2;
	got.refused = 1;
	got.ended = NOW + 5;
	assert_true(imports_set(tx, &got));
	memset(&row, 0, sizeof(row));
	assert_int_equal(imports_get(tx, got.id, &row), 1);
	assert_int_equal(row.added, 3);
	assert_int_equal(row.unchanged, 2);
	assert_int_equal(row.refused, 1);
	assert_int_equal(row.ended, NOW + 5);
	return 1;
}

static int
unknown(struct store_tx *tx, void *arg)
{
	struct import_row row = {.id = 77};

	(void)arg;
	assert_int_equal(imports_get(tx, 77, &row), 0);
	assert_false(imports_set(tx, &row));
	assert_raised(CA_E_NOTFOUND, "import: ");
	return 1;
}

static void
is_kept(void **state)
{
	struct temp *t = *state;

	RUN(t, life, NULL);
}

static void
is_not_there(void **state)
{
	struct temp *t = *state;

	RUN(t, unknown, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(is_kept, temp_make, temp_remove),
	    cmocka_unit_test_setup_teardown(
		is_not_there, temp_make, temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
