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
activate(struct world *w, const char *text)
{
	char *full = people_text(text);

	world_write(w, OPERATORS_PATH, full);
	OPENSSL_free(full);
	world_done(world_admin(w, "policy.activate", ""));
}

static void
operators(void **state)
{
	struct world *w = *state;

	expect(w, "operators", "warn", "whoever may use the admin socket");
	people_as(w, 2003);
	activate(w, PEOPLE_CONF);
	expect(w, "operators", "ok", "5 operators; nothing needs approvals");
	activate(w, PEOPLE_CONF "uid_only = true;");
	expect(w, "operators", "warn", "uid_only");
	activate(w, PEOPLE_CONF "approvals = ( { operation = \"issue\"; "
	    "number = 2; } );");
	expect(w, "operators", "ok", "5 operators, 1 rules of approval");
}

static int
setup(void **state)
{
	people_make();
	return world_setup(state);
}

static int
teardown(void **state)
{
	people_free();
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(operators),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
