#include "tests/unit/ca/engine/live.h"

/* Kind crl: what a root has to say anew. */

static int
last_tx(struct store_tx *tx, void *arg)
{
	return crls_last(tx, 1, 0, 0, arg) == 1;
}

static void
goes_on(void **state)
{
	struct world *w = *state;
	struct crl_row before = {0}, after = {0};

	live_read(w, last_tx, &before);
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	live_read(w, last_tx, &after);
	assert_true(after.number > before.number);
	assert_int_equal(after.next_update - after.this_update,
	    before.next_update - before.this_update);
	assert_non_null(strstr(live_said, "root-g1: CRL number"));
	assert_non_null(strstr(live_said, "for 3 certificates of CAs, 0 of"));
	assert_false(live_exists(w, "store.db.ceremony.d"));
}

/* A lifetime that the file gives is the root's from then on. */
static void
lifetime_stays(void **state)
{
	struct world *w = *state;
	struct crl_row row = {0};

	live_done(w, "crl", LIVE_ROOT_SIGNS "crl_lifetime = \"400d\";");
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	live_read(w, last_tx, &row);
	assert_int_equal(row.next_update - row.this_update, 400 * 86400);
}

static void
only_of_roots(void **state)
{
	live_refused(*state, "crl", "signer: { ca = \"devices\"; };",
	    "signer.root");
	live_refused(*state, "crl", "signer: { ca = \"nobody\"; };",
	    "signer.ca: there is no CA");
	/* The issuing token has no key of the root. */
	live_refused(*state, "crl", "signer: { ca = \"root\"; };",
	    "cannot be used");
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(goes_on),
	    T(lifetime_stays),
	    T(only_of_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
