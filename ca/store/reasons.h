#ifndef INKAN_CA_STORE_REASONS_H
#define INKAN_CA_STORE_REASONS_H

#include <stddef.h>

/*
 * CRLReason (RFC 5280 5.3.1) by name: those that a full CRL can carry, so
 * neither removeFromCRL (delta CRLs) nor the unused 7. Names in any case.
 */

#define REASONS_N 9

/* The note of an entry «revoke» whose serial number alone was known. */
#define REASONS_NOT_IN_STORE "not in the store"

int reasons_code(const char *name);		/* -1: none of them */
const char *reasons_name(int code);		/* NULL: none of them */
/* All names, in the order of their codes; REASONS_N of them. */
const char *const *reasons_names(void);

#endif
