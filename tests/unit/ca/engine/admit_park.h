#ifndef TESTS_UNIT_CA_ENGINE_ADMIT_PARK_H
#define TESTS_UNIT_CA_ENGINE_ADMIT_PARK_H

#include "ca/engine/enrol_park.h"
#include "tests/unit/ca/engine/admit_change.h"

/* What people do to requests that wait, for tests of admission. */

struct deciding {
	int64_t id;
	enum parked_state to;
	const char *note;
	struct parked_row row;
	int64_t n;
	const char *kind;
};

static inline int
decide_tx(struct store_tx *tx, void *arg)
{
	struct deciding *d = arg;
	int ok;

	if (parked_get(tx, d->id, &d->row) != 1)
		return 0;
	d->row.state = d->to;
	snprintf(d->row.note, sizeof(d->row.note), "%s", d->note);
	ok = parked_update(tx, &d->row);
	parked_row_clear(&d->row);
	return ok;
}

static inline void
decide(struct world *w, int64_t id, enum parked_state to, const char *note)
{
	struct deciding d = {.id = id, .to = to, .note = note};

	assert_int_equal(store_write(w->store, decide_tx, &d, 0), 1);
}

static inline int
state_tx(struct store_tx *tx, void *arg)
{
	struct deciding *d = arg;

	if (parked_get(tx, d->id, &d->row) != 1)
		return 0;
	d->to = d->row.state;
	d->n = d->row.need;
	parked_row_clear(&d->row);
	return 1;
}

static inline enum parked_state
state_of(struct world *w, int64_t id)
{
	struct deciding d = {.id = id};

	assert_int_equal(store_read(w->store, state_tx, &d), 1);
	return d.to;
}

static inline int64_t
need_of(struct world *w, int64_t id)
{
	struct deciding d = {.id = id};

	assert_int_equal(store_read(w->store, state_tx, &d), 1);
	return d.n;
}

static inline int
take_parked(const struct parked_row *row, void *arg)
{
	struct deciding *d = arg;

	if (d->id == 0)
		d->id = row->id;
	d->n++;
	return 1;
}

static inline int
count_tx(struct store_tx *tx, void *arg)
{
	struct parked_filter f = {.kind = PARKED_BY_DEVICE, .limit = 1000};

	return parked_list(tx, &f, take_parked, arg);
}

/* All that there are, and the newest one's id. */
static inline int64_t
n_parked(struct world *w, int64_t *newest)
{
	struct deciding d = {.id = 0};

	assert_int_equal(store_read(w->store, count_tx, &d), 1);
	if (newest != NULL)
		*newest = d.id;
	return d.n;
}

/* It waits now, by that rule; the request's id. */
static inline int64_t
expect_parked_at(struct world *w, const char *rule, const char *file, int line)
{
	char want[64];
	int64_t id;

	expect_refused_at(
	    w, enrol(w), WIRE_PENDING, "approve", rule, file, line);
	assert_true(w->o.retry_after > 0);
	assert_true(n_parked(w, &id) > 0);
	snprintf(want, sizeof(want), "request %lld waits", (long long)id);
	assert_non_null(strstr(w->o.text, want));
	return id;
}

#define expect_parked(w, rule) expect_parked_at(w, rule, __FILE__, __LINE__)

/* Nothing but a certificate's row goes: its reservation came to nothing. */
static inline int
abort_tx(struct store_tx *tx, void *arg)
{
	struct cert_row *row = arg;

	return certs_set_state(
		   tx, row->id, CERT_ABORTED, CERT_REASON_NONE, NOW) &&
	    admit_unguard(tx, row);
}

#endif
