#ifndef INKAN_RA_ATTEST_COSE_H
#define INKAN_RA_ATTEST_COSE_H

#include "ra/attest/tree.h"

/*
 * COSE_Sign1 and COSE_Key (RFC 9052, 9053), and JWS in compact form and JWK (RFC
 * 7515, 7517): the envelope of a token, and keys in it. One algorithm table for
 * both: ES256, ES384, ES512, EdDSA (Ed25519), PS256, PS384, PS512. Refused:
 * other algorithms, an algorithm that is not protected, `crit`, a header in both
 * places.
 */

#define ENVELOPE_CERTS_MAX 8

struct envelope {
	int alg; /* COSE number */
	struct attest_octets kid, payload;
	STACK_OF(X509) *x5c; /* leaf first; NULL: none */
	/* what is signed, in two parts, and the signature */
	struct attest_octets signed_a, signed_b, signature;
	/* what is owned */
	unsigned char *head, *tail;
	cbor_item_t *tree, *protected;
	unsigned char *decoded[3];
};

/* Each: 1, or 0 raised; to be cleared with envelope_clear() in both cases. */
int cose_read(struct attest_octets in, struct envelope *out);
int jws_read(struct attest_octets in, struct envelope *out);
void envelope_clear(struct envelope *e);

/* Did ${key} make this signature, by the algorithm told? "eat.signature". */
int envelope_verify(const struct envelope *e, EVP_PKEY *key);

/* By the algorithm's number: 1 when ${key} is of its kind and made the signature
   over the two parts. ${der}: ECDSA as DER (WebAuthn), else r || s. */
int cose_verify(int alg, EVP_PKEY *key, int der, struct attest_octets signature,
    struct attest_octets a, struct attest_octets b);

/* x5chain, x5c: one certificate, or an array of them, leaf first. To be freed with
   its certificates; NULL raised with RULE. */
STACK_OF(X509) *cose_certs(const char *rule, const char *field,
    const cbor_item_t *value);

/* COSE_Key as an OpenSSL key: EC2 uncompressed, OKP Ed25519, RSA. To be freed;
   NULL raised with RULE. */
EVP_PKEY *cose_key(const char *rule, const cbor_item_t *map);
EVP_PKEY *cose_ed25519(const char *rule, const char *field,
    struct attest_octets x);

/* base64url without padding (RFC 7515 2): octets to be freed, NULL when it is not
   exactly that. */
unsigned char *base64url_decode(struct attest_octets in, size_t *len);
/* ${out} has room for 4 * (n + 2) / 3 + 1. */
void base64url_encode(const unsigned char *p, size_t n, char *out);

#endif
