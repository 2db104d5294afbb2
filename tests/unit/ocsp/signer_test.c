#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/error.h"
#include "ocsp/signer.h"
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

static void
test_new(void **state)
{
	struct signer *s;
	ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(pki.ocsp);
	unsigned char md[20];

	(void)state;
	EVP_PKEY_up_ref(pki.ocsp_key);
	s = signer_new(pki.ocsp_key, pki.ocsp, pki.ca);
	assert_non_null(s);
	assert_int_equal(s->not_after - s->not_before, 86400 + 3600);
	EVP_Digest(ASN1_STRING_get0_data(bits),
	    (size_t)ASN1_STRING_length(bits), md, NULL, EVP_sha1(), NULL);
	assert_memory_equal(s->key_hash, md, 20);
	signer_free(signer_up_ref(s));
	signer_free(s);
	signer_free(NULL);
}

/* A delegate certificate with one thing wrong. */
static void
refuse(X509 *cert, EVP_PKEY *key)
{
	assert_null(signer_new(key, cert, pki.ca));
	assert_int_equal(pki_reason(), OCSP_E_DELEGATE);
}

static void
test_refused(void **state)
{
	static const unsigned char n[] = {0x44};
	X509 *cert;

	(void)state;
	refuse(pki.ocsp, pki.ca_key);
	/* Signed by another key, though under the right name. */
	cert = pki_cert("OCSP", n, 1, pki.ocsp_key, pki.ca, pki.root_key,
	    "OCSPSigning", -60, 3600);
	refuse(cert, pki.ocsp_key);
	X509_free(cert);
	/* By the right key under another name. */
	cert = pki_cert("OCSP", n, 1, pki.ocsp_key, pki.root, pki.ca_key,
	    "OCSPSigning", -60, 3600);
	refuse(cert, pki.ocsp_key);
	X509_free(cert);
	cert = pki_cert("OCSP", n, 1, pki.ocsp_key, pki.ca, pki.ca_key,
	    "serverAuth", -60, 3600);
	refuse(cert, pki.ocsp_key);
	X509_free(cert);
	cert = pki_cert(
	    "OCSP", n, 1, pki.ocsp_key, pki.ca, pki.ca_key, "", -60, 3600);
	refuse(cert, pki.ocsp_key);
	X509_free(cert);
	cert = pki_cert(
	    "Sub", n, 1, pki.ocsp_key, pki.ca, pki.ca_key, NULL, -60, 3600);
	refuse(cert, pki.ocsp_key);
	X509_free(cert);
}

static void
test_digest(void **state)
{
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *p384 = EVP_EC_gen("P-384");

	(void)state;
	assert_null(signer_digest(ed));
	assert_true(EVP_MD_is_a(signer_digest(p384), "SHA384"));
	assert_true(EVP_MD_is_a(signer_digest(pki.ca_key), "SHA256"));
	EVP_PKEY_free(ed);
	EVP_PKEY_free(p384);
}

static void
test_probe(void **state)
{
	EVP_PKEY *pub = pki_public(pki.ocsp);
	struct signer *s;
	unsigned rate = 0, again = 0;

	(void)state;
	EVP_PKEY_up_ref(pki.ocsp_key);
	s = signer_new(pki.ocsp_key, pki.ocsp, pki.ca);
	assert_true(signer_probe(s, 1000, &rate));
	assert_true(rate > 0);
	assert_true(signer_probe(s, 1001, &again));
	assert_int_equal(rate, again);
	assert_int_equal(atomic_load(&s->failed_at), 0);
	signer_free(s);
	/* Only the public half: it cannot. */
	s = signer_new(pub, pki.ocsp, pki.ca);
	assert_non_null(s);
	assert_false(signer_probe(s, 1000, &rate));
	assert_int_equal(pki_reason(), OCSP_E_DELEGATE);
	assert_int_equal(atomic_load(&s->failed_at), 1000);
	signer_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_new),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_digest),
	    cmocka_unit_test(test_probe),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
