#include <string.h>
#include "hsm/private.h"

static const char *
source_name(const struct hsm *hsm)
{
	return hsm->pin.name != NULL ? hsm->pin.name : "the terminal";
}

/*
 * A token in which one try is left is not tried: whether the PIN is right
 * nobody knows, and a locked token stops the whole CA.
 */
static int
check_flags(CK_FLAGS flags, const char *label)
{
	if (flags & CKF_USER_PIN_LOCKED)
		hsm_raise(HSM_E_PIN,
		    "token %s: the PIN is locked, the "
		    "security officer has to set a new one",
		    label);
	else if (flags & CKF_USER_PIN_FINAL_TRY)
		hsm_raise(HSM_E_PIN,
		    "token %s: one try of the PIN is left; "
		    "log in by hand with the right PIN first",
		    label);
	else if (!(flags & CKF_USER_PIN_INITIALIZED))
		hsm_raise(HSM_E_NOTOKEN,
		    "token %s is uninitialised: no user PIN has been set",
		    label);
	else if (flags & CKF_USER_PIN_TO_BE_CHANGED)
		hsm_raise(HSM_E_PIN,
		    "token %s: the PIN has to be changed first", label);
	else
		return 1;
	return 0;
}

static int
judge(struct hsm *hsm, CK_RV rv, const char *label, const char *serial)
{
	int noted;

	switch (rv) {
	case CKR_OK:
		/* A note that cannot be wiped costs no more than a try. */
		ERR_set_mark();
		hsm_pin_remember(&hsm->pin, serial, 1);
		ERR_pop_to_mark();
		return 1;
	case CKR_USER_ALREADY_LOGGED_IN:
		return 1;
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		noted = hsm_pin_remember(&hsm->pin, serial, 0);
		hsm_raise(HSM_E_PIN,
		    "token %s: the PIN from %s is wrong; it will not be tried "
		    "again%s until it changes",
		    label, source_name(hsm),
		    noted ? "" : " before the next start or");
		return 0;
	case CKR_PIN_LOCKED:
		hsm_raise(HSM_E_PIN,
		    "token %s: the PIN is locked, the "
		    "security officer has to set a new one",
		    label);
		return 0;
	case CKR_USER_PIN_NOT_INITIALIZED:
		hsm_raise(HSM_E_NOTOKEN,
		    "token %s is uninitialised: no user PIN has been set",
		    label);
		return 0;
	default:
		return hsm_raise_rv(rv, "C_Login");
	}
}

static int
login_with_pin(struct hsm *hsm, const char *label)
{
	char pin[HSM_PIN_MAX + 1];
	char serial[sizeof(hsm->token.serialNumber) + 1];
	size_t len = 0;
	CK_RV rv;
	int rc = 0;

	hsm_text_copy(
	    serial, hsm->token.serialNumber, sizeof(hsm->token.serialNumber));
	if (hsm_pin_may_try(&hsm->pin, serial) &&
	    hsm_pin_read(&hsm->pin, label, pin, &len)) {
		rv = hsm->module->fn->C_Login(
		    hsm->anchor, CKU_USER, (unsigned char *)pin, len);
		rc = judge(hsm, rv, label, serial);
	}
	OPENSSL_cleanse(pin, sizeof(pin));
	return rc;
}

/* Another handle of this process may have logged in already. */
static int
is_logged_in(struct hsm *hsm)
{
	CK_SESSION_INFO info;

	if (hsm->module->fn->C_GetSessionInfo(hsm->anchor, &info) != CKR_OK)
		return 0;
	return info.state == CKS_RO_USER_FUNCTIONS ||
	    info.state == CKS_RW_USER_FUNCTIONS;
}

int
hsm_login(struct hsm *hsm, int first)
{
	CK_FLAGS flags = hsm->token.flags;
	char label[sizeof(hsm->token.label) + 1];
	int rc;

	hsm_text_copy(label, hsm->token.label, sizeof(hsm->token.label));
	if (hsm->pin.kind == HSM_PIN_NONE && !(flags & CKF_LOGIN_REQUIRED))
		return 1;
	if (is_logged_in(hsm)) {
		hsm->logged_in = 1;
		return 1;
	}
	if (!check_flags(flags, label))
		return 0;
	if (hsm->pin.kind == HSM_PIN_NONE) {
		if (!(flags & CKF_PROTECTED_AUTHENTICATION_PATH)) {
			hsm_raise(HSM_E_PIN,
			    "token %s wants a PIN and none is configured",
			    label);
			return 0;
		}
		/* The token asks by itself, on a pad of its own. */
		rc = judge(hsm,
		    hsm->module->fn->C_Login(hsm->anchor, CKU_USER, NULL, 0),
		    label, "");
	} else if (hsm->pin.kind == HSM_PIN_TTY && !first) {
		hsm_raise(HSM_E_TOKEN,
		    "token %s: the login is lost, and its "
		    "PIN was typed by a person: start again",
		    label);
		return 0;
	} else
		rc = login_with_pin(hsm, label);
	hsm->logged_in = rc;
	return rc;
}
