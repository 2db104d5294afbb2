#include "tests/unit/ca/engine/live.h"
#include "tests/unit/ca/engine/weak.h"

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

/* In the place of the root's key lies one that could be copied. */
static void
extractable(void **state)
{
	struct world *w = *state;
	struct settings_token t = w->settings->token;
	struct hsm_config cfg;
	struct hsm *hsm;

	snprintf(t.uri, sizeof(t.uri), "pkcs11:token=inkan-root");
	snprintf(t.softhsm_conf, sizeof(t.softhsm_conf), "%s/root.conf",
	    w->dir);
	snprintf(t.pin, sizeof(t.pin), "%s/root.pin", w->dir);
	settings_hsm(&t, &cfg);
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	assert_true(hsm_key_destroy(hsm, "inkan-root-g1"));
	weak_key(hsm, "inkan-root-g1");
	hsm_close(hsm);
	live_refused(w, "crl", LIVE_ROOT_SIGNS, "token.key: issuer root-g1: "
	    "key pkcs11:object=inkan-root-g1 cannot be used: key: "
	    "CKA_EXTRACTABLE is true");
	live_refused(w, "intermediate", MORE(LIVE_ROOT_SIGNS), "token.key: ");
	assert_int_equal(live_issuer(w, "x-g1", NULL), -1);
	assert_int_equal(live_keys(w, "ca"), 3);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(disabled),
	    T(expired),
	    T(unknown),
	    T(extractable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
