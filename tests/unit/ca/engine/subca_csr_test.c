#include "tests/unit/ca/engine/foreign.h"

/* Requests for CA certificates. */

static void
names(void **state)
{
	const char *const good[] = {"c=DE", "O=Inkan", "serialnumber=7",
	    "cn=Sub"};
	const char *const bad[] = {"zz=1"}, *const bare[] = {"cn"};
	const char *const country[] = {"c=Germany"};
	X509_NAME *name = subca_name(good, 4);
	char text[200];

	(void)state;
	assert_non_null(name);
	X509_NAME_oneline(name, text, sizeof(text));
	assert_string_equal(text, "/C=DE/O=Inkan/serialNumber=7/CN=Sub");
	X509_NAME_free(name);
	assert_null(subca_name(bad, 1));
	world_raised(CA_E_BADREQUEST, "request.subject: ");
	assert_null(subca_name(bare, 1));
	world_raised(CA_E_BADREQUEST, "request.subject: ");
	assert_null(subca_name(country, 1));
	world_raised(CA_E_BADREQUEST, "request.subject: C ");
	assert_null(subca_name(NULL, 0));
	world_raised(CA_E_BADREQUEST, "request.subject: a CA needs a name");
}

static const ASN1_OCTET_STRING *
ext_value(STACK_OF(X509_EXTENSION) *exts, int nid, int critical)
{
	int i = X509v3_get_ext_by_NID(exts, nid, -1);
	X509_EXTENSION *ext;

	assert_true(i >= 0);
	ext = X509v3_get_ext(exts, i);
	assert_int_equal(X509_EXTENSION_get_critical(ext), critical);
	return X509_EXTENSION_get_data(ext);
}

static void
made(EVP_PKEY *key, int path_len)
{
	const char *const set[] = {"cn=Sub"};
	static const unsigned char ku[] = {0x03, 0x02, 0x01, 0x06};
	STACK_OF(X509_EXTENSION) *exts;
	const ASN1_OCTET_STRING *v;
	BASIC_CONSTRAINTS *bc;
	const unsigned char *p;
	unsigned char *der;
	X509_REQ *req;
	size_t len;

	assert_true(subca_csr(key, set, 1, path_len, &der, &len));
	req = foreign_req(der, len);
	assert_int_equal(X509_REQ_get_version(req), 0);
	assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
	exts = X509_REQ_get_extensions(req);
	assert_int_equal(sk_X509_EXTENSION_num(exts), 3);
	v = ext_value(exts, NID_key_usage, 1);
	assert_int_equal(ASN1_STRING_length(v), sizeof(ku));
	assert_memory_equal(ASN1_STRING_get0_data(v), ku, sizeof(ku));
	v = ext_value(exts, NID_basic_constraints, 1);
	p = ASN1_STRING_get0_data(v);
	bc = d2i_BASIC_CONSTRAINTS(NULL, &p, ASN1_STRING_length(v));
	assert_true(bc->ca);
	if (path_len < 0)
		assert_null(bc->pathlen);
	else
		assert_int_equal(ASN1_INTEGER_get(bc->pathlen), path_len);
	BASIC_CONSTRAINTS_free(bc);
	v = ext_value(exts, NID_subject_key_identifier, 0);
	assert_int_equal(ASN1_STRING_length(v), 22);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
	OPENSSL_free(der);
}

static void
requests(void **state)
{
	EVP_PKEY *p256 = world_key(), *rsa, *ed;

	(void)state;
	rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	made(p256, 0);
	made(p256, -1);
	made(rsa, 2);
	made(ed, 0);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
}

static void
refuses(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-521");
	const char *const set[] = {"cn=Sub"};
	unsigned char *der;
	size_t len;

	(void)state;
	assert_false(subca_csr(key, set, 1, 0, &der, &len));
	ERR_clear_error();
	assert_false(subca_csr(key, set, 0, 0, &der, &len));
	world_raised(CA_E_BADREQUEST, "request.subject");
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(requests),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
