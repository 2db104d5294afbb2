#include "tests/unit/ocsp/asking.h"

#include "ocsp/basic.h"
#include "ocsp/load.h"

/* The octets of an answer that the root has signed. */
static unsigned char *
presigned(struct rig *r, size_t *len)
{
	unsigned char *der;
	char path[256];
	struct stat st;

	rig_presign(r, "x.der", pki_ca_serial, sizeof(pki_ca_serial),
	    r->pki.root_key, -60, 3600);
	snprintf(path, sizeof(path), "%s/ocsp/root-g1/x.der", r->dir);
	assert_true(load_file(path, 65536, &der, len, &st));
	return der;
}

static void
decoded(void **state)
{
	static const unsigned char later[] = {0x30, 3, 0x0a, 1, 3};
	struct rig *r = *state;
	OCSP_BASICRESP *basic;
	unsigned char *der;
	time_t from, to;
	size_t len;

	der = presigned(r, &len);
	basic = basic_decode(der, len);
	assert_non_null(basic);
	assert_true(basic_times(basic, &from, &to));
	assert_in_range(from, r->now - 60, r->now - 60 + 30);
	assert_int_equal(to - from, 3660);
	OCSP_BASICRESP_free(basic);
	assert_null(basic_decode(der, len - 1));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	der = OPENSSL_realloc(der, len + 1);
	der[len] = 0;
	assert_null(basic_decode(der, len + 1));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	assert_null(basic_decode(later, sizeof(later)));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	OPENSSL_free(der);
}

/* A single that never ends, and none at all. */
static void
endless(void **state)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	ASN1_TIME *a = X509_gmtime_adj(NULL, 0);
	struct rig *r = *state;
	OCSP_CERTID *id = pki_certid(r->pki.ca, rig_good, 2, EVP_sha1());
	time_t from, to;

	assert_false(basic_times(basic, &from, &to));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	assert_non_null(OCSP_basic_add1_status(
	    basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, a, NULL));
	assert_false(basic_times(basic, &from, &to));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(a);
	OCSP_BASICRESP_free(basic);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(decoded, setup, teardown),
	    cmocka_unit_test_setup_teardown(endless, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
