#include "token.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/provider.h>
#include "hsm/private.h"

static struct token tok;
static struct hsm *hsm;
static EVP_PKEY *ec, *rsa, *ed;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "pk", URI("pk"));
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	must((ec = hsm_key_generate(hsm, HSM_KEY_EC_P384, "ec")) != NULL);
	must((rsa = hsm_key_generate(hsm, HSM_KEY_RSA_3072, "rsa")) != NULL);
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

static void
test_questions(void **state)
{
	char name[64];
	size_t len = 0;
	int nid = 0;

	(void)state;
	assert_true(EVP_PKEY_is_a(ec, "EC"));
	assert_true(EVP_PKEY_is_a(rsa, "RSA"));
	assert_true(EVP_PKEY_is_a(ed, "ED25519"));
	assert_int_equal(EVP_PKEY_get_base_id(ec), EVP_PKEY_EC);
	assert_int_equal(EVP_PKEY_get_bits(ec), 384);
	assert_int_equal(EVP_PKEY_get_security_bits(ec), 192);
	assert_int_equal(EVP_PKEY_get_bits(rsa), 3072);
	assert_int_equal(EVP_PKEY_get_size(rsa), 384);
	assert_int_equal(EVP_PKEY_get_size(ed), 64);
	must(EVP_PKEY_get_group_name(ec, name, sizeof(name), &len) == 1);
	assert_string_equal(name, "secp384r1");
	must(EVP_PKEY_get_default_digest_nid(ec, &nid) > 0);
	assert_int_equal(nid, NID_sha384);
	must(EVP_PKEY_get_default_digest_nid(rsa, &nid) > 0);
	assert_int_equal(nid, NID_sha256);
	/* 2: no other digest than that one, which is none. */
	assert_int_equal(
	    EVP_PKEY_get_default_digest_name(ed, name, sizeof(name)), 2);
	assert_string_equal(name, "UNDEF");
}

static int
count_params(const OSSL_PARAM params[], void *arg)
{
	(void)params;
	++*(int *)arg;
	return 1;
}

static void
test_export(void **state)
{
	int n = 0;

	(void)state;
	must(EVP_PKEY_export(ec, EVP_PKEY_PUBLIC_KEY, count_params, &n) == 1);
	assert_int_equal(n, 1);
	assert_int_equal(
	    EVP_PKEY_export(ec, EVP_PKEY_KEYPAIR, count_params, &n), 0);
	assert_int_equal(
	    EVP_PKEY_export(rsa, EVP_PKEY_KEYPAIR, count_params, &n), 0);
	assert_int_equal(n, 1);
	ERR_clear_error();
}

/* Parameters that name no key make none. */
static void
test_import_refused(void **state)
{
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_name(NULL, "EC", "provider=" HSM_PROVIDER);
	EVP_PKEY *key = NULL;
	void *nothing = NULL;
	OSSL_PARAM p[2] = {OSSL_PARAM_construct_octet_string(
			       HSM_PARAM_KEY, &nothing, sizeof(nothing)),
	    OSSL_PARAM_construct_end()};

	(void)state;
	must(ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
	assert_int_not_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, p), 1);
	p[0].data_size = 3;
	assert_int_not_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, p), 1);
	p[0] = OSSL_PARAM_construct_end();
	assert_int_not_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, p), 1);
	assert_null(key);
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
}

/* A public key that came in for comparison is compared, and cannot sign. */
static void
test_foreign_public(void **state)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(
			 NULL, "EC", "provider=" HSM_PROVIDER),
		     *sign;
	EVP_PKEY *key = NULL;
	struct hsm_key_info info;
	OSSL_PARAM *p = NULL;

	(void)state;
	must(EVP_PKEY_todata(ec, EVP_PKEY_PUBLIC_KEY, &p) == 1);
	must(EVP_PKEY_fromdata_init(ctx) == 1);
	must(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, p) == 1);
	assert_int_equal(EVP_PKEY_eq(key, ec), 1);
	assert_int_not_equal(EVP_PKEY_eq(key, rsa), 1);
	assert_int_equal(hsm_key_info(key, &info), 0);
	assert_reason(HSM_E_NOKEY);
	sign = EVP_PKEY_CTX_new(key, NULL);
	assert_int_not_equal(EVP_PKEY_sign_init(sign), 1);
	ERR_clear_error();
	EVP_PKEY_CTX_free(sign);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	OSSL_PARAM_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_questions),
	    cmocka_unit_test(test_export),
	    cmocka_unit_test(test_import_refused),
	    cmocka_unit_test(test_foreign_public),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
