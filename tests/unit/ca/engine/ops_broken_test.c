#include "tests/unit/ca/engine/people.h"

/* Uses of break-glass: listed, and acknowledged by another person. */

static size_t
listed(struct world *w, int open)
{
	WIRE_ANSWER *a = world_admin(w, "break-glass.list", "f", "open", open);
	size_t n = message_n_rows(a);

	world_is(a, WIRE_OK);
	WIRE_ANSWER_free(a);
	return n;
}

static const char *
level(struct world *w, char out[16])
{
	WIRE_ANSWER *a = world_admin(w, "status", "");
	size_t i;

	out[0] = '\0';
	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "check", ""),
		    "break-glass") == 0)
			snprintf(out, 16, "%s", field_text(message_row(a, i),
			    "level", ""));
	WIRE_ANSWER_free(a);
	return out;
}

static void
seen_by_another(void **state)
{
	struct world *w = *state;
	char out[16];

	people_activate(w, PEOPLE_CONF);
	people_as(w, 2002);
	world_done(world_admin(w, "crl.issue", "tt", "issuer", "devices",
	    "break_glass", "now"));
	assert_int_equal(listed(w, 1), 1);
	assert_string_equal(level(w, out), "fail");
	world_refused(world_admin(w, "break-glass.ack", "i", "id", 1),
	    WIRE_DENIED, "break-glass.self");
	world_refused(world_admin(w, "break-glass.ack", "i", "id", 9),
	    WIRE_NOTFOUND, "no use of break-glass");
	people_as(w, 2005);
	world_refused(world_admin(w, "break-glass.ack", "i", "id", 1),
	    WIRE_DENIED, "role.operation");
	people_as(w, 2001);
	world_done(world_admin(w, "break-glass.ack", "it", "id", 1, "note",
	    "fine"));
	world_refused(world_admin(w, "break-glass.ack", "i", "id", 1),
	    WIRE_DENIED, "break-glass.seen");
	assert_int_equal(listed(w, 1), 0);
	assert_int_equal(listed(w, 0), 1);
	assert_string_equal(level(w, out), "");
	assert_int_equal(world_log(w, "break-glass.seen", "text=fine"), 1);
}

/* Who is alone cannot wait for another. */
static void
alone(void **state)
{
	struct world *w = *state;

	world_done(world_admin(w, "crl.issue", "tt", "issuer", "devices",
	    "break_glass", "now"));
	world_done(world_admin(w, "break-glass.ack", "i", "id", 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seen_by_another),
	};
	const struct CMUnitTest one[] = {
	    cmocka_unit_test(alone),
	};

	return cmocka_run_group_tests(tests, people_setup, people_teardown) ||
	    cmocka_run_group_tests(one, world_setup, world_teardown);
}
