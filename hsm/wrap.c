#include <string.h>
#include <openssl/crypto.h>
#include "hsm/private.h"

#define WRAPPED_MAX 8192

/* In memory of its own: an answer may come too late. */
struct wrap_call {
	char *label, *under;
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

static void
wrap_free(void *arg)
{
	struct wrap_call *call = arg;

	OPENSSL_free(call->label);
	OPENSSL_free(call->under);
	OPENSSL_free(call->out);
	OPENSSL_free(call);
}

static struct wrap_call *
wrap_new(const char *label, const char *under)
{
	struct wrap_call *call = OPENSSL_zalloc(sizeof(*call));

	if (call != NULL &&
	    (call->label = OPENSSL_strdup(label)) != NULL &&
	    (call->under = OPENSSL_strdup(under)) != NULL &&
	    (call->out = OPENSSL_zalloc(WRAPPED_MAX)) != NULL)
		return call;
	if (call != NULL)
		wrap_free(call);
	return NULL;
}

int
hsm_key_wrap(struct hsm *hsm, const char *label, const char *under,
    unsigned char **out, size_t *len)
{
	struct wrap_call *call = wrap_new(label, under);
	int rc;

	if (call == NULL)
		return 0;
	rc = hsm_session_ask(
	    hsm, "wrapping of a key", wrap_op, call, wrap_free);
	if (rc == 1) {
		*out = call->out;
		*len = call->len;
		call->out = NULL;
	}
	if (rc >= 0)
		wrap_free(call);
	return rc == 1;
}
