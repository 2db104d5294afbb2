#ifndef INKAN_CA_AUDIT_PROVE_H
#define INKAN_CA_AUDIT_PROVE_H

#include "ca/log/proof.h"
#include "ca/store/store.h"

/* Proofs from a store file, and what a holder of one checks. */

/* The proof of the entry issue.recorded of a certificate (serial in hexadecimal;
   ${issuer}: ident or name, NULL when the serial says enough), under the newest
   checkpoint of the store that covers it; to be freed with OPENSSL_free(). NULL
   raised. Reads every entry below that checkpoint. */
char *prove_from_store(struct store *store, const char *issuer,
    const char *serial);

#define PROVE_WITNESSES_MAX 16

struct prove_checked {
	uint64_t index;
	struct log_checkpoint over;
	struct log_opening opening;	/* prove_checked_clear() frees it */
	char issuer[80], serial[41];	/* as the entry names them */
	int64_t cosigned[PROVE_WITNESSES_MAX];	/* when, by each witness */
};
void prove_checked_clear(struct prove_checked *c);

/*
 * Is this the proof that the log of ${key} holds the entry issue.recorded of the
 * certificate (DER), under a checkpoint that every one of ${witness} has cosigned?
 * Needs nothing else. 1, or 0 raised: "proof.format", "proof.extra" (no opening),
 * "checkpoint.origin", "checkpoint.signature", "log.inclusion" (entry, index or
 * path changed), "proof.kind", "proof.certificate", "proof.serial",
 * "proof.witness".
 */
int prove_check(const char *proof, size_t len, const unsigned char *cert,
    size_t cert_len, const struct note_key *key, const struct note_key *witness,
    size_t n_witnesses, struct prove_checked *out);

#endif
