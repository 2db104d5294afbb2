#include <sqlite3.h>
#include "tests/unit/ca/status/temp.h"
#include "ca/status/private.h"

static const char *const texts[] = {"SELECT 1 UNION SELECT 2", "SELEKT"};

static void
prepares_and_runs(void **state)
{
	struct temp *t = *state;
	sqlite3_stmt *stmts[2] = {NULL, NULL}, *st;
	struct status_db d = {.texts = texts, .stmts = stmts, .n = 2};

	assert_true(status_db_open(&d, t->path, SQLITE_OPEN_READONLY));
	st = status_db_get(&d, 0);
	assert_non_null(st);
	assert_int_equal(status_db_step(&d, st), 1);
	assert_ptr_equal(status_db_get(&d, 0), st); /* from the start */
	assert_int_equal(status_db_step(&d, st), 1);
	assert_int_equal(sqlite3_column_int(st, 0), 1);
	assert_true(status_db_run(&d, st));
	assert_null(status_db_get(&d, 1));
	assert_raised(CA_E_STORE, "status.db: prepare: ");
	assert_false(status_db_run(&d, NULL));
	assert_false(status_db_exec(&d, "DELETE FROM head"));
	assert_raised(CA_E_STORE, "status.db: SQL: ");
	status_db_close(&d);
	assert_null(stmts[0]);
	status_db_close(&d);
}

static void
checks_the_format(void **state)
{
	struct temp *t = *state;
	struct status_db d = {0};
	char text[400], path[330];

	assert_true(status_db_open(&d, t->path, SQLITE_OPEN_READONLY));
	assert_true(status_db_check(&d, t->path));
	status_db_close(&d);
	snprintf(path, sizeof(path), "%s/none", t->dir);
	assert_false(status_db_open(&d, path, SQLITE_OPEN_READONLY));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	status_db_close(&d);
	assert_true(status_db_open(
	    &d, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
	assert_false(status_db_check(&d, path));
	snprintf(text, sizeof(text), "%s: not a status.db", path);
	assert_raised(CA_E_STORE, text);
	status_db_close(&d);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(prepares_and_runs),
	    T(checks_the_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
