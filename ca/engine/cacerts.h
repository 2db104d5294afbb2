#ifndef INKAN_CA_ENGINE_CACERTS_H
#define INKAN_CA_ENGINE_CACERTS_H

#include <time.h>
#include "ca/store/store.h"
#include "ca/wire/field.h"

/*
 * What EST's "cacerts" says (RFC 7030 4.1.3): for a fleet the generations of
 * its issuing CA, the active one first; what stands between it and its root;
 * every root, the newest generation of a name first; the link certificates
 * between generations (OldWithNew, NewWithOld of RFC 4210 4.4); and for a CA
 * that a foreign one has certified, the foreign ones above it. Certificates
 * that were renewed are in it as long as they live.
 *
 * Cross certificates are not: who needs one is told by his verifier's operator,
 * and a device that trusts ours needs none. What has expired is left out, but
 * for the active CA and the newest root.
 */

#define CACERTS_MAX 64		/* in one answer; the RA takes no more */

struct cacerts;

/* All CA certificates of the store. Returned to be freed; NULL raised. */
struct cacerts *cacerts_read(struct store *store);
void cacerts_free(struct cacerts *k);	/* NULL is fine */

/* Add each certificate as "cacerts" to ${row}, none twice. ${issuer} is ident
   or name of the fleet's CA. Beyond CACERTS_MAX the last are left out. 1, or 0
   raised. */
int cacerts_add(const struct cacerts *k, const char *issuer, time_t now,
    WIRE_FIELDS *row);

#endif
