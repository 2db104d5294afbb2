#include <string.h>
#include "hsm/private.h"

/* A crash between the new object and the end of the old one leaves two. */
#define OBJECTS_MAX 8

/* In memory of its own: an answer may come too late. */
struct data_call {
	char label[HSM_LABEL_MAX];
	int has_data;
	unsigned char data[HSM_DATA_MAX]; /* to be written */
	size_t len;
	unsigned char got[OBJECTS_MAX][HSM_DATA_MAX];
	size_t got_len[OBJECTS_MAX], n;
};

static const char application[] = "inkan";

static struct data_call *
data_new(const char *label)
{
	size_t len = label == NULL ? 0 : strlen(label);
	struct data_call *call;

	if (len < 1 || len >= HSM_LABEL_MAX) {
		hsm_raise(HSM_E_CONFIG, "data label: 1 to %d octets, not %zu",
		    HSM_LABEL_MAX - 1, len);
		return NULL;
	}
	if ((call = OPENSSL_zalloc(sizeof(*call))) != NULL)
		memcpy(call->label, label, len + 1);
	return call;
}

static void
data_free(void *call)
{
	OPENSSL_free(call);
}

static CK_RV
find(struct hsm_session *s, const char *label, CK_OBJECT_HANDLE *o, size_t *n)
{
	CK_RV rv;

	rv = hsm_object_find(s, CKO_DATA, label, NULL, 0, o, OBJECTS_MAX, n);
	if (rv != CKR_OK || *n < OBJECTS_MAX)
		return rv;
	hsm_raise(HSM_E_TOKEN, "data %s: the token has %d or more", label,
	    OBJECTS_MAX);
	return HSM_RV_RAISED;
}

static CK_RV
read_op(struct hsm_session *s, void *arg)
{
	struct data_call *call = arg;
	CK_OBJECT_HANDLE o[OBJECTS_MAX];
	CK_RV rv;
	size_t i;

	call->n = 0;
	rv = find(s, call->label, o, &call->n);
	for (i = 0; rv == CKR_OK && i < call->n; i++)
		rv = hsm_object_bytes(s, o[i], CKA_VALUE,
		    call->got[i], HSM_DATA_MAX, &call->got_len[i]);
	return rv;
}

int
hsm_data_get(struct hsm *hsm, const char *label,
    int (*cb)(const unsigned char *data, size_t len, void *arg), void *arg)
{
	struct data_call *call = data_new(label);
	size_t i;
	int rc;

	if (call == NULL)
		return 0;
	rc = hsm_session_ask(hsm, "reading of data", read_op, call, data_free);
	if (rc < 0)
		return 0;
	for (i = 0; rc && i < call->n; i++)
		rc = cb(call->got[i], call->got_len[i], arg);
	data_free(call);
	return rc;
}

/*
 * First the new one, then the end of the old: there is one at any time. One that
 * is late must not take the place of what was written since.
 */
static CK_RV
write_op(struct hsm_session *s, void *arg)
{
	struct data_call *call = arg;
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof(class)},
	    {CKA_TOKEN, &yes, sizeof(yes)}, {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_APPLICATION, (void *)application, sizeof(application) - 1},
	    {CKA_LABEL, call->label, strlen(call->label)},
	    {CKA_VALUE, call->data, call->len}};
	CK_OBJECT_HANDLE old[OBJECTS_MAX], made = 0;
	size_t i, n = 0;
	CK_RV rv;

	rv = find(s, call->label, old, &n);
	if (rv == CKR_OK && call->has_data)
		rv = s->fn->C_CreateObject(
		    s->h, t, sizeof(t) / sizeof(t[0]), &made);
	if (rv == CKR_OK && hsm_session_is_late(s)) {
		if (call->has_data)
			s->fn->C_DestroyObject(s->h, made);
		return CKR_FUNCTION_CANCELED;
	}
	for (i = 0; rv == CKR_OK && i < n; i++)
		rv = s->fn->C_DestroyObject(s->h, old[i]);
	return rv;
}

int
hsm_data_set(
    struct hsm *hsm, const char *label, const void *data, size_t len)
{
	struct data_call *call = data_new(label);
	int rc;

	if (call == NULL)
		return 0;
	if (data != NULL && (len < 1 || len > HSM_DATA_MAX)) {
		hsm_raise(HSM_E_CONFIG, "data %s: 1 to %d octets, not %zu",
		    label, HSM_DATA_MAX, len);
		data_free(call);
		return 0;
	}
	if (data != NULL) {
		memcpy(call->data, data, len);
		call->len = len;
		call->has_data = 1;
	}
	rc = hsm_session_make(hsm, "writing of data", HSM_DATA_TIMES, write_op,
	    call, data_free);
	if (rc >= 0)
		data_free(call);
	return rc == 1;
}
