#ifndef INKAN_CA_STORE_REHEARSAL_H
#define INKAN_CA_STORE_REHEARSAL_H

#include "ca/store/store.h"

/*
 * A copy of a store, in which a ceremony is rehearsed. It says of itself that it
 * is one; only there may a certificate be replaced by a stand-in.
 */

/* The store at ${from}, whether a program has it open or not, to ${to}, which
   must not exist. 1, or 0 raised. */
int store_copy(const char *from, const char *to);

/* Another DER, with another key, takes the place of row ${id}'s certificate.
   1, or 0 raised (CA_E_INTERNAL: not in a rehearsal). */
int certs_stand_in(struct store_tx *tx, int64_t id, const unsigned char *der,
    size_t len, const unsigned char spki_sha256[32]);

#endif
