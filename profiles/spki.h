#ifndef INKAN_PROFILES_SPKI_H
#define INKAN_PROFILES_SPKI_H

#include <stddef.h>
#include <openssl/evp.h>

/*
 * Subject public keys as bytes (SubjectPublicKeyInfo, DER): what they are,
 * whether they are fit, and a verification key made from them at little cost.
 *
 * Fit means: EC points on P-256 or P-384, uncompressed 0x04 || X || Y of exact
 * length, on the curve; RSA of 2048, 3072 or 4096 bits, odd modulus, public
 * exponent odd and within 65537..2^64-1 (weak exponents are refused), no modulus
 * that is known to be easily factored (profiles/weak.h), NULL
 * parameters; Ed25519 of 32 octets, parameters absent. Anything else is
 * PROFILE_E_BADREQUEST with the rule named ("key.curve", "key.rsa.exponent" …).
 * Not checked: blocklists, duplicates.
 */

enum spki_type {
	SPKI_UNKNOWN = 0,
	SPKI_EC_P256 = 1 << 0,
	SPKI_EC_P384 = 1 << 1,
	SPKI_RSA_2048 = 1 << 2,
	SPKI_RSA_3072 = 1 << 3,
	SPKI_RSA_4096 = 1 << 4,
	SPKI_ED25519 = 1 << 5
};

#define SPKI_MAX 1200		/* octets; RSA-4096 needs 550 */

/* What key this is; 0 (SPKI_UNKNOWN) raised when it is not fit. */
enum spki_type spki_inspect(const unsigned char *der, size_t len);
/* "ec-p256" ... as in profiles; NULL for unknown. And back; 0 if unknown. */
const char *spki_type_name(enum spki_type type);
enum spki_type spki_type_of(const char *name);
int spki_is_rsa(enum spki_type type);
int spki_is_ec(enum spki_type type);
/* Verification key; inspects first. Returned to be freed: EVP_PKEY_free(). */
EVP_PKEY *spki_pkey(const unsigned char *der, size_t len);
/* Both in one step, for who needs both; ${type} may be NULL. */
EVP_PKEY *spki_load(const unsigned char *der, size_t len, enum spki_type *type);
/* DER of a key's public half, to be freed with OPENSSL_free(). 1 or 0. */
int spki_from_pkey(const EVP_PKEY *pkey, unsigned char **der, size_t *len);
/* 1 the public halves are one key; 0 they are not, or of two kinds, or one is
   NULL. Nothing is raised: EVP_PKEY_eq() leaves an error where the kinds differ,
   which would stand beside the next one that is told. */
int spki_same(const EVP_PKEY *a, const EVP_PKEY *b);
/* SHA-256 over the whole SubjectPublicKeyInfo: our name of a key. */
int spki_sha256(const unsigned char *der, size_t len, unsigned char md[32]);
/* RFC 7093 method 1: leftmost 160 bits of SHA-256 over the BIT STRING's
   contents: the subject key identifier that we issue. */
int spki_key_id(const unsigned char *der, size_t len, unsigned char id[20]);

#endif
