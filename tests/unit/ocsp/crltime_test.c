#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/crltime.h"
#include "ocsp/error.h"
#include "tests/unit/ocsp/pki.h"

static struct pki pki;

static int
setup(void **state)
{
	(void)state;
	pki_make(&pki);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pki_clear(&pki);
	return 0;
}

/* ${to} 0: without nextUpdate. */
static int
make(int version, time_t from, time_t to, int entries, unsigned char **der)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, from);
	X509_REVOKED *rev;
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	int len;

	if (version > 0)
		X509_CRL_set_version(crl, version);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(pki.ca));
	X509_CRL_set1_lastUpdate(crl, t);
	while (entries-- > 0) {
		rev = X509_REVOKED_new();
		ASN1_INTEGER_set(n, entries + 1);
		X509_REVOKED_set_serialNumber(rev, n);
		X509_REVOKED_set_revocationDate(rev, t);
		X509_CRL_add0_revoked(crl, rev);
	}
	ASN1_TIME_free(t);
	if (to != 0) {
		t = ASN1_TIME_set(NULL, to);
		X509_CRL_set1_nextUpdate(crl, t);
		ASN1_TIME_free(t);
	}
	X509_CRL_sign(crl, pki.ca_key, EVP_sha256());
	*der = NULL;
	len = i2d_X509_CRL(crl, der);
	assert_true(len > 0);
	X509_CRL_free(crl);
	ASN1_INTEGER_free(n);
	return len;
}

static void
expect(int version, time_t from, time_t to, int entries)
{
	unsigned char *der;
	int len = make(version, from, to, entries, &der);
	time_t a, b;

	assert_true(crltime_read(der, (size_t)len, &a, &b));
	assert_int_equal(a, from);
	assert_int_equal(b, to);
	OPENSSL_free(der);
}

static void
test_times(void **state)
{
	(void)state;
	expect(1, 1767323045, 1767409445, 0);
	expect(1, 1767323045, 1767409445, 20);
	expect(0, 1767323045, 1767409445, 1);
	expect(1, 1767323045, 0, 0);
	expect(1, 1767323045, 0, 3);
	/* GeneralizedTime from 2050 on */
	expect(1, 2556144000, 2556230400, 0);
}

static void
test_refused(void **state)
{
	unsigned char *der, *cert = NULL;
	int len = make(1, 1767323045, 1767409445, 0, &der), i, n;
	time_t a, b;

	(void)state;
	/* Cut anywhere before its times. */
	for (i = 0; i < 40; i++)
		assert_false(crltime_read(der, (size_t)i, &a, &b));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	assert_false(crltime_read(der, (size_t)len / 3, &a, &b));
	n = i2d_X509(pki.ca, &cert);
	assert_false(crltime_read(cert, (size_t)n, &a, &b));
	assert_false(
	    crltime_read((const unsigned char *)"\x30\x80\x30", 3, &a, &b));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	OPENSSL_free(cert);
	OPENSSL_free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
