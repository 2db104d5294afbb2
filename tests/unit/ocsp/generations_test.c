#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/ocsp/rig.h"

/*
 * Two generations side by side: two roots of one name and two CAs of one name.
 * issuerNameHash is the same for both, and so is the serial; only issuerKeyHash
 * says who is meant.
 */

#define ROOT2 11 /* ids in status.db */
#define CA2 12

static struct rig *rig;
static struct pki second; /* names as in rig->pki, keys of its own */

static int
setup(void **state)
{
	struct view *view;

	(void)state;
	rig = rig_make();
	pki_make(&second);
	pki_mkdir(rig->dir, "ocsp/root-g2");
	rig->set.n_delegates = 2;
	rig->set.delegates[1].issuer = "devices-g2";
	rig->set.delegates[1].certificate = "/nonexistent";
	delegates_free(rig->delegates);
	rig->delegates = delegates_new(&rig->set, NULL);
	rig->responder.delegates = rig->delegates;
	rig_delegate(rig);
	/* The second generation appears while the responder runs. */
	rig_put_issuer(rig, ROOT2, "root-g2", 1, second.root);
	rig_put_issuer(rig, CA2, "devices-g2", 0, second.ca);
	rig_put(rig, CA2, rig_good, 2, STATUS_REVOKED, 4);
	assert_true(follow_step(rig->follow));
	view = state_view(rig->state);
	assert_int_equal(view_n_issuers(view), 4);
	EVP_PKEY_up_ref(second.ocsp_key);
	delegates_set(rig->delegates, view_find_ident(view, "devices-g2"),
	    signer_new(second.ocsp_key, second.ocsp, second.ca));
	view_free(view);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	pki_clear(&second);
	return 0;
}

/* The status of ${serial} under ${p}, whose chain alone verifies the answer. */
static int
status_by(struct pki *p, X509 *issuer, const unsigned char *serial, size_t len,
    const EVP_MD *md)
{
	unsigned char *der;
	int n = pki_request(issuer, serial, len, md, 0, &der), status;
	struct reply *reply =
	    responder_answer(&rig->responder, der, (size_t)n, rig->now);
	OCSP_BASICRESP *basic;

	assert_non_null(reply);
	basic = pki_verify(reply->data, reply->len, p->ca, p->root);
	status = pki_status(basic, 0, NULL);
	OCSP_BASICRESP_free(basic);
	reply_free(reply);
	OPENSSL_free(der);
	return status;
}

static void
test_cas_of_one_name(void **state)
{
	const EVP_MD *mds[] = {EVP_sha1(), EVP_sha256(), EVP_sha1()};
	size_t i;

	(void)state;
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(rig->pki.ca),
			     X509_get_subject_name(second.ca)),
	    0);
	/* The last time from the cache. */
	for (i = 0; i < 3; i++) {
		assert_int_equal(status_by(&rig->pki, rig->pki.ca, rig_good, 2,
				     mds[i]),
		    V_OCSP_CERTSTATUS_GOOD);
		assert_int_equal(
		    status_by(&second, second.ca, rig_good, 2, mds[i]),
		    V_OCSP_CERTSTATUS_REVOKED);
	}
	/* What only the older one has issued is not the newer one's. */
	assert_int_equal(status_by(&second, second.ca, rig_held, 2, EVP_sha1()),
	    V_OCSP_CERTSTATUS_UNKNOWN);
}

/* An answer has one signer: CertIDs of both at once cannot be answered. */
static void
test_both_at_once(void **state)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	struct reply *reply;
	int n;

	(void)state;
	OCSP_request_add0_id(
	    req, pki_certid(rig->pki.ca, rig_good, 2, EVP_sha1()));
	OCSP_request_add0_id(
	    req, pki_certid(second.ca, rig_good, 2, EVP_sha1()));
	n = i2d_OCSP_REQUEST(req, &der);
	reply = responder_answer(&rig->responder, der, (size_t)n, rig->now);
	assert_int_equal(reply->len, 5);
	assert_int_equal(reply->data[4], OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	reply_free(reply);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
}

/* ${by}'s key signs about a serial of ${root}, into that folder. */
static void
presign(const char *folder, X509 *root, X509 *by, EVP_PKEY *key, int status,
    unsigned long flags)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	ASN1_TIME *a = X509_gmtime_adj(NULL, -10),
		  *b = X509_gmtime_adj(NULL, 3600);
	OCSP_CERTID *id = pki_certid(root, pki_ca_serial, 3, EVP_sha1());
	OCSP_RESPONSE *response;
	unsigned char *der = NULL;
	char path[512];
	int n;

	assert_non_null(OCSP_basic_add1_status(basic, id, status,
	    OCSP_REVOKED_STATUS_NOSTATUS,
	    status == V_OCSP_CERTSTATUS_REVOKED ? a : NULL, a, b));
	assert_int_equal(
	    OCSP_basic_sign(basic, by, key, EVP_sha256(), NULL, flags), 1);
	response = OCSP_response_create(0, basic);
	n = i2d_OCSP_RESPONSE(response, &der);
	snprintf(path, sizeof(path), "%s/ocsp/%s/ca.der", rig->dir, folder);
	pki_write(path, der, (size_t)n);
	OPENSSL_free(der);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(a);
	ASN1_TIME_free(b);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
}

static int
error_by(X509 *root)
{
	unsigned char *der;
	int n = pki_request(root, pki_ca_serial, 3, EVP_sha1(), 0, &der);
	struct reply *reply =
	    responder_answer(&rig->responder, der, (size_t)n, rig->now);
	int error = reply->len == 5 ? reply->data[4] : 0;

	reply_free(reply);
	OPENSSL_free(der);
	return error;
}

static void
test_roots_of_one_name(void **state)
{
	(void)state;
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(rig->pki.root),
			     X509_get_subject_name(second.root)),
	    0);
	presign("root-g1", rig->pki.root, rig->pki.root, rig->pki.root_key,
	    V_OCSP_CERTSTATUS_GOOD, OCSP_RESPID_KEY | OCSP_NOCERTS);
	rig_poll_presigned(rig);
	assert_int_equal(status_by(&rig->pki, rig->pki.root, pki_ca_serial, 3,
			     EVP_sha1()),
	    V_OCSP_CERTSTATUS_GOOD);
	/* The same name and serial, but another key: nobody has said it. */
	assert_int_equal(
	    error_by(second.root), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	presign("root-g2", second.root, second.root, second.root_key,
	    V_OCSP_CERTSTATUS_REVOKED, OCSP_RESPID_KEY | OCSP_NOCERTS);
	rig_poll_presigned(rig);
	assert_int_equal(
	    status_by(&second, second.root, pki_ca_serial, 3, EVP_sha1()),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(status_by(&rig->pki, rig->pki.root, pki_ca_serial, 3,
			     EVP_sha1()),
	    V_OCSP_CERTSTATUS_GOOD);
}

/* Answers in the wrong folder, or signed by the other root; the responder's
   name alone would fit both. */
static void
test_mixed_up(void **state)
{
	(void)state;
	presign("root-g2", rig->pki.root, rig->pki.root, rig->pki.root_key,
	    V_OCSP_CERTSTATUS_REVOKED, OCSP_RESPID_KEY | OCSP_NOCERTS);
	rig_poll_presigned(rig);
	assert_int_equal(
	    error_by(second.root), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	/* About the newer root, signed by the older one. */
	presign("root-g2", second.root, rig->pki.root, rig->pki.root_key,
	    V_OCSP_CERTSTATUS_REVOKED, OCSP_NOCERTS);
	rig_poll_presigned(rig);
	assert_int_equal(
	    error_by(second.root), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	/* With its certificate inside, which the name leads to. */
	presign("root-g2", second.root, rig->pki.root, rig->pki.root_key,
	    V_OCSP_CERTSTATUS_REVOKED, 0);
	rig_poll_presigned(rig);
	assert_int_equal(
	    error_by(second.root), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	presign("root-g2", second.root, second.root, second.root_key,
	    V_OCSP_CERTSTATUS_GOOD, OCSP_NOCERTS);
	rig_poll_presigned(rig);
	assert_int_equal(
	    status_by(&second, second.root, pki_ca_serial, 3, EVP_sha1()),
	    V_OCSP_CERTSTATUS_GOOD);
}

/* A delegate of one generation does not answer for the other. */
static void
test_a_delegate_of_the_other(void **state)
{
	struct signer *s;

	(void)state;
	EVP_PKEY_up_ref(second.ocsp_key);
	s = signer_new(second.ocsp_key, second.ocsp, rig->pki.ca);
	assert_null(s);
	ERR_clear_error();
	EVP_PKEY_free(second.ocsp_key); /* not taken */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cas_of_one_name),
	    cmocka_unit_test(test_both_at_once),
	    cmocka_unit_test(test_roots_of_one_name),
	    cmocka_unit_test(test_mixed_up),
	    cmocka_unit_test(test_a_delegate_of_the_other),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
