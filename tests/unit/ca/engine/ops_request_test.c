#include "tests/unit/ca/engine/people.h"
#include "ca/log/approval.h"

/* Requests as they are shown. */

static int
begin(void **state)
{
	people_setup(state);
	people_activate(*state, PEOPLE_CONF "approvals = ( { operation = "
	    "\"ca.stop\"; number = 2; } );\nlifetime = \"1h\";");
	return 0;
}

static void
shown(void **state)
{
	struct world *w = *state;
	char text[APPROVAL_TEXT_MAX];
	const unsigned char *der;
	WIRE_ANSWER *a;
	size_t len = 0;
	int id;

	people_as(w, 2002);
	id = people_parked(world_admin(w, "ca.stop", "t", "reason", "test"));
	world_done(people_approve(w, 2, id));
	people_as(w, 2004);
	a = world_admin(w, "request.show", "i", "id", id);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "asker", ""),
	    "admin:uid:2002");
	assert_int_equal(field_int(a->values, "need", 0), 2);
	assert_int_equal(field_int(a->values, "got", 0), 1);
	assert_string_equal(field_text(a->values, "your_key", ""),
	    people[3].vkey);
	der = field_bytes(a->values, "content", &len);
	assert_true(approval_text(der, len, text, sizeof(text)));
	assert_string_equal(field_text(a->values, "text", ""), text);
	assert_int_equal(message_n_rows(a), 1);
	assert_string_equal(field_text(message_row(a, 0), "operator", ""),
	    "carol");
	assert_true(field_flag(message_row(a, 0), "signed", 0));
	assert_non_null(strstr(field_text(message_row(a, 0), "note", ""),
	    text));
	WIRE_ANSWER_free(a);
	/* The auditor has no key, and sees the same. */
	people_as(w, 2005);
	a = world_admin(w, "request.show", "i", "id", id);
	world_is(a, WIRE_OK);
	assert_null(field_find(a->values, "your_key", 0));
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "request.show", "i", "id", 4711),
	    WIRE_NOTFOUND, "4711");
}

static void
listed(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	int id;

	people_as(w, 2002);
	id = people_parked(world_admin(w, "ca.stop", ""));
	world_done(world_admin(w, "request.deny", "it", "id", id, "reason",
	    "mistake"));
	a = world_admin(w, "request.list", "f", "open", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_string_equal(field_text(message_row(a, 0), "approvals", ""),
	    "1/2");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "request.list", "i", "limit", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_int_equal(field_int(message_row(a, 0), "id", 0), id);
	assert_string_equal(field_text(message_row(a, 0), "state", ""),
	    "denied");
	assert_string_equal(field_text(message_row(a, 0), "note", ""),
	    "mistake");
	assert_non_null(message_next(a));
	WIRE_ANSWER_free(a);
	/* Over, though nothing has ended it yet. */
	w->now += 3600;
	a = world_admin(w, "request.list", "");
	assert_string_equal(field_text(message_row(a, 1), "state", ""),
	    "expired");
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shown),
	    cmocka_unit_test(listed),
	};

	return cmocka_run_group_tests(tests, begin, people_teardown);
}
