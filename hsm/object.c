#include <string.h>
#include "hsm/private.h"

CK_RV
hsm_object_bytes(struct hsm_session *s, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE_TYPE type, unsigned char *buf, size_t size, size_t *out_len)
{
	CK_ATTRIBUTE a = {type, NULL, 0};
	CK_RV rv;

	*out_len = 0;
	rv = s->fn->C_GetAttributeValue(s->h, o, &a, 1);
	if (rv != CKR_OK)
		return rv;
	if (a.ulValueLen == CK_UNAVAILABLE_INFORMATION)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (a.ulValueLen > size)
		return CKR_BUFFER_TOO_SMALL;
	/* With room for nothing it would only be asked for its length again. */
	if (a.ulValueLen == 0)
		return CKR_OK;
	a.pValue = buf;
	rv = s->fn->C_GetAttributeValue(s->h, o, &a, 1);
	if (rv == CKR_OK && a.ulValueLen > size)
		rv = CKR_GENERAL_ERROR;
	if (rv == CKR_OK)
		*out_len = a.ulValueLen;
	return rv;
}

int
hsm_object_flag(
    struct hsm_session *s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = CK_FALSE;
	size_t len = 0;

	if (hsm_object_bytes(s, o, type, &value, sizeof(value), &len) !=
		CKR_OK ||
	    len != sizeof(value))
		return -1;
	return value != CK_FALSE;
}

CK_RV
hsm_object_ulong(struct hsm_session *s, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE_TYPE type, CK_ULONG *out)
{
	unsigned char buf[sizeof(*out)];
	size_t len = 0;
	CK_RV rv;

	rv = hsm_object_bytes(s, o, type, buf, sizeof(buf), &len);
	if (rv == CKR_OK && len != sizeof(buf))
		rv = CKR_ATTRIBUTE_TYPE_INVALID;
	if (rv == CKR_OK)
		memcpy(out, buf, sizeof(buf));
	return rv;
}

static CK_RV
collect(struct hsm_session *s, CK_OBJECT_HANDLE *out, size_t max, size_t *out_n)
{
	CK_ULONG got = 0;
	CK_RV rv;

	while (*out_n < max) {
		rv = s->fn->C_FindObjects(
		    s->h, out + *out_n, max - *out_n, &got);
		if (rv != CKR_OK)
			return rv;
		if (got == 0)
			break;
		*out_n += got;
	}
	return CKR_OK;
}

CK_RV
hsm_object_find(struct hsm_session *s, CK_OBJECT_CLASS class, const char *label,
    const unsigned char *id, size_t id_len, CK_OBJECT_HANDLE *out, size_t max,
    size_t *out_n)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE t[4] = {
	    {CKA_CLASS, &class, sizeof(class)}, {CKA_TOKEN, &yes, sizeof(yes)}};
	CK_ULONG n = 2;
	CK_RV rv, end;

	*out_n = 0;
	/* Without a login private objects are not found, and no error tells. */
	if ((rv = hsm_session_check(s)) != CKR_OK)
		return rv;
	if (label != NULL)
		t[n++] =
		    (CK_ATTRIBUTE){CKA_LABEL, (void *)label, strlen(label)};
	if (id != NULL)
		t[n++] = (CK_ATTRIBUTE){CKA_ID, (void *)id, id_len};
	if ((rv = s->fn->C_FindObjectsInit(s->h, t, n)) != CKR_OK)
		return rv;
	rv = collect(s, out, max, out_n);
	end = s->fn->C_FindObjectsFinal(s->h);
	return rv != CKR_OK ? rv : end;
}
