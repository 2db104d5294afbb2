#ifndef INKAN_CA_MERGE_MERGE_H
#define INKAN_CA_MERGE_MERGE_H

#include <stdio.h>
#include "ca/audit/source.h"
#include "ca/log/leaf.h"
#include "ca/store/store.h"

/*
 * «inkan restore --merge»: a store that was restored from a copy takes back what
 * others still have of the time after it. inkan-ca does not run.
 *
 *  - the published log: its leaves become the store's next entries, so that the
 *    log goes on and does not fork. The tree must begin with the store's own
 *    entries, and its root be signed by the key that the store knows;
 *  - what opens leaves: the lines of «inkan log export», and proofs. What an
 *    opened entry tells of a certificate, a revocation or a device is done;
 *  - certificates: each must be signed by a CA of the store;
 *  - CRLs: each must be signed by a CA of the store. What is on one and is
 *    unknown becomes a revoked row; what is known is revoked. CRL numbers go on
 *    from the highest.
 *
 * All of it is one transaction, or none of it: whatever is refused leaves the
 * store as it was. Every certificate and revocation has an entry of the log,
 * an opened one or a new one, and «restore.merged» sums up. Doing it again with
 * the same, or with more, changes what is new and nothing else.
 *
 * Not looked at: whether what is given is all that there was. A leaf that nothing
 * opens says when what kind of thing happened, and no more; how many issued
 * certificates stay unknown at least is counted. (A serial number on a CRL, or a
 * certificate that may have been issued in the time that is lost, counts as one of
 * these, also where it is an older one that the store did not know.)
 *
 * Rules: "merge.fork", "merge.newer", "merge.log", "merge.foreign",
 * "merge.signature", "merge.duplicate", "merge.crl", "merge.file".
 */

struct merge_request {
	struct store *store;		/* open for writing */
	struct source *log;		/* or NULL */
	const char *const *crls;	/* files */
	size_t n_crls;
	const char *certs;		/* a folder of certificates and proofs, or
					   NULL */
	const char *details;		/* a file of «inkan log export», or NULL */
	const char *who;		/* for the record */
	const char *text;		/* why; or NULL */
	int dry_run;			/* everything, and then taken back */
	int64_t now;
	FILE *told;			/* a line for each thing that an operator
					   has to look at */
};

#define MERGE_KINDS_MAX 64

struct merge_result {
	int64_t had;		/* entries of the store before */
	int64_t published;	/* of the log; 0: none was given */
	int64_t adopted;	/* leaves that became entries */
	int64_t opened;		/* entries whose detail came back */
	int64_t certs;		/* certificates that the store did not know */
	int64_t completed;	/* rows that got their certificate */
	int64_t known;		/* certificates that were there already */
	int64_t unseen;		/* rows by opened entries, without certificate */
	int64_t revoked;	/* known certificates, revoked or held */
	int64_t unknown;	/* serials that became revoked rows */
	int64_t crls;		/* newer ones than the store's */
	int64_t devices;	/* that came back by opened entries */
	int64_t unattributed;	/* certificates of no device that we know */
	int64_t damaged;	/* certificates in PEM that cannot be read */
	int64_t lost;		/* entries that nothing opens yet, in all */
	int64_t unexplained;	/* of these, certificates that are not known: at
				   least so many */
	struct merge_kind { char kind[LEAF_KIND_MAX]; int64_t n; }
		kind[MERGE_KINDS_MAX], undone[MERGE_KINDS_MAX];
	size_t n_kinds;		/* the lost ones by kind */
	size_t n_undone;	/* opened, and left to an operator, by kind */
};

/* 1; *out is filled, also in a dry run. 0 raised; nothing was changed. */
int merge_run(const struct merge_request *q, struct merge_result *out);
/* Did (or would) it change anything? */
int merge_changes(const struct merge_result *r);

#endif
