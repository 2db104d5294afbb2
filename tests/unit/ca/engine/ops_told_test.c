#include <limits.h>
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

/* Numbers that no configuration has: whoever plans by them would add and divide
   them. */
static void
numbers(void **state)
{
	const struct {
		int validity, refresh, rate, budget;
		const char *why;
	} bad[] = {{9, 0, 1, 1, "10 seconds to 7 days"},
	    {7 * 86400 + 1, 0, 1, 1, "10 seconds to 7 days"},
	    {INT_MIN, INT_MIN, 1, 1, "10 seconds to 7 days"},
	    {3600, -1, 1, 1, "at most half"}, {3600, 1801, 1, 1, "at most half"},
	    {3600, 900, -1, 1, "0 to "}, {3600, 900, INT_MAX, 1, "0 to "},
	    {3600, 900, 1, -1, "0 to "}, {3600, 900, 1, INT_MAX, "0 to "}};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		world_refused(world_ask(w, OPS_SVC, "tell-own", "ttiiittii",
		    "name", "127.0.0.1:99", "view", "ok", "age", 4,
		    "validity", bad[i].validity, "refresh", bad[i].refresh,
		    "issuer", "devices-g1", "state", "ok", "rate", bad[i].rate,
		    "budget", bad[i].budget), WIRE_BADREQUEST, bad[i].why);
	expect(w, "ocsp:127.0.0.1:99", "absent");
}

static void
refused(void **state)
{
	struct world *w = *state;

	world_refused(world_ask(w, OPS_SVC, "tell-own", "t", "name", "x"),
	    WIRE_BADREQUEST, "missing");
	world_refused(world_ask(w, OPS_SVC, "tell-own", "ttit", "name", "x",
	    "view", "ok", "validity", 3600, "issuer", "devices-g1"),
	    WIRE_BADREQUEST, "each needs");
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
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
