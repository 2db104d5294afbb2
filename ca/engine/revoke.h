#ifndef INKAN_CA_ENGINE_REVOKE_H
#define INKAN_CA_ENGINE_REVOKE_H

#include <time.h>
#include "ca/engine/policy.h"
#include "ca/store/certs.h"
#include "ca/store/devices.h"

/*
 * Revocation, hold and release (RFC 5280 5.3.1). Rules, checked inside the
 * writing transaction:
 *  - only valid, held, aborted and (for a better reason) revoked certificates;
 *  - certificateHold only from valid, and not for CA, OCSP and code-signing
 *    certificates; release only from hold;
 *  - a revoked certificate's reason changes only upwards, to keyCompromise,
 *    and keeps its first revocation time;
 *  - an invalidity date (5.3.2) is not before 1970, not later than the
 *    revocation, not for a hold, and once it stands it only moves back;
 *  - keyCompromise blocks the key for every later CSR;
 *  - a CA certificate is revoked by its issuer's ceremony, never here.
 * removeFromCRL and the unused 7 are no reasons for a full CRL.
 * Durable in store and status.db when these return 1.
 */

struct revoke_request {
	int64_t cert;			/* row */
	int reason;			/* CRLReason */
	int64_t invalidity;		/* 0: none given */
	int64_t campaign;		/* for the log; 0: none */
	const char *who;		/* for the log */
	const struct policy *policy;	/* to know the profile's class */
	time_t now;
	int ceremony;			/* of its issuer: a CA's certificate */
};

typedef int revoke_cb(const struct cert_row *row, void *arg);

/* 1 with the row as it is now in ${out}; 0 raised (CA_E_DENIED, ...). */
int revoke_cert(struct store *store, const struct revoke_request *r,
    struct cert_row *out);
int revoke_release(struct store *store, const struct revoke_request *r,
    struct cert_row *out);

/* Every live certificate of a device, in one transaction; one that is just being
   made is aborted. ${disable}: the device is disabled in the same transaction.
   cb gets each revoked row. */
int revoke_device(struct store *store, const struct revoke_request *r,
    int64_t device, int disable, revoke_cb *cb, void *arg);

/*
 * A key, by the SHA-256 of its SubjectPublicKeyInfo: it is blocked first of all,
 * known or not, so that no certificate on it can follow; then every live
 * certificate on it, of all issuers and fleets, is revoked, and for
 * keyCompromise the reason of those that were revoked is raised. In stages, so
 * that a key of many certificates delays nobody; what was done stands, and
 * asking again does the rest. *n: revoked or raised; *left: CA certificates, which
 * it does not touch.
 */
int revoke_key(struct store *store, const struct revoke_request *r,
    const unsigned char spki_sha256[32], revoke_cb *cb, void *arg,
    size_t *n, size_t *left);

/*
 * A serial of which the store has no row, as after a restore: it gets one, as
 * revoked, without certificate and without end, so that it stays on the CRL.
 * Nothing is known of its key, so that none is blocked. ${issuer}: of ours, not a
 * root (what a root issued is revoked in its ceremony). CA_E_STORE
 * "serial.duplicate" when there is a row.
 */
struct issuer;
int revoke_unknown(struct store *store, const struct revoke_request *r,
    const struct issuer *issuer, const unsigned char *serial, size_t len,
    struct cert_row *out);

/* --- inside a transaction, for whoever revokes more than one --- */

/* May it be? 1; 0 the rules say no (raised, CA_E_DENIED), nothing was changed;
   -1 raised. */
int revoke_may(struct store_tx *tx, const struct revoke_request *r,
    const struct cert_row *row);
/* Do it, with its log entry: ${row} is read again. It may be: revoke_may(). */
int revoke_do(struct store_tx *tx, const struct revoke_request *r,
    struct cert_row *row);
/* All live certificates of a device but those for which ${keep} (NULL: none)
   says 1; how many in *n. */
int revoke_all_of(struct store_tx *tx, const struct revoke_request *r,
    const struct device_row *dev,
    int (*keep)(const struct revoke_request *r, const struct cert_row *row),
    revoke_cb *cb, void *arg, size_t *n);
/* An entry of the log about a certificate: "revoke", "hold", "release". */
int revoke_log(struct store_tx *tx, const char *kind,
    const struct revoke_request *r, const struct cert_row *row, int unknown);
/* The class that a certificate itself shows: CA, OCSP, code signing, or LDevID
   for all that do not show theirs. ${out} stays for one without DER, which went
   nowhere. 1, or 0 raised. */
int revoke_class_of_der(struct store_tx *tx, int64_t id,
    enum profile_class *out);
/* What is wrong with an invalidity date (0: none), whatever the certificate, as
   "revoke.invalidity: text"; NULL: nothing. A CRL could not bear it. */
const char *revoke_date_wrong(int64_t invalidity, int64_t revoked);
/* Is the key lost by that reason? */
int revoke_is_key_lost(int reason);

#endif
