#ifndef INKAN_TESTS_PARKING_H
#define INKAN_TESTS_PARKING_H

#include "tests/unit/ca/engine/people.h"
#include "ca/engine/parking_step.h"

/* A world whose policy is PARKING_CONF (defined before), a parked request of bob's, and
   a state as it pleases. */

static int
begin(void **state)
{
	people_setup(state);
	people_activate(*state, PARKING_CONF);
	return 0;
}

static int
park(struct world *w, const char *name)
{
	people_as(w, 2002);
	return people_parked(world_admin(w, "device.add", "tt", "fleet",
	    "devices", "name", name));
}

struct setting {
	int64_t id;
	enum parked_state to;
};

static int
set_tx(struct store_tx *tx, void *arg)
{
	struct setting *s = arg;
	struct parked_row row;
	int ok = parked_get(tx, s->id, &row) == 1;

	row.state = s->to;
	ok = ok && parked_update(tx, &row);
	parked_row_clear(&row);
	return ok;
}

/* As a crash would leave it. */
static void
set(struct world *w, int id, enum parked_state to)
{
	struct setting s = {id, to};

	assert_true(store_write(w->ca->store, set_tx, &s, 0));
}

#endif
