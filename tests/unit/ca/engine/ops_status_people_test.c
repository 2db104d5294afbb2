#include "tests/unit/ca/engine/people.h"

/* What status says of people. */

static void
expect(struct world *w, const char *check, const char *level, const char *word)
{
	WIRE_ANSWER *a = world_admin(w, "status", "");
	const WIRE_FIELDS *row;
	size_t i;

	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (strcmp(field_text(row, "check", ""), check) != 0)
			continue;
		assert_string_equal(field_text(row, "level", ""), level);
		if (strstr(field_text(row, "text", ""), word) == NULL)
			fail_msg("no \"%s\" in \"%s\"", word,
			    field_text(row, "text", ""));
		WIRE_ANSWER_free(a);
		return;
	}
	fail_msg("no check %s", check);
}

static void
operators(void **state)
{
	struct world *w = *state;

	people_as(w, 2003);
	people_activate(w, PEOPLE_CONF);
	expect(w, "operators", "ok", "5 operators; nothing needs approvals");
	people_activate(w, PEOPLE_CONF "uid_only = true;");
	expect(w, "operators", "warn", "uid_only");
	people_activate(w, PEOPLE_CONF "approvals = ( { operation = \"issue\"; "
	    "number = 2; } );");
	expect(w, "operators", "ok", "5 operators, 1 rules of approval");
}

static void
requests(void **state)
{
	struct world *w = *state;
	int id;

	expect(w, "operators", "warn", "whoever may use the admin socket");
	people_as(w, 2003);
	people_activate(w, PEOPLE_CONF "uid_only = true;");
	people_activate(w, PEOPLE_CONF "approvals = ( { operation = "
	    "\"secret.new\"; number = 1; } );");
	people_as(w, 2002);
	id = people_parked(world_admin(w, "secret.new", "t", "fleet",
	    "devices"));
	expect(w, "requests", "ok", "1 wait for approvals");
	world_done(people_approve(w, 2, id));
	expect(w, "requests", "warn", "1 approved, not run");
	people_as(w, 2002);
	world_done(world_admin(w, "ca.stop", "t", "break_glass", "fire"));
	expect(w, "break-glass", "fail", "did ca.stop without approvals: "
	    "fire");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests),
	};
	const struct CMUnitTest more[] = {
	    cmocka_unit_test(operators),
	};

	return cmocka_run_group_tests(tests, people_setup, people_teardown) ||
	    cmocka_run_group_tests(more, people_setup, people_teardown);
}
