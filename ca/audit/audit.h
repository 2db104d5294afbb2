#ifndef INKAN_CA_AUDIT_AUDIT_H
#define INKAN_CA_AUDIT_AUDIT_H

#include "ca/audit/source.h"
#include "ca/store/store.h"

/*
 * Is the log what it says it is? A store, or a published log, or both, read
 * from one end to the other: each entry held against its leaf, the leaves
 * against the tree, the tree against what was signed of it, the store against
 * what was published, and the certificates of the store against its entries.
 * What is missing, extra, changed or re-ordered is named by its index and,
 * where it is about a certificate, by issuer and serial.
 *
 * Memory does not grow with the log, but for two octets for each certificate.
 * The store is read in one transaction, beside a running inkan-ca or without
 * it.
 *
 * Not shown: that the checkpoint which one is given is the one that others are
 * given. That is what witnesses and monitors are for.
 */

struct audit_finding {
	const char *what;	/* "missing", "extra", "changed", "re-ordered",
				   "forked", "unsigned", "unpublished" */
	int64_t index;		/* of an entry; -1: about none */
	char issuer[80], serial[41];	/* of a certificate; "" none */
	const char *text;
};

typedef void audit_fn(void *arg, const struct audit_finding *f);

struct audit_config {
	struct store *store;		/* or NULL */
	struct source *source;		/* or NULL */
	const struct note_key *key;	/* NULL: what the store says */
	const struct log_checkpoint *head;	/* of ${source} */
	const struct log_checkpoint *since;	/* seen earlier, or NULL */
	int64_t unpublished_before;	/* entries that are older and not
					   published are a finding; 0: none */
	audit_fn *found;
	void *arg;
};

struct audit_result {
	uint64_t published, entries;	/* leaves; rows of the store */
	struct log_hash root;		/* over all of them: of the log, else of
					   the store */
	size_t checkpoints, certs;	/* of the store, looked at */
	uint64_t lost;		/* entries without detail that were taken over
				   from the published log: no finding */
	size_t findings;
};

/* The key of the newest log of a store, as the store says it. 1, 0 there is no
   log yet, -1 raised. */
int audit_store_key(struct store *store, struct note_key *out);

/* 1: all was read; whether it is well is said by result->findings. 0 raised: it
   could not be read to the end. */
int audit_run(const struct audit_config *c, struct audit_result *r);

#endif
