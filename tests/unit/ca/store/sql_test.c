#include "tests/unit/ca/store/temp.h"

static int
binds_and_reads(struct store_tx *tx, void *arg)
{
	unsigned char *copy = NULL, small[2], big[5];
	char text[4];
	size_t len = 9;
	struct sql *s;

	(void)arg;
	s = sql_open(tx, "SELECT ?, ?, ?, ?, ?, ?, ?", "idtzbbt", INT64_MIN, -7,
	    "text", (int64_t)0, "\1\2\3", (size_t)3, NULL, (size_t)3, NULL);
	assert_non_null(s);
	assert_int_equal(sql_step(s), 1);
	assert_true(sql_int(s, 0) == INT64_MIN);
	assert_int_equal(sql_int(s, 1), -7);
	sql_text(s, 2, text, sizeof(text));
	assert_string_equal(text, "tex"); /* cut, not overrun */
	assert_int_equal(sqlite3_column_type(s->stmt, 3), SQLITE_NULL);
	assert_int_equal(sql_bytes(s, 4, small, sizeof(small)), 2);
	assert_memory_equal(small, "\1\2", 2);
	assert_int_equal(sql_bytes(s, 4, big, sizeof(big)), 3);
	assert_memory_equal(big, "\1\2\3\0\0", 5);
	assert_true(sql_copy(s, 4, &copy, &len));
	assert_int_equal(len, 3);
	assert_memory_equal(copy, "\1\2\3", 3);
	OPENSSL_free(copy);
	assert_true(sql_copy(s, 5, &copy, &len));
	assert_null(copy);
	assert_int_equal(len, 0);
	sql_text(s, 6, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(sql_step(s), 0);
	sql_close(s);
	sql_close(NULL);
	return 1;
}

/* The same text twice at once gives two statements, later one again. */
static int
reuses_statements(struct store_tx *tx, void *arg)
{
	static const char text[] = "SELECT ?";
	struct sql *a, *b, *c;

	(void)arg;
	a = sql_open(tx, text, "d", 1);
	b = sql_open(tx, text, "d", 2);
	assert_ptr_not_equal(a, b);
	assert_int_equal(sql_step(a), 1);
	assert_int_equal(sql_step(b), 1);
	assert_int_equal(sql_int(a, 0), 1);
	assert_int_equal(sql_int(b, 0), 2);
	sql_close(a);
	sql_close(b);
	c = sql_open(tx, text, "d", 3);
	assert_ptr_equal(a, c);
	assert_int_equal(sql_step(c), 1);
	assert_int_equal(sql_int(c, 0), 3);
	sql_close(c);
	return 1;
}

/* More texts than the table has room for. */
static int
outgrows_the_table(struct store_tx *tx, void *arg)
{
	static char texts[SQL_SLOTS + 50][16];
	struct sql *s;
	int i, round;

	(void)arg;
	for (round = 0; round < 2; round++)
		for (i = 0; i < SQL_SLOTS + 50; i++) {
			snprintf(texts[i], sizeof(texts[i]), "SELECT %d", i);
			s = sql_open(tx, texts[i], "");
			assert_non_null(s);
			assert_int_equal(sql_step(s), 1);
			assert_int_equal(sql_int(s, 0), i);
			sql_close(s);
		}
	return 1;
}

static int
refuses_bad_sql(struct store_tx *tx, void *arg)
{
	static const char bad[] = "SELEKT 1";
	int64_t n = 5;

	(void)arg;
	assert_null(sql_open(tx, bad, ""));
	assert_raised(CA_E_STORE, "store: prepare: near \"SELEKT\"");
	assert_null(sql_open(tx, bad, "")); /* and once more */
	assert_raised(CA_E_STORE, "store: prepare: near \"SELEKT\"");
	assert_null(sql_open_once(tx, bad));
	assert_raised(CA_E_STORE, "store: prepare: near \"SELEKT\"");
	assert_null(sql_open(tx, "SELECT 1", "d", 1));
	assert_raised(CA_E_STORE, "store: bind: ");
	assert_false(sql_run(tx, "INSERT INTO meta VALUES (NULL, NULL)", ""));
	assert_raised(CA_E_STORE, "store: step: NOT NULL");
	assert_false(sql_is_duplicate(tx));
	assert_int_equal(sql_number(tx, &n, "SELECT 1 WHERE 0", ""), 0);
	assert_int_equal(sql_number(tx, &n, "SELECT NULL", ""), 0);
	assert_int_equal(n, 5);
	assert_int_equal(sql_number(tx, &n, "SELECT 6", ""), 1);
	assert_int_equal(n, 6);
	assert_true(sql_run(tx, "INSERT INTO meta VALUES ('a', '')", ""));
	assert_false(sql_run(tx, "INSERT INTO meta VALUES ('a', '')", ""));
	assert_true(sql_is_duplicate(tx));
	ERR_clear_error();
	return 1;
}

#define IN_STORE(fn)                                                           \
	static void fn##_in_store(void **state)                                \
	{                                                                      \
		struct temp *t = *state;                                       \
		RUN(t, fn, t);                                                 \
	}

IN_STORE(binds_and_reads)
IN_STORE(reuses_statements)
IN_STORE(outgrows_the_table)
IN_STORE(refuses_bad_sql)

#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f##_in_store, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(binds_and_reads),
	    T(reuses_statements),
	    T(outgrows_the_table),
	    T(refuses_bad_sql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
