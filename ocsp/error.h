#ifndef INKAN_OCSP_ERROR_H
#define INKAN_OCSP_ERROR_H

#include <openssl/err.h>

/*
 * Reasons name decisions, not places (ERR_LIB_USER). Each stands for one
 * answer that a client gets, or for one thing that the operator must do.
 */
enum ocsp_reason {
	OCSP_E_CONFIG = 500, /* what the operator wrote is wrong */
	OCSP_E_MALFORMED,    /* request cannot be read: malformedRequest */
	OCSP_E_DELEGATE,     /* delegate's key or certificate is unfit */
	OCSP_E_FILE,	     /* a published file is unfit */
	OCSP_E_RENEW,	     /* renewal failed: tried again later */
	OCSP_E_LISTEN,	     /* an address cannot be listened on */
	OCSP_E_INTERNAL	     /* our mistake, or out of memory */
};

#define ocsp_raise(reason, ...)                                                \
	ERR_raise_data(ERR_LIB_USER, (reason), __VA_ARGS__)

#endif
