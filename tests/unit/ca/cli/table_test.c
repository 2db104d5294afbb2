#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ca/cli/table.h"

static const char *const COLUMNS[] = {"name", "not_after", "n", NULL};

static WIRE_FIELDS *
row(WIRE_ANSWER *a, const char *name, int64_t when, int n)
{
	WIRE_FIELDS *r = message_add_row(a);

	assert_non_null(r);
	assert_int_equal(field_add_text(r, "name", name), 1);
	assert_int_equal(field_add_time(r, "not_after", when), 1);
	assert_int_equal(field_add_int(r, "n", n), 1);
	return r;
}

static void
test_table(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	WIRE_ANSWER *b = message_answer(1, WIRE_OK);
	struct table t;
	char *text, *want;
	char big[TABLE_WIDTH_MAX + 2];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	row(a, "gerät-1", 1795244400, 1);
	row(a, NULL, 0, 22);
	memset(big, 'w', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	table_begin(&t, f, COLUMNS, a);
	table_row(&t, message_row(a, 0));
	table_row(&t, message_row(a, 1));
	/* A later page with a longer cell: whole, its line is shifted. */
	table_row(&t, row(b, big, 0, 3));
	fclose(f);
	assert_true(asprintf(&want,
			"NAME     NOT AFTER             N\n"
			"gerät-1  2026-11-21T07:00:00Z  1\n"
			"-        -                     22\n"
			"%s  -                     3\n",
			big) > 0);
	assert_string_equal(text, want);
	free(want);
	free(text);
	WIRE_ANSWER_free(a);
	WIRE_ANSWER_free(b);
}

/* One very long cell of the first page does not widen its column. */
static void
test_wide_cell(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	char big[TABLE_WIDTH_MAX + 2], *text;
	struct table t;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	memset(big, 'w', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	row(a, big, 0, 1);
	table_begin(&t, f, COLUMNS, a);
	fclose(f);
	assert_string_equal(text, "NAME  NOT AFTER  N\n");
	assert_int_equal(t.width[0], 4);
	free(text);
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_wide_cell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
