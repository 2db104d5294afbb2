#ifndef INKAN_RA_ATTEST_EAT_H
#define INKAN_RA_ATTEST_EAT_H

#include "ra/attest/cose.h"

/*
 * Entity Attestation Tokens (RFC 9711) as CWT and as JWT, alone or in a CMW record
 * (RFC 9999); with the claims of a PSA token (RFC 9783).
 *
 * Not read: submodules (a token that has some is refused: nobody here appraises
 * them), Detached EAT Bundles, unsigned claim sets, COSE_Mac0, CMW collections;
 * a PSA token's verification service (URLs in tokens are never fetched). A key
 * that a token itself brings along without a certificate is never believed.
 */

#define EAT_NONCES_MAX 8
#define EAT_MEASUREMENTS_MAX 32
#define EAT_CLAIM_ABSENT (-1)

struct eat_component {
	struct attest_octets type, value, signer_id;
};

/* The claims of either form, in one. Octets point into the token or into
   ${owned}. */
struct eat_claims {
	struct attest_octets nonce[EAT_NONCES_MAX];
	size_t n_nonces;
	struct attest_octets profile; /* URI, or dotted OID */
	struct attest_octets ueid, oemid, hwmodel;
	int dbgstat; /* 0..4, or EAT_CLAIM_ABSENT */
	int oemboot; /* 0, 1, or EAT_CLAIM_ABSENT */
	int64_t iat, exp, nbf; /* EAT_CLAIM_ABSENT */
	int submods;
	struct attest_octets measurement[EAT_MEASUREMENTS_MAX];
	size_t n_measurements;
	struct eat_component component[EAT_MEASUREMENTS_MAX];
	size_t n_components;
	int64_t lifecycle; /* PSA; EAT_CLAIM_ABSENT */
	struct attest_octets implementation;
	EVP_PKEY *cnf;
	/* what is owned */
	cbor_item_t *tree;
	void *owned[96];
	size_t n_owned;
};

/* The claims in a token's payload. 1, or 0 raised; to be cleared with
   eat_claims_clear() in both cases. */
int eat_read_cbor(struct attest_octets payload, struct eat_claims *out);
int eat_read_json(struct attest_octets payload, struct eat_claims *out);
void eat_claims_clear(struct eat_claims *c);
/* Keeps ${p} (of OPENSSL_malloc) as long as the claims; 0 when it cannot. */
int eat_keep(struct eat_claims *c, void *p);

/* What is in a CMW record: the token, whether it is a JWT, and the profile that
   its media type names (none: empty). ${owned} is to be freed. */
struct cmw {
	struct attest_octets token;
	int jwt;
	char profile[256];
	unsigned char *owned;
	cbor_item_t *tree;
};
/* ${kind}: whose wrapping it is. 1, or 0 raised; to be cleared in both cases. */
int cmw_read(enum attest_kind kind, struct attest_octets stmt, struct cmw *out);
void cmw_clear(struct cmw *c);

#endif
