#include "tests/unit/ca/engine/world.h"

/* What the registry says of a device, changed by an operator. */

static void
added(struct world *w, const char *name)
{
	world_done(world_admin(w, "device.add", "ttttt", "fleet", "devices",
	    "name", name, "serial", "S-1", "set", "model=X1", "set",
	    "site=a"));
}

static void
changes(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

	added(w, "s-1");
	a = world_admin(w, "device.set", "ttttt", "name", "s-1", "set",
	    "model=X2", "set", "site=", "serial", "S-2", "late_renewal", "yes");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "fields", ""), "model=X2");
	assert_string_equal(field_text(a->values, "serial", ""), "S-2");
	assert_string_equal(field_text(a->values, "late_renewal", ""), "yes");
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "device.set", "late_renewal=yes"), 1);
	assert_int_equal(world_log(w, "device.set", "set=model=X2"), 1);
	a = world_admin(
	    w, "device.set", "tt", "name", "s-1", "late_renewal", "no");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "late_renewal", ""), "");
	assert_string_equal(field_text(a->values, "serial", ""), "S-2");
	WIRE_ANSWER_free(a);
}

static void
refuses(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

	added(w, "s-2");
	world_refused(world_admin(w, "device.set", "t", "name", "s-2"),
	    WIRE_BADREQUEST, "nothing");
	world_refused(world_admin(w, "device.set", "tt", "name", "s-2",
			  "late_renewal", "maybe"),
	    WIRE_BADREQUEST, "yes or no");
	world_refused(world_admin(w, "device.set", "tt", "name", "s-2", "serial",
			  " x"),
	    WIRE_BADREQUEST, "serial");
	world_refused(world_admin(w, "device.set", "tt", "name", "none", "set",
			  "a=b"),
	    WIRE_NOTFOUND, "device");
	/* All or nothing. */
	world_refused(world_admin(w, "device.set", "ttt", "name", "s-2", "set",
			  "model=X9", "set", "Bad Name=1"),
	    WIRE_BADREQUEST, "device.set");
	a = world_admin(w, "device.show", "t", "name", "s-2");
	world_is(a, WIRE_OK);
	assert_non_null(
	    strstr(field_text(a->values, "fields", ""), "model=X1"));
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "device.set", "device=s-2"), 0);
	world_done(world_admin(w, "device.retire", "t", "name", "s-2"));
	world_refused(world_admin(w, "device.set", "tt", "name", "s-2", "set",
			  "a=b"),
	    WIRE_DENIED, "device.retired");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes), cmocka_unit_test(refuses)};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
