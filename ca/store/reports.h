#ifndef INKAN_CA_STORE_REPORTS_H
#define INKAN_CA_STORE_REPORTS_H

#include "ca/store/records.h"

/*
 * Sums for auditors, over what happened at ${from} <= time < ${to} (seconds).
 * Each reads whole tables: not for every minute. All return 1, or 0 raised; a
 * callback that returns 0 ends the list.
 */

struct report_issued {
	char issuer[80], profile[64];
	int64_t n;
};
/* Certificates that were signed and stored, by issuer and profile. */
int reports_issued(struct store_tx *tx, int64_t from, int64_t to,
    int (*cb)(const struct report_issued *r, void *arg), void *arg);

struct report_revoked {
	char issuer[80];
	int reason;			/* CRLReason; -1 unspecified */
	int64_t n;
	int64_t published;		/* of these: stand on a CRL */
	int64_t mean, most;		/* seconds from revocation to the first
					   CRL with it */
};
/* Certificates that are held or revoked since then, by issuer and reason. */
int reports_revoked(struct store_tx *tx, int64_t from, int64_t to,
    int (*cb)(const struct report_revoked *r, void *arg), void *arg);

struct report_crl {
	char issuer[80];
	int shard;
	int64_t number, this_update;
	int64_t late;			/* seconds behind its time */
	int expired;			/* the one before had run out */
};
#define REPORTS_CRL_GRACE 60	/* seconds that are not late yet */
/* CRLs that came after the one before had run out, or later than the CA's
   interval. */
int reports_crls(struct store_tx *tx, int64_t from, int64_t to,
    int (*cb)(const struct report_crl *r, void *arg), void *arg);

/* Entries of the log that tell of people's acts: ceremonies, policies,
   requests, break-glass, stops, CAs; from index ${first} to below ${end}. */
int reports_events(struct store_tx *tx, int64_t from, int64_t to, int64_t first,
    int64_t end, size_t limit,
    int (*cb)(const struct entry_row *row, void *arg), void *arg);

#endif
