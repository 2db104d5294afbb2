#include "token.h"
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include "hsm/private.h"

/* Signatures by keys of OpenSSL's own, right and wrong in one bit. */

static void
check(EVP_PKEY *key, const struct hsm_sign_how *how, unsigned char *sig,
    size_t len)
{
	unsigned char in[32] = {1}, other[32] = {2};

	assert_int_equal(hsm_verify(key, how, in, 32, sig, len), 1);
	assert_int_equal(hsm_verify(key, how, other, 32, sig, len), 0);
	assert_int_equal(hsm_verify(key, how, in, 32, sig, len - 1), 0);
	sig[len / 2] ^= 1;
	assert_int_equal(hsm_verify(key, how, in, 32, sig, len), 0);
	ERR_clear_error();
}

static void
sign_digest(EVP_PKEY *key, const struct hsm_sign_how *how, unsigned char *sig,
    size_t *len)
{
	unsigned char in[32] = {1};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	must(EVP_PKEY_sign_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, how->md) == 1);
	if (how->padding != 0)
		must(EVP_PKEY_CTX_set_rsa_padding(ctx, how->padding) == 1);
	must(EVP_PKEY_sign(ctx, sig, len, in, sizeof(in)) == 1);
	EVP_PKEY_CTX_free(ctx);
}

static void
test_ec(void **state)
{
	struct hsm_sign_how how = {.md = EVP_sha256()};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char sig[128];
	size_t len = sizeof(sig);

	(void)state;
	sign_digest(key, &how, sig, &len);
	check(key, &how, sig, len);
	EVP_PKEY_free(key);
}

static void
test_rsa(void **state)
{
	struct hsm_sign_how pkcs1 = {EVP_sha256(), NULL, RSA_PKCS1_PADDING, 0};
	struct hsm_sign_how pss = {
	    EVP_sha256(), NULL, RSA_PKCS1_PSS_PADDING, 32};
	EVP_PKEY *key = EVP_RSA_gen(2048);
	unsigned char sig[256];
	size_t len = sizeof(sig);

	(void)state;
	sign_digest(key, &pkcs1, sig, &len);
	check(key, &pkcs1, sig, len);
	sign_digest(key, &pss, sig, &len);
	assert_int_equal(
	    hsm_verify(key, &pkcs1, (unsigned char[32]){1}, 32, sig, len), 0);
	check(key, &pss, sig, len);
	EVP_PKEY_free(key);
}

static void
test_ed25519(void **state)
{
	struct hsm_sign_how how = {NULL, NULL, 0, 0};
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[64], in[32] = {1};
	size_t len = sizeof(sig);

	(void)state;
	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, in, sizeof(in)) == 1);
	EVP_MD_CTX_free(ctx);
	check(key, &how, sig, len);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ec),
	    cmocka_unit_test(test_rsa),
	    cmocka_unit_test(test_ed25519),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
