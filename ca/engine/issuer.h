#ifndef INKAN_CA_ENGINE_ISSUER_H
#define INKAN_CA_ENGINE_ISSUER_H

#include <openssl/x509.h>
#include "ca/store/records.h"
#include "hsm/hsm.h"
#include "profiles/build.h"

/*
 * An issuing CA (or the root's certificate) in memory: its store row, its
 * certificate, what a build needs to know of it, the key to verify with, and
 * the key to sign with where the token has it.
 */

struct issuer {
	struct issuer_row row;
	X509 *cert;
	EVP_PKEY *verify;	/* decoded anew from the certificate */
	EVP_PKEY *key;		/* signs; NULL: root, or token away */
	struct build_issuer build;	/* borrows from below */
	unsigned char *name, *sigalg;
	unsigned char sha256[32];	/* over the certificate */
};

/* From a row (copied; the row's cert too). To be freed with issuer_free(). */
struct issuer *issuer_new(const struct issuer_row *row);
void issuer_free(struct issuer *is);

/* A root that has no certificate yet: name from the profile's rules. ${key} is
   given (taken over). */
struct issuer *issuer_new_root(const struct issuer_row *row, EVP_PKEY *key);

/* Find the signing key in the token and hold it against the certificate. 1; 0
   raised: CA_E_SIGN. ${is}->key is set. */
int issuer_take_key(struct issuer *is, struct hsm *hsm);

/* Digest for signing with ${key}: P-384 SHA-384, Ed25519 NULL, else SHA-256. */
const EVP_MD *issuer_digest(const EVP_PKEY *key);

struct issuer_set {
	struct issuer **item;
	size_t n;
};
int issuer_set_load(struct issuer_set *set, struct store *store);
void issuer_set_clear(struct issuer_set *set);
/* By ident ("devices-g1"), or by name: then the highest active generation. */
struct issuer *issuer_set_find(const struct issuer_set *set, const char *name);
struct issuer *issuer_set_by_id(const struct issuer_set *set, int64_t id);

#endif
