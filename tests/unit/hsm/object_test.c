#include "token.h"
#include "calls.h"

static struct token tok;
static struct hsm *hsm;

static int
setup(void **state)
{
	EVP_PKEY *key;

	(void)state;
	token_make(&tok, "objects", URI("objects"));
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	must((key = hsm_key_generate(hsm, HSM_KEY_RSA_2048, "r")) != NULL);
	EVP_PKEY_free(key);
	must((key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "e")) != NULL);
	EVP_PKEY_free(key);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_close(hsm);
	token_remove(&tok);
	return 0;
}

static CK_RV
look(struct hsm_session *s, void *arg)
{
	unsigned char buf[512];
	CK_OBJECT_HANDLE o[4];
	CK_ULONG type = 0;
	size_t n = 0, len = 0;

	(void)arg;
	assert_int_equal(
	    hsm_object_find(s, CKO_PRIVATE_KEY, NULL, NULL, 0, o, 4, &n),
	    CKR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(
	    hsm_object_find(s, CKO_PRIVATE_KEY, NULL, NULL, 0, o, 1, &n),
	    CKR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(
	    hsm_object_find(s, CKO_PRIVATE_KEY, "x", NULL, 0, o, 4, &n),
	    CKR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(
	    hsm_object_find(s, CKO_PRIVATE_KEY, "r", NULL, 0, o, 4, &n),
	    CKR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(
	    hsm_object_ulong(s, o[0], CKA_KEY_TYPE, &type), CKR_OK);
	assert_int_equal(type, CKK_RSA);
	/* Not of that size: refused, not cut. */
	assert_int_not_equal(
	    hsm_object_ulong(s, o[0], CKA_LABEL, &type), CKR_OK);
	assert_int_equal(
	    hsm_object_bytes(s, o[0], CKA_MODULUS, buf, sizeof(buf), &len),
	    CKR_OK);
	assert_int_equal(len, 256);
	assert_int_equal(hsm_object_bytes(s, o[0], CKA_MODULUS, buf, 255, &len),
	    CKR_BUFFER_TOO_SMALL);
	assert_int_equal(len, 0);
	/* The private half does not come out. */
	assert_int_not_equal(hsm_object_bytes(s, o[0], CKA_PRIVATE_EXPONENT,
				 buf, sizeof(buf), &len),
	    CKR_OK);
	assert_int_equal(len, 0);
	assert_int_equal(hsm_object_flag(s, o[0], CKA_SIGN), 1);
	assert_int_equal(hsm_object_flag(s, o[0], CKA_DECRYPT), 0);
	assert_int_equal(hsm_object_flag(s, o[0], CKA_EC_POINT), -1);
	assert_int_not_equal(
	    hsm_object_bytes(s, 99999, CKA_LABEL, buf, sizeof(buf), &len),
	    CKR_OK);
	return CKR_OK;
}

static void
test_objects(void **state)
{
	(void)state;
	must(session_run(hsm, look, NULL));
}

static CK_RV
search(struct hsm_session *s, void *arg)
{
	CK_OBJECT_HANDLE o[4];

	return hsm_object_find(s, CKO_PRIVATE_KEY, NULL, NULL, 0, o, 4, arg);
}

/* Logged out, a search is an error and not an empty answer. */
static void
test_logged_out(void **state)
{
	size_t n = 0;

	(void)state;
	must(hsm->module->fn->C_Logout(hsm->anchor) == CKR_OK);
	must(session_run(hsm, search, &n));
	assert_int_equal(n, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_objects),
	    cmocka_unit_test(test_logged_out),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
