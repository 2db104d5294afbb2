#include "tests/unit/ca/engine/world.h"
#include "ca/engine/tokens.h"

static void
resumes(void **state)
{
	struct world *w = *state;
	struct issuer *is = ca_issuer_lock(w->ca, "devices", w->now);
	WIRE_ANSWER *a;

	assert_non_null(is);
	hsm_key_wrong(is->key, "it does not verify");
	ca_issuer_unlock(w->ca, is);
	a = world_admin(w, "token.resume", "t", "reason", "the cable");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "resumed");
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "token.resume", "the cable"), 1);
}

static void
refuses(void **state)
{
	struct world *w = *state;

	world_refused(world_admin(w, "token.resume", "t", "reason", "x"),
	    WIRE_DENIED, "token.resume");
	world_refused(world_admin(w, "token.resume", "tt", "token", "none",
	    "reason", "x"), WIRE_NOTFOUND, "token");
	world_refused(world_admin(w, "token.resume", ""), WIRE_BADREQUEST,
	    "ops.argument");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(resumes),
	    TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
