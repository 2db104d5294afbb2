#include "tests/unit/ca/engine/world.h"

/* profile.replay: what a changed profile would make of the last requests. The
   ways in which certificates differ are in tests/integration/replay.sh. */

/* The active text of the profile, ${from} replaced by ${to}. To be freed. */
static char *
changed(struct world *w, const char *from, const char *to)
{
	WIRE_ANSWER *a = world_admin(
	    w, "policy.show", "t", "path", "profiles/device-ldevid.conf");
	const char *text, *at;
	char *out;

	world_is(a, WIRE_OK);
	assert_non_null(text = field_text(a->values, "content", NULL));
	out = calloc(1, strlen(text) + strlen(to) + 1);
	at = from == NULL ? text + strlen(text) : strstr(text, from);
	assert_non_null(at);
	sprintf(out, "%.*s%s%s", (int)(at - text), text, to,
	    from == NULL ? "" : at + strlen(from));
	WIRE_ANSWER_free(a);
	return out;
}

static WIRE_ANSWER *
replay(struct world *w, const char *from, const char *to, int last)
{
	char *text = changed(w, from, to);
	WIRE_ANSWER *a = world_admin(w, "profile.replay", "tti", "text", text,
	    "file", "new.conf", "last", last);

	free(text);
	return a;
}

static void
same(void **state)
{
	struct world *w = *state;
	char serial[64];
	WIRE_ANSWER *a;

	world_issue(w, "one", serial);
	world_issue(w, "two", serial);
	a = replay(w, NULL, "", 10);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "judged", -1), 2);
	assert_int_equal(field_int(a->values, "same", -1), 2);
	assert_int_equal(message_n_rows(a), 0);
	WIRE_ANSWER_free(a);
	a = replay(w, NULL, "", 1);
	assert_int_equal(field_int(a->values, "judged", -1), 1);
	WIRE_ANSWER_free(a);
}

static void
differs(void **state)
{
	struct world *w = *state;
	const WIRE_FIELDS *row;
	char serial[64];
	WIRE_ANSWER *a;

	world_issue(w, "one", serial);
	a = replay(w, "\"90d\"", "\"30d\"", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "differ", -1), 1);
	assert_int_equal(message_n_rows(a), 1);
	row = message_row(a, 0);
	assert_string_equal(field_text(row, "what", ""), "not_after");
	assert_string_equal(field_text(row, "verdict", ""), "differ");
	assert_string_equal(field_text(row, "serial", ""), serial);
	WIRE_ANSWER_free(a);
	/* By an operator, and the changed one is for EST alone. */
	a = replay(w, "[ \"est\", \"operator\" ]", "[ \"est\" ]", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "refused", -1), 1);
	row = message_row(a, 0);
	assert_string_equal(field_text(row, "what", ""), "profile.issued_by");
	assert_string_equal(field_text(row, "verdict", ""), "refuse");
	WIRE_ANSWER_free(a);
}

static void
refuses(void **state)
{
	struct world *w = *state;

	world_refused(replay(w, NULL, "", 0), WIRE_BADREQUEST, "1 to 10000");
	world_refused(
	    replay(w, NULL, "", 10001), WIRE_BADREQUEST, "1 to 10000");
	world_refused(
	    replay(w, "duration", "durration", 1), WIRE_BADREQUEST, "new.conf");
	world_refused(replay(w, NULL,
			  "policies = ( { oid = \"1.2.3\"; cps = "
			  "\"http:///cps\"; } );",
			  1),
	    WIRE_BADREQUEST, "new.conf: lint.policies.cps");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same),
	    cmocka_unit_test(differs),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
