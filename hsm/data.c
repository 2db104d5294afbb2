#include <string.h>
#include "hsm/private.h"

/* A crash between the new object and the end of the old one leaves two. */
#define OBJECTS_MAX 8

struct data_call {
	const char *label;
	const unsigned char *data; /* to be written */
	size_t len;
	unsigned char *got; /* OBJECTS_MAX of HSM_DATA_MAX octets */
	size_t got_len[OBJECTS_MAX], n;
};

static const char application[] = "inkan";

static int
check_label(const char *label)
{
	size_t len = label == NULL ? 0 : strlen(label);

	if (len > 0 && len < HSM_LABEL_MAX)
		return 1;
	hsm_raise(HSM_E_CONFIG, "data label: 1 to %d octets, not %zu",
	    HSM_LABEL_MAX - 1, len);
	return 0;
}

static CK_RV
find(struct hsm_session *s, const char *label, CK_OBJECT_HANDLE *o, size_t *n)
{
	CK_RV rv;

	rv = hsm_object_find(s, CKO_DATA, label, NULL, 0, o, OBJECTS_MAX, n);
	if (rv != CKR_OK || *n < OBJECTS_MAX)
		return rv;
	hsm_raise(
	    HSM_E_TOKEN, "data %s: the token has %d or more", label, OBJECTS_MAX);
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
		    call->got + i * HSM_DATA_MAX, HSM_DATA_MAX,
		    &call->got_len[i]);
	return rv;
}

int
hsm_data_get(struct hsm *hsm, const char *label,
    int (*cb)(const unsigned char *data, size_t len, void *arg), void *arg)
{
	struct data_call call = {.label = label};
	size_t i;
	int ok;

	if (!check_label(label))
		return 0;
	call.got = OPENSSL_malloc(OBJECTS_MAX * HSM_DATA_MAX);
	ok = call.got != NULL &&
	    hsm_session_run(hsm, "reading of data", read_op, &call);
	for (i = 0; ok && i < call.n; i++)
		ok = cb(call.got + i * HSM_DATA_MAX, call.got_len[i], arg);
	OPENSSL_free(call.got);
	return ok;
}

/* First the new one, then the end of the old: there is one at any time. */
static CK_RV
write_op(struct hsm_session *s, void *arg)
{
	struct data_call *call = arg;
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof(class)},
	    {CKA_TOKEN, &yes, sizeof(yes)}, {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_APPLICATION, (void *)application, sizeof(application) - 1},
	    {CKA_LABEL, (void *)call->label, strlen(call->label)},
	    {CKA_VALUE, (void *)call->data, call->len}};
	CK_OBJECT_HANDLE old[OBJECTS_MAX], made;
	size_t i, n = 0;
	CK_RV rv;

	rv = find(s, call->label, old, &n);
	if (rv == CKR_OK && call->data != NULL)
		rv = s->fn->C_CreateObject(
		    s->h, t, sizeof(t) / sizeof(t[0]), &made);
	for (i = 0; rv == CKR_OK && i < n; i++)
		rv = s->fn->C_DestroyObject(s->h, old[i]);
	return rv;
}

int
hsm_data_set(
    struct hsm *hsm, const char *label, const void *data, size_t len)
{
	struct data_call call = {.label = label, .data = data, .len = len};

	if (!check_label(label))
		return 0;
	if (data != NULL && (len < 1 || len > HSM_DATA_MAX)) {
		hsm_raise(HSM_E_CONFIG, "data %s: 1 to %d octets, not %zu",
		    label, HSM_DATA_MAX, len);
		return 0;
	}
	return hsm_session_run_rw(hsm, "writing of data", write_op, &call);
}
