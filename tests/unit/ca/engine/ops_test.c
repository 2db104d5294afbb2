#include "tests/unit/ca/engine/world.h"

/* Arguments are held against the table, and refusals leave a trace. */

static void
arguments_are_checked(void **state)
{
	world_refused(
	    world_admin(*state, "revoke", ""), WIRE_BADREQUEST, "missing");
	world_refused(world_admin(*state, "revoke", "i", "serial", 7),
	    WIRE_BADREQUEST, "wrong type");
	world_refused(world_admin(*state, "revoke", "tt", "serial", "01",
			  "surprise", "x"),
	    WIRE_BADREQUEST, "no argument");
	world_refused(
	    world_admin(*state, "revoke", "tt", "serial", "01", "serial", "02"),
	    WIRE_BADREQUEST, "more than once");
	world_refused(world_admin(*state, "ca.stop", "t", "reason",
			  "0123456789012345678901234567890123456789012345678901"
			  "234567890123"
			  "4567890123456789012345678901234567890123456789"),
	    WIRE_BADREQUEST, "longer");
}

static void
peers_by_uid_and_group(void **state)
{
	struct settings s;
	struct socket_peer p;

	(void)state;
	memset(&s, 0, sizeof(s));
	memset(&p, 0, sizeof(p));
	s.ra.n = 1;
	s.ra.peer[0].uid = 1234;
	s.admin.n = 1;
	s.admin.peer[0].is_group = 1;
	s.admin.peer[0].gid = 77;
	p.uid = 1234;
	p.gid = 5;
	assert_true(ops_peer_ok(&s, OPS_RA, &p));
	assert_false(ops_peer_ok(&s, OPS_SVC, &p));
	assert_false(ops_peer_ok(&s, OPS_ADMIN, &p));
	p.groups[0] = 77;
	p.n_groups = 1;
	assert_true(ops_peer_ok(&s, OPS_ADMIN, &p));
	p.uid = 0; /* being root opens nothing by itself */
	assert_false(ops_peer_ok(&s, OPS_RA, &p));
}

static size_t
refusals_of(struct world *w, const char *who)
{
	WIRE_ANSWER *a = world_admin(w, "log.list", "i", "limit", 1000);
	char text[64];
	size_t i, n = 0;

	world_is(a, WIRE_OK);
	assert_null(message_next(a));
	snprintf(text, sizeof(text), "; who=%s", who);
	for (i = 0; i < message_n_rows(a); i++)
		n += strcmp(field_text(message_row(a, i), "kind", ""),
			 "refusal") == 0 &&
		    strstr(field_text(message_row(a, i), "detail", ""), text) !=
			NULL;
	WIRE_ANSWER_free(a);
	return n;
}

/* A refusal of a party that is known is an entry of the log, so many an hour
   and party; the next hour has its own. */
static void
refusals_are_logged(void **state)
{
	struct world *w = *state;
	time_t now = w->now;
	int k;

	w->peer.uid = 4711;
	assert_int_equal(refusals_of(w, "ra:uid:4711"), 0);
	world_refused(
	    world_ask(w, OPS_RA, "no.such.op", ""), WIRE_DENIED, "ops.table");
	assert_int_equal(refusals_of(w, "ra:uid:4711"), 1);
	for (k = 0; k < 40; k++)
		world_refused(world_ask(w, OPS_RA, "no.such.op", ""),
		    WIRE_DENIED, "ops.table");
	assert_int_equal(refusals_of(w, "ra:uid:4711"), 20);
	w->peer.uid = 4712;
	world_refused(
	    world_ask(w, OPS_RA, "no.such.op", ""), WIRE_DENIED, "ops.table");
	assert_int_equal(refusals_of(w, "ra:uid:4712"), 1);
	w->peer.uid = 4711;
	w->now += 3600;
	world_refused(
	    world_ask(w, OPS_RA, "no.such.op", ""), WIRE_DENIED, "ops.table");
	assert_int_equal(refusals_of(w, "ra:uid:4711"), 21);
	w->now = now;
	w->peer.uid = geteuid();
}

/* One that says nothing of a party is counted only. */
static void
strangers_are_counted(void **state)
{
	struct world *w = *state;
	uint64_t before = atomic_load(&w->ca->refused);

	w->peer.uid = 4713;
	world_refused(
	    world_ask(w, OPS_RA, "enroll", ""), WIRE_BADREQUEST, "missing");
	assert_int_equal(atomic_load(&w->ca->refused), before + 1);
	assert_int_equal(refusals_of(w, "ra:uid:4713"), 0);
	w->peer.uid = geteuid();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arguments_are_checked),
	    cmocka_unit_test(peers_by_uid_and_group),
	    cmocka_unit_test(refusals_are_logged),
	    cmocka_unit_test(strangers_are_counted),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
