#include "tests/unit/profiles/csr_draft.h"

/* Attributes, and the extensions that one of them asks for. */

#define EXTENSIONS_LIMIT 64

static void
doubles_are_refused(void **state)
{
	static const unsigned char cn[] = "other";
	unsigned char *der;
	struct draft d;
	struct csr *csr;
	char text[16];
	size_t len;

	(void)state;
	draft_open(&d, "device-p256");
	add_exts(&d, "DNS:a.example", 1);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len,
	    "csr.extensions: X509v3 Subject Alternative Name is "
	    "given twice");
	draft_open(&d, "device-p256");
	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(d.req), "CN",
	    MBSTRING_UTF8, cn, -1, -1, 0);
	der = draft_close(&d, EVP_sha256(), &len);
	csr = csr_parse(der, len);
	assert_non_null(csr);
	assert_int_equal(
	    csr_subject_text(csr, NID_commonName, text, sizeof(text)), -1);
	assert_raised(PROFILE_E_BADREQUEST, "csr.subject.CN: given twice");
	csr_free(csr);
	OPENSSL_free(der);
}

static void
two_extension_requests_are_refused(void **state)
{
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	unsigned char *der, *ext = NULL;
	struct draft d;
	size_t len;
	int n;

	(void)state;
	sk_X509_EXTENSION_push(exts,
	    X509V3_EXT_conf_nid(
		NULL, NULL, NID_subject_alt_name, "DNS:b.example"));
	n = i2d_X509_EXTENSIONS(exts, &ext);
	draft_open(&d, "device-p256");
	add_exts(&d, "DNS:a.example", 0);
	X509_REQ_add1_attr_by_NID(
	    d.req, NID_ms_ext_req, V_ASN1_SEQUENCE, ext, n);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len, "csr.extensions: requested twice");
	OPENSSL_free(ext);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
}

/* RFC 2985 5.4: single values, and of which type. */
static void
attributes_have_one_value(void **state)
{
	static const unsigned char one[] = "one", two[] = "two";
	X509_ATTRIBUTE *a;
	unsigned char *der;
	struct draft d;
	size_t len;

	(void)state;
	draft_open(&d, "device-p256");
	a = X509_ATTRIBUTE_create_by_NID(NULL, NID_pkcs9_challengePassword,
	    V_ASN1_UTF8STRING, one, 3);
	assert_int_equal(
	    X509_ATTRIBUTE_set1_data(a, V_ASN1_UTF8STRING, two, 3), 1);
	assert_int_equal(X509_REQ_add1_attr(d.req, a), 1);
	X509_ATTRIBUTE_free(a);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len, "csr.attributes: not a single value");
	draft_open(&d, "device-p256");
	X509_REQ_add1_attr_by_NID(d.req, NID_pkcs9_challengePassword,
	    V_ASN1_OCTET_STRING, one, 3);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len, "csr.challenge: not a DirectoryString");
	draft_open(&d, "device-p256");
	X509_REQ_add1_attr_by_NID(
	    d.req, NID_ext_req, V_ASN1_OCTET_STRING, one, 3);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len, "csr.extensions: not Extensions");
}

/* OpenSSL takes no attribute twice: two objects for one OID. */
static void
two_challenges_are_refused(void **state)
{
	static const unsigned char one[] = "one";
	X509_ATTRIBUTE *a = X509_ATTRIBUTE_create_by_NID(NULL,
	    NID_pkcs9_challengePassword, V_ASN1_UTF8STRING, one, 3);
	X509_ATTRIBUTE *b = X509_ATTRIBUTE_create_by_NID(NULL,
	    NID_pkcs9_unstructuredName, V_ASN1_UTF8STRING, one, 3);
	unsigned char *der, *p;
	struct draft d;
	size_t len;

	(void)state;
	draft_open(&d, "device-p256");
	assert_int_equal(X509_REQ_add1_attr(d.req, a), 1);
	assert_int_equal(X509_REQ_add1_attr(d.req, b), 1);
	X509_ATTRIBUTE_free(a);
	X509_ATTRIBUTE_free(b);
	der = draft_close(&d, EVP_sha256(), &len);
	/* 1.2.840.113549.1.9.2 becomes .7; the signature is not looked at. */
	p = memmem(der, len, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02", 9);
	assert_non_null(p);
	p[8] = 7;
	refused(der, len, "csr.challenge: given twice");
}

/* Unknown attributes are let pass, whatever they hold; a request for extensions
   without names asks for no names. */
static void
others_are_let_pass(void **state)
{
	static const unsigned char one[] = "one", two[] = "two";
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	X509_ATTRIBUTE *a;
	unsigned char *der;
	struct draft d;
	struct csr *csr;
	size_t len;

	(void)state;
	sk_X509_EXTENSION_push(exts,
	    X509V3_EXT_conf_nid(
		NULL, NULL, NID_key_usage, "digitalSignature"));
	draft_open(&d, "device-p256");
	X509_REQ_add_extensions(d.req, exts);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	a = X509_ATTRIBUTE_create_by_NID(NULL, NID_pkcs9_unstructuredName,
	    V_ASN1_UTF8STRING, one, 3);
	X509_ATTRIBUTE_set1_data(a, V_ASN1_UTF8STRING, two, 3);
	assert_int_equal(X509_REQ_add1_attr(d.req, a), 1);
	X509_ATTRIBUTE_free(a);
	der = draft_close(&d, EVP_sha256(), &len);
	csr = csr_parse(der, len);
	if (csr == NULL)
		rig_fail("csr");
	assert_null(csr_san(csr));
	assert_int_equal(sk_X509_EXTENSION_num(csr_extensions(csr)), 1);
	assert_true(csr_has_attribute(csr, "1.2.840.113549.1.9.2"));
	assert_false(csr_has_attribute(csr, "1.2.840.113549.1.9.7"));
	assert_false(csr_has_attribute(csr, "no OID"));
	ERR_clear_error();
	csr_free(csr);
	OPENSSL_free(der);
}

static void
no_names_are_refused(void **state)
{
	static const unsigned char none[] = {0x30, 0x00};
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	unsigned char *der;
	struct draft d;
	size_t len;

	(void)state;
	ASN1_OCTET_STRING_set(value, none, 2);
	sk_X509_EXTENSION_push(exts,
	    X509_EXTENSION_create_by_NID(
		NULL, NID_subject_alt_name, 0, value));
	ASN1_OCTET_STRING_free(value);
	draft_open(&d, "device-p256");
	X509_REQ_add_extensions(d.req, exts);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len, "csr.san: empty");
}

/* As many extensions as there may be, and one more. */
static unsigned char *
with_extensions(int n, size_t *len)
{
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	char oid[32];
	ASN1_OBJECT *obj;
	struct draft d;

	ASN1_OCTET_STRING_set(value, (const unsigned char *)"\5\0", 2);
	while (n-- > 0) {
		snprintf(oid, sizeof(oid), "1.2.3.%d", n);
		obj = OBJ_txt2obj(oid, 1);
		sk_X509_EXTENSION_push(exts,
		    X509_EXTENSION_create_by_OBJ(NULL, obj, 0, value));
		ASN1_OBJECT_free(obj);
	}
	ASN1_OCTET_STRING_free(value);
	draft_open(&d, "device-p256");
	X509_REQ_add_extensions(d.req, exts);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return draft_close(&d, EVP_sha256(), len);
}

static void
extensions_have_a_limit(void **state)
{
	unsigned char *der;
	struct csr *csr;
	size_t len;

	(void)state;
	der = with_extensions(EXTENSIONS_LIMIT, &len);
	csr = csr_parse(der, len);
	assert_non_null(csr);
	csr_free(csr);
	OPENSSL_free(der);
	der = with_extensions(EXTENSIONS_LIMIT + 1, &len);
	refused(der, len, "csr.extensions: too many");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(doubles_are_refused),
	    cmocka_unit_test(two_extension_requests_are_refused),
	    cmocka_unit_test(attributes_have_one_value),
	    cmocka_unit_test(two_challenges_are_refused),
	    cmocka_unit_test(others_are_let_pass),
	    cmocka_unit_test(no_names_are_refused),
	    cmocka_unit_test(extensions_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
