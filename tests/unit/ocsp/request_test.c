#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/cache.h"
#include "ocsp/error.h"
#include "ocsp/request.h"
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

static OCSP_REQUEST *
plain(const EVP_MD *md)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();

	OCSP_request_add0_id(
	    req, pki_certid(pki.ca, serial, sizeof(serial), md));
	return req;
}

/* Encodes and frees ${from}. */
static struct request *
parse(OCSP_REQUEST *from, size_t max)
{
	unsigned char *der = NULL;
	int len = i2d_OCSP_REQUEST(from, &der);
	struct request *req;

	assert_true(len > 0);
	OCSP_REQUEST_free(from);
	req = request_parse(der, (size_t)len, max);
	OPENSSL_free(der);
	return req;
}

static void
refuse(OCSP_REQUEST *from, size_t max)
{
	assert_null(parse(from, max));
	assert_int_equal(pki_reason(), OCSP_E_MALFORMED);
}

static void
test_hashes(void **state)
{
	static const struct {
		const EVP_MD *(*md)(void);
		int hash;
		size_t len;
	} rows[] = {{EVP_sha1, REQUEST_SHA1, 20},
	    {EVP_sha256, REQUEST_SHA256, 32}, {EVP_sha384, REQUEST_SHA384, 48},
	    {EVP_sha512, REQUEST_SHA512, 64}, {EVP_sha224, -1, 28}};
	const struct request_id *id;
	struct request *req;
	OCSP_CERTID *cid;
	unsigned char *der;
	size_t i, n;
	int len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		req = parse(plain(rows[i].md()), 10);
		assert_non_null(req);
		assert_int_equal(request_n_ids(req), 1);
		id = request_id(req, 0);
		assert_int_equal(id->hash, rows[i].hash);
		assert_int_equal(id->name_hash_len, rows[i].len);
		assert_int_equal(id->key_hash_len, rows[i].len);
		assert_int_equal(id->serial_len, sizeof(serial));
		assert_memory_equal(id->serial, serial, sizeof(serial));
		assert_null(request_nonce(req, &n));
		der = NULL;
		cid = pki_certid(pki.ca, serial, sizeof(serial), rows[i].md());
		len = i2d_OCSP_CERTID(cid, &der);
		assert_int_equal(id->der_len, len);
		assert_memory_equal(id->der, der, (size_t)len);
		OPENSSL_free(der);
		OCSP_CERTID_free(cid);
		request_free(req);
	}
}

static int
hash_with(int type, const char *text)
{
	OCSP_CERTID *cid = pki_with_parameters(
	    pki_certid(pki.ca, serial, sizeof(serial), EVP_sha1()), type, text);
	struct request_id id;
	int hash;

	assert_true(request_id_read(cid, &id));
	hash = id.hash;
	OPENSSL_free(id.der);
	OCSP_CERTID_free(cid);
	return hash;
}

static void
test_parameters(void **state)
{
	(void)state;
	assert_int_equal(hash_with(V_ASN1_NULL, NULL), REQUEST_SHA1);
	assert_int_equal(hash_with(V_ASN1_UNDEF, NULL), REQUEST_SHA1);
	assert_int_equal(hash_with(V_ASN1_OCTET_STRING, "a"), -1);
	assert_int_equal(hash_with(V_ASN1_OCTET_STRING, ""), -1);
}

/* What cache.h takes for the longest that a certificate can have. */
static void
test_longest(void **state)
{
	unsigned char most[REQUEST_SERIAL_MAX];
	struct request_id id;
	OCSP_CERTID *cid;

	(void)state;
	memset(most, 0xff, sizeof(most));
	cid = pki_certid(pki.ca, most, sizeof(most), EVP_sha512());
	assert_true(request_id_read(cid, &id));
	assert_int_equal(id.der_len, CACHE_CERTID_MAX);
	OPENSSL_free(id.der);
	OCSP_CERTID_free(cid);
}

static void
test_count(void **state)
{
	OCSP_REQUEST *two = plain(EVP_sha1());
	struct request *req;

	(void)state;
	OCSP_request_add0_id(two, pki_certid(pki.ca, serial, 1, EVP_sha256()));
	req = parse(two, 2);
	assert_non_null(req);
	assert_int_equal(request_n_ids(req), 2);
	assert_int_equal(request_id(req, 1)->hash, REQUEST_SHA256);
	request_free(req);
	two = plain(EVP_sha1());
	OCSP_request_add0_id(two, pki_certid(pki.ca, serial, 1, EVP_sha256()));
	refuse(two, 1);
	refuse(OCSP_REQUEST_new(), 10);
}

static void
test_odd_serials(void **state)
{
	unsigned char big[21] = {0x7f};
	OCSP_REQUEST *from = OCSP_REQUEST_new();
	struct request *req;
	ASN1_INTEGER *minus = ASN1_INTEGER_new();
	OCSP_CERTID *id;

	(void)state;
	OCSP_request_add0_id(
	    from, pki_certid(pki.ca, big, sizeof(big), EVP_sha1()));
	ASN1_INTEGER_set(minus, -5);
	id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(pki.ca),
	    X509_get0_pubkey_bitstr(pki.ca), minus);
	OCSP_request_add0_id(from, id);
	ASN1_INTEGER_free(minus);
	req = parse(from, 10);
	assert_non_null(req);
	/* Read, but nothing of ours can be named so. */
	assert_int_equal(request_id(req, 0)->serial_len, 0);
	assert_int_equal(request_id(req, 1)->serial_len, 0);
	request_free(req);
}

static void
test_nonce(void **state)
{
	static const int good[] = {1, 16, 23, 32, 128}, bad[] = {129, 200};
	unsigned char value[256];
	const unsigned char *got;
	OCSP_REQUEST *from;
	struct request *req;
	size_t i, len;

	(void)state;
	memset(value, 7, sizeof(value));
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		from = plain(EVP_sha1());
		OCSP_request_add1_nonce(from, value, good[i]);
		req = parse(from, 10);
		assert_non_null(req);
		got = request_nonce(req, &len);
		assert_non_null(got);
		assert_int_equal(len, good[i]);
		assert_memory_equal(got, value, len);
		request_free(req);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		from = plain(EVP_sha1());
		OCSP_request_add1_nonce(from, value, bad[i]);
		refuse(from, 10);
	}
}

/* A nonce extension with these octets as its extnValue. */
static OCSP_REQUEST *
with_value(const char *octets, int len, int nid, int critical)
{
	OCSP_REQUEST *from = plain(EVP_sha1());
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(value, (const unsigned char *)octets, len);
	ext = X509_EXTENSION_create_by_NID(NULL, nid, critical, value);
	assert_int_equal(OCSP_REQUEST_add_ext(from, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	return from;
}

static void
test_nonce_refused(void **state)
{
	OCSP_REQUEST *twice;

	(void)state;
	refuse(with_value("\x04\x00", 2, NID_id_pkix_OCSP_Nonce, 0), 10);
	/* Not wrapped twice; wrapped with something behind it; nothing. */
	refuse(
	    with_value("\x01\x02\x03\x04", 4, NID_id_pkix_OCSP_Nonce, 0), 10);
	refuse(
	    with_value("\x04\x01\x01\x00", 4, NID_id_pkix_OCSP_Nonce, 0), 10);
	refuse(with_value("", 0, NID_id_pkix_OCSP_Nonce, 0), 10);
	twice = with_value("\x04\x01\x01", 3, NID_id_pkix_OCSP_Nonce, 0);
	OCSP_REQUEST_add_ext(twice, OCSP_REQUEST_get_ext(twice, 0), -1);
	refuse(twice, 10);
}

/* RFC 9654 Appendix: this is how 32 octets stand in a request. */
static void
test_nonce_vector(void **state)
{
	static const char octets[] =
	    "\x04\x20\xdd\x49\xd4\x07\x2c\x44\x9d\xa1\xc3\x17\xbd\x1c\x1b\xdf"
	    "\xfe\xdb\xe1\x50\x31\x2e\xc4\xcd\x0a\xdd\x18\xe5\xbd\x6f\x84\xbf"
	    "\x14\xc8";
	struct request *req;
	size_t len;

	(void)state;
	req = parse(with_value(octets, 34, NID_id_pkix_OCSP_Nonce, 0), 10);
	assert_non_null(req);
	assert_memory_equal(request_nonce(req, &len), octets + 2, 32);
	assert_int_equal(len, 32);
	request_free(req);
}

static void
test_ignored(void **state)
{
	struct request *req;
	OCSP_REQUEST *from;

	(void)state;
	/* Unknown extensions, also critical ones. */
	req = parse(with_value("\x05\x00", 2, NID_id_pkix_OCSP_CrlID, 1), 10);
	assert_non_null(req);
	request_free(req);
	/* A signature, whoever's. */
	from = plain(EVP_sha1());
	assert_int_equal(OCSP_request_sign(from, pki.ocsp, pki.root_key,
			     EVP_sha256(), NULL, OCSP_NOCERTS),
	    0);
	ERR_clear_error();
	assert_int_equal(OCSP_request_sign(from, pki.ocsp, pki.ocsp_key,
			     EVP_sha256(), NULL, 0),
	    1);
	req = parse(from, 10);
	assert_non_null(req);
	request_free(req);
}

static void
test_garbage(void **state)
{
	unsigned char *der, copy[512];
	int len, i;

	(void)state;
	assert_null(request_parse((const unsigned char *)"", 0, 10));
	assert_int_equal(pki_reason(), OCSP_E_MALFORMED);
	assert_null(request_parse((const unsigned char *)"garbage", 7, 10));
	assert_int_equal(pki_reason(), OCSP_E_MALFORMED);
	len = pki_request(pki.ca, serial, sizeof(serial), EVP_sha1(), 16, &der);
	memcpy(copy, der, (size_t)len);
	copy[len] = 0;
	assert_null(request_parse(copy, (size_t)len + 1, 10));
	assert_int_equal(pki_reason(), OCSP_E_MALFORMED);
	for (i = 0; i < len; i++) {
		assert_null(request_parse(der, (size_t)i, 10));
		ERR_clear_error();
	}
	OPENSSL_free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hashes),
	    cmocka_unit_test(test_parameters),
	    cmocka_unit_test(test_longest),
	    cmocka_unit_test(test_count),
	    cmocka_unit_test(test_odd_serials),
	    cmocka_unit_test(test_nonce),
	    cmocka_unit_test(test_nonce_refused),
	    cmocka_unit_test(test_nonce_vector),
	    cmocka_unit_test(test_ignored),
	    cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
