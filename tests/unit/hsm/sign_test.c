#include "token.h"
#include <openssl/rsa.h>
#include "hsm/private.h"

/* Mechanisms by what the token has: caps are taken away one by one. */

static struct token tok;
static struct hsm *hsm;
static EVP_PKEY *ec, *rsa, *ed;
static unsigned caps;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "sign", URI("sign"));
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	must((ec = hsm_key_generate(hsm, HSM_KEY_EC_P256, "ec")) != NULL);
	must((rsa = hsm_key_generate(hsm, HSM_KEY_RSA_2048, "rsa")) != NULL);
	must((ed = hsm_key_generate(hsm, HSM_KEY_ED25519, "ed")) != NULL);
	caps = hsm->caps;
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
set_up(EVP_PKEY_CTX *ctx, int padding, const EVP_MD *md, int salt)
{
	if (padding != 0 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1)
		return 0;
	if (md != NULL && EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
		return 0;
	return padding != RSA_PKCS1_PSS_PADDING ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1;
}

/* Sign ${n} octets with the token, verify with the plain public key. */
static int
sign(EVP_PKEY *key, int padding, const EVP_MD *md, int salt, size_t n)
{
	EVP_PKEY *pub = hsm_provider_key(key)->pub;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(pub, NULL);
	unsigned char digest[512], sig[512];
	size_t len = sizeof(sig);
	int rc;

	memset(digest, 0x17, sizeof(digest));
	must(EVP_PKEY_sign_init(ctx) == 1);
	must(set_up(ctx, padding, md, salt));
	rc = EVP_PKEY_sign(ctx, sig, &len, digest, n) == 1;
	if (rc) {
		must(EVP_PKEY_verify_init(check) == 1);
		must(set_up(check, padding, md, salt));
		must(EVP_PKEY_verify(check, sig, len, digest, n) == 1);
		sig[len - 1] ^= 1;
		assert_int_not_equal(
		    EVP_PKEY_verify(check, sig, len, digest, n), 1);
		sig[len - 1] ^= 1;
		digest[0] ^= 1;
		assert_int_not_equal(
		    EVP_PKEY_verify(check, sig, len, digest, n), 1);
		ERR_clear_error();
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_CTX_free(check);
	return rc;
}

static void
test_ecdsa(void **state)
{
	(void)state;
	must(sign(ec, 0, NULL, 0, 32));
	must(sign(ec, 0, EVP_sha256(), 0, 32));
	/* Longer than the order: cut; shorter: taken as it is. */
	must(sign(ec, 0, EVP_sha512(), 0, 64));
	must(sign(ec, 0, NULL, 0, 20));
	hsm->caps = caps & ~(unsigned)HSM_CAP_ECDSA;
	assert_int_equal(sign(ec, 0, NULL, 0, 32), 0);
	assert_reason(HSM_E_UNSUPPORTED);
	hsm->caps = caps;
}

static void
test_pkcs1(void **state)
{
	(void)state;
	must(sign(rsa, RSA_PKCS1_PADDING, EVP_sha256(), 0, 32));
	must(sign(rsa, RSA_PKCS1_PADDING, EVP_sha512(), 0, 64));
	must(sign(rsa, RSA_PKCS1_PADDING, EVP_sha3_256(), 0, 32));
	must(sign(rsa, RSA_PKCS1_PADDING, NULL, 0, 36));
	assert_int_equal(sign(rsa, RSA_PKCS1_PADDING, EVP_sha256(), 0, 31), 0);
	assert_reason(HSM_E_UNSUPPORTED);
	hsm->caps = caps & ~(unsigned)HSM_CAP_RSA_PKCS;
	assert_int_equal(sign(rsa, RSA_PKCS1_PADDING, EVP_sha256(), 0, 32), 0);
	assert_reason(HSM_E_UNSUPPORTED);
	hsm->caps = caps;
}

static void
check_pss(void)
{
	int pss = RSA_PKCS1_PSS_PADDING;

	must(sign(rsa, pss, EVP_sha256(), 32, 32));
	must(sign(rsa, pss, EVP_sha256(), 0, 32));
	must(sign(rsa, pss, EVP_sha384(), RSA_PSS_SALTLEN_DIGEST, 48));
	must(sign(rsa, pss, EVP_sha512(), RSA_PSS_SALTLEN_MAX, 64));
	assert_int_equal(sign(rsa, pss, EVP_sha256(), 32, 31), 0);
	assert_reason(HSM_E_UNSUPPORTED);
	assert_int_equal(sign(rsa, pss, EVP_sha256(), 223, 32), 0);
	assert_reason(HSM_E_UNSUPPORTED);
}

static void
test_pss(void **state)
{
	(void)state;
	assert_true(caps & HSM_CAP_RSA_PSS);
	assert_true(caps & HSM_CAP_RSA_RAW);
	check_pss();
	/* Padded in software. */
	hsm->caps = caps & ~(unsigned)HSM_CAP_RSA_PSS;
	check_pss();
	hsm->caps = caps & ~(unsigned)(HSM_CAP_RSA_PSS | HSM_CAP_RSA_RAW);
	assert_int_equal(
	    sign(rsa, RSA_PKCS1_PSS_PADDING, EVP_sha256(), 32, 32), 0);
	assert_reason(HSM_E_UNSUPPORTED);
	hsm->caps = caps;
}

static void
test_eddsa(void **state)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[64], text[3000];
	size_t len = sizeof(sig);

	(void)state;
	memset(text, 'x', sizeof(text));
	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, ed) == 1);
	must(EVP_DigestSign(ctx, sig, &len, text, sizeof(text)) == 1);
	assert_int_equal(len, 64);
	must(EVP_DigestVerifyInit(
		 ctx, NULL, NULL, NULL, hsm_provider_key(ed)->pub) == 1);
	must(EVP_DigestVerify(ctx, sig, len, text, sizeof(text)) == 1);
	hsm->caps = caps & ~(unsigned)HSM_CAP_EDDSA;
	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, ed) == 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, text, 3), 0);
	assert_reason(HSM_E_UNSUPPORTED);
	hsm->caps = caps;
	EVP_MD_CTX_free(ctx);
}

static void
test_no_room(void **state)
{
	struct hsm_key *key = hsm_provider_key(ec);
	struct hsm_sign_how how = {NULL, NULL, 0, 0};
	unsigned char sig[100], digest[32] = {1};
	size_t len = 0;

	(void)state;
	must(hsm_sign(key, &how, digest, 32, sig, hsm_sign_size(key), &len));
	assert_int_equal(hsm_sign(key, &how, digest, 32, sig, 60, &len), 0);
	assert_reason(HSM_E_TOKEN);
}

static void
test_public_key_cannot_sign(void **state)
{
	struct hsm_key *key = hsm_key_new(NULL, hsm_provider_key(ec)->pub);
	struct hsm_sign_how how = {NULL, NULL, 0, 0};
	unsigned char sig[100], digest[32] = {1};
	size_t len = 0;

	(void)state;
	assert_int_equal(
	    hsm_sign(key, &how, digest, 32, sig, sizeof(sig), &len), 0);
	assert_reason(HSM_E_NOKEY);
	hsm_key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ecdsa),
	    cmocka_unit_test(test_pkcs1),
	    cmocka_unit_test(test_pss),
	    cmocka_unit_test(test_eddsa),
	    cmocka_unit_test(test_no_room),
	    cmocka_unit_test(test_public_key_cannot_sign),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
