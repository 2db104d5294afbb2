#include "token.h"
#include "hsm/private.h"

static struct token tok;
static struct hsm *hsm;
static CK_FUNCTION_LIST bent;
static CK_ATTRIBUTE_TYPE hidden;

static CK_RV
get_attribute(
    CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *a, CK_ULONG n)
{
	if (a->type == hidden) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	return hsm->module->managed->C_GetAttributeValue(s, o, a, n);
}

static int
setup(void **state)
{
	EVP_PKEY *key;

	(void)state;
	token_make(&tok, "info", URI("info"));
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	must((key = hsm_key_generate(hsm, HSM_KEY_EC_P384, "a;b/c d")) != NULL);
	EVP_PKEY_free(key);
	bent = *hsm->module->managed;
	bent.C_GetAttributeValue = get_attribute;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm->module->fn = hsm->module->managed;
	hsm_close(hsm);
	token_remove(&tok);
	return 0;
}

static void
test_names(void **state)
{
	static const char *const names[] = {"ec-p256", "ec-p384", "rsa-2048",
	    "rsa-3072", "rsa-4096", "ed25519"};
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++) {
		assert_int_not_equal(hsm_key_type_of(names[i]), 0);
		assert_string_equal(
		    hsm_key_type_name(hsm_key_type_of(names[i])), names[i]);
	}
	assert_int_equal(hsm_key_type_of("rsa-1024"), 0);
	assert_int_equal(hsm_key_type_of("EC-P256"), 0);
	assert_int_equal(hsm_key_type_of(""), 0);
	assert_int_equal(hsm_key_type_of(NULL), 0);
	assert_null(hsm_key_type_name(0));
	assert_null(hsm_key_type_name(77));
}

static void
test_hex(void **state)
{
	char out[7];

	(void)state;
	must(hsm_key_id_hex(
	    out, sizeof(out), (const unsigned char *)"\x00\xab\xff", 3));
	assert_string_equal(out, "00abff");
	assert_int_equal(hsm_key_id_hex(out, sizeof(out),
			     (const unsigned char *)"\x00\xab\xff\x01", 4),
	    0);
	assert_string_equal(out, "");
}

static void
test_info(void **state)
{
	EVP_PKEY *key = hsm_key_find(hsm, "pkcs11:token=info");
	struct hsm_key_info info;

	(void)state;
	must(key != NULL);
	must(hsm_key_info(key, &info));
	assert_string_equal(info.label, "a;b/c d");
	assert_string_equal(info.type, "ec-p384");
	assert_non_null(strstr(info.uri, "object=a%3Bb%2Fc%20d"));
	assert_non_null(strstr(info.uri, "token=info"));
	EVP_PKEY_free(key);
}

/* An attribute that the token hides counts as the worse answer. */
static void
test_hidden_attributes(void **state)
{
	EVP_PKEY *key;

	(void)state;
	hsm->module->fn = &bent;
	hidden = CKA_SENSITIVE;
	assert_null(hsm_key_find(hsm, "pkcs11:token=info"));
	assert_reason(HSM_E_UNSAFE);
	hidden = CKA_EXTRACTABLE;
	assert_null(hsm_key_find(hsm, "pkcs11:token=info"));
	assert_reason(HSM_E_UNSAFE);
	/* A found key need not be born in the token, a made one must. */
	hidden = CKA_LOCAL;
	must((key = hsm_key_find(hsm, "pkcs11:token=info")) != NULL);
	EVP_PKEY_free(key);
	assert_null(hsm_key_generate(hsm, HSM_KEY_EC_P256, "x"));
	assert_reason(HSM_E_UNSAFE);
	hidden = CKA_ID;
	must((key = hsm_key_find(hsm, "pkcs11:token=info")) != NULL);
	EVP_PKEY_free(key);
	hsm->module->fn = hsm->module->managed;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_hex),
	    cmocka_unit_test(test_info),
	    cmocka_unit_test(test_hidden_attributes),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
