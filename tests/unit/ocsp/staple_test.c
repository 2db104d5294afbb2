#include "tests/unit/ocsp/asking.h"

#include "ocsp/staple.h"

static char cert_path[256], out_path[256];

static void
leaf(struct rig *r, const unsigned char *serial, X509 *issuer, EVP_PKEY *key)
{
	X509 *cert = pki_cert("leaf", serial, 2, r->pki.ocsp_key, issuer, key,
	    "serverAuth", -60, 3600);

	snprintf(cert_path, sizeof(cert_path), "%s/leaf.pem", r->dir);
	snprintf(out_path, sizeof(out_path), "%s/leaf.pem.ocsp", r->dir);
	pki_write_pem(cert_path, cert);
	X509_free(cert);
}

static enum staple_result
staple(struct rig *r)
{
	enum staple_result result =
	    staple_write(&r->responder, cert_path, out_path, r->now);

	ERR_clear_error();
	return result;
}

static void
written(void **state)
{
	struct rig *r = *state;
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;
	BIO *bio;

	leaf(r, rig_good, r->pki.ca, r->pki.ca_key);
	assert_int_equal(staple(r), STAPLE_WRITTEN);
	bio = BIO_new_file(out_path, "r");
	response = d2i_OCSP_RESPONSE_bio(bio, NULL);
	basic = OCSP_response_get1_basic(response);
	assert_int_equal(OCSP_resp_count(basic), 1);
	assert_int_equal(pki_status(basic, 0, NULL), V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	BIO_free(bio);
	leaf(r, rig_revoked, r->pki.ca, r->pki.ca_key);
	assert_int_equal(staple(r), STAPLE_REVOKED);
}

static void
nothing(void **state)
{
	struct rig *r = *state;

	leaf(r, rig_never, r->pki.ca, r->pki.ca_key);
	assert_int_equal(staple(r), STAPLE_NOTHING);
	/* Another CA of the same name is not ours. */
	leaf(r, rig_good, r->pki.ca, r->pki.ocsp_key);
	assert_int_equal(staple(r), STAPLE_NOTHING);
	leaf(r, rig_good, r->pki.ca, r->pki.ca_key);
	r->now += 2 * 86400;
	assert_int_equal(staple(r), STAPLE_NOTHING);
	assert_int_not_equal(access(out_path, F_OK), 0);
}

static void
failed(void **state)
{
	struct rig *r = *state;

	snprintf(cert_path, sizeof(cert_path), "%s/none", r->dir);
	assert_int_equal(staple(r), STAPLE_FAILED);
	leaf(r, rig_good, r->pki.ca, r->pki.ca_key);
	snprintf(out_path, sizeof(out_path), "%s/none/x", r->dir);
	assert_int_equal(staple(r), STAPLE_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(written, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(failed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
