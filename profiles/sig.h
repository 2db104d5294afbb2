#ifndef INKAN_PROFILES_SIG_H
#define INKAN_PROFILES_SIG_H

#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * Signature algorithms as AlgorithmIdentifier: reading, writing, and EVP
 * contexts set up for them. Known: ECDSA and RSA PKCS#1 v1.5 with SHA-256, 384
 * and 512, RSASSA-PSS with the same (one digest for hash and MGF1), Ed25519.
 */

struct sig {
	int key_nid;	  /* EVP_PKEY_EC, EVP_PKEY_RSA, EVP_PKEY_ED25519 */
	const EVP_MD *md; /* NULL: Ed25519 */
	int pss;
	int salt_len; /* PSS only */
};

/* 1, or 0 with PROFILE_E_BADREQUEST "<rule>: ..." raised. */
int sig_read(const X509_ALGOR *alg, const char *rule, struct sig *sig);
/* Fill ${alg}: parameters NULL for PKCS#1, absent for ECDSA and Ed25519,
   explicit for PSS (RFC 5758, 8410, 4055). 1 or 0. */
int sig_write(const struct sig *sig, X509_ALGOR *alg);
/* Start ${ctx} for signing or verifying; the key must be of the kind. */
int sig_sign_init(const struct sig *sig, EVP_MD_CTX *ctx, EVP_PKEY *key);
int sig_verify_init(const struct sig *sig, EVP_MD_CTX *ctx, EVP_PKEY *key);

#endif
