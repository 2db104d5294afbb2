#include "tests/unit/ca/engine/logpub.h"

/* The operations; what they do is tested in logpub_accept_test.c and
   logpub_cosign_test.c. */

static void
accepts(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

	world_refused(world_admin(w, "log.accept", "t", "reason", "none"),
	    WIRE_DENIED, "log.accept");
	world_refused(world_ask(w, OPS_RA, "log.accept", "t", "reason", "x"),
	    WIRE_DENIED, "");
	w->ca->log->view.state = LOGPUB_STOPPED;
	a = world_admin(w, "log.accept", "t", "reason", "because");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "origin", ""),
	    "localhost:8444/log/2");
	assert_string_equal(field_text(a->values, "state", ""), "going");
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "log.begin", "because"), 1);
	assert_int_equal(world_log(w, "log.begin", "admin:uid:"), 1);
}

static void
cosigns(void **state)
{
	struct world *w = *state;
	char *note = read_text(w, "pub/log/checkpoint");

	world_refused(world_admin(w, "log.cosign", ""), WIRE_BADREQUEST,
	    "ops.argument");
	world_refused(world_admin(w, "log.cosign", "t", "note", "none"),
	    WIRE_BADREQUEST, "note.format");
	world_refused(world_admin(w, "log.cosign", "t", "note", note),
	    WIRE_DENIED, "log.witness");
	world_refused(world_ask(w, OPS_SVC, "log.cosign", "t", "note", note),
	    WIRE_DENIED, "");
	free(note);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepts),
	    cmocka_unit_test(cosigns),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
