#ifndef INKAN_CA_STORE_FACTS_H
#define INKAN_CA_STORE_FACTS_H

#include "ca/store/store.h"

/*
 * What the identity in a device's certificate was made from when the device
 * enrolled, beside what the registry says: kept with each certificate for as
 * long as its row, so that a renewal can make subject and names anew. What is
 * in the octets is the engine's business (ca/engine/facts.h).
 */

#define FACTS_MAX (64 * 1024)

/* In the transaction that reserves ${cert}. 1, or 0 raised. */
int facts_add(struct store_tx *tx, int64_t cert, const unsigned char *facts,
    size_t len);
/* To be freed with OPENSSL_free(). 1, 0 none kept, -1 raised. */
int facts_get(struct store_tx *tx, int64_t cert, unsigned char **facts,
    size_t *len);

#endif
