#ifndef INKAN_RA_CERTS_H
#define INKAN_RA_CERTS_H

#include <stddef.h>

/*
 * Certs-only CMS (RFC 5652 with RFC 7030 4.1.3): SignedData without content
 * and signers. Certificates go in as DER and in the order given; what they
 * hold is not looked at, but each must be one SEQUENCE.
 */

#define CERTS_MAX 64

struct certs_der {
	const unsigned char *p; /* borrowed */
	size_t len;
};

/* DER to be freed with OPENSSL_free(). 1, or 0 raised. */
int certs_only(
    const struct certs_der *certs, size_t n, unsigned char **out, size_t *len);

#endif
