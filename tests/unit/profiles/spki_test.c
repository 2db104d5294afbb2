#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "profiles/spki.h"
#include "profiles/weak.h"
#include "tests/unit/profiles/rig.h"

static void
refused(const unsigned char *der, size_t len, const char *rule)
{
	assert_int_equal(spki_inspect(der, len), SPKI_UNKNOWN);
	assert_raised(PROFILE_E_BADREQUEST, rule);
	assert_null(spki_pkey(der, len));
	assert_raised(PROFILE_E_BADREQUEST, rule);
}

static void
key_refused(EVP_PKEY *key, const char *rule)
{
	unsigned char *der;
	size_t len;

	assert_non_null(key);
	rig_spki(key, &der, &len);
	refused(der, len, rule);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

/* A modulus that is no product of two primes, which does not show where it is
   ${fit}. */
static EVP_PKEY *
rsa_of(unsigned bits, uint64_t e, int fit)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new(), *bn_e = BN_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	BN_set_bit(n, (int)bits - 1);
	BN_set_bit(n, 7);
	BN_set_bit(n, 0);
	while (weak_rsa_check(n) != fit)
		BN_add_word(n, 2);
	ERR_clear_error();
	BN_set_word(bn_e, e);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, bn_e);
	params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_fromdata_init(ctx);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(bn_e);
	return key;
}

static void
fit_keys_are_known(void **state)
{
	static const struct {
		const char *file;
		enum spki_type type;
	} keys[] = {{"device-p256", SPKI_EC_P256},
	    {"device-p384", SPKI_EC_P384}, {"device-rsa", SPKI_RSA_2048},
	    {"device-ed25519", SPKI_ED25519}};
	EVP_PKEY *key, *again;
	unsigned char *der;
	size_t len, i;

	(void)state;
	for (i = 0; i < 4; i++) {
		key = rig_key(keys[i].file);
		rig_spki(key, &der, &len);
		assert_int_equal(spki_inspect(der, len), keys[i].type);
		again = spki_pkey(der, len);
		assert_non_null(again);
		assert_int_equal(EVP_PKEY_eq(key, again), 1);
		assert_int_equal(ERR_peek_error(), 0);
		EVP_PKEY_free(again);
		OPENSSL_free(der);
		EVP_PKEY_free(key);
	}
	key = rsa_of(3072, 65537, 1);
	rig_spki(key, &der, &len);
	assert_int_equal(spki_inspect(der, len), SPKI_RSA_3072);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
names_go_both_ways(void **state)
{
	unsigned bit;

	(void)state;
	for (bit = 1; bit <= SPKI_ED25519; bit <<= 1)
		assert_int_equal(
		    spki_type_of(spki_type_name((enum spki_type)bit)), bit);
	assert_null(spki_type_name(SPKI_UNKNOWN));
	assert_int_equal(spki_type_of("rsa-1024"), SPKI_UNKNOWN);
	assert_true(spki_is_rsa(SPKI_RSA_4096) && !spki_is_ec(SPKI_RSA_4096));
	assert_true(spki_is_ec(SPKI_EC_P384) && !spki_is_rsa(SPKI_EC_P384));
}

static void
other_algorithms_are_refused(void **state)
{
	(void)state;
	key_refused(EVP_EC_gen("P-521"), "key.curve");
	key_refused(EVP_EC_gen("secp256k1"), "key.curve");
	key_refused(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "key.algorithm");
	key_refused(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "key.algorithm");
}

static void
weak_rsa_is_refused(void **state)
{
	(void)state;
	key_refused(rsa_of(1024, 65537, 1), "key.rsa.size");
	key_refused(rsa_of(2047, 65537, 1), "key.rsa.size");
	key_refused(rsa_of(2049, 65537, 1), "key.rsa.size");
	key_refused(rsa_of(2048, 3, 1), "key.rsa.exponent");
	key_refused(rsa_of(2048, 65537, 0), "key.rsa.small_factor");
	key_refused(rsa_of(2048, 65535, 1), "key.rsa.exponent");
	key_refused(rsa_of(2048, 65538, 1), "key.rsa.exponent");
}

/* The last octet of the modulus stands before the exponent 65537. */
static void
an_even_modulus_is_refused(void **state)
{
	EVP_PKEY *key = rig_key("device-rsa");
	unsigned char *der;
	size_t len;

	(void)state;
	rig_spki(key, &der, &len);
	assert_memory_equal(der + len - 5, "\x02\x03\x01\x00\x01", 5);
	der[len - 6] &= 0xfe;
	refused(der, len, "key.rsa.modulus");
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
points_are_checked(void **state)
{
	EVP_PKEY *key = rig_key("device-p256");
	unsigned char *der, copy[200];
	size_t len;

	(void)state;
	rig_spki(key, &der, &len);
	memcpy(copy, der, len);
	copy[len - 1] ^= 1;
	refused(copy, len, "key.point");
	memcpy(copy, der, len);
	copy[26] = 0x06; /* hybrid form */
	refused(copy, len, "key.curve");
	EVP_PKEY_set_utf8_string_param(
	    key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed");
	OPENSSL_free(der);
	rig_spki(key, &der, &len);
	refused(der, len, "key.curve");
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
bad_der_is_refused(void **state)
{
	EVP_PKEY *key = rig_key("device-rsa");
	unsigned char *der, copy[600], big[SPKI_MAX + 1] = {0};
	size_t len;

	(void)state;
	rig_spki(key, &der, &len);
	memcpy(copy, der, len);
	copy[len] = 0;
	refused(copy, len + 1, "key.der");
	refused(der, len - 1, "key.der");
	refused(der, 0, "key.der");
	refused(big, sizeof(big), "key.size");
	/* Without the NULL parameters: AlgorithmIdentifier 2 shorter. */
	memcpy(copy, der, len);
	memmove(copy + 17, copy + 19, len - 19);
	copy[5] -= 2;
	copy[3] -= 2;
	refused(copy, len - 2, "key.parameters");
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
key_identifier_is_rfc7093(void **state)
{
	EVP_PKEY *key = rig_key("device-p256");
	unsigned char *der, id[20], md[32];
	size_t len;

	(void)state;
	rig_spki(key, &der, &len);
	assert_int_equal(spki_key_id(der, len, id), 1);
	SHA256(der + len - 65, 65, md);
	assert_memory_equal(id, md, 20);
	assert_int_equal(spki_sha256(der, len, md), 1);
	assert_memory_not_equal(id, md, 20);
	assert_int_equal(spki_key_id(der, 20, id), 0);
	assert_raised(PROFILE_E_BADREQUEST, "key.der");
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
sameness_leaves_no_error(void **state)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256"),
		 *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	(void)state;
	ERR_clear_error();
	assert_int_equal(spki_same(ec, ec), 1);
	assert_int_equal(spki_same(ec, other), 0);
	assert_int_equal(spki_same(ec, ed), 0);
	assert_int_equal(spki_same(NULL, ec), 0);
	assert_int_equal(spki_same(ec, NULL), 0);
	assert_int_equal(ERR_peek_error(), 0);
	/* What was there stays. */
	profile_raise(PROFILE_E_CONFIG, "before");
	assert_int_equal(spki_same(ed, ec), 0);
	assert_raised(PROFILE_E_CONFIG, "before");
	EVP_PKEY_free(ec);
	EVP_PKEY_free(other);
	EVP_PKEY_free(ed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fit_keys_are_known),
	    cmocka_unit_test(names_go_both_ways),
	    cmocka_unit_test(other_algorithms_are_refused),
	    cmocka_unit_test(weak_rsa_is_refused),
	    cmocka_unit_test(an_even_modulus_is_refused),
	    cmocka_unit_test(points_are_checked),
	    cmocka_unit_test(bad_der_is_refused),
	    cmocka_unit_test(key_identifier_is_rfc7093),
	    cmocka_unit_test(sameness_leaves_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
