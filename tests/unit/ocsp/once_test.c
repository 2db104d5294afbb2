#include "tests/unit/ocsp/asking.h"

#include "ocsp/export.h"
#include "ocsp/once.h"
#include "ocsp/tree.h"

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

/* A file in the export, last changed at ${when}. */
static void
plant(const char *dir, const char *path, time_t when)
{
	const struct timespec t = {when, 0};

	assert_true(tree_write(dir, path, "x", 1, t));
}

static int
is_there(const char *dir, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	return access(full, F_OK) == 0;
}

/* Without status.db nothing can be answered. What has ended goes all the same,
   what is published comes, and it is no whole run. */
static void
without_status(void **state)
{
	struct rig *r = *state;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	assert_int_equal(
	    once_export(&r->set, &r->responder, r->follow, dir), ONCE_DONE);
	r->set.status_db = "/nonexistent/status.db";
	plant(dir, "ocsp/fresh", r->now);
	plant(dir, "ocsp/ended", r->now - 3601);
	rig_crl(r, "new.crl", -60, 3600);
	assert_int_equal(
	    once_export(&r->set, &r->responder, r->follow, dir), ONCE_FAILED);
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	assert_false(is_there(dir, "ocsp/ended"));
	assert_true(is_there(dir, "ocsp/fresh"));
	assert_true(is_there(dir, "crl/new.crl"));
	r->set.status_db = r->db;
	assert_int_equal(
	    once_export(&r->set, &r->responder, r->follow, dir), ONCE_DONE);
}

/* The same when an answer cannot be written; a CRL that cannot keeps neither
   certificates nor the log. */
static void
failing_parts(void **state)
{
	struct rig *r = *state;
	char dir[256], path[TREE_PATH_MAX], below[TREE_PATH_MAX + 256];
	unsigned char *der;
	int n = pki_request(r->pki.ca, rig_good, 2, EVP_sha256(), 0, &der);

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	assert_int_equal(
	    once_export(&r->set, &r->responder, r->follow, dir), ONCE_DONE);
	assert_true(export_path(der, (size_t)n, path));
	OPENSSL_free(der);
	snprintf(below, sizeof(below), "%s/%s", dir, path);
	assert_int_equal(unlink(below), 0);
	snprintf(below, sizeof(below), "%s/x", path);
	plant(dir, below, r->now);
	plant(dir, "ocsp/ended", r->now - 3601);
	plant(dir, "crl/new.crl/x", r->now);
	rig_crl(r, "new.crl", -60, 3600);
	plant(r->dir, "ca/one.cer", r->now);
	plant(r->dir, "log/checkpoint", r->now);
	cache_flush(r->cache);
	assert_int_equal(
	    once_export(&r->set, &r->responder, r->follow, dir), ONCE_FAILED);
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	assert_false(is_there(dir, "ocsp/ended"));
	assert_true(is_there(dir, "ca/one.cer"));
	assert_true(is_there(dir, "log/checkpoint"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(settings),
	    cmocka_unit_test_setup_teardown(statuses, setup, teardown),
	    cmocka_unit_test_setup_teardown(without_status, setup, teardown),
	    cmocka_unit_test_setup_teardown(failing_parts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
