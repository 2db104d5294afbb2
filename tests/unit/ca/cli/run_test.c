#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>
#include "ca/cli/run.h"

/* Lists and objects, against a server that counts to ROWS. */

#define ROWS 450

static int rows = ROWS; /* that the server has */
static int64_t largest_page;

static void
count(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	int64_t limit = field_int(req->args, "limit", 50), i;
	const char *cursor = field_text(req->args, "cursor", NULL);
	int64_t from = cursor == NULL ? field_int(req->args, "from", 0)
				      : strtoll(cursor, NULL, 10);
	char text[32];
	WIRE_FIELDS *row;

	largest_page = limit > largest_page ? limit : largest_page;
	for (i = from; i < rows && i < from + limit; i++) {
		row = message_add_row(a);
		snprintf(text, sizeof(text), "d%lld", (long long)i);
		field_add_text(row, "name", text);
		field_add_int(row, "index", i);
	}
	if (i < rows || i == from + limit) {
		snprintf(text, sizeof(text), "%lld", (long long)i);
		message_set_next(a, text);
	}
}

static size_t
n_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static int
start(void **state)
{
	int r = canned_start(state);

	rows = ROWS;
	largest_page = 0;
	canned.answer = count;
	return r;
}

static void
test_list_default(void **state)
{
	(void)state;
	assert_int_equal(tool("device", "list", "--fleet", "f", NULL), 0);
	assert_int_equal(n_lines(canned.out), 1 + RUN_LIMIT);
	assert_in(canned.out, "d99 ");
	assert_string_equal(canned.err, "... more: use --all or --limit\n");
	assert_string_equal(field_text(canned.args, "fleet", ""), "f");
	assert_null(field_find(canned.args, "all", 0));
}

static void
test_list_limit(void **state)
{
	(void)state;
	assert_int_equal(tool("device", "list", "--limit", "3", NULL), 0);
	assert_int_equal(n_lines(canned.out), 4);
	assert_in(canned.err, "more");
	assert_int_equal(canned.calls, 1);
	assert_int_equal(tool("device", "list", "--limit", "430", NULL), 0);
	assert_int_equal(n_lines(canned.out), 431);
	assert_in(canned.err, "more");
	/* Exactly what there is: nothing more to promise. */
	assert_int_equal(tool("device", "list", "--limit", "450", NULL), 0);
	assert_int_equal(n_lines(canned.out), 451);
	assert_string_equal(canned.err, "");
	rows = 100;
	assert_int_equal(tool("device", "list", NULL), 0);
	assert_int_equal(n_lines(canned.out), 101);
	assert_string_equal(canned.err, "");
}

static void
test_list_all(void **state)
{
	(void)state;
	assert_int_equal(tool("device", "list", "--all", NULL), 0);
	assert_int_equal(n_lines(canned.out), 1 + ROWS);
	assert_in(canned.out, "d449");
	assert_string_equal(canned.err, "");
	assert_in_range(largest_page, 1, RUN_PAGE);
	assert_int_equal(
	    tool("log", "list", "--all", "--from", "440", NULL), 0);
	assert_int_equal(n_lines(canned.out), 11);
}

static void
test_list_json(void **state)
{
	json_t *v;
	size_t i;

	(void)state;
	assert_int_equal(tool("--json", "device", "list", NULL), 0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_int_equal(json_array_size(v), ROWS);
	for (i = 0; i < ROWS; i++)
		assert_int_equal(json_integer_value(json_object_get(
				     json_array_get(v, i), "index")),
		    i);
	json_decref(v);
	assert_int_equal(
	    tool("device", "list", "--json", "--limit", "2", NULL), 0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_int_equal(json_array_size(v), 2);
	json_decref(v);
	rows = 0;
	assert_int_equal(tool("device", "list", "--json", NULL), 0);
	assert_string_equal(canned.out, "[]\n");
}

static void
test_list_usage(void **state)
{
	(void)state;
	assert_int_equal(
	    tool("device", "list", "--limit", "1", "--all", NULL), 2);
	assert_int_equal(tool("device", "list", "--limit", "0", NULL), 2);
	assert_int_equal(tool("device", "list", "--limit", "x", NULL), 2);
	assert_int_equal(tool("ca", "list", "--limit", "1", NULL), 2);
	assert_int_equal(canned.calls, 0);
}

/* The second page is refused: said on stderr, and the array stays open, so
   that no program takes it for whole. */
static void
refuse_later(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	if (field_text(req->args, "cursor", NULL) == NULL)
		count(req, a);
	else
		message_set_status(a, WIRE_UNAVAILABLE);
}

static void
test_list_breaks(void **state)
{
	json_t *v;

	(void)state;
	canned.answer = refuse_later;
	assert_int_equal(tool("device", "list", "--json", NULL), 1);
	assert_in(canned.err, "refused");
	assert_null(v = json_loads(canned.out, 0, NULL));
	json_decref(v);
}

static void
object(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	field_add_text(a->values, "name", "devices");
	field_add_text(a->values, "text", "line 1\n\tline 2\n");
	field_add_text(message_add_row(a), "serial", "4f");
}

static void
test_object(void **state)
{
	json_t *v;

	(void)state;
	canned.answer = object;
	assert_int_equal(tool("fleet", "show", "devices", NULL), 0);
	assert_string_equal(canned.out, "line 1\n\tline 2\n");
	assert_string_equal(field_text(canned.args, "name", ""), "devices");
	assert_int_equal(tool("device", "show", "d", "--json", NULL), 0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_string_equal(
	    json_string_value(json_object_get(v, "name")), "devices");
	assert_int_equal(
	    json_array_size(json_object_get(v, "certificates")), 1);
	json_decref(v);
	assert_int_equal(tool("device", "show", "--name", "d", NULL), 0);
	assert_in(canned.out, "\n\nSERIAL");
}

static const char *change;

static void
diff(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	WIRE_FIELDS *row = message_add_row(a);

	(void)req;
	field_add_text(row, "path", "a.conf");
	field_add_text(row, "change", "same");
	row = message_add_row(a);
	field_add_text(row, "path", "b.conf");
	field_add_text(row, "change", change);
	field_add_int(a->values, "active", 3);
}

static void
test_policy_diff(void **state)
{
	json_t *v;

	(void)state;
	canned.answer = diff;
	change = "changed";
	assert_int_equal(tool("policy", "diff", NULL), 0);
	assert_string_equal(canned.out,
	    "active: 3\n\n"
	    "CHANGE   PATH    DETAIL\n"
	    "changed  b.conf  -\n");
	change = "same";
	assert_int_equal(tool("policy", "diff", NULL), 0);
	assert_string_equal(canned.out, "active: 3\nno difference\n");
	/* Programs are told everything. */
	assert_int_equal(tool("policy", "diff", "--json", NULL), 0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_int_equal(json_array_size(json_object_get(v, "changes")), 2);
	json_decref(v);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_list_default),
	    T(test_list_limit),
	    T(test_list_all),
	    T(test_list_json),
	    T(test_list_usage),
	    T(test_list_breaks),
	    T(test_object),
	    T(test_policy_diff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
