#include "token.h"
#include <openssl/rsa.h>
#include "hsm/private.h"

static void
check_ecdsa(const char *raw_hex, const char *der_hex)
{
	long raw_len = 0, der_len = 0;
	unsigned char *raw = OPENSSL_hexstr2buf(raw_hex, &raw_len);
	unsigned char *der = OPENSSL_hexstr2buf(der_hex, &der_len);
	unsigned char out[256];
	size_t len = 0;

	must(
	    hsm_encode_ecdsa(raw, (size_t)raw_len, out, (size_t)der_len, &len));
	assert_int_equal(len, der_len);
	assert_memory_equal(out, der, len);
	assert_int_equal(hsm_encode_ecdsa(raw, (size_t)raw_len, out,
			     (size_t)der_len - 1, &len),
	    0);
	OPENSSL_free(raw);
	OPENSSL_free(der);
}

static void
test_ecdsa(void **state)
{
	unsigned char raw[200], out[256];
	size_t len = 0;

	(void)state;
	check_ecdsa("0102", "3006020101020102");
	/* A high bit asks for a zero, leading zeros go, zero stays. */
	check_ecdsa("0080ff01", "300902020080020300ff01");
	check_ecdsa("00000000", "3006020100020100");
	check_ecdsa("0000007f", "300602010002017f");
	memset(raw, 0xff, sizeof(raw));
	/* P-521: the length takes two octets. */
	must(hsm_encode_ecdsa(raw, 132, out, sizeof(out), &len));
	assert_int_equal(out[1], 0x81);
	assert_int_equal(out[2], len - 3);
	assert_int_equal(hsm_encode_ecdsa(raw, 0, out, sizeof(out), &len), 0);
	assert_int_equal(hsm_encode_ecdsa(raw, 3, out, sizeof(out), &len), 0);
	assert_int_equal(hsm_encode_ecdsa(raw, 200, out, sizeof(out), &len), 0);
}

/* RFC 8017, 9.2, note 1. */
static void
test_digest_info(void **state)
{
	static const unsigned char sha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06,
	    0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
	    0x00, 0x04, 0x20};
	unsigned char digest[64], out[128];
	size_t len = 0;

	(void)state;
	memset(digest, 0x5a, sizeof(digest));
	must(hsm_encode_digest_info(
	    EVP_sha256(), digest, 32, out, sizeof(out), &len));
	assert_int_equal(len, sizeof(sha256) + 32);
	assert_memory_equal(out, sha256, sizeof(sha256));
	assert_memory_equal(out + sizeof(sha256), digest, 32);
	assert_int_equal(hsm_encode_digest_info(
			     EVP_sha256(), digest, 31, out, sizeof(out), &len),
	    0);
	assert_int_equal(hsm_encode_digest_info(
			     EVP_sha256(), digest, 32, out, len - 1, &len),
	    0);
}

/* OpenSSL, with the public operation alone, is the judge. */
static void
check_pss(EVP_PKEY *key, const EVP_MD *md, const EVP_MD *mgf1, int salt)
{
	struct hsm_sign_how how = {md, mgf1, RSA_PKCS1_PSS_PADDING, salt};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	unsigned char digest[64], em[512], sig[512];
	size_t len = sizeof(sig), n = (size_t)EVP_PKEY_get_size(key);

	memset(digest, 0xa5, sizeof(digest));
	must(hsm_encode_pss(&how, digest, (size_t)EVP_MD_get_size(md),
	    (size_t)EVP_PKEY_get_bits(key), em));
	must(EVP_PKEY_sign_init(ctx) == 1);
	must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1);
	must(EVP_PKEY_sign(ctx, sig, &len, em, n) == 1);
	must(EVP_PKEY_verify_init(ctx) == 1);
	must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1);
	must(EVP_PKEY_CTX_set_signature_md(ctx, md) == 1);
	must(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1);
	if (mgf1 != NULL)
		must(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf1) == 1);
	must(EVP_PKEY_verify(
		 ctx, sig, len, digest, (size_t)EVP_MD_get_size(md)) == 1);
	digest[0] ^= 1;
	assert_int_equal(
	    EVP_PKEY_verify(ctx, sig, len, digest, (size_t)EVP_MD_get_size(md)),
	    0);
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
}

static void
test_pss(void **state)
{
	/* 2049 bits: emLen is an octet shorter than the modulus. */
	static const unsigned bits[] = {2048, 2049, 2047};
	struct hsm_sign_how how = {
	    EVP_sha256(), NULL, RSA_PKCS1_PSS_PADDING, 223};
	unsigned char digest[32] = {0}, out[256];
	EVP_PKEY *key;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits[i]);
		must(key != NULL);
		check_pss(key, EVP_sha256(), NULL, 32);
		check_pss(key, EVP_sha256(), NULL, 0);
		check_pss(key, EVP_sha512(), NULL, 64);
		check_pss(key, EVP_sha256(), EVP_sha384(), 20);
		EVP_PKEY_free(key);
	}
	/* 222 is the longest salt for 2048 bits. */
	assert_int_equal(hsm_encode_pss(&how, digest, 32, 2048, out), 0);
	how.salt_len = 222;
	must(hsm_encode_pss(&how, digest, 32, 2048, out));
	assert_int_equal(hsm_encode_pss(&how, digest, 31, 2048, out), 0);
	how.salt_len = -1;
	assert_int_equal(hsm_encode_pss(&how, digest, 32, 2048, out), 0);
	how.md = NULL;
	assert_int_equal(hsm_encode_pss(&how, digest, 32, 2048, out), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ecdsa),
	    cmocka_unit_test(test_digest_info),
	    cmocka_unit_test(test_pss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
