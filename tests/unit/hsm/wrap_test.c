#include "token.h"
#include "calls.h"

/* Keys that leave a token wrapped under a trusted key, and come back. */

#define SO_PIN "31415926"

static struct token tok;
static struct hsm *hsm;

static CK_RV
make_secret(CK_FUNCTION_LIST *fn, CK_SESSION_HANDLE s, const char *label,
    CK_BBOOL trusted)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG len = 32;
	CK_OBJECT_HANDLE o;
	CK_MECHANISM mech = {CKM_AES_KEY_GEN, NULL, 0};
	CK_ATTRIBUTE t[] = {{CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &no, 1},
	    {CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1},
	    {CKA_WRAP, &yes, 1}, {CKA_UNWRAP, &yes, 1},
	    {CKA_TRUSTED, &trusted, 1}, {CKA_VALUE_LEN, &len, sizeof(len)},
	    {CKA_LABEL, (void *)label, strlen(label)}};

	return fn->C_GenerateKey(s, &mech, t, sizeof(t) / sizeof(*t), &o);
}

/* Only the security officer may call a key trusted. */
static void
make_secrets(void)
{
	struct hsm_module *m = hsm_module_open(module_path(), tok.conf);
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;
	CK_SESSION_HANDLE s;

	must(m != NULL);
	assert_int_equal(m->fn->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	assert_int_equal(m->fn->C_OpenSession(slots[0], CKF_SERIAL_SESSION |
	    CKF_RW_SESSION, NULL, NULL, &s), CKR_OK);
	assert_int_equal(m->fn->C_Login(s, CKU_SO,
	    (unsigned char *)SO_PIN, strlen(SO_PIN)), CKR_OK);
	assert_int_equal(make_secret(m->fn, s, "master", CK_TRUE), CKR_OK);
	assert_int_equal(make_secret(m->fn, s, "plain", CK_FALSE), CKR_OK);
	hsm_module_close(m);
}

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "wrap", URI("wrap"));
	make_secrets();
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

static int
signs(EVP_PKEY *key, EVP_PKEY *public)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[256];
	size_t len = sizeof(sig);
	int ok;

	ok = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, (unsigned char *)"x", 1) == 1;
	EVP_MD_CTX_reset(ctx);
	ok = ok && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL,
	    public) == 1 && EVP_DigestVerify(ctx, sig, len,
	    (unsigned char *)"x", 1) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void
wrappable_is_accepted(void **state)
{
	EVP_PKEY *key = hsm_key_generate_wrappable(hsm, HSM_KEY_EC_P256, "w"),
	    *again;
	struct hsm_key_info info;

	(void)state;
	must(key != NULL);
	must(hsm_key_info(key, &info));
	assert_true(info.sensitive && info.always_sensitive && info.local);
	assert_true(info.extractable && info.wrap_with_trusted);
	again = hsm_key_find(hsm, "pkcs11:object=w");
	must(again != NULL);
	assert_true(signs(again, key));
	EVP_PKEY_free(again);
	EVP_PKEY_free(key);
}

struct unwrap {
	unsigned char *blob;
	size_t len;
};

static CK_RV
unwrap(struct hsm_session *s, void *arg)
{
	struct unwrap *u = arg;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_MECHANISM mech = {CKM_AES_KEY_WRAP_PAD, NULL, 0};
	CK_OBJECT_HANDLE master, key, public;
	CK_ATTRIBUTE named[] = {{CKA_LABEL, (void *)"back", 4},
	    {CKA_ID, (void *)"\x42", 1}};
	size_t n;
	CK_RV rv;
	CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)}, {CKA_TOKEN, &yes, 1},
	    {CKA_PRIVATE, &yes, 1}, {CKA_SENSITIVE, &yes, 1},
	    {CKA_EXTRACTABLE, &no, 1}, {CKA_SIGN, &yes, 1},
	    {CKA_LABEL, (void *)"back", 4}, {CKA_ID, (void *)"\x42", 1}};

	if (hsm_object_find(s, CKO_SECRET_KEY, "master", NULL, 0, &master, 1,
	    &n) != CKR_OK || n != 1)
		return CKR_GENERAL_ERROR;
	rv = s->fn->C_UnwrapKey(s->h, &mech, master, u->blob, u->len, t,
	    sizeof(t) / sizeof(*t), &key);
	/* The public half is no secret; it is put beside it. */
	if (rv == CKR_OK)
		rv = hsm_object_find(s, CKO_PUBLIC_KEY, "w", NULL, 0, &public,
		    1, &n);
	return rv != CKR_OK ? rv : s->fn->C_CopyObject(s->h, public, named, 2,
	    &key);
}

/* The way back: it signs as the one that was wrapped. */
static void
wrapped_and_back(void **state)
{
	EVP_PKEY *key = hsm_key_find(hsm, "pkcs11:object=w"), *back;
	struct unwrap u = {NULL, 0};

	(void)state;
	must(key != NULL);
	must(hsm_key_wrap(hsm, "w", "master", &u.blob, &u.len));
	assert_true(u.len > 64);
	must(session_run_rw(hsm, unwrap, &u));
	OPENSSL_free(u.blob);
	back = hsm_key_find(hsm, "pkcs11:object=back");
	must(back != NULL);
	assert_true(signs(back, key));
	EVP_PKEY_free(back);
	EVP_PKEY_free(key);
}

static void
never_otherwise(void **state)
{
	EVP_PKEY *key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "kept");
	unsigned char *blob = NULL;
	size_t len;

	(void)state;
	must(key != NULL);
	assert_false(hsm_key_wrap(hsm, "kept", "master", &blob, &len));
	assert_reason(HSM_E_UNSAFE);
	assert_false(hsm_key_wrap(hsm, "w", "plain", &blob, &len));
	assert_reason(HSM_E_UNSAFE);
	assert_false(hsm_key_wrap(hsm, "w", "nobody", &blob, &len));
	assert_reason(HSM_E_NOKEY);
	assert_false(hsm_key_wrap(hsm, "nobody", "master", &blob, &len));
	assert_reason(HSM_E_NOKEY);
	assert_null(blob);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrappable_is_accepted),
	    cmocka_unit_test(wrapped_and_back),
	    cmocka_unit_test(never_otherwise),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
