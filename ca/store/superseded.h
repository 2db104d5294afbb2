#ifndef INKAN_CA_STORE_SUPERSEDED_H
#define INKAN_CA_STORE_SUPERSEDED_H

#include "ca/store/store.h"

/* Certificates that have been renewed and are to be revoked: at a time, or once
   their successor has been used. */

/* ${due} 0: with the first use. One that stands here already gets the new
   time. 1, or 0 raised. */
int superseded_add(struct store_tx *tx, int64_t cert, int64_t due);
/* Does ${cert} wait for a first use? 1, 0, -1 raised. */
int superseded_waits(struct store_tx *tx, int64_t cert);
/* The first use, if it waits for one: it is due from ${now} on. */
int superseded_used(struct store_tx *tx, int64_t cert, int64_t now);
/* The first one after row ${after} (0: of all) that is due. 1 found, 0 none, -1
   raised. */
int superseded_next(struct store_tx *tx, int64_t now, int64_t after,
    int64_t *cert);
int superseded_remove(struct store_tx *tx, int64_t cert);

#endif
