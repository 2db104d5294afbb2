#include <string.h>
#include <openssl/crypto.h>
#include "hsm/private.h"

#define WRAPPED_MAX 8192

struct wrap_call {
	const char *label, *under;
	unsigned char *out;
	size_t len;
};

static CK_RV
find_one(struct hsm_session *s, CK_OBJECT_CLASS class, const char *label,
    CK_OBJECT_HANDLE *out)
{
	CK_OBJECT_HANDLE found[2];
	size_t n = 0;
	CK_RV rv = hsm_object_find(s, class, label, NULL, 0, found, 2, &n);

	if (rv != CKR_OK)
		return rv;
	if (n == 1) {
		*out = found[0];
		return CKR_OK;
	}
	hsm_raise(HSM_E_NOKEY, "token has %s key named %s",
	    n == 0 ? "no" : "more than one", label);
	return HSM_RV_RAISED;
}

static CK_RV
must_be(struct hsm_session *s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
    const char *label, const char *what)
{
	if (hsm_object_flag(s, o, type) == 1)
		return CKR_OK;
	hsm_raise(HSM_E_UNSAFE, "key.wrap: %s is not %s", label, what);
	return HSM_RV_RAISED;
}

static CK_RV
wrap_op(struct hsm_session *s, void *arg)
{
	struct wrap_call *call = arg;
	CK_OBJECT_HANDLE key = 0, under = 0;
	CK_MECHANISM mech = {CKM_AES_KEY_WRAP_PAD, NULL, 0};
	CK_ULONG len = WRAPPED_MAX;
	CK_RV rv;

	if ((rv = find_one(s, CKO_PRIVATE_KEY, call->label, &key)) != CKR_OK ||
	    (rv = find_one(s, CKO_SECRET_KEY, call->under, &under)) != CKR_OK ||
	    (rv = must_be(s, key, CKA_WRAP_WITH_TRUSTED, call->label,
		"one that leaves the token under trusted keys only")) !=
		CKR_OK ||
	    (rv = must_be(s, under, CKA_TRUSTED, call->under,
		"trusted")) != CKR_OK)
		return rv;
	rv = s->fn->C_WrapKey(s->h, &mech, under, key, call->out, &len);
	call->len = len;
	return rv;
}

int
hsm_key_wrap(struct hsm *hsm, const char *label, const char *under,
    unsigned char **out, size_t *len)
{
	struct wrap_call call = {.label = label, .under = under};

	call.out = OPENSSL_zalloc(WRAPPED_MAX);
	if (call.out == NULL)
		return 0;
	if (!hsm_session_run(hsm, "wrapping of a key", wrap_op, &call)) {
		OPENSSL_free(call.out);
		return 0;
	}
	*out = call.out;
	*len = call.len;
	return 1;
}
