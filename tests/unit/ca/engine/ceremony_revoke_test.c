#include "tests/unit/ca/engine/live.h"

/* Kind revoke: a certificate of a CA, by its issuer. */

static void
serial_of(struct world *w, const char *name, char out[64])
{
	X509 *x = live_cert(w, name);
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	char *hex = BN_bn2hex(bn);

	snprintf(out, 64, "%s", hex);
	OPENSSL_free(hex);
	BN_free(bn);
	X509_free(x);
}

static const char *
file(struct world *w, const char *name, const char *reason)
{
	static char text[2048];
	char serial[64];

	serial_of(w, name, serial);
	snprintf(text, sizeof(text), LIVE_ROOT_SIGNS "serial = \"%s\"; reason = "
	    "\"%s\";", serial, reason);
	return text;
}

static int
find_code(const struct issuer_row *row, void *arg)
{
	if (strcmp(row->ident, "code-g1") == 0)
		*(int64_t *)arg = row->id;
	return 1;
}

static int
in_use_tx(struct store_tx *tx, void *arg)
{
	int64_t id = 0;

	(void)arg;
	return issuers_list(tx, find_code, &id) &&
	    issuers_set_state(tx, id, ISSUER_ACTIVE);
}

static void
in_use_again(struct world *w)
{
	char path[256];
	struct store_config cfg = {
	    .path = path, .mode = STORE_WRITE, .now = w->now};
	struct store *store;

	snprintf(path, sizeof(path), "%s/store.db", w->dir);
	store = store_open(&cfg);
	assert_non_null(store);
	assert_true(store_write(store, in_use_tx, NULL, 0));
	store_close(store);
}

static void
out_of_use(void **state)
{
	struct world *w = *state;

	live_done(w, "revoke", file(w, "code-g1", "cACompromise"));
	assert_int_equal(live_issuer(w, "code-g1", NULL), ISSUER_DISABLED);
	assert_int_equal(live_issuer(w, "devices-g1", NULL), ISSUER_ACTIVE);
	assert_non_null(strstr(live_said, "root-g1: CRL number"));
	assert_non_null(strstr(live_said, "1 entries"));
	assert_non_null(strstr(live_said, "3 certificates of CAs, 1 of them"));
	live_refused(w, "revoke", file(w, "code-g1", "superseded"),
	    "revoke.reason");
	live_refused(w, "revoke", file(w, "code-g1", "cACompromise"),
	    "revoke.reason");
	/* It had failed behind the revocation: what is left of it is done. */
	in_use_again(w);
	live_refused(w, "revoke", file(w, "code-g1", "superseded"),
	    "revoke.reason");
	live_done(w, "revoke", file(w, "code-g1", "cACompromise"));
	assert_int_equal(live_issuer(w, "code-g1", NULL), ISSUER_DISABLED);
	assert_non_null(strstr(live_said, "root-g1: CRL number"));
	assert_non_null(strstr(live_said, "1 entries"));
}

static void
refusals(void **state)
{
	struct world *w = *state;

	live_refused(w, "revoke", file(w, "root-g1", "superseded"),
	    "revoke.root");
	live_refused(w, "revoke", file(w, "code-g1", "certificateHold"),
	    "revoke.hold");
	live_refused(w, "revoke", LIVE_ROOT_SIGNS "serial = \"4041\"; reason = "
	    "\"superseded\";", "issued no such");
	live_refused(w, "revoke", LIVE_ROOT_SIGNS "serial = \"xy\"; reason = "
	    "\"superseded\";", "serial: not the");
	live_refused(w, "revoke", LIVE_ROOT_SIGNS "serial = \"4041\"; reason = "
	    "\"why\";", "reason: not a reason");
	assert_int_equal(live_issuer(w, "code-g1", NULL), ISSUER_ACTIVE);
}

/* The token is there before anything is revoked. */
static void
not_without_token(void **state)
{
	struct world *w = *state;

	world_sh("mv %s/t-root %s/away", w->dir, w->dir);
	live_refused(w, "revoke", file(w, "code-g1", "superseded"), "root.conf");
	world_sh("mv %s/away %s/t-root", w->dir, w->dir);
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	assert_non_null(strstr(live_said, "0 of them revoked"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(out_of_use),
	    T(refusals),
	    T(not_without_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
