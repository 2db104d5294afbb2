#ifndef INKAN_CA_ENGINE_CRL_H
#define INKAN_CA_ENGINE_CRL_H

#include <time.h>
#include "ca/engine/issuer.h"

/*
 * Full CRLs (RFC 5280 5): v2, sorted by serial, revokedCertificates absent when
 * empty, reasonCode omitted for unspecified, crlNumber = max(last + 1, seconds of
 * thisUpdate), AKI = the issuer's SKI. A certificate that expires stays on one
 * more CRL. Written to the store (number, log entry) before it is published;
 * published atomically.
 */

/* Build, sign, store and publish. ${publish_dir} may be NULL. ${out} may be
   NULL; its der is then not given (else free with OPENSSL_free). The caller
   serialises calls for one issuer. */
int crl_issue(struct store *store, struct issuer *is, const char *publish_dir,
    time_t now, struct crl_row *out);

/* Publish the newest CRL of the store again where the file is missing or
   another (after a crash between both). */
int crl_republish(struct store *store, const struct issuer *is,
    const char *publish_dir);

/* When the next CRL is due: thisUpdate + interval of the newest, or its
   nextUpdate where no interval is known (a root's); 0 if there is none. */
int crl_due(struct store *store, const struct issuer *is, int64_t *due);

#endif
