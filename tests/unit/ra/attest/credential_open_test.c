#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/credential.h"

/* Credentials of every kind of EK, opened as a TPM would, with OpenSSL's own KDFs
   (SP 800-108 and 800-56C): no emulator has all these keys. */

static const unsigned char secret[CREDENTIAL_SECRET_LEN] =
    "a secret of thirty-two octets...";

struct kind {
	const char *group; /* NULL: RSA of ${bits} */
	size_t bits;
	int hash, aes;
	const char *md;
	size_t md_len;
};

static void
kbkdf(const struct kind *k, const unsigned char *key, const char *label,
    const unsigned char *context, size_t context_len, unsigned char *out,
    size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM p[7], *q = p;

	*q++ = OSSL_PARAM_construct_utf8_string("mode", "COUNTER", 0);
	*q++ = OSSL_PARAM_construct_utf8_string("mac", "HMAC", 0);
	*q++ = OSSL_PARAM_construct_utf8_string("digest", (char *)k->md, 0);
	*q++ = OSSL_PARAM_construct_octet_string("key", (void *)key, k->md_len);
	*q++ = OSSL_PARAM_construct_octet_string(
	    "salt", (void *)label, strlen(label));
	if (context_len)
		*q++ = OSSL_PARAM_construct_octet_string(
		    "info", (void *)context, context_len);
	*q = OSSL_PARAM_construct_end();
	assert_true(EVP_KDF_derive(ctx, out, len, p) > 0);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static size_t
be16(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static void
seed_of_rsa(const struct kind *k, EVP_PKEY *ek, const struct credential *c,
    unsigned char *seed)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek, NULL);
	EVP_MD *md = EVP_MD_fetch(NULL, k->md, NULL);
	unsigned char out[512];
	size_t len = sizeof(out);

	assert_true(EVP_PKEY_decrypt_init(ctx) > 0);
	assert_true(
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) > 0);
	assert_true(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx,
			OPENSSL_memdup("IDENTITY", 9), 9) > 0);
	assert_int_equal(be16(c->secret), c->secret_len - 2);
	assert_true(EVP_PKEY_decrypt(ctx, out, &len, c->secret + 2,
			c->secret_len - 2) > 0);
	assert_int_equal(len, k->md_len);
	memcpy(seed, out, len);
	EVP_MD_free(md);
	EVP_PKEY_CTX_free(ctx);
}

static void
seed_of_ec(const struct kind *k, EVP_PKEY *ek, const struct credential *c,
    unsigned char *seed)
{
	size_t n = be16(c->secret + 2), len = sizeof(int);
	unsigned char z[66], info[9 + 2 * 66] = "IDENTITY";
	EVP_PKEY *peer;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek, NULL);
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
	EVP_KDF_CTX *kctx = EVP_KDF_CTX_new(kdf);
	BIGNUM *x = NULL;
	OSSL_PARAM p[4];

	assert_int_equal(c->secret_len, 2 + 2 + n + 2 + n);
	peer = attest_ec_key("x", "x", EC_curve_nist2nid(k->group),
	    octets_of(c->secret + 4, n), octets_of(c->secret + 6 + n, n));
	assert_non_null(peer);
	len = sizeof(z);
	assert_true(EVP_PKEY_derive_init(ctx) > 0 &&
	    EVP_PKEY_derive_set_peer(ctx, peer) > 0 &&
	    EVP_PKEY_derive(ctx, z, &len) > 0);
	assert_true(EVP_PKEY_get_bn_param(ek, OSSL_PKEY_PARAM_EC_PUB_X, &x));
	memcpy(info + 9, c->secret + 4, n);
	BN_bn2binpad(x, info + 9 + n, (int)n);
	p[0] = OSSL_PARAM_construct_utf8_string("digest", (char *)k->md, 0);
	p[1] = OSSL_PARAM_construct_octet_string("key", z, len);
	p[2] = OSSL_PARAM_construct_octet_string("info", info, 9 + 2 * n);
	p[3] = OSSL_PARAM_construct_end();
	assert_true(EVP_KDF_derive(kctx, seed, k->md_len, p) > 0);
	BN_free(x);
	EVP_KDF_CTX_free(kctx);
	EVP_KDF_free(kdf);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
}

/* As TPM2_ActivateCredential: the MAC over the Name first, then the secret. */
static int
activate(const struct kind *k, EVP_PKEY *ek, const struct credential *c,
    const unsigned char *name, size_t name_len)
{
	unsigned char seed[64], key[64], mac[64], plain[64], in[256];
	const unsigned char *enc = c->id_object + 4 + k->md_len;
	size_t enc_len = c->id_object_len - 4 - k->md_len;
	static const unsigned char iv[16];
	EVP_CIPHER_CTX *ctx;
	int n = 0;

	assert_int_equal(be16(c->id_object), c->id_object_len - 2);
	assert_int_equal(be16(c->id_object + 2), k->md_len);
	(k->group ? seed_of_ec : seed_of_rsa)(k, ek, c, seed);
	kbkdf(k, seed, "INTEGRITY", NULL, 0, key, k->md_len);
	memcpy(in, enc, enc_len);
	memcpy(in + enc_len, name, name_len);
	assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, k->md, NULL, key,
	    k->md_len, in, enc_len + name_len, mac, sizeof(mac), NULL));
	if (memcmp(mac, c->id_object + 4, k->md_len) != 0)
		return 0;
	kbkdf(k, seed, "STORAGE", name, name_len, key, (size_t)k->aes / 8);
	ctx = EVP_CIPHER_CTX_new();
	assert_true(EVP_DecryptInit_ex2(ctx,
	    k->aes == 128 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128(), key, iv,
	    NULL));
	assert_true(EVP_DecryptUpdate(ctx, plain, &n, enc, (int)enc_len));
	EVP_CIPHER_CTX_free(ctx);
	assert_int_equal(be16(plain), CREDENTIAL_SECRET_LEN);
	assert_memory_equal(plain + 2, secret, CREDENTIAL_SECRET_LEN);
	return 1;
}

static void
open_one(const struct kind *k)
{
	unsigned char name[34] = { 0x00, 0x0b, 1, 2, 3 };
	struct credential_ek ek = { NULL, k->hash, k->aes };
	struct credential c;

	ek.key = k->group ? EVP_EC_gen(k->group)
			  : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", k->bits);
	assert_non_null(ek.key);
	assert_true(
	    credential_make(&ek, octets_of(name, sizeof(name)), secret, &c));
	assert_true(activate(k, ek.key, &c, name, sizeof(name)));
	name[33] ^= 1;
	assert_false(activate(k, ek.key, &c, name, sizeof(name)));
	EVP_PKEY_free(ek.key);
}

static void
all_kinds(void **state)
{
	static const struct kind kinds[] = {
		{ NULL, 2048, NID_sha256, 128, "SHA256", 32 },
		{ NULL, 3072, NID_sha384, 256, "SHA384", 48 },
		{ NULL, 4096, NID_sha384, 256, "SHA384", 48 },
		{ "P-256", 0, NID_sha256, 128, "SHA256", 32 },
		{ "P-384", 0, NID_sha384, 256, "SHA384", 48 },
		{ "P-521", 0, NID_sha512, 256, "SHA512", 64 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		open_one(&kinds[i]);
}

/* One in 256 coordinates begins with a zero: until there was one of each. */
static void
leading_zeros(void **state)
{
	static const struct kind k = { "P-256", 0, NID_sha256, 128, "SHA256",
		32 };
	unsigned char name[34] = { 0x00, 0x0b };
	struct credential_ek ek = { NULL, NID_sha256, 128 };
	struct credential c;
	BIGNUM *x = NULL;
	int small = 0;

	(void)state;
	while (!small) {
		EVP_PKEY_free(ek.key);
		ek.key = EVP_EC_gen("P-256");
		EVP_PKEY_get_bn_param(ek.key, OSSL_PKEY_PARAM_EC_PUB_X, &x);
		small = BN_num_bits(x) <= 248;
		BN_free(x);
		x = NULL;
	}
	do { /* the ephemeral key's x as well */
		assert_true(credential_make(
		    &ek, octets_of(name, sizeof(name)), secret, &c));
	} while (c.secret[4] != 0);
	assert_true(activate(&k, ek.key, &c, name, sizeof(name)));
	EVP_PKEY_free(ek.key);
}

static void
unfit(void **state)
{
	unsigned char name[34] = { 0x00, 0x0b };
	struct credential_ek ek = { EVP_EC_gen("P-256"), NID_sha256, 256 };
	struct credential c;

	(void)state;
	assert_false(
	    credential_make(&ek, octets_of(name, sizeof(name)), secret, &c));
	assert_rule("attest.tpm.ek-template");
	ek.aes = 128;
	assert_false(credential_make(&ek, octets_of(name, 20), secret, &c));
	assert_rule("attest.tpm.ak-public");
	EVP_PKEY_free(ek.key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds), cmocka_unit_test(leading_zeros),
		cmocka_unit_test(unfit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
