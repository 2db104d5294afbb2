#include "tests/unit/hsm/token.h"
#include "tests/unit/ocsp/pki.h"

#include "ocsp/error.h"
#include "ocsp/keys.h"

static struct token token;
static struct hsm *hsm;

static int
setup(void **state)
{
	(void)state;
	token_make(&token, "ocsp", URI("ocsp"));
	hsm = hsm_open(&token.cfg);
	must(hsm != NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_close(hsm);
	token_remove(&token);
	return 0;
}

static EVP_PKEY *
generate(const char *label)
{
	EVP_PKEY *key = hsm_key_generate(hsm, HSM_KEY_EC_P256, label);

	must(key != NULL);
	return key;
}

static void
test_family(void **state)
{
	EVP_PKEY *first, *second, *other, *got;
	char label[HSM_LABEL_MAX];

	(void)state;
	assert_int_equal(keys_have(hsm, "ocsp-a"), 0);
	first = generate("ocsp-a");
	assert_int_equal(keys_have(hsm, "ocsp-a"), 1);
	must(keys_next_label(hsm, "ocsp-a", label));
	assert_string_equal(label, "ocsp-a.2");
	second = generate(label);
	must(keys_next_label(hsm, "ocsp-a", label));
	assert_string_equal(label, "ocsp-a.3");
	/* Names that only look like it */
	other = generate("ocsp-a.x");
	EVP_PKEY_free(generate("ocsp-a-b"));
	must(keys_next_label(hsm, "ocsp-a", label));
	assert_string_equal(label, "ocsp-a.3");
	got = keys_match(hsm, "ocsp-a", second);
	must(got != NULL);
	assert_int_equal(EVP_PKEY_eq(got, second), 1);
	EVP_PKEY_free(got);
	got = keys_match(hsm, "ocsp-a", first);
	must(got != NULL);
	EVP_PKEY_free(got);
	assert_null(keys_match(hsm, "ocsp-a", other));
	assert_int_equal(pki_reason(), OCSP_E_DELEGATE);
	/* What is not of the family does not keep it. */
	assert_false(keys_prune(hsm, "ocsp-a", other));
	assert_int_equal(pki_reason(), OCSP_E_DELEGATE);
	must(keys_prune(hsm, "ocsp-a", second));
	assert_null(keys_match(hsm, "ocsp-a", first));
	ERR_clear_error();
	got = keys_match(hsm, "ocsp-a", second);
	must(got != NULL);
	EVP_PKEY_free(got);
	assert_int_equal(keys_have(hsm, "ocsp-a-b"), 1);
	assert_int_equal(keys_have(hsm, "ocsp-a.x"), 1);
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
	EVP_PKEY_free(other);
}

static void
test_request(void **state)
{
	EVP_PKEY *key = generate("ocsp-r"), *pub;
	X509_NAME *name = X509_NAME_new();
	X509_REQ *req = keys_request(key, NULL, "ocsp-r");
	unsigned char *spki = NULL;
	const unsigned char *p;
	char text[64];
	int len;

	(void)state;
	must(req != NULL);
	pub = X509_REQ_get_pubkey(req);
	assert_int_equal(X509_REQ_verify(req, pub), 1);
	assert_int_equal(EVP_PKEY_eq(pub, key), 1);
	X509_NAME_get_text_by_NID(
	    X509_REQ_get_subject_name(req), NID_commonName, text, sizeof(text));
	assert_string_equal(text, "ocsp-r");
	X509_REQ_free(req);
	X509_NAME_add_entry_by_txt(
	    name, "O", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
	req = keys_request(key, name, "ocsp-r");
	must(req != NULL);
	assert_int_equal(
	    X509_NAME_cmp(X509_REQ_get_subject_name(req), name), 0);
	X509_REQ_free(req);
	EVP_PKEY_free(pub);
	/* A public key signs nothing. */
	len = i2d_PUBKEY(key, &spki);
	p = spki;
	pub = d2i_PUBKEY(NULL, &p, len);
	assert_null(keys_request(pub, NULL, "ocsp-r"));
	ERR_clear_error();
	EVP_PKEY_free(pub);
	OPENSSL_free(spki);
	EVP_PKEY_free(key);
	X509_NAME_free(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_family),
	    cmocka_unit_test(test_request),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
