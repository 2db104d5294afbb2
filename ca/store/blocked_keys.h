#ifndef INKAN_CA_STORE_BLOCKED_KEYS_H
#define INKAN_CA_STORE_BLOCKED_KEYS_H

#include "ca/store/store.h"

/* The table of blocked keys as a list; certs.h asks it about one. A key is
   known by the SHA-256 of its SubjectPublicKeyInfo. */

struct blocked_key {
	unsigned char md[32];
	int64_t at;
	char why[256];
};

/* 1 added, 0 it is there already, -1 raised. */
int blocked_keys_add(struct store_tx *tx, const struct blocked_key *key);
/* 1 taken out, 0 it was not there, -1 raised. */
int blocked_keys_remove(struct store_tx *tx, const unsigned char md[32]);
int blocked_keys_get(struct store_tx *tx, const unsigned char md[32],
    struct blocked_key *out);	/* 1 found, 0 not there, -1 raised */
/* In order of hash, those above ${after} (NULL: all). Stops when ${cb} returns
   0. 1, or 0 raised. */
int blocked_keys_list(struct store_tx *tx, const unsigned char *after,
    size_t limit, int (*cb)(const struct blocked_key *key, void *arg),
    void *arg);
int blocked_keys_count(struct store_tx *tx, int64_t *out);

#endif
