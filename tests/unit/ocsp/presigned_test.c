#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/ocsp/rig.h"

static struct rig *rig;

static int
setup(void **state)
{
	(void)state;
	rig = rig_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

/* Gives the CertIDs to a request, and asks. */
static struct reply *
find_all(OCSP_CERTID *a, OCSP_CERTID *b)
{
	OCSP_REQUEST *ocsp = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	struct request *req;
	struct reply *reply;
	int len;

	assert_non_null(OCSP_request_add0_id(ocsp, a));
	if (b != NULL)
		assert_non_null(OCSP_request_add0_id(ocsp, b));
	len = i2d_OCSP_REQUEST(ocsp, &der);
	assert_true(len > 0);
	req = request_parse(der, (size_t)len, 10);
	assert_non_null(req);
	reply = presigned_find(rig->presigned, req);
	request_free(req);
	OPENSSL_free(der);
	OCSP_REQUEST_free(ocsp);
	return reply;
}

static struct reply *
find_as(X509 *issuer, const unsigned char *serial, size_t len, const EVP_MD *md)
{
	return find_all(pki_certid(issuer, serial, len, md), NULL);
}

static struct reply *
find(const unsigned char *serial, size_t len)
{
	return find_as(rig->pki.root, serial, len, EVP_sha1());
}

static void
test_found(void **state)
{
	struct reply *a, *b;

	(void)state;
	assert_null(find(pki_ca_serial, 3));
	rig_presign(
	    rig, "ca.der", pki_ca_serial, 3, rig->pki.root_key, -10, 3600);
	rig_poll_presigned(rig);
	a = find(pki_ca_serial, 3);
	assert_non_null(a);
	assert_true(labs((long)(a->modified - (rig->now - 10))) < 3);
	assert_true(labs((long)(a->expires - (rig->now + 3600))) < 3);
	assert_int_equal(reply_max_age(a, a->expires - 100), 99);
	assert_int_equal(reply_max_age(a, a->expires - 1), 0);
	b = find_as(rig->pki.root, pki_ca_serial, 3, EVP_sha256());
	assert_ptr_equal(a, b);
	reply_free(b);
	assert_null(find_as(rig->pki.root, pki_ca_serial, 3, EVP_sha512()));
	assert_null(find_as(rig->pki.ca, pki_ca_serial, 3, EVP_sha1()));
	assert_null(find(rig_never, 2));
	/* Several CertIDs, when one answer speaks of all. */
	b = find_all(pki_certid(rig->pki.root, pki_ca_serial, 3, EVP_sha1()),
	    pki_certid(rig->pki.root, pki_ca_serial, 3, EVP_sha256()));
	assert_ptr_equal(a, b);
	reply_free(b);
	assert_null(
	    find_all(pki_certid(rig->pki.root, pki_ca_serial, 3, EVP_sha1()),
		pki_certid(rig->pki.root, rig_never, 2, EVP_sha1())));
	/* Nothing has changed: the same is in force. */
	rig_poll_presigned(rig);
	b = find(pki_ca_serial, 3);
	assert_ptr_equal(a, b);
	reply_free(b);
	/* The ceremony writes another. */
	rig_presign(
	    rig, "ca.der", pki_ca_serial, 3, rig->pki.root_key, -5, 7200);
	rig_poll_presigned(rig);
	b = find(pki_ca_serial, 3);
	assert_non_null(b);
	assert_true(b->expires > a->expires);
	reply_free(a);
	reply_free(b);
}

static void
test_refused(void **state)
{
	static const unsigned char other[] = {0x55, 1}, third[] = {0x55, 2};
	char path[512];

	(void)state;
	/* Garbage; and a name that is not an answer's. */
	snprintf(path, sizeof(path), "%s/ocsp/root-g1/x.der", rig->dir);
	pki_write(path, "garbage", 7);
	rig_presign(rig, "y.txt", third, 2, rig->pki.root_key, -10, 3600);
	rig_poll_presigned(rig);
	assert_null(find(third, 2));
	/* Not signed by the root. OpenSSL refuses to sign with a key that is
	   not the certificate's, so one octet of the signature is changed. */
	rig_presign(rig, "z.der", other, 2, rig->pki.root_key, -10, 3600);
	snprintf(path, sizeof(path), "%s/ocsp/root-g1/z.der", rig->dir);
	{
		FILE *f = fopen(path, "r+");

		fseek(f, -3, SEEK_END);
		fputc(0x5a, f);
		fclose(f);
	}
	rig_poll_presigned(rig);
	assert_null(find(other, 2));
}

/* Files that cannot be read are read when that has passed; while not even the
   folder can be, what was there stays. */
static void
test_unread(void **state)
{
	static const unsigned char serial[] = {0x55, 3};
	struct rlimit was;
	struct reply *reply;

	(void)state;
	rig_presign(rig, "u.der", serial, 2, rig->pki.root_key, -10, 3600);
	rig_descriptors(1, &was); /* for the folder */
	rig_poll_presigned(rig);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_null(find(serial, 2));
	rig_poll_presigned(rig);
	reply = find(serial, 2);
	assert_non_null(reply);
	reply_free(reply);
	rig_descriptors(0, &was);
	rig_poll_presigned(rig);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	reply = find(serial, 2);
	assert_non_null(reply);
	reply_free(reply);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_unread),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
