#ifndef INKAN_OCSP_CERTID_H
#define INKAN_OCSP_CERTID_H

#include <stddef.h>
#include <openssl/x509.h>
#include "ocsp/request.h"

/*
 * CertIDs and requests of our own making, DER: what a client would send that
 * asks about one certificate and says nothing else (RFC 9919 3.1.1).
 * Outputs are returned to be freed with OPENSSL_free(). 1, or 0 raised.
 */

/* The CertID of (${issuer}, ${serial}) by SHA-1 or SHA-256. ${serial} is the
   magnitude, 1 to REQUEST_SERIAL_MAX octets. */
int certid_encode(X509 *issuer, enum request_hash hash,
    const unsigned char *serial, size_t serial_len, unsigned char **out,
    size_t *out_len);

/* The request about one CertID. */
int certid_request(const unsigned char *certid, size_t certid_len,
    unsigned char **out, size_t *out_len);

#endif
