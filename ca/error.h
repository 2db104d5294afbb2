#ifndef INKAN_CA_ERROR_H
#define INKAN_CA_ERROR_H

#include <openssl/err.h>

/*
 * Reasons name decisions (ERR_LIB_USER). The last one on the queue decides the
 * answer (engine/outcome.c maps it in one place). Refusal texts begin with the
 * rule and a colon: "renew.window: ...".
 */
enum ca_reason {
	CA_E_BADREQUEST = 300,	/* cannot be read, or breaks a format rule */
	CA_E_UNAUTHENTICATED,	/* no credential, or a wrong secret */
	CA_E_DENIED,		/* authenticated or not: policy says no */
	CA_E_NOTFOUND,		/* no such label, certificate, device ... */
	CA_E_PENDING,		/* parked: come back */
	CA_E_LIMITED,		/* rate or quota */
	CA_E_BUSY,		/* queue full: come back */
	CA_E_STORE,		/* store, status.db or disk: come back */
	CA_E_SIGN,		/* token or key: come back */
	CA_E_STOPPED,		/* issuing is stopped (time, operator) */
	CA_E_CONFIG,		/* configuration or policy is wrong */
	CA_E_INTERNAL		/* our mistake, or out of memory */
};

#define ca_raise(reason, ...)                                                  \
	ERR_raise_data(ERR_LIB_USER, (reason), __VA_ARGS__)

#endif
