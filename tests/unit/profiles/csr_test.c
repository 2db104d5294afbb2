#include "tests/unit/profiles/csr_draft.h"

#include <openssl/rsa.h>

static void
every_key_proves_possession(void **state)
{
	static const char *const keys[] = {
	    "device-p256", "device-p384", "device-rsa", "device-ed25519"};
	static const enum spki_type types[] = {
	    SPKI_EC_P256, SPKI_EC_P384, SPKI_RSA_2048, SPKI_ED25519};
	unsigned char *der, md[32];
	const unsigned char *spki;
	struct draft d;
	struct csr *csr;
	size_t len, n, i;

	(void)state;
	for (i = 0; i < 4; i++) {
		draft_open(&d, keys[i]);
		der = draft_close(&d, i == 3 ? NULL : EVP_sha384(), &len);
		csr = csr_parse(der, len);
		assert_non_null(csr);
		assert_int_equal(csr_verify(csr), 1);
		assert_int_equal(csr_key_type(csr), types[i]);
		assert_memory_equal(csr_der(csr, &n), der, len);
		spki = csr_spki(csr, &n);
		spki_sha256(spki, n, md);
		assert_memory_equal(csr_spki_sha256(csr), md, 32);
		csr_free(csr);
		OPENSSL_free(der);
	}
}

static unsigned char *
pss_request(const EVP_MD *md, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	unsigned char *der = NULL;
	struct draft d;
	int n;

	draft_open(&d, "device-rsa");
	EVP_DigestSignInit(ctx, &pctx, md, NULL, d.key);
	EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
	EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
	assert_true(X509_REQ_sign_ctx(d.req, ctx) > 0);
	EVP_MD_CTX_free(ctx);
	n = i2d_X509_REQ(d.req, &der);
	*len = (size_t)n;
	X509_REQ_free(d.req);
	EVP_PKEY_free(d.key);
	return der;
}

static void
pss_verifies_but_not_with_sha1(void **state)
{
	unsigned char *der;
	struct csr *csr;
	size_t len;

	(void)state;
	der = pss_request(EVP_sha256(), &len);
	csr = csr_parse(der, len);
	assert_non_null(csr);
	assert_int_equal(csr_verify(csr), 1);
	csr_free(csr);
	OPENSSL_free(der);
	der = pss_request(EVP_sha1(), &len);
	csr = csr_parse(der, len);
	assert_non_null(csr);
	assert_int_equal(csr_verify(csr), 0);
	assert_raised(PROFILE_E_BADREQUEST, "csr.signature: algorithm");
	csr_free(csr);
	OPENSSL_free(der);
}

static void
wrong_signatures_do_not_verify(void **state)
{
	unsigned char *der;
	struct draft d;
	struct csr *csr;
	size_t len;

	(void)state;
	draft_open(&d, "device-ed25519");
	der = draft_close(&d, NULL, &len);
	der[len - 1] ^= 1;
	csr = csr_parse(der, len);
	assert_non_null(csr);
	assert_int_equal(csr_verify(csr), 0);
	assert_raised(PROFILE_E_BADREQUEST, "csr.signature: does not verify");
	csr_free(csr);
	OPENSSL_free(der);
	draft_open(&d, "device-rsa");
	der = draft_close(&d, EVP_sha1(), &len);
	csr = csr_parse(der, len);
	assert_non_null(csr);
	assert_int_equal(csr_verify(csr), 0);
	assert_raised(PROFILE_E_BADREQUEST, "csr.signature: algorithm");
	csr_free(csr);
	OPENSSL_free(der);
}

static void
what_is_not_der_is_refused(void **state)
{
	unsigned char *der, *more;
	struct draft d;
	size_t len;

	(void)state;
	draft_open(&d, "device-p256");
	der = draft_close(&d, EVP_sha256(), &len);
	more = OPENSSL_zalloc(len + 1);
	memcpy(more, der, len);
	refused(more, len + 1, "csr.der");
	refused(OPENSSL_memdup(der, len), len - 1, "csr.der");
	/* The outer length in one octet more than it needs. */
	more = OPENSSL_zalloc(len + 1);
	if (der[1] == 0x81) {
		memcpy(more + 4, der + 3, len - 3);
		more[0] = 0x30;
		more[1] = 0x82;
		more[3] = der[2];
	} else {
		memcpy(more + 5, der + 4, len - 4);
		more[0] = 0x30;
		more[1] = 0x83;
		more[3] = der[2];
		more[4] = der[3];
	}
	refused(more, len + 1, "csr.der");
	assert_null(csr_parse(der, 0));
	assert_raised(PROFILE_E_BADREQUEST, "csr.size");
	assert_null(csr_parse(der, CSR_MAX + 1));
	assert_raised(PROFILE_E_BADREQUEST, "csr.size");
	OPENSSL_free(der);
}

static void
version_and_key_are_checked(void **state)
{
	unsigned char *der;
	struct draft d;
	size_t len;

	(void)state;
	draft_open(&d, "device-ed25519");
	der = draft_close(&d, NULL, &len);
	assert_memory_equal(der + 5, "\x02\x01\x00", 3);
	der[7] = 1;
	refused(der, len, "csr.version");
	draft_open(&d, "device-p256");
	EVP_PKEY_free(d.key);
	d.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
	X509_REQ_set_pubkey(d.req, d.key);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len, "key.curve");
}

static void
names_and_challenge_are_read(void **state)
{
	static const unsigned char secret[] = "s3cret";
	unsigned char *der;
	struct draft d;
	struct csr *csr;
	char text[16];
	size_t len;

	(void)state;
	draft_open(&d, "device-p256");
	add_exts(&d, "DNS:a.example,IP:10.0.0.1", 0);
	X509_REQ_add1_attr_by_NID(d.req, NID_pkcs9_challengePassword,
	    V_ASN1_PRINTABLESTRING, secret, sizeof(secret) - 1);
	der = draft_close(&d, EVP_sha256(), &len);
	csr = csr_parse(der, len);
	if (csr == NULL)
		rig_fail("csr");
	assert_int_equal(sk_GENERAL_NAME_num(csr_san(csr)), 2);
	assert_int_equal(sk_X509_EXTENSION_num(csr_extensions(csr)), 1);
	assert_string_equal(csr_challenge(csr), "s3cret");
	assert_int_equal(X509_NAME_entry_count(csr_subject(csr)), 1);
	assert_int_equal(
	    csr_subject_text(csr, NID_commonName, text, sizeof(text)), 1);
	assert_string_equal(text, "dev1");
	assert_int_equal(
	    csr_subject_text(csr, NID_organizationName, text, sizeof(text)), 0);
	assert_int_equal(csr_subject_text(csr, NID_commonName, text, 4), -1);
	ERR_clear_error();
	assert_int_equal(csr_name_text(csr_subject(csr), NID_commonName, text,
			     sizeof(text)),
	    1);
	assert_int_equal(csr_name_text(csr_subject(csr), NID_commonName, text, 4),
	    -1);
	assert_raised(PROFILE_E_BADREQUEST, "csr.subject.CN");
	csr_free(csr);
	OPENSSL_free(der);
}

static void
a_bare_request_has_neither(void **state)
{
	unsigned char *der;
	struct draft d;
	struct csr *csr;
	size_t len;

	(void)state;
	draft_open(&d, "device-p256");
	der = draft_close(&d, EVP_sha256(), &len);
	csr = csr_parse(der, len);
	assert_non_null(csr);
	assert_null(csr_san(csr));
	assert_null(csr_extensions(csr));
	assert_null(csr_challenge(csr));
	csr_free(csr);
	OPENSSL_free(der);
}

static void
limits_are_held(void **state)
{
	unsigned char *der;
	char san[2048] = "DNS:a0";
	struct draft d;
	size_t len;
	int i;

	(void)state;
	for (i = 1; i <= CSR_NAMES_MAX; i++)
		sprintf(san + strlen(san), ",DNS:a%d", i);
	draft_open(&d, "device-p256");
	add_exts(&d, san, 0);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len, "csr.san: too many");
	draft_open(&d, "device-p256");
	for (i = 0; i < CSR_NAMES_MAX; i++)
		X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(d.req),
		    "OU", MBSTRING_UTF8, (const unsigned char *)"x", -1, -1, 0);
	der = draft_close(&d, EVP_sha256(), &len);
	refused(der, len, "csr.subject: too many");
}

static void
a_nul_in_the_name_is_refused(void **state)
{
	static const unsigned char cn[] = "dev1\0.example";
	X509_NAME *name = X509_NAME_new();
	unsigned char *der;
	struct draft d;
	struct csr *csr;
	char text[64];
	size_t len;

	(void)state;
	draft_open(&d, "device-p256");
	X509_NAME_add_entry_by_NID(
	    name, NID_commonName, V_ASN1_UTF8STRING, cn, sizeof(cn) - 1, -1, 0);
	X509_REQ_set_subject_name(d.req, name);
	X509_NAME_free(name);
	der = draft_close(&d, EVP_sha256(), &len);
	csr = csr_parse(der, len);
	assert_non_null(csr);
	assert_int_equal(
	    csr_subject_text(csr, NID_commonName, text, sizeof(text)), -1);
	assert_raised(PROFILE_E_BADREQUEST, "csr.subject.CN");
	csr_free(csr);
	OPENSSL_free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key_proves_possession),
	    cmocka_unit_test(pss_verifies_but_not_with_sha1),
	    cmocka_unit_test(wrong_signatures_do_not_verify),
	    cmocka_unit_test(what_is_not_der_is_refused),
	    cmocka_unit_test(version_and_key_are_checked),
	    cmocka_unit_test(names_and_challenge_are_read),
	    cmocka_unit_test(a_bare_request_has_neither),
	    cmocka_unit_test(limits_are_held),
	    cmocka_unit_test(a_nul_in_the_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
