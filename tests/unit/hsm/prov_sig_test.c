#include "token.h"
#include <openssl/rsa.h>
#include "hsm/private.h"

static struct token tok;
static struct hsm *hsm;
static EVP_PKEY *ec, *rsa, *ed;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "ps", URI("ps"));
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	must((ec = hsm_key_generate(hsm, HSM_KEY_EC_P256, "ec")) != NULL);
	must((rsa = hsm_key_generate(hsm, HSM_KEY_RSA_2048, "rsa")) != NULL);
	must((ed = hsm_key_generate(hsm, HSM_KEY_ED25519, "ed")) != NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
	hsm_close(hsm);
	token_remove(&tok);
	return 0;
}

static int
verify(EVP_PKEY *key, const EVP_MD *md, const unsigned char *sig, size_t len,
    const char *text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc;

	rc = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
	    EVP_DigestVerify(
		ctx, sig, len, (const unsigned char *)text, strlen(text)) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return rc;
}

/* Text in pieces; Final does not end the context. */
static void
test_pieces(void **state)
{
	EVP_PKEY *keys[] = {ec, rsa}, *pub;
	unsigned char sig[512];
	EVP_MD_CTX *ctx;
	size_t i, len;

	(void)state;
	for (i = 0; i < 2; i++) {
		pub = hsm_provider_key(keys[i])->pub;
		ctx = EVP_MD_CTX_new();
		must(EVP_DigestSignInit(
			 ctx, NULL, EVP_sha256(), NULL, keys[i]) == 1);
		must(EVP_DigestSignUpdate(ctx, "ab", 2) == 1);
		must(EVP_DigestSignUpdate(ctx, "cd", 2) == 1);
		must(EVP_DigestSignFinal(ctx, NULL, &len) == 1);
		assert_true(len <= sizeof(sig));
		must(EVP_DigestSignFinal(ctx, sig, &len) == 1);
		must(verify(pub, EVP_sha256(), sig, len, "abcd"));
		assert_int_equal(
		    verify(pub, EVP_sha256(), sig, len, "abce"), 0);
		EVP_MD_CTX_free(ctx);
	}
}

/* Verifying with the token's own key is the same as with its public half. */
static void
test_verify(void **state)
{
	EVP_PKEY *keys[] = {ec, rsa, ed};
	const EVP_MD *md;
	unsigned char sig[512];
	EVP_MD_CTX *ctx;
	size_t i, len;

	(void)state;
	for (i = 0; i < 3; i++) {
		md = keys[i] == ed ? NULL : EVP_sha384();
		ctx = EVP_MD_CTX_new();
		len = sizeof(sig);
		must(EVP_DigestSignInit(ctx, NULL, md, NULL, keys[i]) == 1);
		must(EVP_DigestSign(
			 ctx, sig, &len, (const unsigned char *)"abc", 3) == 1);
		must(verify(keys[i], md, sig, len, "abc"));
		assert_int_equal(verify(keys[i], md, sig, len, "abd"), 0);
		sig[len / 2] ^= 4;
		assert_int_equal(verify(keys[i], md, sig, len, "abc"), 0);
		EVP_MD_CTX_free(ctx);
	}
}

/* EVP_DigestSign on one context, twice: each is a signature of its own. */
static void
test_twice(void **state)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t len = sizeof(sig);

	(void)state;
	must(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, rsa) == 1);
	must(EVP_MD_CTX_copy_ex(copy, ctx) == 1);
	must(
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)"1", 1) == 1);
	must(verify(rsa, EVP_sha256(), sig, len, "1"));
	len = sizeof(sig);
	must(EVP_DigestSign(copy, sig, &len, (const unsigned char *)"2", 1) ==
	    1);
	must(verify(rsa, EVP_sha256(), sig, len, "2"));
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(copy);
}

static void
test_pss_verify(void **state)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(rsa, NULL);
	unsigned char digest[32] = {1}, sig[512];
	size_t len = sizeof(sig);

	(void)state;
	must(EVP_PKEY_sign_init(ctx) == 1);
	must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1);
	must(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
	must(EVP_PKEY_sign(ctx, sig, &len, digest, 32) == 1);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new(rsa, NULL);
	must(EVP_PKEY_verify_init(ctx) == 1);
	must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1);
	must(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
	must(EVP_PKEY_verify(ctx, sig, len, digest, 32) == 1);
	digest[0]++;
	assert_int_not_equal(EVP_PKEY_verify(ctx, sig, len, digest, 32), 1);
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
}

static void
test_refused(void **state)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new(ed, NULL);

	(void)state;
	assert_int_not_equal(
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, ed), 1);
	assert_int_not_equal(EVP_PKEY_sign_init(pctx), 1);
	EVP_PKEY_CTX_free(pctx);
	pctx = EVP_PKEY_CTX_new(ec, NULL);
	/* A token's EC key signs; it does not decrypt or agree on keys. */
	assert_int_not_equal(EVP_PKEY_derive_init(pctx), 1);
	assert_int_not_equal(EVP_PKEY_decrypt_init(pctx), 1);
	EVP_PKEY_CTX_free(pctx);
	pctx = EVP_PKEY_CTX_new(rsa, NULL);
	assert_int_not_equal(EVP_PKEY_decrypt_init(pctx), 1);
	must(EVP_PKEY_sign_init(pctx) == 1);
	assert_int_not_equal(
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_NO_PADDING), 1);
	assert_int_not_equal(
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_X931_PADDING), 1);
	EVP_PKEY_CTX_free(pctx);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_verify),
	    cmocka_unit_test(test_twice),
	    cmocka_unit_test(test_pss_verify),
	    cmocka_unit_test(test_refused),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
