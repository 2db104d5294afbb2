#include "tests/unit/ocsp/asking.h"

#include "ocsp/once.h"

static void
settings(void **state)
{
	struct settings set = {.n_delegates = 1, .max_cache = 200000};

	(void)state;
	set.policy.both_hashes = set.delegates[0].policy.both_hashes = 1400;
	set.policy.sign_budget = set.delegates[0].policy.sign_budget = 5;
	once_settings(&set, 0);
	assert_true(set.max_cache < 1000);
	assert_int_equal(set.policy.sign_budget, 0);
	assert_int_equal(set.delegates[0].policy.both_hashes, 1400);
	once_settings(&set, 1);
	assert_int_equal(set.policy.both_hashes, 0);
	assert_int_equal(set.delegates[0].policy.both_hashes, 0);
}

static void
statuses(void **state)
{
	struct rig *r = *state;
	char dir[256], cert[256], out[300];
	X509 *leaf = pki_cert("leaf", rig_revoked, 2, r->pki.ocsp_key,
	    r->pki.ca, r->pki.ca_key, "serverAuth", -60, 3600);

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	snprintf(cert, sizeof(cert), "%s/leaf.pem", r->dir);
	snprintf(out, sizeof(out), "%s.ocsp", cert);
	pki_write_pem(cert, leaf);
	X509_free(leaf);
	assert_int_equal(
	    once_export(&r->set, &r->responder, r->follow, dir), ONCE_DONE);
	assert_int_equal(once_staple(&r->responder, cert, out), ONCE_REVOKED);
	assert_int_equal(
	    once_staple(&r->responder, "/nonexistent", out), ONCE_FAILED);
	/* Without a delegate there are no new ones. */
	r->set.delegates[0].issuer = "other-g1";
	cache_flush(r->cache);
	assert_int_equal(once_staple(&r->responder, cert, out), ONCE_NOTHING);
	assert_int_equal(once_export(&r->set, &r->responder, r->follow,
			     "/nonexistent/x"),
	    ONCE_FAILED);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(settings),
	    cmocka_unit_test_setup_teardown(statuses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
