/* Requests whose time is over, and those that a start finds running. */

#define PARKING_CONF PEOPLE_CONF "approvals = ( { operation = \"device.add\"; " \
	"number = 1; } );\n" \
	"lifetime = \"1h\";\n"
#include "tests/unit/ca/engine/parking.h"

/* It ran, and the program ended: never again. */
static void
interrupted(void **state)
{
	struct world *w = *state;
	int id = park(w, "s-4");
	size_t n = 0;

	set(w, id, PARKED_RUNNING);
	world_refused(people_approve(w, 2, id), WIRE_DENIED,
	    "approval.state");
	assert_true(parking_recover(w->ca->store, w->now, &n));
	assert_int_equal(n, 1);
	people_state(w, id, "interrupted");
	people_as(w, 2002);
	world_refused(world_admin(w, "request.run", "i", "id", id),
	    WIRE_DENIED, "approval.state");
	assert_int_equal(world_log(w, "request.interrupted", "request="), 1);
}

static void
swept(void **state)
{
	struct world *w = *state;
	int a = park(w, "s-5"), b = park(w, "s-6"), c = park(w, "s-7");
	size_t before;

	set(w, b, PARKED_APPROVED);
	set(w, c, PARKED_RUNNING);
	before = world_log(w, "request.expired", "op=device.add");
	assert_true(parking_sweep(w->ca->store, w->now + 3599));
	people_state(w, a, "waiting");
	assert_true(parking_sweep(w->ca->store, w->now + 3600));
	people_state(w, a, "expired");
	people_state(w, b, "expired");
	/* What runs is not over because it takes long. */
	people_state(w, c, "running");
	assert_int_equal(world_log(w, "request.expired", "op=device.add"),
	    before + 2);
}

#define MANY 120 /* more than are ended in one transaction */

/* Devices' requests come by the hundred. */
static int
many_tx(struct store_tx *tx, void *arg)
{
	struct world *w = arg;
	struct parked_row r;
	int i;

	memset(&r, 0, sizeof(r));
	strcpy(r.kind, PARKED_BY_DEVICE);
	strcpy(r.op, "enroll");
	strcpy(r.asker, "ra:uid:1");
	r.state = PARKED_WAITING;
	r.uid = -1;
	r.need = 1;
	r.created = w->now;
	r.expires = w->now + 60;
	r.content = (unsigned char *)(uintptr_t)"x";
	r.content_len = 1;
	for (i = 0; i < MANY; i++) {
		memset(r.sha256, i, 32);
		if (!parked_next(tx, &r.id) || !parked_add(tx, &r))
			return 0;
	}
	return 1;
}

static int
count_tx(struct store_tx *tx, void *arg)
{
	return parked_count(tx, PARKED_BY_DEVICE, PARKED_WAITING, arg);
}

static void
many(void **state)
{
	struct world *w = *state;
	int64_t n = 0;

	assert_true(store_write(w->ca->store, many_tx, w, 0));
	assert_true(parking_sweep(w->ca->store, w->now + 59));
	assert_true(store_read(w->ca->store, count_tx, &n));
	assert_int_equal(n, MANY);
	assert_true(parking_sweep(w->ca->store, w->now + 60));
	assert_true(store_read(w->ca->store, count_tx, &n));
	assert_int_equal(n, 0);
	people_as(w, 2001);
	assert_int_equal(world_log(w, "enrol.expired", "op=enroll"), MANY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(interrupted),
	    cmocka_unit_test(swept),
	    cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, begin, people_teardown);
}
