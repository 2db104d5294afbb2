#ifndef INKAN_CA_ENGINE_ATTEST_NONCE_H
#define INKAN_CA_ENGINE_ATTEST_NONCE_H

#include "ca/engine/admit.h"
#include "ca/engine/fleet_attest.h"
#include "ca/store/nonces.h"

/*
 * Nonces for evidence (draft-ietf-lamps-attestation-freshness, editor's copy of
 * 2026-07-21), in two kinds. Plain: the evidence carries the nonce, signed by a
 * key that is trusted already. Activation: the device says which endorsement and
 * attestation key it has; it gets a secret that only this TPM opens, and only for
 * this attestation key; the evidence then carries
 *
 *	SHA-256("inkan-tpm-act-v1" || 00 || nonce || secret || Name of the key)
 *
 * Nothing of it is kept in memory. The store has the hash of what the evidence
 * must carry, and that itself under a token that the session alone has: without
 * the token nobody can answer, with it nobody but the TPM can.
 */

#define ATTEST_TOKEN_TEXT 64	/* characters: 32 octets in hexadecimal */
#define ATTEST_NONCE_DEFAULT 32	/* octets */
#define ATTEST_NONCE_LEAST 16	/* of ours, whatever is asked for */
#define ATTEST_EK_CERTS_MAX 4
#define ATTEST_BLOB_MAX 1024
#define ATTEST_BINDING "sha256-v1"

struct attest_octets_in {	/* borrowed; NULL: none */
	const unsigned char *p;
	size_t len;
};

struct nonce_ask {		/* all borrowed */
	const struct fleet *fleet;
	const unsigned char *client;	/* SHA-256 of the TLS client's
					   certificate; NULL: none */
	int64_t len;			/* octets wanted; 0: no wish */
	const char *type;		/* dotted OID of what follows; NULL */
	struct attest_octets_in ek[ATTEST_EK_CERTS_MAX]; size_t n_ek;
	struct attest_octets_in ek_public, ak_public;
};

struct nonce_given {
	unsigned char nonce[NONCE_LEN_MAX]; size_t nonce_len;
	char token[ATTEST_TOKEN_TEXT + 1];
	int64_t lifetime;
	char type[72];			/* "" for a plain one */
	unsigned char id_object[ATTEST_BLOB_MAX]; size_t id_object_len;
	unsigned char enc_secret[ATTEST_BLOB_MAX]; size_t enc_secret_len;
	unsigned char ak_name[NONCE_NAME_MAX]; size_t ak_name_len;
};

/* A nonce for who asks, durable when this returns. 1; 0 with ${o} filled. */
int attest_nonce_give(const struct admit_env *env, const struct nonce_ask *ask,
    struct nonce_given *out, struct outcome *o);

/*
 * Use up the nonce of the session ${token} for the request whose SHA-256 is
 * ${request}; whatever becomes of it, no other request can use it again. The same
 * request may come again: it is the same evidence. ${expected} gets what the
 * evidence must carry. 1 and ${row} to be cleared; or 0 raised CA_E_DENIED with
 * "attest.nonce-...: text".
 */
int attest_nonce_take(const struct admit_env *env, const struct fleet *fleet,
    const char *token, const unsigned char *client,
    const unsigned char request[32], struct nonce_row *row,
    unsigned char expected[NONCE_LEN_MAX], size_t *len);

#endif
