#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/pkcs7.h>

#include "fake_ca.h"
#include "ra/certs.h"
#include "ra/error.h"

static void
others_can_read_it(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *certs[3];
	struct certs_der ders[3];
	unsigned char *out = NULL, *der;
	const unsigned char *p;
	size_t i, len;
	PKCS7 *p7;
	CMS_ContentInfo *cms;
	STACK_OF(X509) * list;

	(void)state;
	for (i = 0; i < 3; i++) {
		certs[i] = fake_certificate(key, key, NULL,
		    i == 0 ? "a longer name than the others" : "b", 10);
		der = NULL;
		ders[i].len = (size_t)i2d_X509(certs[i], &der);
		ders[i].p = der;
	}
	assert_true(certs_only(ders, 3, &out, &len));
	p = out;
	p7 = d2i_PKCS7(NULL, &p, (long)len);
	assert_non_null(p7);
	assert_ptr_equal(p, out + len);
	for (i = 0; i < 3; i++) /* in the order given */
		assert_int_equal(
		    X509_cmp(sk_X509_value(p7->d.sign->cert, (int)i), certs[i]),
		    0);
	p = out;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)len);
	assert_non_null(cms);
	list = CMS_get1_certs(cms);
	assert_int_equal(sk_X509_num(list), 3);
	sk_X509_pop_free(list, X509_free);
	CMS_ContentInfo_free(cms);
	/* The same octets as OpenSSL's own encoder. */
	der = NULL;
	assert_int_equal(i2d_PKCS7(p7, &der), len);
	assert_memory_equal(der, out, len);
	OPENSSL_free(der);
	PKCS7_free(p7);
	OPENSSL_free(out);
	for (i = 0; i < 3; i++) {
		OPENSSL_free((void *)ders[i].p);
		X509_free(certs[i]);
	}
	EVP_PKEY_free(key);
}

static void
what_is_no_sequence_is_refused(void **state)
{
	static const struct certs_der bad[] = {
	    {(const unsigned char *)"\x04\x01\x00", 3},
	    {(const unsigned char *)"\x30\x01\x00\x00", 4},
	    {(const unsigned char *)"\x30\x05\x00", 3},
	    {(const unsigned char *)"", 0},
	};
	unsigned char *out = NULL;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(certs_only(&bad[i], 1, &out, &len));
		assert_null(out);
	}
	assert_false(certs_only(bad, CERTS_MAX + 1, &out, &len));
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(others_can_read_it),
	    cmocka_unit_test(what_is_no_sequence_is_refused),
	};

	return cmocka_run_group_tests_name("certs", tests, NULL, NULL);
}
