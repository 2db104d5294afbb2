#include "token.h"
#include <openssl/x509.h>
#include "calls.h"

/* Public halves in all the shapes that tokens give them. */

static struct token tok;
static struct hsm *hsm;
static CK_FUNCTION_LIST bent;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "public", URI("public"));
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	bent = *hsm->module->managed;
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

static CK_RV
destroy_public(struct hsm_session *s, void *arg)
{
	CK_OBJECT_HANDLE o;
	size_t n = 0;
	CK_RV rv;

	rv = hsm_object_find(s, CKO_PUBLIC_KEY, arg, NULL, 0, &o, 1, &n);
	return rv == CKR_OK && n == 1 ? s->fn->C_DestroyObject(s->h, o) : rv;
}

/* How CKA_EC_POINT is changed on its way to us. */
static enum { AS_IS, BARE, BIT_STRING, CUT, TRAILING, INFO_ONLY } shape;
static unsigned char info[200];
static CK_ULONG info_len;

static CK_RV
give(CK_ATTRIBUTE *a, const unsigned char *p, CK_ULONG len)
{
	a->ulValueLen = len;
	if (a->pValue != NULL)
		memcpy(a->pValue, p, len);
	return CKR_OK;
}

static CK_RV
get_attribute(
    CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *a, CK_ULONG n)
{
	unsigned char buf[300], *p = buf + 8;
	CK_ATTRIBUTE own = {CKA_EC_POINT, p, 200};
	CK_RV rv;

	if (a->type == CKA_PUBLIC_KEY_INFO && shape == INFO_ONLY)
		return give(a, info, info_len);
	if (a->type != CKA_EC_POINT || shape == AS_IS)
		return hsm->module->managed->C_GetAttributeValue(s, o, a, n);
	if (shape == INFO_ONLY)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	rv = hsm->module->managed->C_GetAttributeValue(s, o, &own, 1);
	if (rv != CKR_OK)
		return rv;
	if (shape == BARE)
		return give(a, p + 2, own.ulValueLen - 2);
	if (shape == CUT)
		return give(a, p, own.ulValueLen - 1);
	if (shape == TRAILING)
		return give(a, p, own.ulValueLen + 1);
	p[-1] = 0x03;
	p[0] = p[1] + 1;
	p[1] = 0;
	return give(a, p - 1, own.ulValueLen + 1);
}

static int
finds(const char *label, EVP_PKEY *want)
{
	char uri[200];
	EVP_PKEY *key;
	int same;

	snprintf(uri, sizeof(uri), "pkcs11:object=%s", label);
	if ((key = hsm_key_find(hsm, uri)) == NULL)
		return 0;
	same = EVP_PKEY_eq(key, want);
	EVP_PKEY_free(key);
	assert_int_equal(same, 1);
	return 1;
}

static void
check_points(enum hsm_key_type type, const char *label)
{
	EVP_PKEY *key = hsm_key_generate(hsm, type, label);

	must(key != NULL);
	bent.C_GetAttributeValue = get_attribute;
	hsm->module->fn = &bent;
	for (shape = AS_IS; shape <= BIT_STRING; shape++)
		must(finds(label, key));
	shape = CUT;
	assert_int_equal(finds(label, key), 0);
	assert_reason(HSM_E_NOKEY);
	shape = TRAILING;
	assert_int_equal(finds(label, key), 0);
	assert_reason(HSM_E_NOKEY);
	/* Neither object nor point, but the whole SubjectPublicKeyInfo. */
	shape = INFO_ONLY;
	info_len = (CK_ULONG)i2d_PUBKEY(key, &(unsigned char *){info});
	must(finds(label, key));
	info_len++;
	assert_int_equal(finds(label, key), 0);
	assert_reason(HSM_E_NOKEY);
	shape = AS_IS;
	hsm->module->fn = hsm->module->managed;
	EVP_PKEY_free(key);
}

static void
test_ec_points(void **state)
{
	(void)state;
	check_points(HSM_KEY_EC_P256, "p256");
	check_points(HSM_KEY_EC_P384, "p384");
	check_points(HSM_KEY_ED25519, "ed");
}

static void
test_without_public_object(void **state)
{
	EVP_PKEY *rsa = hsm_key_generate(hsm, HSM_KEY_RSA_2048, "rsa");

	(void)state;
	must(rsa != NULL);
	must(session_run_rw(hsm, destroy_public, "rsa"));
	/* An RSA key has modulus and exponent in its private half, too. */
	must(finds("rsa", rsa));
	must(session_run_rw(hsm, destroy_public, "p256"));
	assert_null(hsm_key_find(hsm, "pkcs11:object=p256"));
	assert_reason(HSM_E_NOKEY);
	EVP_PKEY_free(rsa);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ec_points),
	    cmocka_unit_test(test_without_public_object),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
