#include "tests/unit/ca/engine/people.h"

/* Approving: every refusal has its rule, and nothing else counts. */

#define CONF PEOPLE_CONF "approvals = ( { operation = \"device.add\"; " \
	"number = 2; }, { operation = \"secret.new\"; number = 1; } );\n" \
	"lifetime = \"1h\";\n"

static int
park(struct world *w, const char *name)
{
	people_as(w, 2002);
	return people_parked(world_admin(w, "device.add", "tt", "fleet",
	    "devices", "name", name));
}

static int
begin(void **state)
{
	people_setup(state);
	people_activate(*state, CONF);
	return 0;
}

static size_t
devices(struct world *w, const char *name)
{
	WIRE_ANSWER *a = world_admin(w, "device.list", "t", "name", name);
	size_t n = message_n_rows(a);

	world_is(a, WIRE_OK);
	WIRE_ANSWER_free(a);
	return n;
}

static void
two_approve(void **state)
{
	struct world *w = *state;
	int id = park(w, "gw-1");
	WIRE_ANSWER *a;

	world_done(people_approve(w, 2, id));
	people_state(w, id, "waiting");
	assert_int_equal(devices(w, "gw-1"), 0);
	a = people_approve(w, 3, id);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "done");
	assert_int_equal(field_int(a->values, "got", 0), 2);
	WIRE_ANSWER_free(a);
	assert_int_equal(devices(w, "gw-1"), 1);
	world_refused(people_approve(w, 3, id), WIRE_DENIED,
	    "approval.state");
	people_as(w, 2003);
	assert_int_equal(world_log(w, "request.approved", "operator=carol"),
	    1);
	assert_int_equal(world_log(w, "request.approved", "operator=olga"),
	    1);
	assert_int_equal(world_log(w, "device.add", "who=admin:uid:2002"), 1);
}

static void
who(void **state)
{
	struct world *w = *state;
	int id = park(w, "gw-2");

	world_refused(people_approve(w, 1, id), WIRE_DENIED, "approval.self");
	world_refused(people_approve(w, 0, id), WIRE_DENIED, "approval.role");
	people_as(w, 2005);
	world_refused(world_admin(w, "request.approve", "i", "id", id),
	    WIRE_DENIED, "role.operation");
	world_done(people_approve(w, 2, id));
	world_refused(people_approve(w, 2, id), WIRE_DENIED,
	    "approval.twice");
	people_state(w, id, "waiting");
	people_as(w, 2003);
	world_refused(world_admin(w, "request.approve", "i", "id", 999),
	    WIRE_NOTFOUND, "no request 999");
}

static void
what(void **state)
{
	struct world *w = *state;
	int id = park(w, "gw-3"), other = park(w, "gw-4");
	char *note;

	people_as(w, 2003);
	world_refused(world_admin(w, "request.approve", "i", "id", id),
	    WIRE_DENIED, "approval.signature");
	note = people_note(w, 2, other);
	world_refused(world_admin(w, "request.approve", "it", "id", id, "note",
	    note), WIRE_DENIED, "approval.content");
	OPENSSL_free(note);
	note = people_note(w, 3, id);	/* olga's, by carol */
	world_refused(world_admin(w, "request.approve", "it", "id", id, "note",
	    note), WIRE_DENIED, "approval.key");
	OPENSSL_free(note);
	note = people_note(w, 2, id);
	note[strlen(note) - 8] ^= 1;
	world_refused(world_admin(w, "request.approve", "it", "id", id, "note",
	    note), WIRE_DENIED, "approval.signature");
	OPENSSL_free(note);
	world_refused(world_admin(w, "request.approve", "it", "id", id, "note",
	    "no note"), WIRE_DENIED, "approval.signature");
	people_state(w, id, "waiting");
	assert_int_equal(devices(w, "gw-3"), 0);
}

static void
time_is_over(void **state)
{
	struct world *w = *state;
	int id = park(w, "gw-5");

	w->now += 3599;
	world_done(people_approve(w, 2, id));
	w->now += 1;
	world_refused(people_approve(w, 3, id), WIRE_DENIED,
	    "approval.expired");
	people_state(w, id, "expired");
	assert_int_equal(world_log(w, "request.expired", "op=device.add"), 1);
}

static void
denied(void **state)
{
	struct world *w = *state;
	int id = park(w, "gw-6");

	people_as(w, 2001);
	world_refused(world_admin(w, "request.deny", "i", "id", id),
	    WIRE_DENIED, "approval.role");
	people_as(w, 2004);
	world_done(world_admin(w, "request.deny", "it", "id", id, "reason",
	    "no such box"));
	people_state(w, id, "denied");
	world_refused(people_approve(w, 2, id), WIRE_DENIED,
	    "approval.state");
	people_as(w, 2004);
	world_refused(world_admin(w, "request.deny", "i", "id", id),
	    WIRE_DENIED, "approval.state");
	assert_int_equal(world_log(w, "request.denied", "no such box"), 1);
	id = park(w, "gw-6");
	world_done(world_admin(w, "request.deny", "i", "id", id));
}

/* Only who asked gets the secret, and it is not kept. */
static void
secret(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	int id;

	people_as(w, 2002);
	id = people_parked(world_admin(w, "secret.new", "t", "fleet",
	    "devices"));
	world_done(people_approve(w, 2, id));
	people_state(w, id, "approved");
	people_as(w, 2003);
	world_refused(world_admin(w, "request.run", "i", "id", id),
	    WIRE_DENIED, "approval.asker");
	people_as(w, 2002);
	a = world_admin(w, "request.run", "i", "id", id);
	world_is(a, WIRE_OK);
	assert_true(strlen(field_text(a->values, "secret", "")) > 20);
	WIRE_ANSWER_free(a);
	people_state(w, id, "done");
	a = world_admin(w, "request.show", "i", "id", id);
	assert_null(field_find(a->values, "result.secret", 0));
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "request.run", "i", "id", id),
	    WIRE_DENIED, "approval.state");
}

/* uid_only: no signature is asked. */
static void
uid_alone(void **state)
{
	struct world *w = *state;
	int id;

	people_as(w, 2003);
	people_activate(w, PEOPLE_CONF "uid_only = true;");
	people_activate(w, PEOPLE_CONF "uid_only = true; approvals = ( { "
	    "operation = \"device.add\"; number = 1; } );");
	id = park(w, "gw-7");
	people_as(w, 2003);
	world_refused(world_admin(w, "request.run", "i", "id", id),
	    WIRE_DENIED, "approval.state");
	/* By uid alone, as the file says. */
	world_done(world_admin(w, "request.approve", "i", "id", id));
	people_state(w, id, "done");
	assert_int_equal(devices(w, "gw-7"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_approve),
	    cmocka_unit_test(who),
	    cmocka_unit_test(what),
	    cmocka_unit_test(time_is_over),
	    cmocka_unit_test(denied),
	    cmocka_unit_test(secret),
	};
	const struct CMUnitTest uid[] = {
	    cmocka_unit_test(uid_alone),
	};

	return cmocka_run_group_tests(tests, begin, people_teardown) ||
	    cmocka_run_group_tests(uid, people_setup, people_teardown);
}
