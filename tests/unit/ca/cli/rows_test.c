#include "tests/unit/ca/cli/canned.h"
#include "ca/cli/rows.h"
#include "ca/report/report.h"

/* Files of rows, as people and programs write them. */

static char path[128];

static struct rows *
open_text(const char *text, size_t len)
{
	FILE *f;

	snprintf(path, sizeof(path), "%s/rows", canned.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return rows_open(path);
}

#define OPEN(text) open_text(text, sizeof(text) - 1)

static void
raised(const char *what)
{
	char text[REPORT_TRACE_MAX];

	report_trace(text, sizeof(text));
	ERR_clear_error();
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", what, text);
}

static void
csv(void **state)
{
	struct rows *r;

	(void)state;
	r = OPEN("\xef\xbb\xbfname,serial,model\r\n"
		 "a,1,\"x, \"\"y\"\"\r\nz\"\r\n"
		 "\r\n"
		 "b,,\n"
		 "c,3,m");
	assert_non_null(r);
	assert_int_equal(rows_next(r), 1);
	assert_int_equal(rows_line(r), 2);
	assert_int_equal(rows_count(r), 3);
	assert_string_equal(rows_get(r, "name"), "a");
	assert_string_equal(rows_get(r, "model"), "x, \"y\"\r\nz");
	assert_int_equal(rows_next(r), 1);
	/* The value in quotes has a line end. */
	assert_int_equal(rows_line(r), 5);
	assert_int_equal(rows_count(r), 1);
	assert_string_equal(rows_name(r, 0), "name");
	assert_string_equal(rows_value(r, 0), "b");
	assert_null(rows_get(r, "serial"));
	/* The last line needs no end. */
	assert_int_equal(rows_next(r), 1);
	assert_string_equal(rows_get(r, "model"), "m");
	assert_int_equal(rows_next(r), 0);
	rows_close(r);
}

static void
json(void **state)
{
	struct rows *r;

	(void)state;
	r = OPEN("{\"name\": \"a\\nb\", \"n\": -7, \"t\": true, \"f\": false,"
		 " \"no\": null, \"e\": \"\"}\n\n"
		 "{\"name\": \"c\"}");
	assert_non_null(r);
	assert_int_equal(rows_next(r), 1);
	assert_int_equal(rows_count(r), 4);
	assert_string_equal(rows_get(r, "name"), "a\nb");
	assert_string_equal(rows_get(r, "n"), "-7");
	assert_string_equal(rows_get(r, "t"), "true");
	assert_string_equal(rows_get(r, "f"), "false");
	assert_null(rows_get(r, "no"));
	assert_int_equal(rows_next(r), 1);
	assert_int_equal(rows_line(r), 3);
	assert_int_equal(rows_next(r), 0);
	rows_close(r);
}

/* A row that is wrong costs no other. */
static void
wrong_rows(void **state)
{
	struct rows *r;

	(void)state;
	r = OPEN("name,x\na\nb,1\nc,2,3\nd\"e,4\nf,\xff\ng,5\nh,\"6");
	assert_non_null(r);
	assert_int_equal(rows_next(r), -1);
	raised("row: line 2: not as many");
	assert_int_equal(rows_next(r), 1);
	assert_string_equal(rows_get(r, "name"), "b");
	assert_int_equal(rows_next(r), -1);
	raised("row: line 4: ");
	assert_int_equal(rows_next(r), -1);
	raised("quotes");
	assert_int_equal(rows_next(r), -1);
	raised("UTF-8");
	assert_int_equal(rows_next(r), 1);
	assert_string_equal(rows_get(r, "name"), "g");
	assert_int_equal(rows_next(r), -1);
	raised("quotes");
	assert_int_equal(rows_next(r), 0);
	rows_close(r);
	r = OPEN("{\"a\": 1}\n{\"a\": 1, \"a\": 2}\n[1]\n{\"a\": {}}\n"
		 "{\"A\": 1}\n{\"a\": 1.5}\n{\"a\": \"b\\u0000c\"}\n{\"a\": 2}");
	assert_non_null(r);
	assert_int_equal(rows_next(r), 1);
	assert_int_equal(rows_next(r), -1);
	raised("row: line 2: ");
	assert_int_equal(rows_next(r), -1);
	raised("row: line 3: ");
	assert_int_equal(rows_next(r), -1);
	raised("a value that is no text");
	assert_int_equal(rows_next(r), -1);
	raised("a name that is none");
	assert_int_equal(rows_next(r), -1);
	raised("a value that is no text");
	assert_int_equal(rows_next(r), -1);
	ERR_clear_error();
	assert_int_equal(rows_next(r), 1);
	assert_string_equal(rows_get(r, "a"), "2");
	rows_close(r);
}

static void
too_long(void **state)
{
	char *text = malloc(ROWS_RECORD_MAX + 100);
	struct rows *r;
	size_t n;

	(void)state;
	assert_non_null(text);
	n = (size_t)sprintf(text, "name\n");
	memset(text + n, 'x', ROWS_RECORD_MAX + 50);
	n += ROWS_RECORD_MAX + 50;
	n += (size_t)sprintf(text + n, "\nok\n");
	r = open_text(text, n);
	assert_non_null(r);
	assert_int_equal(rows_next(r), -1);
	raised("128 KiB");
	assert_int_equal(rows_next(r), 1);
	assert_string_equal(rows_get(r, "name"), "ok");
	rows_close(r);
	free(text);
}

static void
wrong_files(void **state)
{
	(void)state;
	assert_null(OPEN(""));
	raised("is empty");
	assert_null(OPEN("a,b,a\n1,2,3\n"));
	raised("stands twice");
	assert_null(OPEN("Name\nx\n"));
	raised("names the columns");
	assert_null(OPEN("a,,b\n1,2,3\n"));
	raised("names the columns");
	assert_null(rows_open("/nonexistent/rows"));
	raised("/nonexistent/rows");
	rows_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(csv),
	    cmocka_unit_test(json),
	    cmocka_unit_test(wrong_rows),
	    cmocka_unit_test(too_long),
	    cmocka_unit_test(wrong_files),
	};

	return cmocka_run_group_tests(tests, canned_start, canned_stop);
}
