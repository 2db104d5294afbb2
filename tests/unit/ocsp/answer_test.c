#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/answer.h"
#include "tests/unit/ocsp/pki.h"

static struct pki pki;
static const unsigned char serial[] = {0x4f, 1, 2, 3};

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

static int
certid(unsigned char **out, const EVP_MD *md)
{
	OCSP_CERTID *id = pki_certid(pki.ca, serial, sizeof(serial), md);
	int len;

	*out = NULL;
	len = i2d_OCSP_CERTID(id, out);
	OCSP_CERTID_free(id);
	return len;
}

static struct signer *
signer(void)
{
	EVP_PKEY_up_ref(pki.ocsp_key);
	return signer_new(pki.ocsp_key, pki.ocsp, pki.ca);
}

/* Does the encoding hold these octets? */
static int
holds(const unsigned char *der, size_t len, const char *what, size_t what_len)
{
	return memmem(der, len, what, what_len) != NULL;
}

static void
test_good(void **state)
{
	time_t now = time(NULL);
	struct answer_single one = {.status = ANSWER_GOOD, .reason = -1};
	struct answer a = {.singles = &one,
	    .n_singles = 1,
	    .this_update = now - 40,
	    .next_update = now + 3600};
	const ASN1_OCTET_STRING *by_key;
	const X509_NAME *by_name;
	struct signer *s = signer();
	ASN1_GENERALIZEDTIME *from, *to;
	OCSP_BASICRESP *basic;
	unsigned char *id, *der, *again;
	size_t len, n;

	(void)state;
	one.certid_len = (size_t)certid(&id, EVP_sha256());
	one.certid = id;
	assert_true(answer_sign(&a, s, &der, &len));
	basic = pki_verify(der, len, pki.ca, pki.root);
	assert_int_equal(OCSP_resp_count(basic), 1);
	assert_int_equal(pki_status(basic, 0, NULL), V_OCSP_CERTSTATUS_GOOD);
	OCSP_single_get0_status(
	    OCSP_resp_get0(basic, 0), NULL, NULL, &from, &to);
	assert_int_equal(ASN1_TIME_cmp_time_t(from, now - 40), 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(to, now + 3600), 0);
	assert_int_equal(
	    ASN1_TIME_cmp_time_t(OCSP_resp_get0_produced_at(basic), now - 40),
	    0);
	assert_int_equal(OCSP_resp_get0_id(basic, &by_key, &by_name), 1);
	assert_null(by_name);
	assert_memory_equal(ASN1_STRING_get0_data(by_key), s->key_hash, 20);
	assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
	assert_int_equal(
	    X509_cmp(sk_X509_value(OCSP_resp_get0_certs(basic), 0), pki.ocsp),
	    0);
	assert_true(holds(der, len, (char *)id, one.certid_len));
	/* DER as OpenSSL's own templates write it, too. */
	again = NULL;
	n = (size_t)i2d_OCSP_BASICRESP(basic, &again);
	assert_true(holds(der, len, (char *)again, n));
	OPENSSL_free(again);
	OCSP_BASICRESP_free(basic);
	OPENSSL_free(der);
	OPENSSL_free(id);
	signer_free(s);
}

static int
reason_of(enum answer_status status, int reason, int *cert_status)
{
	time_t now = time(NULL);
	struct answer_single one = {
	    .status = status, .reason = reason, .revoked_at = now - 100};
	struct answer a = {.singles = &one,
	    .n_singles = 1,
	    .this_update = now,
	    .next_update = now + 60};
	struct signer *s = signer();
	ASN1_GENERALIZEDTIME *revoked = NULL;
	OCSP_BASICRESP *basic;
	unsigned char *id, *der;
	size_t len;
	int got;

	one.certid_len = (size_t)certid(&id, EVP_sha1());
	one.certid = id;
	assert_true(answer_sign(&a, s, &der, &len));
	basic = pki_verify(der, len, pki.ca, pki.root);
	*cert_status = OCSP_single_get0_status(
	    OCSP_resp_get0(basic, 0), &got, &revoked, NULL, NULL);
	if (*cert_status == V_OCSP_CERTSTATUS_REVOKED)
		assert_int_equal(ASN1_TIME_cmp_time_t(revoked, now - 100), 0);
	OCSP_BASICRESP_free(basic);
	OPENSSL_free(der);
	OPENSSL_free(id);
	signer_free(s);
	return got;
}

static void
test_statuses(void **state)
{
	int status;

	(void)state;
	assert_int_equal(reason_of(ANSWER_REVOKED, 1, &status), 1);
	assert_int_equal(status, V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason_of(ANSWER_REVOKED, 6, &status), 6);
	assert_int_equal(status, V_OCSP_CERTSTATUS_REVOKED);
	/* unspecified is said by saying nothing */
	assert_int_equal(reason_of(ANSWER_REVOKED, 0, &status),
	    OCSP_REVOKED_STATUS_NOSTATUS);
	assert_int_equal(status, V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason_of(ANSWER_REVOKED, -1, &status),
	    OCSP_REVOKED_STATUS_NOSTATUS);
	reason_of(ANSWER_UNKNOWN, -1, &status);
	assert_int_equal(status, V_OCSP_CERTSTATUS_UNKNOWN);
}

static void
test_nonce(void **state)
{
	time_t now = time(NULL);
	struct answer_single one[2] = {{.status = ANSWER_GOOD, .reason = -1},
	    {.status = ANSWER_REVOKED, .reason = 4, .revoked_at = now}};
	struct answer a = {.singles = one,
	    .n_singles = 2,
	    .this_update = now,
	    .next_update = now + 60,
	    .nonce = (const unsigned char *)"0123456789abcdef",
	    .nonce_len = 16};
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	struct signer *s = signer();
	OCSP_BASICRESP *basic;
	unsigned char *id[2], *der;
	size_t len;

	(void)state;
	one[0].certid_len = (size_t)certid(&id[0], EVP_sha1());
	one[1].certid_len = (size_t)certid(&id[1], EVP_sha256());
	one[0].certid = id[0];
	one[1].certid = id[1];
	assert_true(answer_sign(&a, s, &der, &len));
	basic = pki_verify(der, len, pki.ca, pki.root);
	assert_int_equal(OCSP_resp_count(basic), 2);
	assert_int_equal(pki_status(basic, 1, NULL), V_OCSP_CERTSTATUS_REVOKED);
	OCSP_request_add1_nonce(req, (unsigned char *)"0123456789abcdef", 16);
	assert_int_equal(OCSP_check_nonce(req, basic), 1);
	/* OCTET STRING (18) { OCTET STRING (16) } */
	assert_true(holds(der, len,
	    "\x04\x12\x04\x10"
	    "0123456789abcdef",
	    20));
	OCSP_REQUEST_free(req);
	OCSP_BASICRESP_free(basic);
	OPENSSL_free(der);
	OPENSSL_free(id[0]);
	OPENSSL_free(id[1]);
	signer_free(s);
}

static void
test_ed25519(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *cert = pki_cert("OCSP", (const unsigned char *)"\x55", 1, key,
	    pki.ca, pki.ca_key, "OCSPSigning", -60, 3600);
	struct signer *s = signer_new(key, cert, pki.ca);
	time_t now = time(NULL);
	struct answer_single one = {.status = ANSWER_GOOD};
	struct answer a = {.singles = &one,
	    .n_singles = 1,
	    .this_update = now,
	    .next_update = now + 60};
	unsigned char *id, *der;
	size_t len;

	(void)state;
	one.certid_len = (size_t)certid(&id, EVP_sha1());
	one.certid = id;
	assert_true(answer_sign(&a, s, &der, &len));
	OCSP_BASICRESP_free(pki_verify(der, len, pki.ca, pki.root));
	OPENSSL_free(der);
	OPENSSL_free(id);
	signer_free(s);
	X509_free(cert);
}

/* A key that cannot sign: the public half only. */
static void
test_refused(void **state)
{
	struct answer_single one = {.status = ANSWER_GOOD};
	struct answer a = {.singles = &one,
	    .n_singles = 1,
	    .this_update = 1000,
	    .next_update = 2000};
	struct signer *s;
	unsigned char *id, *der = NULL, *spki = NULL;
	const unsigned char *p;
	int n = i2d_PUBKEY(pki.ocsp_key, &spki);
	size_t len;

	(void)state;
	p = spki;
	s = signer_new(d2i_PUBKEY(NULL, &p, n), pki.ocsp, pki.ca);
	OPENSSL_free(spki);
	assert_non_null(s);
	one.certid_len = (size_t)certid(&id, EVP_sha1());
	one.certid = id;
	assert_false(answer_sign(&a, s, &der, &len));
	assert_null(der);
	ERR_clear_error();
	OPENSSL_free(id);
	signer_free(s);
}

static void
test_errors(void **state)
{
	static const enum answer_error errors[] = {ANSWER_MALFORMED,
	    ANSWER_INTERNAL, ANSWER_TRYLATER, ANSWER_UNAUTHORIZED};
	unsigned char out[ANSWER_ERROR_LEN];
	const unsigned char *p;
	OCSP_RESPONSE *r;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		answer_error(errors[i], out);
		p = out;
		r = d2i_OCSP_RESPONSE(NULL, &p, sizeof(out));
		assert_non_null(r);
		assert_int_equal(OCSP_response_status(r), errors[i]);
		assert_null(OCSP_response_get1_basic(r));
		OCSP_RESPONSE_free(r);
	}
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_statuses),
	    cmocka_unit_test(test_nonce),
	    cmocka_unit_test(test_ed25519),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
