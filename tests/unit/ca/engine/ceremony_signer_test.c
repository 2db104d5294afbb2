#include "tests/unit/ca/engine/live.h"

/* Who signs, and who does not any more. */

#define MORE(signer) signer LIVE_URL "issuers = ( { name = \"x\"; set = [ " \
	"\"cn=X\" ]; } );"

static int
disable_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	return issuers_set_state(tx, 1, ISSUER_DISABLED);
}

static void
disabled(void **state)
{
	struct world *w = *state;
	struct store_config cfg = {.path = w->settings->store,
	    .mode = STORE_WRITE, .now = w->now};
	struct store *store = store_open(&cfg);

	assert_true(store_write(store, disable_tx, NULL, 0));
	store_close(store);
	live_refused(w, "intermediate", MORE(LIVE_ROOT_SIGNS),
	    "signer.disabled");
}

static void
expired(void **state)
{
	struct world *w = *state;

	w->now += (time_t)26 * 365 * 86400;
	live_refused(w, "intermediate", MORE(LIVE_ROOT_SIGNS),
	    "signer.expired");
	/* Of what it issued it still gives news. */
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	assert_non_null(strstr(live_said, "for 0 certificates of CAs"));
}

static void
unknown(void **state)
{
	live_refused(*state, "intermediate", MORE("signer: { ca = \"y\"; };"),
	    "signer.ca");
	/* Another's key under the right label is not the root's. */
	live_refused(*state, "crl", "signer: { ca = \"root\"; "
	    LIVE_TOKEN("ca") " };", "root-g1");
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(disabled),
	    T(expired),
	    T(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
