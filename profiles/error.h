#ifndef INKAN_PROFILES_ERROR_H
#define INKAN_PROFILES_ERROR_H

#include <openssl/err.h>

/*
 * Reasons name decisions, not places (ERR_LIB_USER). The text of a refusal
 * begins with the rule's name and a colon, "key.types: ec-p521 is not ...",
 * so that the refusal can name stage, rule and field without a second table.
 */
enum profile_reason {
	PROFILE_E_CONFIG = 200,	/* what an operator wrote is wrong */
	PROFILE_E_BADREQUEST,	/* CSR or key cannot be read, or is weak */
	PROFILE_E_REFUSED,	/* readable, but the profile says no */
	PROFILE_E_NONCONFORM,	/* a built TBS breaks profile or RFC: ours */
	PROFILE_E_INTERNAL	/* out of memory and the like */
};

#define profile_raise(reason, ...)                                             \
	ERR_raise_data(ERR_LIB_USER, (reason), __VA_ARGS__)

#endif
