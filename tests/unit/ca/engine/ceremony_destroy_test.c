#include "tests/unit/ca/engine/live.h"

/* Kind destroy: when a key may go, and that it is gone. */

static void
disable(struct world *w, const char *name)
{
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	world_done(world_admin(w, "ca.disable", "t", "name", name));
	ca_close(w->ca);
	w->ca = NULL;
}

static void
refused(void **state)
{
	struct world *w = *state;
	int keys = live_keys(w, "ca");

	live_refused(w, "destroy", "signer: { ca = \"code-g1\"; };",
	    "destroy.active");
	live_refused(w, "destroy", "signer: { ca = \"nobody\"; };",
	    "signer.ca");
	live_refused(w, "destroy", LIVE_ROOT_SIGNS, "destroy.valid");
	assert_int_equal(live_keys(w, "ca"), keys);
}

/* Nothing that it issued is valid: no reason is asked for. */
static void
gone(void **state)
{
	struct world *w = *state;
	int keys = live_keys(w, "ca");

	disable(w, "code-g1");
	live_refused(w, "destroy", "signer: { ca = \"code\"; };",
	    "destroy.ca");
	live_done(w, "destroy", "signer: { ca = \"code-g1\"; };");
	assert_int_equal(live_keys(w, "ca"), keys - 1);
	assert_int_equal(live_issuer(w, "code-g1", NULL), ISSUER_DISABLED);
	assert_non_null(strstr(live_said, "there is no way back"));
	assert_false(live_run(w, "destroy", "signer: { ca = \"code-g1\"; };"));
	ERR_clear_error();
}

static void
with_a_reason(void **state)
{
	struct world *w = *state;
	int keys = live_keys(w, "ca");

	disable(w, "devices-g1");
	live_refused(w, "destroy", "signer: { ca = \"devices-g1\"; };",
	    "destroy.valid: 1 certificates");
	live_done(w, "destroy", "signer: { ca = \"devices-g1\"; }; reason = "
	    "\"token stolen\";");
	assert_non_null(strstr(live_said, "because: token stolen"));
	assert_int_equal(live_keys(w, "ca"), keys - 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(refused),
	    T(gone),
	    T(with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
