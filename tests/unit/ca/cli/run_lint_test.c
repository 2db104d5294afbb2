#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* A certificate without extensions, its serial number zero: v1 in all but the
   version. */
static X509 *
make_cert(long serial)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *n = X509_NAME_new();

	X509_NAME_add_entry_by_txt(
	    n, "CN", MBSTRING_ASC, (const unsigned char *)"a\033[2J", -1, -1, 0);
	X509_set_subject_name(x, n);
	X509_set_issuer_name(x, n);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	ASN1_TIME_set(X509_getm_notBefore(x), CANNED_NOW);
	ASN1_TIME_set(X509_getm_notAfter(x), CANNED_NOW + 86400);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	X509_NAME_free(n);
	EVP_PKEY_free(key);
	return x;
}

static X509_CRL *
make_crl(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, CANNED_NOW);

	X509_CRL_set1_lastUpdate(crl, t);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	ASN1_TIME_free(t);
	EVP_PKEY_free(key);
	return crl;
}

static int
start(void **state)
{
	int r = canned_start(state);
	BIO *b = BIO_new(BIO_s_mem());
	X509 *x = make_cert(0);
	X509_CRL *crl = make_crl();
	unsigned char *der = NULL;
	char *text;
	long n;

	PEM_write_bio_X509(b, x);
	PEM_write_bio_X509_CRL(b, crl);
	n = BIO_get_mem_data(b, &text);
	canned_write("both.pem", text, (size_t)n);
	n = i2d_X509(x, &der);
	canned_write("one.der", (char *)der, (size_t)n);
	OPENSSL_free(der);
	der = NULL;
	n = i2d_X509_CRL(crl, &der);
	canned_write("crl.der", (char *)der, (size_t)n);
	canned_write("none.txt", "no certificate\n", 15);
	OPENSSL_free(der);
	X509_CRL_free(crl);
	X509_free(x);
	BIO_free(b);
	return r;
}

static void
test_findings(void **state)
{
	char both[160], der[160];

	(void)state;
	strcpy(both, canned_file("both.pem"));
	strcpy(der, canned_file("one.der"));
	assert_int_equal(tool("lint", both, NULL), 1);
	assert_in(canned.out,
	    "both.pem:1: end entity: error: serial.positive: the serial number "
	    "is zero (RFC 5280 4.1.2.2)\n");
	assert_in(canned.out, "both.pem:2: CRL: error: crl.next_update: ");
	assert_null(strstr(canned.out, "notice"));
	assert_int_equal(tool("lint", "--severity", "notice", der, NULL), 1);
	assert_in(canned.out, "one.der:1: end entity: notice: serial.entropy");
	assert_in(canned.out, "one.der:1: end entity: warning: version.old");
	assert_int_equal(tool("lint", "--severity=error", der, NULL), 1);
	assert_null(strstr(canned.out, "warning"));
	assert_int_equal(tool("lint", canned_file("crl.der"), NULL), 1);
	assert_in(canned.out, "crl.der:1: CRL: error: issuer.empty");
	assert_int_equal(canned.calls, 0);
}

static void
test_clean(void **state)
{
	X509 *x = make_cert(7);
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);

	(void)state;
	canned_write("old.der", (char *)der, (size_t)n);
	/* Old, not wrong. */
	assert_int_equal(
	    tool("lint", "--severity", "error", canned_file("old.der"), NULL),
	    0);
	assert_in(canned.out, "old.der:1: end entity: clean\n");
	assert_int_equal(tool("lint", canned_file("old.der"), NULL), 1);
	OPENSSL_free(der);
	X509_free(x);
}

static void
test_json(void **state)
{
	json_t *v, *one, *f;

	(void)state;
	assert_int_equal(
	    tool("lint", "--json", canned_file("both.pem"), NULL), 1);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_int_equal(json_array_size(v), 2);
	one = json_array_get(v, 1);
	assert_string_equal(
	    json_string_value(json_object_get(one, "what")), "CRL");
	assert_int_equal(
	    json_integer_value(json_object_get(one, "number")), 2);
	f = json_array_get(json_object_get(one, "findings"), 0);
	assert_true(json_is_string(json_object_get(f, "rule")));
	assert_true(json_is_string(json_object_get(f, "citation")));
	assert_string_equal(
	    json_string_value(json_object_get(f, "severity")), "error");
	json_decref(v);
}

static void
test_rules(void **state)
{
	json_t *v;

	(void)state;
	assert_int_equal(tool("lint", "--rules", NULL), 0);
	assert_in(canned.out, "serial.positive            error    certificate");
	assert_int_equal(tool("lint", "--rules", "--json", NULL), 0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_true(json_array_size(v) > 115);
	json_decref(v);
}

static void
test_refused(void **state)
{
	char none[160];

	(void)state;
	strcpy(none, canned_file("none.txt"));
	assert_int_equal(tool("lint", NULL), 2);
	assert_int_equal(tool("lint", "--severity", "bad", none, NULL), 2);
	assert_in(canned.err, "none of error, warning, notice");
	assert_int_equal(tool("lint", none, NULL), 1);
	assert_in(canned.err, "holds neither a certificate nor a CRL");
	assert_int_equal(tool("lint", "/nowhere.pem", NULL), 1);
	/* One that cannot be read does not keep the others from being judged. */
	assert_int_equal(
	    tool("lint", none, canned_file("one.der"), NULL), 1);
	assert_in(canned.out, "one.der:1: ");
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_findings),
	    T(test_clean),
	    T(test_json),
	    T(test_rules),
	    T(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
