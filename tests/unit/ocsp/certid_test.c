#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/certid.h"
#include "tests/unit/ocsp/pki.h"

static void
as_openssl_makes_it(void **state)
{
	static const unsigned char high[] = {0xff, 1, 2, 3};
	struct pki pki;
	unsigned char *id, *req, *want = NULL, *want_req;
	size_t len, req_len;
	OCSP_CERTID *cid;
	int n, i;

	(void)state;
	pki_make(&pki);
	for (i = 0; i < 2; i++) {
		const EVP_MD *md = i == 0 ? EVP_sha1() : EVP_sha256();

		assert_true(certid_encode(pki.ca,
		    i == 0 ? REQUEST_SHA1 : REQUEST_SHA256, high, 4, &id,
		    &len));
		cid = pki_certid(pki.ca, high, 4, md);
		want = NULL;
		n = i2d_OCSP_CERTID(cid, &want);
		assert_int_equal(n, len);
		assert_memory_equal(id, want, len);
		assert_true(certid_request(id, len, &req, &req_len));
		n = pki_request(pki.ca, high, 4, md, 0, &want_req);
		assert_int_equal(n, req_len);
		assert_memory_equal(req, want_req, req_len);
		OPENSSL_free(id);
		OPENSSL_free(req);
		OPENSSL_free(want);
		OPENSSL_free(want_req);
		OCSP_CERTID_free(cid);
	}
	pki_clear(&pki);
}

static void
no_certid(void **state)
{
	unsigned char *req;
	size_t len;

	(void)state;
	assert_false(
	    certid_request((const unsigned char *)"junk", 4, &req, &len));
	assert_null(req);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_openssl_makes_it),
	    cmocka_unit_test(no_certid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
