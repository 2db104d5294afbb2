#include "tests/unit/ca/engine/people.h"

/* Who may do what, as it is shown. */

static void
list(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

	a = world_admin(w, "operator.list", "");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 0);
	assert_string_equal(field_text(a->values, "your_roles", ""),
	    "admin officer auditor");
	WIRE_ANSWER_free(a);
	people_activate(w, PEOPLE_CONF "approvals = ( { operation = "
	    "\"issue:code-signing\"; number = 2; } );");
	people_as(w, 2002);
	a = world_admin(w, "operator.list", "");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 6);
	assert_string_equal(field_text(a->values, "your_roles", ""),
	    "officer");
	assert_string_equal(field_text(a->values, "approvals", ""),
	    "issue:code-signing = 2");
	assert_string_equal(field_text(message_row(a, 1), "name", ""), "bob");
	assert_string_equal(field_text(message_row(a, 1), "key", ""),
	    people[1].vkey);
	assert_true(field_flag(message_row(a, 1), "you", 0));
	assert_false(field_flag(message_row(a, 0), "you", 1));
	assert_string_equal(field_text(message_row(a, 5), "name", ""),
	    "@2100");
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(list),
	};

	return cmocka_run_group_tests(tests, people_setup, people_teardown);
}
