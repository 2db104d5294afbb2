#include "tests/unit/ca/engine/checks.h"

/* What a responder tells, and what "status" makes of it. */

static void
tell(struct world *w, const char *view, const char *state)
{
	world_done(world_ask(w, OPS_SVC, "tell-own", "ttiiittii", "name",
	    "127.0.0.1:80", "view", view, "age", 4, "validity", 3600,
	    "refresh", 900, "issuer", "devices-g1", "state", state, "rate",
	    5000, "budget", 1000));
}

static void
as_it_was_told(void **state)
{
	struct world *w = *state;

	expect(w, "ocsp:127.0.0.1:80", "absent");
	tell(w, "ok", "ok");
	expect(w, "ocsp:127.0.0.1:80", "ok");
	expect(w, "ocsp:127.0.0.1:80 devices-g1", "absent");
	tell(w, "ok", "the token is gone");
	expect(w, "ocsp:127.0.0.1:80 devices-g1", "fail");
	tell(w, "status.db is of 90000 s ago", "ok");
	expect(w, "ocsp:127.0.0.1:80", "fail");
	tell(w, "ok", "ok");
	expect(w, "ocsp:127.0.0.1:80", "ok");
}

static void
silent(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	tell(w, "ok", "ok");
	w->now = now + 91;
	expect(w, "ocsp:127.0.0.1:80", "warn");
	w->now = now + 8 * 86400;
	expect(w, "ocsp:127.0.0.1:80", "absent");
	w->now = now;
}

static void
refused(void **state)
{
	struct world *w = *state;

	world_refused(world_ask(w, OPS_SVC, "tell-own", "t", "name", "x"),
	    WIRE_BADREQUEST, "missing");
	world_refused(world_ask(w, OPS_SVC, "tell-own", "ttt", "name", "x",
	    "view", "ok", "issuer", "devices-g1"), WIRE_BADREQUEST,
	    "each needs");
	/* Only on svc.sock. */
	world_refused(world_admin(w, "tell-own", "tt", "name", "x", "view",
	    "ok"), WIRE_DENIED, "does not exist");
	world_refused(world_ask(w, OPS_RA, "tell-own", "tt", "name", "x",
	    "view", "ok"), WIRE_DENIED, "does not exist");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_it_was_told),
	    cmocka_unit_test(silent),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
