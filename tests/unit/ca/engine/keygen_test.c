#include <openssl/cms.h>

#include "tests/unit/ca/engine/admit_change.h"
#include "tests/unit/ca/engine/keygen_template.h"

/* Keys that are made for devices: from template to answer. */

static struct profile profile = {
    .key_types = SPKI_EC_P256 | SPKI_EC_P384 | SPKI_RSA_2048 | SPKI_ED25519};
static struct fleet fleet;

static int
reset(void **state)
{
	(void)state;
	memset(&fleet, 0, sizeof(fleet));
	fleet.compiled = &profile;
	fleet.keygen = fleet.keygen_plain = 1;
	fleet.keygen_types = profile.key_types;
	ERR_clear_error();
	return 0;
}

/* Our CSR: proven, and of that type. Returned to be freed. */
static struct csr *
csr_of(const struct keygen *k, enum spki_type type)
{
	const unsigned char *der;
	struct csr *csr;
	char cn[65];
	size_t len;

	der = keygen_csr(k, &len);
	csr = csr_parse(der, len);
	assert_non_null(csr);
	assert_int_equal(csr_verify(csr), 1);
	assert_int_equal(csr_key_type(csr), type);
	assert_int_equal(
	    csr_subject_text(csr, NID_commonName, cn, sizeof(cn)), 1);
	assert_string_equal(cn, "dev-1");
	return csr;
}

static void
refused(const struct keygen_request *r, int reason, const char *rule)
{
	char text[256];
	const char *data = "";
	unsigned long e;

	ERR_clear_error();
	assert_null(keygen_make(r));
	e = ERR_peek_last_error_data(&data, NULL);
	assert_int_equal(ERR_GET_REASON(e), reason);
	snprintf(text, sizeof(text), "%s: ", rule);
	assert_memory_equal(data, text, strlen(text));
	ERR_clear_error();
}

static void
key_and_signature_are_ignored(void **state)
{
	EVP_PKEY *own = EVP_EC_gen("P-384");
	struct keygen_request r = {.fleet = &fleet};
	unsigned char *der, *out = NULL;
	const unsigned char *p;
	struct keygen *k;
	struct csr *csr;
	EVP_PKEY *key;
	X509_PUBKEY *pub = NULL;
	size_t len, n;

	(void)state;
	der = template_of(own, NULL, 0, &r.csr_len);
	der[r.csr_len - 3] ^= 1; /* its signature is broken */
	r.csr = der;
	k = keygen_make(&r);
	assert_non_null(k);
	/* The type of the template's key counts, the key does not. */
	csr = csr_of(k, SPKI_EC_P384);
	assert_null(keygen_other(k));
	assert_false(keygen_encrypts(k));
	assert_int_equal(keygen_answer(k, NULL, 0, &out, &len), 1);
	p = out;
	key = d2i_AutoPrivateKey(NULL, &p, (long)len);
	assert_non_null(key);
	assert_ptr_equal(p, out + len);
	assert_int_equal(EVP_PKEY_eq(key, own), 0);
	p = csr_spki(csr, &n);
	pub = d2i_X509_PUBKEY(NULL, &p, (long)n);
	assert_int_equal(EVP_PKEY_eq(key, X509_PUBKEY_get0(pub)), 1);
	X509_PUBKEY_free(pub);
	OPENSSL_clear_free(out, len);
	csr_free(csr);
	keygen_free(k);
	EVP_PKEY_free(key);
	EVP_PKEY_free(own);
	OPENSSL_free(der);
	keygen_free(NULL);
}

static void
types(void **state)
{
	static const struct {
		const char *alg, *curve;
		size_t bits;
		enum spki_type made;
		const char *other;
	} t[] = {
	    {"RSA", NULL, 2048, SPKI_RSA_2048, NULL},
	    {"ED25519", NULL, 0, SPKI_ED25519, NULL},
	    /* Not the profile's: the best of those that are. */
	    {"RSA", NULL, 3072, SPKI_EC_P256, "rsa-3072"},
	    /* None that we know, or too weak to be one. */
	    {"EC", "P-521", 0, SPKI_EC_P256, NULL},
	    {"RSA", NULL, 1024, SPKI_EC_P256, NULL},
	};
	struct keygen_request r = {.fleet = &fleet};
	unsigned char *der;
	struct keygen *k;
	EVP_PKEY *key;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		key = t[i].bits != 0
		    ? EVP_PKEY_Q_keygen(NULL, NULL, t[i].alg, t[i].bits)
		    : EVP_PKEY_Q_keygen(NULL, NULL, t[i].alg, t[i].curve);
		der = template_of(key, NULL, 0, &r.csr_len);
		r.csr = der;
		k = keygen_make(&r);
		assert_non_null(k);
		csr_free(csr_of(k, t[i].made));
		if (t[i].other != NULL)
			assert_string_equal(keygen_other(k), t[i].other);
		else
			assert_null(keygen_other(k));
		keygen_free(k);
		OPENSSL_free(der);
		EVP_PKEY_free(key);
	}
	assert_int_equal(ERR_peek_error(), 0);
	/* The fleet allows fewer than the profile. */
	fleet.keygen_types = SPKI_EC_P384;
	key = EVP_EC_gen("P-256");
	der = template_of(key, NULL, 0, &r.csr_len);
	r.csr = der;
	k = keygen_make(&r);
	csr_free(csr_of(k, SPKI_EC_P384));
	assert_string_equal(keygen_other(k), "ec-p256");
	keygen_free(k);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
wishes_are_kept(void **state)
{
	struct attr a = {"challengePassword", MBSTRING_ASC, "pass", 4};
	EVP_PKEY *own = EVP_EC_gen("P-256");
	struct keygen_request r = {.fleet = &fleet};
	struct keygen *k;
	struct csr *csr;
	unsigned char *der;

	(void)state;
	r.csr = der = template_of(own, &a, 1, &r.csr_len);
	k = keygen_make(&r);
	csr = csr_of(k, SPKI_EC_P256);
	assert_string_equal(csr_challenge(csr), "pass");
	csr_free(csr);
	keygen_free(k);
	OPENSSL_free(der);
	EVP_PKEY_free(own);
}

static void
no_template(void **state)
{
	EVP_PKEY *own = EVP_EC_gen("P-256");
	struct keygen_request r = {.fleet = &fleet};
	unsigned char *der = template_of(own, NULL, 0, &r.csr_len);

	(void)state;
	r.csr = der;
	r.csr_len--;
	refused(&r, CA_E_BADREQUEST, "csr.der");
	r.csr_len++;
	der = OPENSSL_realloc(der, r.csr_len + 1);
	der[r.csr_len] = 0;
	r.csr = der;
	r.csr_len++;
	refused(&r, CA_E_BADREQUEST, "csr.der");
	r.csr_len = 0;
	refused(&r, CA_E_BADREQUEST, "csr.der");
	OPENSSL_free(der);
	EVP_PKEY_free(own);
}

#define ASYMMETRIC "1.2.840.113549.1.9.16.2.54"
#define SYMMETRIC "1.2.840.113549.1.9.16.2.37"
static const unsigned char KEY_ID[] = {1, 2, 3, 4, 5, 6, 7, 8};

static void
what_cannot_be_answered(void **state)
{
	struct attr a = {SYMMETRIC, V_ASN1_OCTET_STRING, KEY_ID, 8};
	EVP_PKEY *own = EVP_EC_gen("P-256");
	struct keygen_request r = {.fleet = &fleet};
	unsigned char *der = template_of(own, &a, 1, &r.csr_len);

	(void)state;
	r.csr = der;
	refused(&r, CA_E_DENIED, "keygen.decrypt-key");
	OPENSSL_free(der);
	a.type = V_ASN1_UTF8STRING;
	a.oid = ASYMMETRIC;
	r.csr = der = template_of(own, &a, 1, &r.csr_len);
	refused(&r, CA_E_BADREQUEST, "keygen.attribute");
	OPENSSL_free(der);
	a.type = V_ASN1_OCTET_STRING; /* without a client certificate */
	r.csr = der = template_of(own, &a, 1, &r.csr_len);
	refused(&r, CA_E_DENIED, "keygen.recipient");
	OPENSSL_free(der);
	r.csr = der = template_of(own, NULL, 0, &r.csr_len);
	fleet.keygen_plain = 0;
	refused(&r, CA_E_DENIED, "keygen.plain");
	OPENSSL_free(der);
	EVP_PKEY_free(own);
}

/* A certificate of its own key, with KEY_ID and a key usage. */
static X509 *
certificate(EVP_PKEY *key, const char *usage)
{
	X509 *x = X509_new();
	X509_NAME *name = make_name("CN=dev-1");
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x, name);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	ASN1_OCTET_STRING_set(id, KEY_ID, sizeof(KEY_ID));
	X509_add1_ext_i2d(x, NID_subject_key_identifier, id, 0, 0);
	if (usage != NULL) {
		e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	ASN1_OCTET_STRING_free(id);
	X509_NAME_free(name);
	return x;
}

typedef struct test_info_st {
	ASN1_OBJECT *type;
	ASN1_TYPE *content;
} TEST_INFO;

ASN1_SEQUENCE(TEST_INFO) = {
	ASN1_SIMPLE(TEST_INFO, type, ASN1_OBJECT),
	ASN1_EXP(TEST_INFO, content, ASN1_ANY, 0)
} static_ASN1_SEQUENCE_END(TEST_INFO)

/* SignedData without ContentInfo around it, as a CMS object. */
static CMS_ContentInfo *
signed_data(const unsigned char *p, long len)
{
	TEST_INFO info = {OBJ_nid2obj(NID_pkcs7_signed), NULL};
	const unsigned char *q = p;
	unsigned char *der = NULL;
	CMS_ContentInfo *cms;
	int n;

	info.content = d2i_ASN1_TYPE(NULL, &q, len);
	assert_non_null(info.content);
	assert_ptr_equal(q, p + len);
	n = ASN1_item_i2d(
	    (ASN1_VALUE *)&info, &der, ASN1_ITEM_rptr(TEST_INFO));
	q = der;
	cms = d2i_CMS_ContentInfo(NULL, &q, n);
	assert_non_null(cms);
	ASN1_TYPE_free(info.content);
	OPENSSL_free(der);
	return cms;
}

/* AsymmetricKeyPackage of one key. */
static EVP_PKEY *
unpack(BIO *package)
{
	const unsigned char *p, *q;
	PKCS8_PRIV_KEY_INFO *info;
	EVP_PKEY *key;
	char *data;
	long n = BIO_get_mem_data(package, &data), len;
	int tag, class;

	p = (unsigned char *)data;
	assert_int_equal(ASN1_get_object(&p, &len, &tag, &class, n), 0x20);
	assert_int_equal(tag, V_ASN1_SEQUENCE);
	q = p;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, len);
	assert_non_null(info);
	assert_ptr_equal(p, q + len);
	key = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return key;
}

/* Decrypt, verify by the certificate, and find the certificate's key. */
static void
open_answer(const unsigned char *der, size_t len, EVP_PKEY *recipient,
    X509 *recipient_cert, X509 *cert)
{
	BIO *inner = BIO_new(BIO_s_mem()), *package = BIO_new(BIO_s_mem());
	CMS_ContentInfo *env = d2i_CMS_ContentInfo(NULL, &der, (long)len), *sd;
	X509_STORE *store = X509_STORE_new();
	EVP_PKEY *key;
	char oid[64], *data;
	long n;

	assert_non_null(env);
	assert_int_equal(OBJ_obj2nid(CMS_get0_type(env)), NID_pkcs7_enveloped);
	assert_int_equal(
	    OBJ_obj2nid(CMS_get0_eContentType(env)), NID_pkcs7_signed);
	assert_int_equal(CMS_decrypt(
	    env, recipient, recipient_cert, NULL, inner, CMS_BINARY), 1);
	n = BIO_get_mem_data(inner, &data);
	sd = signed_data((unsigned char *)data, n);
	OBJ_obj2txt(oid, sizeof(oid), CMS_get0_eContentType(sd), 1);
	assert_string_equal(oid, "2.16.840.1.101.2.1.2.78.5");
	X509_STORE_add_cert(store, cert);
	X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
	assert_int_equal(
	    CMS_verify(sd, NULL, store, NULL, package, CMS_BINARY), 1);
	key = unpack(package);
	assert_int_equal(X509_check_private_key(cert, key), 1);
	EVP_PKEY_free(key);
	X509_STORE_free(store);
	CMS_ContentInfo_free(sd);
	CMS_ContentInfo_free(env);
	BIO_free(package);
	BIO_free(inner);
}

/* The certificate that a CA would issue for the new key. */
static X509 *
issue(const struct keygen *k, EVP_PKEY *ca)
{
	X509 *x = certificate(ca, NULL);
	const unsigned char *p;
	X509_REQ *req;
	size_t len;

	p = keygen_csr(k, &len);
	req = d2i_X509_REQ(NULL, &p, (long)len);
	X509_set_pubkey(x, X509_REQ_get0_pubkey(req));
	assert_true(X509_sign(x, ca, EVP_sha256()) > 0);
	X509_REQ_free(req);
	return x;
}

static void
encrypted_to(EVP_PKEY *client, const char *usage, const struct attr *more)
{
	struct attr a[2] = {{ASYMMETRIC, V_ASN1_OCTET_STRING, KEY_ID, 8}};
	X509 *client_cert = certificate(client, usage), *cert;
	struct keygen_request r = {.fleet = &fleet};
	EVP_PKEY *own = EVP_EC_gen("P-256");
	unsigned char *der, *client_der, *cert_der = NULL, *out = NULL;
	struct keygen *k;
	size_t len;
	int n;

	if (more != NULL)
		a[1] = *more;
	fleet.keygen_plain = 0;
	r.client = client_der = make_der(client_cert, &r.client_len);
	r.csr = der = template_of(own, a, more == NULL ? 1 : 2, &r.csr_len);
	k = keygen_make(&r);
	assert_non_null(k);
	assert_true(keygen_encrypts(k));
	cert = issue(k, own);
	n = i2d_X509(cert, &cert_der);
	assert_int_equal(keygen_answer(k, cert_der, (size_t)n, &out, &len), 1);
	open_answer(out, len, client, client_cert, cert);
	OPENSSL_free(out);
	OPENSSL_free(cert_der);
	OPENSSL_free(client_der);
	OPENSSL_free(der);
	X509_free(cert);
	X509_free(client_cert);
	keygen_free(k);
	EVP_PKEY_free(own);
}

static void
encrypted(void **state)
{
	static const unsigned char aes128[] = {0x30, 0x0d, 0x30, 0x0b, 0x06,
	    0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x02};
	struct attr caps = {"1.2.840.113549.1.9.15", V_ASN1_SEQUENCE, aes128,
	    sizeof(aes128)};
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);

	(void)state;
	encrypted_to(ec, "critical,digitalSignature,keyAgreement", NULL);
	encrypted_to(ec, NULL, &caps);
	encrypted_to(rsa, "keyEncipherment", NULL);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
}

static void
not_to_be_encrypted_to(void **state)
{
	static const unsigned char des[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x08,
	    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07};
	struct attr a[2] = {{ASYMMETRIC, V_ASN1_OCTET_STRING, KEY_ID, 8},
	    {"1.2.840.113549.1.9.15", V_ASN1_SEQUENCE, des, sizeof(des)}};
	struct keygen_request r = {.fleet = &fleet};
	EVP_PKEY *own = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(1024);
	X509 *x = certificate(own, "critical,digitalSignature");
	unsigned char *der = template_of(own, a, 1, &r.csr_len), *client;

	(void)state;
	r.csr = der;
	r.client = client = make_der(x, &r.client_len);
	refused(&r, CA_E_DENIED, "keygen.recipient"); /* its usage */
	OPENSSL_free(client);
	X509_free(x);
	x = certificate(rsa, "keyEncipherment");
	r.client = client = make_der(x, &r.client_len);
	refused(&r, CA_E_DENIED, "keygen.recipient"); /* its size */
	OPENSSL_free(client);
	OPENSSL_free(der);
	X509_free(x);
	x = certificate(own, "keyAgreement");
	r.client = client = make_der(x, &r.client_len);
	r.csr = der = template_of(own, a, 2, &r.csr_len);
	refused(&r, CA_E_DENIED, "keygen.cipher");
	OPENSSL_free(der);
	a[0].len = 7; /* another key's name */
	r.csr = der = template_of(own, a, 1, &r.csr_len);
	refused(&r, CA_E_DENIED, "keygen.recipient");
	a[0].len = 8;
	OPENSSL_free(der);
	/* Of what is left when Ed25519 cannot be answered in CMS: nothing. */
	fleet.keygen_types = SPKI_ED25519;
	r.csr = der = template_of(own, a, 1, &r.csr_len);
	refused(&r, CA_E_DENIED, "keygen.type");
	OPENSSL_free(der);
	OPENSSL_free(client);
	X509_free(x);
	EVP_PKEY_free(own);
	EVP_PKEY_free(rsa);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(key_and_signature_are_ignored, reset),
	    cmocka_unit_test_setup(types, reset),
	    cmocka_unit_test_setup(wishes_are_kept, reset),
	    cmocka_unit_test_setup(no_template, reset),
	    cmocka_unit_test_setup(what_cannot_be_answered, reset),
	    cmocka_unit_test_setup(encrypted, reset),
	    cmocka_unit_test_setup(not_to_be_encrypted_to, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
