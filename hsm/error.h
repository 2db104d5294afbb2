#ifndef INKAN_HSM_ERROR_H
#define INKAN_HSM_ERROR_H

#include <openssl/err.h>

/*
 * Reasons name decisions, not places. They are raised on OpenSSL's error
 * queue under ERR_LIB_USER; the text says what was found.
 */
enum hsm_reason {
	HSM_E_CONFIG = 100,	/* URI, module or pool settings are wrong */
	HSM_E_NOMODULE,		/* the PKCS#11 module cannot be loaded */
	HSM_E_NOTOKEN,		/* no such token, or it is uninitialised */
	HSM_E_NOKEY,		/* the token lacks the key */
	HSM_E_PIN,		/* wrong, locked or withheld PIN: exit status of
				   its own, see HSM_EXIT_PIN */
	HSM_E_UNSAFE,		/* key is extractable, not sensitive, ... */
	HSM_E_UNSUPPORTED,	/* token lacks the mechanism */
	HSM_E_TOKEN,		/* the token failed while it was in use: try
				   again later */
	HSM_E_WRONG		/* the token made a wrong signature: it signs
				   no more until an operator says so */
};

#define hsm_raise(reason, ...)                                                 \
	ERR_raise_data(ERR_LIB_USER, (reason), __VA_ARGS__)

#endif
