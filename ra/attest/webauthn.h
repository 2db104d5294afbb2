#ifndef INKAN_RA_ATTEST_WEBAUTHN_H
#define INKAN_RA_ATTEST_WEBAUTHN_H

#include "ra/attest/cose.h"

/*
 * WebAuthn attestation (W3C Web Authentication Level 2, 6.5, 8.2, 8.3), formats
 * "packed" and "tpm", as proof of a key in an authenticator. The statement is ours:
 *
 *   SEQUENCE { attestationObject OCTET STRING, clientDataJSON OCTET STRING OPTIONAL }
 *
 * With clientDataJSON its challenge is the nonce. Without it what was signed is
 * SHA-256(nonce) in its place, as device-attest-01 of ACME has it.
 * Not looked at: user presence and verification (noted), the signature counter,
 * extensions, metadata of the FIDO alliance.
 */

#define WEBAUTHN_FLAG_ATTESTED 0x40
#define WEBAUTHN_FLAG_EXTENSIONS 0x80

struct webauthn_data {
	struct attest_octets rp_hash, aaguid;
	unsigned flags;
	cbor_item_t *tree; /* the COSE_Key */
	EVP_PKEY *key;
	int64_t alg; /* the credential key's */
};

/* authenticatorData with one credential. 1, or 0 raised; to be cleared. */
int webauthn_data_read(struct attest_octets in, struct webauthn_data *out);
void webauthn_data_clear(struct webauthn_data *d);

/* What both formats are given. */
struct webauthn_work {
	const struct attest_input *in;
	struct attest_facts *facts;
	const cbor_item_t *stmt; /* attStmt */
	struct attest_octets auth, hash; /* authenticatorData, clientDataHash */
	unsigned char client_hash[32];	 /* what ${hash} points to */
	struct webauthn_data data;
	STACK_OF(X509) *x5c;
};

int webauthn_packed(struct webauthn_work *w);
int webauthn_tpm(struct webauthn_work *w);
/* The certificate's rules that both have: version 3, not a CA, aaguid, path. */
int webauthn_cert_check(struct webauthn_work *w, X509 *cert);

#endif
