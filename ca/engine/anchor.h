#ifndef INKAN_CA_ENGINE_ANCHOR_H
#define INKAN_CA_ENGINE_ANCHOR_H

#include <time.h>
#include "ca/store/store.h"

/*
 * Which root has a device used? A client that goes on after our server's
 * certificate has verified it up to an anchor that it holds. Where only one of
 * our roots could have been that anchor, the client holds it.
 *
 * A path counts as open to a client when
 *  - it begins at the server's certificate that the RA presented, and
 *  - each further step is a certificate of a CA of ours that has not expired.
 * Whether it was presented makes no difference for a CA's own certificates, old
 * and renewed: clients keep them from an earlier "cacerts". Link and cross
 * certificates count only when they were presented: who has one from "cacerts"
 * has the newer root from the same answer. When more than one root can be
 * reached, or one that is not ours, or something was presented that we do not
 * know, the contact tells nothing.
 *
 * Not known here: whether the client verifies servers at all, and whether the
 * RA presented what it says (docs/adoption.md).
 */

struct anchor_ca {
	int64_t id;			/* issuers row */
	char name[64], ident[80];
	int generation;
	int is_root;
	int64_t not_after;
};

struct anchor_cert {
	unsigned char sha256[32];
	int64_t subject, signer;	/* issuers rows; 0: not ours */
	int link;			/* counts only when presented */
	int64_t not_after;
};

struct anchor_graph {
	struct anchor_ca *cas;
	size_t n_cas;
	struct anchor_cert *certs;
	size_t n_certs;
};

/* All CAs and what is known of them. 1; 0 raised, nothing to clear. */
int anchor_graph_read(struct anchor_graph *g, struct store_tx *tx);
void anchor_graph_clear(struct anchor_graph *g);
/* The only root that verifies a certificate of ${issuer} (issuers row), with
   the rest of the presented chain in ${sha256}; 0: none, or not only one. */
int64_t anchor_graph_root(const struct anchor_graph *g, int64_t issuer,
    const unsigned char *const *sha256, size_t n, time_t now);
/* NULL: no such CA. */
const struct anchor_ca *anchor_graph_ca(const struct anchor_graph *g,
    int64_t id);
/* Is ${id} a newer anchor than ${known} (0: any is)? A later generation of the
   same name; of another name, what was set up later. */
int anchor_graph_newer(const struct anchor_graph *g, int64_t id, int64_t known);

/* The graph as it was at most ANCHORS_AGE seconds ago, and the last answers:
   an RA presents the same chain all day. Threads may share it. */
#define ANCHORS_AGE 5

struct anchors;
struct anchors *anchors_new(void);	/* NULL: out of memory */
void anchors_free(struct anchors *a);	/* NULL is fine */

/*
 * The root that a client must hold who was shown this chain (SHA-256 of each
 * certificate, leaf first), where it is a newer one than ${known}; else 0. Does
 * not fail a request: what cannot be read counts as 0, nothing is raised.
 */
int64_t anchors_used(struct anchors *a, struct store *store,
    const unsigned char *const *sha256, size_t n, int64_t known, time_t now);

#endif
