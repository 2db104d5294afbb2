#include "token.h"
#include "calls.h"

static struct token tok;
static struct hsm *hsm;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "keys", URI("keys"));
	hsm = hsm_open(&tok.cfg);
	must(hsm != NULL);
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

static void
test_find(void **state)
{
	EVP_PKEY *made = hsm_key_generate(hsm, HSM_KEY_EC_P256, "one");
	EVP_PKEY *found;
	struct hsm_key_info info;
	char uri[HSM_URI_MAX];

	(void)state;
	must(made != NULL);
	must(hsm_key_info(made, &info));
	assert_string_equal(info.label, "one");
	assert_string_equal(info.type, "ec-p256");
	assert_int_equal(strlen(info.id), 32);
	must((found = hsm_key_find(hsm, "pkcs11:object=one")) != NULL);
	assert_int_equal(EVP_PKEY_eq(made, found), 1);
	EVP_PKEY_free(found);
	/* The URI that we tell is one that we find. */
	strcpy(uri, info.uri);
	assert_null(strstr(uri, "pin"));
	must((found = hsm_key_find(hsm, uri)) != NULL);
	assert_int_equal(EVP_PKEY_eq(made, found), 1);
	EVP_PKEY_free(found);
	EVP_PKEY_free(made);
}

static void
test_find_refuses(void **state)
{
	EVP_PKEY *two = hsm_key_generate(hsm, HSM_KEY_EC_P256, "two");

	(void)state;
	must(two != NULL);
	EVP_PKEY_free(two);
	assert_null(hsm_key_find(hsm, "pkcs11:object=three"));
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), HSM_E_NOKEY);
	assert_true(queue_says("\"two\""));
	assert_null(hsm_key_find(hsm, "pkcs11:token=keys"));
	assert_reason(HSM_E_CONFIG);
	assert_null(hsm_key_find(hsm, "pkcs11:token=other;object=two"));
	assert_reason(HSM_E_CONFIG);
	assert_null(hsm_key_find(hsm, "pkcs11:object=two;type=public"));
	assert_reason(HSM_E_CONFIG);
	assert_null(hsm_key_find(hsm, "object=two"));
	assert_reason(HSM_E_CONFIG);
	assert_null(hsm_key_find(hsm, "pkcs11:object=two;id=%00%01"));
	assert_reason(HSM_E_NOKEY);
}

static int
count(const struct hsm_key_info *info, void *arg)
{
	size_t *n = arg;
	EVP_PKEY *key;

	/* The callback may use the token. */
	must((key = hsm_key_find(hsm, info->uri)) != NULL);
	EVP_PKEY_free(key);
	assert_int_equal(info->sensitive, 1);
	assert_int_equal(info->extractable, 0);
	return ++*n < 2;
}

static void
test_list(void **state)
{
	size_t n = 0;

	(void)state;
	must(hsm_key_list(hsm, count, &n));
	assert_int_equal(n, 2);
}

static CK_RV
make_extractable(struct hsm_session *s, void *arg)
{
	static const unsigned char p256[] = {
	    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	const char *label = arg;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_MECHANISM mech = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE pub[] = {{CKA_TOKEN, &yes, 1},
	    {CKA_LABEL, (void *)label, strlen(label)},
	    {CKA_EC_PARAMS, (void *)p256, sizeof(p256)}};
	CK_ATTRIBUTE priv[] = {{CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1},
	    {CKA_SENSITIVE, &no, 1}, {CKA_EXTRACTABLE, &yes, 1},
	    {CKA_SIGN, &yes, 1}, {CKA_LABEL, (void *)label, strlen(label)}};
	CK_OBJECT_HANDLE a, b;

	return s->fn->C_GenerateKeyPair(s->h, &mech, pub, 3, priv, 6, &a, &b);
}

static void
test_unsafe_key(void **state)
{
	(void)state;
	must(session_run_rw(hsm, make_extractable, "weak"));
	assert_null(hsm_key_find(hsm, "pkcs11:object=weak"));
	assert_reason(HSM_E_UNSAFE);
	must(hsm_key_destroy(hsm, "weak"));
}

static void
test_not_ours(void **state)
{
	EVP_PKEY *soft = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct hsm_key_info info;

	(void)state;
	assert_non_null(soft);
	assert_int_equal(hsm_key_info(soft, &info), 0);
	assert_reason(HSM_E_NOKEY);
	EVP_PKEY_free(soft);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_find_refuses),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_unsafe_key),
	    cmocka_unit_test(test_not_ours),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
