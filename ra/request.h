#ifndef INKAN_RA_REQUEST_H
#define INKAN_RA_REQUEST_H

#include <openssl/x509.h>

/* Certificate requests for our own TLS key. */

/* ${subject} is "CN=a, O=b": a list of TYPE=VALUE. ${names} (may be 0) become
   a subjectAltName that the CSR asks for: addresses as iPAddress, others as
   dNSName. Signed with the key. NULL raised. */
X509_REQ *request_make(
    EVP_PKEY *key, const char *subject, char *const *names, size_t n_names);
/* The same with the subject of ${current}. */
X509_REQ *request_renewal(EVP_PKEY *key, X509 *current);

#endif
