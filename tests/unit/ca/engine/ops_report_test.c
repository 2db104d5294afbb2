#include "tests/unit/ca/engine/world.h"

/* The auditor's report: sums and acts, up to one point of the log. */

static int64_t
count(const WIRE_ANSWER *a, const char *section, const char *field,
    const char *value)
{
	const WIRE_FIELDS *row;
	int64_t n = 0;
	size_t i;

	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (strcmp(field_text(row, "section", ""), section) == 0 &&
		    strcmp(field_text(row, field, ""), value) == 0)
			n += field_int(row, "count", 1);
	}
	return n;
}

/* The operation with a time, which world_admin() has no letter for. */
static WIRE_ANSWER *
ask(struct world *w, const char *op, int64_t from, int64_t to, int64_t limit)
{
	WIRE_REQUEST *req = message_request(op, 7);
	WIRE_ANSWER *a;

	assert_true(field_add_time(req->args, "from", from) &&
	    field_add_time(req->args, "to", to));
	if (limit > 0)
		assert_true(field_add_int(req->args, "limit", limit));
	a = ops_answer(w->ca, OPS_ADMIN, &w->peer, req, w->now);
	assert_non_null(a);
	WIRE_REQUEST_free(req);
	return a;
}

static void
sums(void **state)
{
	struct world *w = *state;
	char serial[64], other[64];
	WIRE_ANSWER *a;

	world_issue(w, "r-1", serial);
	world_issue(w, "r-2", other);
	world_done(world_admin(w, "revoke", "tt", "serial", serial, "reason",
	    "keyCompromise"));
	a = ask(w, "report", w->now - 100, w->now + 100, 0);
	world_is(a, WIRE_OK);
	assert_int_equal(count(a, "issued", "profile", "device-ldevid"), 2);
	assert_int_equal(count(a, "revoked", "reason", "keyCompromise"), 1);
	assert_true(field_int(a->values, "log_size", 0) > 3);
	assert_true(field_flag(a->values, "complete", 0));
	WIRE_ANSWER_free(a);
	a = ask(w, "report", w->now + 100, w->now + 200, 0);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 0);
	WIRE_ANSWER_free(a);
	world_refused(ask(w, "report", w->now, w->now, 0), WIRE_BADREQUEST,
	    "must be before");
}

static void
events(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	size_t n;

	world_done(world_admin(w, "ca.stop", "tt", "reason", "drill",
	    "break_glass", "a drill"));
	world_done(world_admin(w, "ca.resume", ""));
	a = ask(w, "report.events", w->now - 100, w->now + 100, 0);
	world_is(a, WIRE_OK);
	n = message_n_rows(a);
	assert_int_equal(count(a, "break-glass", "kind", "break-glass"), 1);
	assert_int_equal(count(a, "ca", "kind", "ca.stop"), 1);
	assert_int_equal(count(a, "policy", "kind", "policy"), 1);
	assert_int_equal(count(a, "ceremony", "kind", "ceremony"), 1);
	assert_null(message_next(a));
	WIRE_ANSWER_free(a);
	assert_true(n >= 4);
	a = ask(w, "report.events", w->now - 100, w->now + 100, 1);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_non_null(message_next(a));
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sums),
	    cmocka_unit_test(events),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
