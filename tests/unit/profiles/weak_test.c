#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/core_names.h>
#include "profiles/weak.h"
#include "tests/unit/profiles/rig.h"

#define BITS 1024 /* of a prime */

static void
refused(const BIGNUM *n, const char *rule)
{
	assert_int_equal(weak_rsa_check(n), 0);
	assert_raised(PROFILE_E_BADREQUEST, rule);
}

static BIGNUM *
prime(int bits)
{
	BIGNUM *p = BN_new();

	assert_non_null(p);
	assert_int_equal(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL), 1);
	return p;
}

/* The first prime after ${p} + ${gap}. */
static BIGNUM *
next_prime(const BIGNUM *p, const BIGNUM *gap, BN_CTX *ctx)
{
	BIGNUM *q = BN_new();

	assert_true(BN_add(q, p, gap));
	if (!BN_is_odd(q))
		assert_true(BN_add_word(q, 1));
	do
		assert_true(BN_add_word(q, 2));
	while (BN_check_prime(q, ctx, NULL) != 1);
	return q;
}

static void
takes_what_openssl_makes(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	BIGNUM *n = NULL;

	(void)state;
	assert_non_null(key);
	assert_int_equal(
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(weak_rsa_check(n), 1);
	BN_free(n);
	EVP_PKEY_free(key);
}

/* Primes whose upper half is the same; and the same prime twice. */
static void
refuses_close_primes(void **state)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = prime(BITS), *gap = BN_new(), *n = BN_new(), *q;

	(void)state;
	assert_true(BN_one(gap) && BN_lshift(gap, gap, BITS / 2 - 24));
	q = next_prime(p, gap, ctx);
	assert_true(BN_mul(n, p, q, ctx));
	refused(n, "key.rsa.close_primes");
	assert_true(BN_sqr(n, p, ctx));
	refused(n, "key.rsa.close_primes");
	BN_free(q);
	/* As far from each other as FIPS 186-5 wants: 2^(BITS - 100). */
	assert_true(BN_one(gap) && BN_lshift(gap, gap, BITS - 100));
	q = next_prime(p, gap, ctx);
	assert_true(BN_mul(n, p, q, ctx));
	assert_int_equal(weak_rsa_check(n), 1);
	BN_free(q);
	BN_free(p);
	BN_free(gap);
	BN_free(n);
	BN_CTX_free(ctx);
}

static void
refuses_a_small_factor(void **state)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = prime(2 * BITS - 10), *n = BN_new();

	(void)state;
	assert_true(BN_copy(n, p) != NULL && BN_mul_word(n, 751));
	refused(n, "key.rsa.small_factor");
	assert_true(BN_copy(n, p) != NULL && BN_mul_word(n, 3));
	refused(n, "key.rsa.small_factor");
	assert_int_equal(weak_rsa_check(p), 1);
	BN_free(p);
	BN_free(n);
	BN_CTX_free(ctx);
}

/* k * M + (65537^a mod M), M the product of the first 126 primes: what the
   library does for keys of 2048 bits (Nemec et al., CCS 2017, 2.1). */
static BIGNUM *
infineon_prime(const BIGNUM *m, BN_CTX *ctx)
{
	BIGNUM *p = BN_new(), *k = BN_new(), *a = BN_new(), *g = BN_new();

	assert_true(BN_set_word(g, 65537));
	do {
		assert_true(BN_rand(a, 200, BN_RAND_TOP_ANY, 0));
		assert_true(BN_mod_exp(p, g, a, m, ctx));
		assert_true(BN_rand(k, BITS - BN_num_bits(m), BN_RAND_TOP_ONE,
		    BN_RAND_BOTTOM_ANY));
		assert_true(BN_mul(k, k, m, ctx) && BN_add(p, p, k));
	} while (BN_check_prime(p, ctx, NULL) != 1);
	BN_free(k);
	BN_free(a);
	BN_free(g);
	return p;
}

static BIGNUM *
primorial(unsigned count)
{
	BIGNUM *m = BN_new();
	unsigned n, d;

	assert_true(BN_one(m));
	for (n = 2; count > 0; n++) {
		for (d = 2; d * d <= n && n % d != 0; d++)
			;
		if (d * d <= n)
			continue;
		assert_true(BN_mul_word(m, n));
		count--;
	}
	return m;
}

static void
refuses_those_of_infineon(void **state)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = primorial(126), *p = infineon_prime(m, ctx);
	BIGNUM *q = infineon_prime(m, ctx), *n = BN_new(), *other;

	(void)state;
	assert_true(BN_mul(n, p, q, ctx));
	refused(n, "key.rsa.roca");
	/* One such prime alone does not show. */
	other = prime(BITS);
	assert_true(BN_mul(n, p, other, ctx));
	assert_int_equal(weak_rsa_check(n), 1);
	BN_free(other);
	BN_free(p);
	BN_free(q);
	BN_free(m);
	BN_free(n);
	BN_CTX_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_what_openssl_makes),
	    cmocka_unit_test(refuses_close_primes),
	    cmocka_unit_test(refuses_a_small_factor),
	    cmocka_unit_test(refuses_those_of_infineon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
