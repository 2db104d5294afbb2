#include "tests/unit/ca/engine/live.h"

/* What the issuing token does: services' certificates. */

#define SERVICE(issuer) "services = ( { profile = \"est-server\"; issuer = " \
	issuer "; csr = \"service.csr\"; certificate = \"est.pem\"; chain = " \
	"true; set = [ \"cn=localhost\", \"dns=localhost\" ]; } );"
#define MORE LIVE_ROOT_SIGNS LIVE_URL "issuers = ( { name = \"devices\"; } );"

static X509 *
pem(struct world *w, int which)
{
	char path[512];
	X509 *x = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "%s/est.pem", w->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	for (; which >= 0; which--) {
		X509_free(x);
		x = PEM_read_X509(f, NULL, NULL, NULL);
	}
	fclose(f);
	return x;
}

static void
issued_by(struct world *w, const char *ca)
{
	X509 *leaf = pem(w, 0), *behind = pem(w, 1), *is = live_cert(w, ca);

	assert_int_equal(X509_verify(leaf, X509_get0_pubkey(is)), 1);
	assert_int_equal(X509_cmp(behind, is), 0);
	X509_free(leaf);
	X509_free(behind);
	X509_free(is);
}

/* A name means the new generation, an ident that one. */
static void
by_which_ca(void **state)
{
	struct world *w = *state;

	live_done(w, "intermediate", MORE SERVICE("\"devices\""));
	issued_by(w, "devices-g2");
	live_done(w, "intermediate", MORE SERVICE("\"devices-g1\""));
	issued_by(w, "devices-g1");
	live_done(w, "intermediate", MORE SERVICE("\"attestation\""));
	issued_by(w, "attestation-g1");
}

static void
by_none(void **state)
{
	struct world *w = *state;

	live_refused(w, "intermediate", MORE SERVICE("\"nobody\""),
	    "no CA \"nobody\"");
	/* The root's key is not in the issuing token. */
	live_refused(w, "intermediate", MORE SERVICE("\"root\""),
	    "issuer root-g1");
	assert_int_equal(live_keys(w, "ca"), 3);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(by_which_ca),
	    T(by_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
