#include "house.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "ra/error.h"

/* Certificate requests for our own TLS key. */

static EVP_PKEY *key;

static int
make_key(void **state)
{
	(void)state;
	key = keyfile_new();
	return key == NULL;
}

static int
drop_key(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

static void
assert_subject(X509_REQ *req, const char *wanted)
{
	char *text = X509_NAME_oneline(X509_REQ_get_subject_name(req), NULL, 0);

	assert_string_equal(text, wanted);
	OPENSSL_free(text);
}

static void
takes_a_subject(void **state)
{
	X509_REQ *req = request_make(key, "CN=est.example,  O=Some One ", NULL,
	    0);

	(void)state;
	assert_non_null(req);
	assert_subject(req, "/CN=est.example/O=Some One");
	assert_int_equal(X509_REQ_verify(req, key), 1);
	assert_int_equal(X509_REQ_get_version(req), 0);
	assert_int_equal(X509_REQ_get_attr_count(req), 0);
	X509_REQ_free(req);
}

static void
refuses_a_subject(void **state)
{
	static const char *const bad[] = {"", "CN", "=x", "CN=", "CN=a,",
	    "CN=a,,O=b", "nonsense=x", "C=Germany"};
	char text[600] = "CN=";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ERR_clear_error();
		assert_null(request_make(key, bad[i], NULL, 0));
		assert_int_equal(report_last_reason(), RA_E_CONFIG);
	}
	memset(text + 3, 'x', sizeof(text) - 4);
	assert_null(request_make(key, text, NULL, 0));
	assert_int_equal(report_last_reason(), RA_E_CONFIG);
	ERR_clear_error();
}

/* An address is an iPAddress, whatever else is a dNSName. */
static void
asks_for_names(void **state)
{
	char *names[] = {"localhost", "127.0.0.1", "::1"};
	X509_REQ *req = request_make(key, "CN=a", names, 3);
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
	GENERAL_NAMES *san = X509V3_get_d2i(exts, NID_subject_alt_name, NULL,
	    NULL);
	int type;
	const ASN1_STRING *value;

	(void)state;
	assert_int_equal(sk_GENERAL_NAME_num(san), 3);
	value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(san, 0), &type);
	assert_int_equal(type, GEN_DNS);
	assert_int_equal(ASN1_STRING_length(value), 9);
	assert_memory_equal(ASN1_STRING_get0_data(value), "localhost", 9);
	value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(san, 1), &type);
	assert_int_equal(type, GEN_IPADD);
	assert_int_equal(ASN1_STRING_length(value), 4);
	assert_memory_equal(ASN1_STRING_get0_data(value), "\177\0\0\1", 4);
	value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(san, 2), &type);
	assert_int_equal(type, GEN_IPADD);
	assert_int_equal(ASN1_STRING_length(value), 16);
	GENERAL_NAMES_free(san);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
}

/* What is renewed keeps its subject; its names the CA knows. */
static void
renews(void **state)
{
	X509 *current = fake_certificate(key, key, NULL, "est", 30);
	EVP_PKEY *fresh = keyfile_new();
	X509_REQ *req = request_renewal(fresh, current);

	(void)state;
	assert_non_null(req);
	assert_subject(req, "/CN=est");
	assert_int_equal(X509_REQ_verify(req, fresh), 1);
	assert_int_not_equal(X509_REQ_verify(req, key), 1);
	X509_REQ_free(req);
	EVP_PKEY_free(fresh);
	X509_free(current);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_a_subject),
	    cmocka_unit_test(refuses_a_subject),
	    cmocka_unit_test(asks_for_names),
	    cmocka_unit_test(renews),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
