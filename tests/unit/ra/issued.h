#ifndef INKAN_TESTS_RA_ISSUED_H
#define INKAN_TESTS_RA_ISSUED_H

#include "house.h"

#include <openssl/pkcs7.h>

/* The answer is a certificate of the fake CA for the device's key. */
static inline void
assert_issued(const struct house *h, const struct reply *r)
{
	unsigned char der[8192];
	const unsigned char *p = der;
	size_t len;
	PKCS7 *p7;
	X509 *cert;

	assert_int_equal(r->status, 200);
	assert_has(r,
	    "Content-Type: application/pkcs7-mime; smime-type=certs-only\r\n");
	assert_int_equal(
	    base64_decode(r->body, r->body_len, 1, der, &len), BASE64_OK);
	p7 = d2i_PKCS7(NULL, &p, (long)len);
	assert_non_null(p7);
	assert_ptr_equal(p, der + len);
	assert_int_equal(sk_X509_num(p7->d.sign->cert), 1);
	cert = sk_X509_value(p7->d.sign->cert, 0);
	assert_int_equal(X509_verify(cert, h->ca.key), 1);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert), h->device_key), 1);
	PKCS7_free(p7);
}

#endif
