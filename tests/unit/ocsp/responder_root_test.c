#include "tests/unit/ocsp/asking.h"

/* The root's answers: signed in advance, never here. */

static void
test_root(void **state)
{
	struct rig *r = *state;
	struct reply *reply, *again;
	OCSP_BASICRESP *basic;
	OCSP_REQUEST *req;
	unsigned char *der = NULL;
	int n;

#define ASK_ROOT(serial, len, md, nonce)                                       \
	ask_nonce(r, r->pki.root, serial, len, md, nonce)
	expect_error(ASK_ROOT(pki_ca_serial, 3, EVP_sha1(), 0), UNAUTHORIZED);
	rig_presign(r, "a.der", pki_ca_serial, 3, r->pki.root_key, -10, 3600);
	rig_poll_presigned(r);
	reply = ASK_ROOT(pki_ca_serial, 3, EVP_sha1(), 0);
	again = ASK_ROOT(pki_ca_serial, 3, EVP_sha256(), 32);
	assert_ptr_equal(reply, again);
	reply_free(again);
	assert_int_equal(reply->store, 1);
	basic = pki_verify(reply->data, reply->len, r->pki.ca, r->pki.root);
	assert_int_equal(pki_status(basic, 0, NULL), V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	reply_free(reply);
	expect_error(ASK_ROOT(rig_never, 2, EVP_sha1(), 0), UNAUTHORIZED);
	expect_error(ASK_ROOT(pki_ca_serial, 3, EVP_sha384(), 0), UNAUTHORIZED);
	req = OCSP_REQUEST_new();
	OCSP_request_add0_id(
	    req, pki_certid(r->pki.root, pki_ca_serial, 3, EVP_sha1()));
	OCSP_request_add0_id(
	    req, pki_certid(r->pki.root, rig_never, 2, EVP_sha1()));
	n = i2d_OCSP_REQUEST(req, &der);
	expect_error(responder_answer(&r->responder, der, (size_t)n, r->now),
	    UNAUTHORIZED);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	r->now = time(NULL) + 3601;
	expect_error(ASK_ROOT(pki_ca_serial, 3, EVP_sha1(), 0), TRYLATER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_root, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
