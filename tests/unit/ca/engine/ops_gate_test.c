#include "tests/unit/ca/engine/people.h"

/* Before an operation: parked, at once, or by break-glass. */

static int
begin(void **state)
{
	people_setup(state);
	people_activate(*state, PEOPLE_CONF "approvals = ( { operation = "
	    "\"revoke\"; number = 1; }, { operation = \"ca.stop\"; number = "
	    "1; } );");
	return 0;
}

static void
gate(void **state)
{
	struct world *w = *state;
	char serial[64];

	people_as(w, 2002);
	world_issue(w, "g-1", serial);
	people_parked(world_admin(w, "revoke", "t", "serial", serial));
	people_parked(world_admin(w, "ca.stop", ""));
	world_done(world_admin(w, "status", ""));
	world_done(world_admin(w, "device.add", "tt", "fleet", "devices",
	    "name", "g-2"));
	people_as(w, 2001);
	assert_int_equal(world_log(w, "revoke", serial), 0);
	assert_int_equal(world_log(w, "ca.stop", "who"), 0);
}

static void
broken(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	char serial[64];

	people_as(w, 2002);
	world_issue(w, "g-3", serial);
	a = world_admin(w, "revoke", "tt", "serial", serial, "break_glass",
	    "the key is out");
	world_is(a, WIRE_OK);
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "revoke", serial), 1);
	assert_int_equal(world_log(w, "break-glass", "text=the key is out"),
	    1);
	/* On record also when the operation then is refused. */
	world_refused(world_admin(w, "revoke", "tt", "serial", "4099",
	    "break_glass", "in a hurry"), WIRE_NOTFOUND, "serial");
	assert_int_equal(world_log(w, "break-glass", "text=in a hurry"), 1);
	world_refused(world_admin(w, "revoke", "tt", "serial", serial,
	    "break_glass", "  "), WIRE_BADREQUEST, "reason");
	world_refused(world_admin(w, "device.add", "ttt", "fleet", "devices",
	    "name", "g-4", "break_glass", "please"), WIRE_BADREQUEST,
	    "no argument");
	world_refused(world_admin(w, "revoke", "ti", "serial", serial,
	    "break_glass", 7), WIRE_BADREQUEST, "wrong type");
	people_as(w, 2001);
	world_refused(world_admin(w, "revoke", "tt", "serial", serial,
	    "break_glass", "I am an admin"), WIRE_DENIED, "role.operation");
	assert_int_equal(world_log(w, "break-glass", "I am an admin"), 0);
}

/* Without a file nothing needs approvals, and break-glass is on record. */
static void
no_file(void **state)
{
	struct world *w = *state;
	char serial[64];

	world_issue(w, "g-5", serial);
	world_done(world_admin(w, "ca.stop", "t", "break_glass", "attack"));
	assert_int_equal(world_log(w, "break-glass", "op=ca.stop"), 1);
	world_done(world_admin(w, "ca.resume", ""));
	world_done(world_admin(w, "revoke", "t", "serial", serial));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gate),
	    cmocka_unit_test(broken),
	};
	const struct CMUnitTest plain[] = {
	    cmocka_unit_test(no_file),
	};

	return cmocka_run_group_tests(tests, begin, people_teardown) ||
	    cmocka_run_group_tests(plain, world_setup, world_teardown);
}
