#ifndef INKAN_CA_ENGINE_PRESIGN_H
#define INKAN_CA_ENGINE_PRESIGN_H

#include <time.h>
#include "ca/engine/issuer.h"

/*
 * OCSP answers that a ceremony signs in advance with the CA's own key, because
 * that key will be offline: one response per certificate and CertID hash (SHA-1
 * and SHA-256; RFC 6960, RFC 9919 profile: byKey, nextUpdate present). Written to
 * ocsp/<ident>/<serial>-sha1.der and -sha256.der in ${publish_dir}.
 * Good, or revoked with time and reason (RFC 6960 2.2).
 */
struct presign_subject {
	X509 *cert;
	int revoked;
	int reason;			/* CRLReason, -1 none */
	int64_t when;			/* of the revocation */
};

int presign_one(struct issuer *is, const struct presign_subject *subject,
    const char *publish_dir, time_t now, int64_t lifetime);

/* One response about all of them, for requests with several CertIDs: written to
   all-sha1.der and all-sha256.der. */
int presign_together(struct issuer *is, const struct presign_subject *subjects,
    size_t n, const char *publish_dir, time_t now, int64_t lifetime);

/* The answers in ${publish_dir} for the CA ${ident}: how many, and of the one
   that ends first thisUpdate and nextUpdate. None: *n is 0. 1, or 0 raised when one
   cannot be read. Not checked: signatures. */
int presign_ends(const char *publish_dir, const char *ident, size_t *n,
    int64_t *from, int64_t *until);

#endif
