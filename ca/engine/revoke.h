#ifndef INKAN_CA_ENGINE_REVOKE_H
#define INKAN_CA_ENGINE_REVOKE_H

#include <time.h>
#include "ca/engine/policy.h"
#include "ca/store/certs.h"

/*
 * Revocation, hold and release (RFC 5280 5.3.1). Rules, checked inside the
 * writing transaction:
 *  - only valid, held, aborted and (for a better reason) revoked certificates;
 *  - certificateHold only from valid, and not for CA, OCSP and code-signing
 *    certificates; release only from hold;
 *  - a revoked certificate's reason changes only upwards, to keyCompromise,
 *    and keeps its first revocation time;
 *  - keyCompromise blocks the key for every later CSR;
 *  - a CA certificate is revoked by its issuer's ceremony, never here.
 * removeFromCRL and the unused 7 are no reasons for a full CRL.
 * Durable in store and status.db when these return 1.
 */

struct revoke_request {
	int64_t cert;			/* row */
	int reason;			/* CRLReason */
	const char *who;		/* for the log */
	const struct policy *policy;	/* to know the profile's class */
	time_t now;
	int ceremony;			/* of its issuer: a CA's certificate */
};

/* 1 with the row as it is now in ${out}; 0 raised (CA_E_DENIED, ...). */
int revoke_cert(struct store *store, const struct revoke_request *r,
    struct cert_row *out);
int revoke_release(struct store *store, const struct revoke_request *r,
    struct cert_row *out);
/* Every live certificate of a device, in one transaction, and the device is
   disabled; one that is just being made is aborted. cb gets each revoked
   row. */
int revoke_device(struct store *store, const struct revoke_request *r,
    int64_t device, int (*cb)(const struct cert_row *row, void *arg),
    void *arg);

#endif
