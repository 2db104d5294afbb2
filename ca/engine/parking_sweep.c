#include "ca/error.h"
#include "ca/engine/parking_step.h"

/* Requests whose time is over, and those that a start finds running. */

struct looking {
	int64_t until, id;
	enum parked_state state;
};

static int
first_tx(struct store_tx *tx, void *arg)
{
	struct looking *l = arg;

	return parked_first(tx, l->state, l->until, &l->id);
}

#define SWEEP_TX 50	/* requests that are ended in one transaction */
#define SWEEP_ROUNDS 20	/* transactions in a row; the rest can wait */

struct sweeping {
	time_t now;
	size_t n;
};

/* Devices' requests come by the thousand, and so may their ends. */
static int
sweep_tx(struct store_tx *tx, void *arg)
{
	static const enum parked_state which[] = {PARKED_WAITING,
	    PARKED_APPROVED};
	struct sweeping *s = arg;
	int64_t id = 0;
	size_t i;

	s->n = 0;
	for (i = 0; i < 2; i++)
		for (; s->n < SWEEP_TX; s->n++) {
			if (!parked_first(tx, which[i], s->now, &id))
				return 0;
			if (id == 0)
				break;
			if (!parking_end(tx, id, PARKING_OPEN, PARKED_EXPIRED,
			    "expired", "inkan-ca", NULL, s->now))
				return 0;
		}
	return 1;
}

static int
is_due(struct store *store, time_t now)
{
	struct looking l = {.until = now, .state = PARKED_WAITING};

	if (!store_read(store, first_tx, &l) || l.id != 0)
		return 1;
	l.state = PARKED_APPROVED;
	return !store_read(store, first_tx, &l) || l.id != 0;
}

int
parking_sweep(struct store *store, time_t now)
{
	struct sweeping s = {now, SWEEP_TX};
	size_t i;

	if (!is_due(store, now))
		return 1;
	for (i = 0; i < SWEEP_ROUNDS && s.n == SWEEP_TX; i++)
		if (!store_write(store, sweep_tx, &s, STORE_URGENT))
			return 0;
	return 1;
}

struct interrupting {
	int64_t id;
	time_t now;
};

static int
interrupt_tx(struct store_tx *tx, void *arg)
{
	const struct interrupting *k = arg;

	return parking_end(tx, k->id, 1u << PARKED_RUNNING, PARKED_INTERRUPTED,
	    "interrupted", "inkan-ca", "inkan-ca ended while it ran; the log "
	    "tells what it did", k->now);
}

int
parking_recover(struct store *store, time_t now, size_t *n)
{
	struct looking l = {.until = INT64_MAX, .state = PARKED_RUNNING};
	struct interrupting k = {0, now};

	for (*n = 0;; (*n)++) {
		if (!store_read(store, first_tx, &l))
			return 0;
		if (l.id == 0)
			return 1;
		k.id = l.id;
		if (!store_write(store, interrupt_tx, &k, STORE_URGENT))
			return 0;
	}
}
