#include "token.h"
#include "hsm/private.h"

static struct token tok;
static struct hsm *hsm;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "gen", URI("gen"));
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
check_type(const char *name)
{
	EVP_PKEY *key = hsm_key_generate(hsm, hsm_key_type_of(name), name);
	struct hsm_key_info info;

	must(key != NULL);
	must(hsm_key_info(key, &info));
	assert_string_equal(info.type, name);
	assert_true(info.sensitive && info.always_sensitive && info.local);
	assert_true(!info.extractable && info.never_extractable);
	EVP_PKEY_free(key);
	/* The name is taken now. */
	assert_null(hsm_key_generate(hsm, HSM_KEY_EC_P256, name));
	assert_reason(HSM_E_CONFIG);
}

static void
test_generate(void **state)
{
	(void)state;
	check_type("ec-p256");
	check_type("ec-p384");
	check_type("rsa-2048");
	check_type("rsa-3072");
	check_type("rsa-4096");
	check_type("ed25519");
}

static void
test_destroy(void **state)
{
	(void)state;
	must(hsm_key_destroy(hsm, "ec-p256"));
	assert_null(hsm_key_find(hsm, "pkcs11:object=ec-p256"));
	assert_reason(HSM_E_NOKEY);
	must(hsm_key_destroy(hsm, "ec-p256"));
	must(hsm_key_destroy(hsm, "never was"));
	assert_int_equal(hsm_key_destroy(hsm, ""), 0);
	assert_reason(HSM_E_CONFIG);
	/* Both halves are gone: the name is free. */
	check_type("ec-p256");
}

static void
test_bad_labels(void **state)
{
	char label[HSM_LABEL_MAX + 1];

	(void)state;
	memset(label, 'a', HSM_LABEL_MAX);
	label[HSM_LABEL_MAX] = '\0';
	assert_null(hsm_key_generate(hsm, HSM_KEY_EC_P256, label));
	assert_reason(HSM_E_CONFIG);
	assert_null(hsm_key_generate(hsm, HSM_KEY_EC_P256, ""));
	assert_reason(HSM_E_CONFIG);
	assert_null(hsm_key_generate(hsm, HSM_KEY_EC_P256, NULL));
	assert_reason(HSM_E_CONFIG);
	assert_null(hsm_key_generate(hsm, 99, "x"));
	assert_reason(HSM_E_CONFIG);
}

/* A label of the greatest length works, and its URI can be found. */
static void
test_long_label(void **state)
{
	char label[HSM_LABEL_MAX];
	struct hsm_key_info info;
	EVP_PKEY *key;

	(void)state;
	memset(label, ' ', sizeof(label) - 1);
	label[0] = 'a';
	label[sizeof(label) - 2] = 'z';
	label[sizeof(label) - 1] = '\0';
	must((key = hsm_key_generate(hsm, HSM_KEY_EC_P256, label)) != NULL);
	must(hsm_key_info(key, &info));
	assert_string_equal(info.label, label);
	EVP_PKEY_free(key);
	must((key = hsm_key_find(hsm, info.uri)) != NULL);
	EVP_PKEY_free(key);
}

static void
test_missing_mechanism(void **state)
{
	unsigned caps = hsm->caps;

	(void)state;
	hsm->caps = caps & ~(unsigned)HSM_CAP_ED_GEN;
	assert_null(hsm_key_generate(hsm, HSM_KEY_ED25519, "none"));
	assert_reason(HSM_E_UNSUPPORTED);
	hsm->caps = caps;
}

/* A token that makes something else than it was told to make. */
static CK_FUNCTION_LIST liar;

static CK_RV
generate_weak(CK_SESSION_HANDLE s, CK_MECHANISM *mech, CK_ATTRIBUTE *pub,
    CK_ULONG n_pub, CK_ATTRIBUTE *priv, CK_ULONG n_priv, CK_OBJECT_HANDLE *a,
    CK_OBJECT_HANDLE *b)
{
	CK_ULONG i;
	CK_BBOOL yes = CK_TRUE;

	for (i = 0; i < n_priv; i++)
		if (priv[i].type == CKA_EXTRACTABLE)
			priv[i].pValue = &yes;
	return hsm->module->managed->C_GenerateKeyPair(
	    s, mech, pub, n_pub, priv, n_priv, a, b);
}

static void
test_weak_key_is_destroyed(void **state)
{
	(void)state;
	liar = *hsm->module->managed;
	liar.C_GenerateKeyPair = generate_weak;
	hsm->module->fn = &liar;
	assert_null(hsm_key_generate(hsm, HSM_KEY_EC_P256, "weak"));
	assert_reason(HSM_E_UNSAFE);
	hsm->module->fn = hsm->module->managed;
	assert_null(hsm_key_find(hsm, "pkcs11:object=weak"));
	assert_reason(HSM_E_NOKEY);
	must(hsm_key_destroy(hsm, "ec-p256"));
	check_type("ec-p256");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_generate),
	    cmocka_unit_test(test_destroy),
	    cmocka_unit_test(test_bad_labels),
	    cmocka_unit_test(test_long_label),
	    cmocka_unit_test(test_missing_mechanism),
	    cmocka_unit_test(test_weak_key_is_destroyed),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
