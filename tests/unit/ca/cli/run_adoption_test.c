#include "tests/unit/ca/cli/canned.h"

static void
count(WIRE_ANSWER *a)
{
	WIRE_FIELDS *row = message_add_row(a);

	field_add_text(a->values, "root", "root");
	field_add_text(a->values, "newest", "root-g2");
	field_add_int(a->values, "not_known", 3);
	field_add_text(row, "fleet", "devices");
	field_add_text(row, "anchor", "root-g2");
	field_add_int(row, "generation", 2);
	field_add_int(row, "used", 4);
	field_add_int(row, "missing", 3);
	field_add_time(row, "last", CANNED_NOW);
}

/* Three devices, a page each. */
static void
names(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	const char *at = field_text(req->args, "cursor", "0");
	WIRE_FIELDS *row = message_add_row(a);
	char name[16];

	snprintf(name, sizeof(name), "device-%s", at);
	field_add_text(row, "fleet", "devices");
	field_add_text(row, "name", name);
	field_add_text(row, "anchor", NULL);
	field_add_time(row, "anchor_at", 0);
	if (at[0] != '2')
		message_set_next(a, at[0] == '0' ? "1" : "2");
}

static void
adoption(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	if (field_text(req->args, "list", NULL) != NULL)
		names(req, a);
	else
		count(a);
}

static void
test_count(void **state)
{
	(void)state;
	canned.answer = adoption;
	assert_int_equal(tool("ca", "adoption", "--fleet", "devices", NULL), 0);
	assert_string_equal(canned.op, "ca.adoption");
	assert_string_equal(field_text(canned.args, "fleet", ""), "devices");
	assert_null(field_text(canned.args, "list", NULL));
	assert_in(canned.out, "not_known: 3");
	assert_in(canned.out, "FLEET    ANCHOR   GENERATION  USED  MISSING");
	assert_in(canned.out, "devices  root-g2  2           4     3  ");
	assert_int_equal(tool("--json", "ca", "adoption", NULL), 0);
	assert_in(canned.out, "\"not_known\": 3");
	assert_in(canned.out, "\"fleets\": [");
}

static void
test_list(void **state)
{
	(void)state;
	canned.answer = adoption;
	assert_int_equal(
	    tool("ca", "adoption", "--list", "missing", "--all", NULL), 0);
	assert_string_equal(field_text(canned.args, "list", ""), "missing");
	assert_in(canned.out, "FLEET    NAME      ANCHOR  ANCHOR AT");
	assert_in(canned.out, "device-0");
	assert_in(canned.out, "device-2");
	assert_int_equal(tool("--json", "ca", "adoption", "--list", "old", NULL),
	    0);
	assert_int_equal(canned.out[0], '[');
	assert_in(canned.out, "\"name\":\"device-1\"");
	/* Both at once, or what is no number, is a wrong use. */
	assert_int_equal(tool("ca", "adoption", "--list", "old", "--all",
			     "--limit", "3", NULL),
	    2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_count),
	    cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, canned_start, canned_stop);
}
