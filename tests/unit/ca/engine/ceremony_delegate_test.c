#include "tests/unit/ca/engine/live.h"

/* Kind ocsp-delegate: by a CA that is offline, and by no other. */

#define ASKS "csr = \"service.csr\"; certificate = \"ocsp.pem\"; " \
	"set = [ \"cn=OCSP\" ];"

static void
of_a_root(void **state)
{
	struct world *w = *state;

	live_done(w, "ocsp-delegate", LIVE_ROOT_SIGNS ASKS);
	world_sh("openssl x509 -in %s/ocsp.pem -noout -ext extendedKeyUsage | "
	    "grep -q 'OCSP Signing'", w->dir);
	world_sh("openssl verify -CAfile %s/root.pem %s/ocsp.pem >/dev/null",
	    w->dir, w->dir);
}

static void
of_a_daily_ca(void **state)
{
	struct world *w = *state;

	live_refused(w, "ocsp-delegate", "signer: { ca = \"devices\"; };\n"
	    ASKS, "inkan ca delegate devices-g1");
	live_refused(w, "crl", "signer: { ca = \"devices\"; };",
	    "inkan crl issue --issuer devices-g1");
	assert_false(live_exists(w, "ocsp.pem"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(of_a_root),
	    T(of_a_daily_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
