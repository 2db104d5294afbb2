#include <openssl/bn.h>
#include <openssl/ec.h>

#include "tests/unit/ra/attest/evidence.h"

/* Public keys from the numbers that a stranger sends. */

static struct attest_octets
octets_of_bn(const BIGNUM *bn)
{
	static unsigned char pool[8][1024];
	static size_t used;
	unsigned char *p = pool[used++ % 8];

	assert_true(BN_num_bytes(bn) <= (int)sizeof(pool[0]));
	return octets_of(p, (size_t)BN_bn2bin(bn, p));
}

static const struct attest_octets f4 = { (const unsigned char *)"\x01\0\x01",
	3 };

static void
rsa_refused(struct attest_octets n, struct attest_octets e)
{
	assert_null(attest_rsa_key("tpm.key", "n", n, e));
	assert_rule("attest.tpm.key");
}

/* A prime is what a test of primality takes longest for. The key is of use to
   nobody, and that is its maker's affair: nobody waits for the answer. */
static void
a_prime_modulus_costs_nothing(void **state)
{
	BIGNUM *n = BN_get_rfc3526_prime_4096(NULL);
	EVP_PKEY *key;

	(void)state;
	key = attest_rsa_key("tpm.key", "n", octets_of_bn(n), f4);
	if (key == NULL)
		assert_rule("nothing");
	assert_int_equal(EVP_PKEY_get_bits(key), 4096);
	EVP_PKEY_free(key);
	BN_free(n);
}

static void
rsa_numbers(void **state)
{
	EVP_PKEY *key = new_key("RSA"), *again;
	struct attest_octets good, even, one = { f4.p, 1 };
	unsigned char nine[9] = { 1 };
	BIGNUM *n = NULL;

	(void)state;
	assert_true(EVP_PKEY_get_bn_param(key, "n", &n));
	good = octets_of_bn(n);
	again = attest_rsa_key("tpm.key", "n", good, f4);
	assert_non_null(again);
	assert_true(EVP_PKEY_eq(again, key) == 1);
	rsa_refused(good, one);
	rsa_refused(good, octets_of("\x01\0\0", 3));
	nine[8] = 1;
	rsa_refused(good, octets_of(nine, sizeof(nine)));
	rsa_refused(octets_of(good.p, good.len - 1), f4);
	BN_clear_bit(n, 0);
	even = octets_of_bn(n);
	rsa_refused(even, f4);
	BN_set_bit(n, 0);
	BN_set_bit(n, 4096);
	rsa_refused(octets_of_bn(n), f4);
	EVP_PKEY_free(again);
	EVP_PKEY_free(key);
	BN_free(n);
}

static void
points(void **state)
{
	EVP_PKEY *key = new_key("P-256"), *again;
	BIGNUM *x = NULL, *y = NULL;

	(void)state;
	assert_true(EVP_PKEY_get_bn_param(key, "qx", &x));
	assert_true(EVP_PKEY_get_bn_param(key, "qy", &y));
	again = attest_ec_key("tpm.key", "point", NID_X9_62_prime256v1,
	    octets_of_bn(x), octets_of_bn(y));
	assert_non_null(again);
	assert_true(EVP_PKEY_eq(again, key) == 1);
	assert_null(attest_ec_key("tpm.key", "point", NID_X9_62_prime256v1,
	    octets_of_bn(x), octets_of_bn(x)));
	assert_rule("attest.tpm.key");
	assert_null(attest_ec_key("tpm.key", "point", NID_secp256k1,
	    octets_of_bn(x), octets_of_bn(y)));
	assert_rule("attest.tpm.key");
	EVP_PKEY_free(again);
	EVP_PKEY_free(key);
	BN_free(x);
	BN_free(y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prime_modulus_costs_nothing),
		cmocka_unit_test(rsa_numbers), cmocka_unit_test(points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
