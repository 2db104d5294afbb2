#ifndef INKAN_CA_ENGINE_CRL_FRAME_H
#define INKAN_CA_ENGINE_CRL_FRAME_H

#include "ca/engine/crl_build.h"

/*
 * TBSCertList around its entries, declared with OpenSSL's templates in two
 * halves, without a SEQUENCE around them: what stands before
 * revokedCertificates (version, algorithm, issuer, both times), and what stands
 * behind it (the extensions under their [0]). Both are returned to be freed
 * with OPENSSL_free(). 1, or 0 (out of memory; the caller raises).
 */
int crl_frame_head(const struct issuer *is, const struct crl_spec *spec,
    unsigned char **out, size_t *len);
int crl_frame_tail(const struct issuer *is, const struct crl_spec *spec,
    unsigned char **out, size_t *len);

#endif
