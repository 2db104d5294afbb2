#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "hsm/private.h"
#include "hsm/scratch.h"

#define SLOTS_MAX 64

/* A slot whose token is blank. */
static CK_RV
find_blank(CK_FUNCTION_LIST *fn, CK_SLOT_ID *out)
{
	CK_SLOT_ID list[SLOTS_MAX];
	CK_ULONG i, n = SLOTS_MAX;
	CK_TOKEN_INFO info;
	CK_RV rv;

	if ((rv = fn->C_GetSlotList(CK_TRUE, list, &n)) != CKR_OK)
		return rv;
	for (i = 0; i < n; i++) {
		if (fn->C_GetTokenInfo(list[i], &info) != CKR_OK ||
		    (info.flags & CKF_TOKEN_INITIALIZED))
			continue;
		*out = list[i];
		return CKR_OK;
	}
	return CKR_TOKEN_NOT_PRESENT;
}

static CK_RV
set_pin(CK_FUNCTION_LIST *fn, CK_SLOT_ID slot, unsigned char *pin, size_t len)
{
	CK_SESSION_HANDLE s;
	CK_RV rv;

	rv = fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
	    NULL, &s);
	if (rv != CKR_OK)
		return rv;
	rv = fn->C_Login(s, CKU_SO, pin, len);
	if (rv == CKR_OK)
		rv = fn->C_InitPIN(s, pin, len);
	fn->C_CloseSession(s);
	return rv;
}

static CK_RV
initialise(CK_FUNCTION_LIST *fn, const char *label, const char *pin)
{
	unsigned char text[32], copy[HSM_PIN_MAX + 1];
	size_t len = strlen(pin);
	CK_SLOT_ID slot = 0;
	CK_RV rv;

	if (strlen(label) > sizeof(text) || len > HSM_PIN_MAX)
		return CKR_ARGUMENTS_BAD;
	memset(text, ' ', sizeof(text));
	memcpy(text, label, strlen(label));
	memcpy(copy, pin, len + 1);
	if ((rv = find_blank(fn, &slot)) == CKR_OK)
		rv = fn->C_InitToken(slot, copy, len, text);
	if (rv == CKR_OK)
		rv = set_pin(fn, slot, copy, len);
	OPENSSL_cleanse(copy, sizeof(copy));
	return rv;
}

int
hsm_scratch_make(const char *module, const char *softhsm_conf,
    const char *label, const char *pin)
{
	struct hsm_module *m;
	CK_RV rv;

	if (softhsm_conf == NULL || softhsm_conf[0] == '\0') {
		hsm_raise(HSM_E_CONFIG, "a throw-away token needs a "
		    "configuration of SoftHSM's");
		return 0;
	}
	if ((m = hsm_module_open(module, softhsm_conf)) == NULL)
		return 0;
	pthread_rwlock_wrlock(&m->lock);
	ERR_set_mark();
	rv = initialise(m->fn, label, pin);
	ERR_pop_to_mark();
	pthread_rwlock_unlock(&m->lock);
	hsm_module_close(m);
	return rv == CKR_OK || hsm_raise_rv(rv, "making a throw-away token");
}

int
hsm_uri_label(const char *uri, char *out, size_t size)
{
	struct hsm_uri parsed;
	char label[33];

	if (!hsm_uri_parse(&parsed, uri))
		return 0;
	hsm_text_copy(label, p11_kit_uri_get_token_info(parsed.p11)->label,
	    32);
	hsm_uri_clear(&parsed);
	snprintf(out, size, "%s", label);
	return 1;
}

int
hsm_uri_of_label(const char *label, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "pkcs11:token=");

	for (; *label != '\0' && n + 4 < size; label++)
		n += (size_t)snprintf(out + n, size - n,
		    isalnum((unsigned char)*label) || *label == '-' ? "%c" :
		    "%%%02X", (unsigned char)*label);
	return *label == '\0';
}
