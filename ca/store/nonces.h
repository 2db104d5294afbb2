#ifndef INKAN_CA_STORE_NONCES_H
#define INKAN_CA_STORE_NONCES_H

#include "ca/store/store.h"

/*
 * What devices were asked to put into their evidence, so that it is fresh.
 * Known by its hash, and sealed under a token that the session alone has: a copy
 * of the store answers no challenge. A row is used once, by one request
 * (nonces_use); it stays until it is purged, so that a second use is known as one.
 */

#define NONCE_LEN_MAX 64
#define NONCE_NAME_MAX 66	/* octets of a TPM's Name: algorithm, SHA-512 */
#define NONCE_PUBLIC_MAX 1024	/* of a TPMT_PUBLIC */

enum nonce_mode {
	NONCE_PLAIN = 1,	/* signed by a key that is trusted already */
	NONCE_ACTIVATION = 2	/* mixed with a secret that only the TPM of one
				   endorsement key gives out */
};

struct nonce_row {
	int64_t id;
	unsigned char hash[32];		/* SHA-256 of what evidence must carry */
	unsigned char sealed[NONCE_LEN_MAX]; size_t sealed_len;
	unsigned char tie[32];		/* SHA-256 of the session's token */
	unsigned char client[32]; int has_client;	/* of a certificate */
	char fleet[64];
	enum nonce_mode mode;
	/* Of an activation. */
	unsigned char ak_name[NONCE_NAME_MAX]; size_t ak_name_len;
	unsigned char ak_public[NONCE_PUBLIC_MAX]; size_t ak_public_len;
	unsigned char ek_sha256[32]; int has_ek;	/* of its SPKI */
	unsigned char *facts; size_t facts_len;	/* DER of fields, of the EK;
						   nonce_row_clear() */
	int64_t issued, expires, used;	/* used: 0 not yet */
	unsigned char used_by[32];	/* SHA-256 of the request */
};
void nonce_row_clear(struct nonce_row *row);

/* 1, or 0 raised. */
int nonces_add(struct store_tx *tx, const struct nonce_row *row);
/* 1 and ${out} to be cleared, 0 none, -1 raised. */
int nonces_by_tie(struct store_tx *tx, const unsigned char tie[32],
    struct nonce_row *out);
/* Compare and set: 1 it was unused and is ${request}'s now; 0 somebody has used
   it; -1 raised. */
int nonces_use(struct store_tx *tx, int64_t id,
    const unsigned char request[32], int64_t now);
/* How many of a fleet can still be used. */
int nonces_count_open(
    struct store_tx *tx, const char *fleet, int64_t now, int64_t *n);
/* Leave at most ${most} that can still be used: of a fleet, or of the two keys of
   an activation, ${row}'s. The oldest are deleted. 1, or 0. */
int nonces_keep_fleet(
    struct store_tx *tx, const char *fleet, int64_t now, int64_t most);
int nonces_keep_keys(struct store_tx *tx, const struct nonce_row *row,
    int64_t now, int64_t most);
/* Delete what expired before ${before}, at most ${limit} rows: all, or those of a
   fleet that nobody has used. 1, or 0. */
int nonces_purge(struct store_tx *tx, int64_t before, int64_t limit);
int nonces_purge_unused(struct store_tx *tx, const char *fleet, int64_t before,
    int64_t limit);

#endif
