#include "tests/unit/ca/engine/live.h"

/* Kind intermediate: more issuing CAs, and next generations. */

#define MORE(ca) LIVE_ROOT_SIGNS LIVE_URL "issuers = ( { " ca " } );\n"
#define NEXT MORE("name = \"devices\"; certificate = \"next.pem\";")

static int
is_named(struct world *w, const char *ident, const char *cn)
{
	X509 *x = live_cert(w, ident);
	char text[256] = "";

	if (x != NULL)
		X509_NAME_get_text_by_NID(X509_get_subject_name(x),
		    NID_commonName, text, sizeof(text));
	X509_free(x);
	return strcmp(text, cn) == 0;
}

static void
next_generation(void **state)
{
	struct world *w = *state;
	X509 *root = live_cert(w, "root-g1"), *ca;
	int n;

	live_done(w, "intermediate", NEXT "disable = [ \"devices-g1\" ];");
	assert_int_equal(live_issuer(w, "devices-g2", &n), ISSUER_ACTIVE);
	assert_int_equal(n, 5);
	assert_int_equal(live_issuer(w, "devices-g1", NULL), ISSUER_DISABLED);
	assert_true(is_named(w, "devices-g2", "Test Devices G2"));
	assert_true(live_exists(w, "next.pem"));
	assert_true(live_exists(w, "pub/crl/devices-g2.crl"));
	ca = live_cert(w, "devices-g2");
	assert_true(live_verifies(ca, NULL, NULL, root));
	X509_free(ca);
	/* And once more: the number in the name is replaced. */
	live_done(w, "intermediate", NEXT);
	assert_true(is_named(w, "devices-g3", "Test Devices G3"));
	assert_int_equal(live_keys(w, "ca"), 5);
	X509_free(root);
}

static void
another_ca(void **state)
{
	struct world *w = *state;

	live_done(w, "intermediate", MORE("name = \"sensors\"; set = [ "
	    "\"cn=Sensors\" ];"));
	assert_true(is_named(w, "sensors-g1", "Sensors"));
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_non_null(issuer_set_find(&w->ca->issuers, "sensors")->key);
}

static int
take_row(const struct issuer_row *row, void *arg)
{
	struct issuer_row *want = arg;

	if (strcmp(row->ident, want->ident) == 0) {
		*want = *row;
		want->cert = NULL;	/* the list's */
	}
	return 1;
}

static int
row_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, take_row, arg);
}

/* How CRLs of a CA are issued: lifetime, interval, shards, expired ones. */
static void
crls_are(struct world *w, const char *ident, int64_t lifetime, int64_t interval,
    int shards, int keeps)
{
	struct issuer_row row = {0};

	snprintf(row.ident, sizeof(row.ident), "%s", ident);
	live_read(w, row_tx, &row);
	assert_int_equal(row.crl_lifetime, lifetime);
	assert_int_equal(row.crl_interval, interval);
	assert_int_equal(row.crl_shards, shards);
	assert_int_equal(row.expired_from != 0, keeps);
}

/* What the file does not say goes on as before. */
static void
inherited(void **state)
{
	struct world *w = *state;

	live_done(w, "intermediate", MORE("name = \"sensors\"; set = [ "
	    "\"cn=Sensors\" ];"));
	crls_are(w, "sensors-g1", 86400, 21600, 0, 0);
	live_done(w, "intermediate", MORE("name = \"sensors\"; crl_lifetime = "
	    "\"2d\"; crl_interval = \"3h\"; crl_shards = 4; keep_expired = "
	    "true;"));
	crls_are(w, "sensors-g2", 2 * 86400, 3 * 3600, 4, 1);
	live_done(w, "intermediate", MORE("name = \"sensors\";"));
	crls_are(w, "sensors-g3", 2 * 86400, 3 * 3600, 4, 1);
	live_done(w, "intermediate", MORE("name = \"sensors\"; crl_lifetime = "
	    "\"4d\"; crl_shards = 0; keep_expired = false;"));
	crls_are(w, "sensors-g4", 4 * 86400, 86400, 0, 0);
	live_refused(w, "intermediate", MORE("name = \"sensors\"; "
	    "crl_interval = \"3d\";"), "issuers.crl_interval");
	live_done(w, "intermediate", MORE("name = \"sensors\"; crl_interval = "
	    "\"1h\";"));
	crls_are(w, "sensors-g5", 4 * 86400, 3600, 0, 0);
}

static void
refusals(void **state)
{
	struct world *w = *state;

	live_refused(w, "intermediate", MORE("name = \"sensors\";"),
	    "issuers.set");
	live_refused(w, "intermediate", MORE("name = \"root\"; set = [ "
	    "\"cn=R\" ];"), "issuers.name");
	live_refused(w, "intermediate", MORE("name = \"devices\"; generation "
	    "= 1;"), "issuers.generation");
	live_refused(w, "intermediate", MORE("name = \"devices\"; profile = "
	    "\"nothing\";"), "no profile");
	live_refused(w, "intermediate", MORE("name = \"devices\"; profile = "
	    "\"ocsp-responder\";"), "class");
	live_refused(w, "intermediate", NEXT "disable = [ \"devices\" ];",
	    "disable: there is no CA");
	live_refused(w, "intermediate", NEXT "disable = [ \"root-g1\" ];",
	    "disable: CA root-g1");
	live_refused(w, "intermediate", "signer: { ca = \"devices\"; };"
	    LIVE_URL "issuers = ( { name = \"x\"; set = [ \"cn=X\" ]; } );",
	    "profile.issuer");
	assert_int_equal(live_keys(w, "ca"), 3);
	assert_int_equal(live_issuer(w, "devices-g2", NULL), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(next_generation),
	    T(another_ca),
	    T(inherited),
	    T(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
