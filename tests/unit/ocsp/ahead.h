#ifndef INKAN_TEST_OCSP_AHEAD_H
#define INKAN_TEST_OCSP_AHEAD_H

#include "tests/unit/ocsp/asking.h"
#include "ocsp/prepare.h"

/* A rig whose issuer's answers are signed ahead. Nothing has been looked at
   yet but by whoever made the rig. */

struct ahead {
	struct rig *rig;
	struct prepared *prepared;
	struct prepare *prepare;
};

static inline void
ahead_make(struct ahead *a)
{
	struct rig *r = a->rig = rig_make();
	struct prepare_ctx ctx = {.set = &r->set,
	    .delegates = r->delegates,
	    .counters = &r->counters};

	r->set.delegates[0].prepare = 1;
	r->set.prepare_share = 100;
	r->set.delegates[0].policy.both_hashes = 4096;
	/* A follower that looks for the first time. */
	follow_free(r->follow);
	state_free(r->state);
	r->state = state_new();
	r->follow = follow_new(r->db, r->readers, r->state, r->cache);
	ctx.state = r->responder.state = r->state;
	ctx.prepared = a->prepared = prepared_new(&r->set);
	r->responder.prepared = a->prepared;
	assert_non_null(a->prepare = prepare_new(&ctx));
	follow_prepared(r->follow, a->prepared);
}

/* Until there is nothing to do; how many pieces of work that was. */
static inline unsigned
ahead_run(struct ahead *a, time_t now)
{
	unsigned n = 0;

	while (prepare_step(a->prepare, now))
		assert_true(++n < 1000000);
	return n;
}

static inline unsigned long
ahead_signed(struct ahead *a)
{
	return counters_get(&a->rig->counters, COUNT_AHEAD);
}

/* ${n} more certificates, in one transaction. */
static inline void
ahead_fill(struct ahead *a, unsigned n, time_t end)
{
	struct rig *r = a->rig;
	struct status_cert c = {.issuer = RIG_CA,
	    .serial_len = 8,
	    .state = STATUS_GOOD,
	    .reason = -1,
	    .not_after = end};
	unsigned i;

	assert_true(status_begin(r->writer));
	for (i = 0; i < n; i++) {
		c.serial[0] = 0x33;
		memcpy(c.serial + 4, &i, sizeof(i));
		c.change = ++r->change;
		assert_true(status_put_cert(r->writer, &c));
	}
	assert_true(status_commit(r->writer, r->change, r->now - 5));
}

static inline void
ahead_free(struct ahead *a)
{
	prepare_stop(a->prepare);
	rig_free(a->rig);
	prepared_free(a->prepared);
}

#endif
