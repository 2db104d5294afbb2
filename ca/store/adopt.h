#ifndef INKAN_CA_STORE_ADOPT_H
#define INKAN_CA_STORE_ADOPT_H

#include "ca/log/leaf.h"
#include "ca/store/certs.h"
#include "ca/store/records.h"

/*
 * What a store that is older than its log takes back from outside (ca/merge):
 * entries of which the leaf alone is known, and certificates that were issued
 * after the copy was made.
 *
 * An adopted entry is a row like any other, but salt and detail are empty: they
 * are lost, until somebody has them. No detail that we write is empty (a list
 * of no fields is 3000).
 *
 * Nothing here looks at signatures or at the tree.
 */

int entries_is_lost(const struct entry_row *row);
/* A published leaf becomes the next entry. 1, or 0 raised: "leaf.format", or
   CA_E_INTERNAL where its index is not the next. */
int entries_adopt(struct store_tx *tx, const unsigned char *leaf, size_t len);
/* Salt and detail come back. 1; 0, nothing raised: they do not open this leaf,
   or no detail of it is missing; -1 raised. */
int entries_open(struct store_tx *tx, int64_t index,
    const struct log_opening *o);
/* The first lost one from ${from} on: 1 with *out to be cleared, 0, -1. */
int entries_next_lost(struct store_tx *tx, int64_t from,
    struct entry_row *out);
/* How many are lost, by kind. Stops when ${cb} returns 0. 1, or 0 raised. */
int entries_lost_kinds(struct store_tx *tx,
    int (*cb)(const char *kind, int64_t n, void *arg), void *arg);

/* The lost ones of ${kind}: how many, and the time of the earliest; 0 and 0 where
   there is none. 1, or 0 raised. */
int entries_lost_of(struct store_tx *tx, const char *kind, int64_t *n,
    int64_t *first);

/* reserved -> valid, of a certificate that nobody has: its hash is all there
   is. It may come later (certs_complete()). */
int certs_record_unseen(struct store_tx *tx, int64_t id,
    const unsigned char sha256[32]);
/* What an entry tells of a row that knows less: subject, profile, fleet and
   device, and both hashes, where the row has none. An all-zero hash tells
   nothing. Of no consequence for its state. */
int certs_told(struct store_tx *tx, const struct cert_row *row);
/* ${id} renewed ${predecessor}, where that has no other successor that was not
   aborted; else nothing is done. */
int certs_told_renewal(struct store_tx *tx, int64_t id, int64_t predecessor);
/* The certificate of a row that has none: DER, and what it says (validity,
   subject, key, TBS), from ${row}; profile, fleet and device where the row has
   none. A reserved one becomes valid, every other state stays. CA_E_DENIED
   ("state: ...") where there is a certificate, or the row is aborted. */
int certs_complete(struct store_tx *tx, const struct cert_row *row,
    const unsigned char *der, size_t len, int64_t now);

#endif
