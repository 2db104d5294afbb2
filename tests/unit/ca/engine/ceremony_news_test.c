#include <openssl/ocsp.h>
#include "tests/unit/ca/engine/live.h"

/* News of what a root issued. */

/* Status of ${name}'s certificate in the answer about it: V_OCSP_CERTSTATUS_*,
   -1 without one. The answer is the root's own. */
static int
status_of(struct world *w, const char *name, int *reason)
{
	X509 *x = live_cert(w, name), *root = live_cert(w, "root-g1");
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha256(), x, root);
	STACK_OF(X509) *certs = sk_X509_new_null();
	ASN1_GENERALIZEDTIME *when, *this, *next;
	X509_STORE *store = X509_STORE_new();
	OCSP_BASICRESP *bs = NULL;
	OCSP_RESPONSE *resp = NULL;
	char path[512], *hex = BN_bn2hex(bn);
	int status = -1;
	BIO *bio;

	snprintf(path, sizeof(path), "%s/pub/ocsp/root-g1/%s-sha256.der",
	    w->dir, hex);
	bio = BIO_new_file(path, "rb");
	if (bio != NULL)
		resp = d2i_OCSP_RESPONSE_bio(bio, NULL);
	if (resp != NULL) {
		bs = OCSP_response_get1_basic(resp);
		X509_STORE_add_cert(store, root);
		sk_X509_push(certs, root);
		assert_int_equal(OCSP_basic_verify(bs, certs, store, 0), 1);
		assert_int_equal(OCSP_resp_find_status(bs, id, &status, reason,
		    &when, &this, &next), 1);
	}
	sk_X509_free(certs);
	X509_STORE_free(store);
	OCSP_BASICRESP_free(bs);
	OCSP_RESPONSE_free(resp);
	OCSP_CERTID_free(id);
	OPENSSL_free(hex);
	BN_free(bn);
	BIO_free(bio);
	X509_free(x);
	X509_free(root);
	ERR_clear_error();
	return status;
}

static void
good_and_revoked(void **state)
{
	struct world *w = *state;
	X509 *x = live_cert(w, "code-g1");
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	char text[2048], *hex = BN_bn2hex(bn);
	int reason;

	assert_int_equal(status_of(w, "code-g1", &reason),
	    V_OCSP_CERTSTATUS_GOOD);
	snprintf(text, sizeof(text), LIVE_ROOT_SIGNS "serial = \"%s\"; reason = "
	    "\"affiliationChanged\";", hex);
	live_done(w, "revoke", text);
	assert_int_equal(status_of(w, "code-g1", &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, OCSP_REVOKED_STATUS_AFFILIATIONCHANGED);
	assert_int_equal(status_of(w, "devices-g1", &reason),
	    V_OCSP_CERTSTATUS_GOOD);
	/* It says nothing of itself. */
	assert_int_equal(status_of(w, "root-g1", &reason), -1);
	OPENSSL_free(hex);
	BN_free(bn);
	X509_free(x);
}

/* What has ended has no answer any more, and its old one goes. */
static void
ended(void **state)
{
	struct world *w = *state;
	int reason;

	w->now += (time_t)11 * 365 * 86400;
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	assert_non_null(strstr(live_said, "for 0 certificates"));
	assert_int_equal(status_of(w, "devices-g1", &reason), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(good_and_revoked),
	    T(ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
