#ifndef INKAN_CA_STORE_EVIDENCE_H
#define INKAN_CA_STORE_EVIDENCE_H

#include "ca/store/store.h"

/*
 * What devices have shown, and what was decided on it: one row per decision,
 * accepted or refused. The evidence itself may go by retention (its hash stays),
 * the row does not: the log's entry names it by its hash.
 */

#define EVIDENCE_MAX (64 * 1024)	/* octets of one piece */

struct evidence_row {
	int64_t id, cert;		/* cert: 0 none was issued */
	char fleet[64], device[257];
	int64_t at;
	int accepted;
	char rule[64], text[400];	/* of a refusal; "" */
	char format[64];		/* "" where it was not known */
	int64_t policy_version;
	unsigned char nonce[128];	/* what the evidence carried */
	size_t nonce_len;
	unsigned char request_sha256[32], spki_sha256[32];
	unsigned char evidence_sha256[32];
	unsigned char *evidence; size_t evidence_len;	/* NULL: hash only */
	unsigned char *facts; size_t facts_len;	/* DER of fields */
	int64_t keep_until;		/* of the evidence; 0 for good */
};
/* Frees what it points to. */
void evidence_row_clear(struct evidence_row *row);

/* Sets ${row}->id. 1, or 0 raised. */
int evidence_add(struct store_tx *tx, struct evidence_row *row);
/* 1 and ${out} to be cleared, 0 none, -1 raised. */
int evidence_by_cert(
    struct store_tx *tx, int64_t cert, struct evidence_row *out);
int evidence_by_id(struct store_tx *tx, int64_t id, struct evidence_row *out);
/* The newest decision on that evidence. */
int evidence_by_hash(struct store_tx *tx, const unsigned char sha256[32],
    struct evidence_row *out);
/* Newest first, below ${before} (INT64_MAX: all), of a fleet, at most ${limit}.
   ${cb} takes over what the row points to; 0 from it ends the list. 1, or 0. */
int evidence_list(struct store_tx *tx, const char *fleet, int64_t before,
    size_t limit, int (*cb)(struct evidence_row *row, void *arg), void *arg);
/* Drop evidence whose time is over, of at most ${limit} rows. 1, or 0. */
int evidence_expire(struct store_tx *tx, int64_t now, int64_t limit);

#endif
