#ifndef INKAN_RA_ERROR_H
#define INKAN_RA_ERROR_H

#include <openssl/err.h>

/* Reasons name decisions (ERR_LIB_USER). Texts begin with the rule and a
   colon where a client will read them: "base64.length: ...". */
enum ra_reason {
	RA_E_CONFIG = 400, /* configuration, key or certificate file */
	RA_E_BADREQUEST,   /* what the client sent cannot be read */
	RA_E_AWAY,	   /* inkan-ca cannot be reached or is too slow */
	RA_E_INTERNAL	   /* our mistake, or out of memory */
};

#define ra_raise(reason, ...)                                                  \
	ERR_raise_data(ERR_LIB_USER, (reason), __VA_ARGS__)

#endif
