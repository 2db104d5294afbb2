#ifndef INKAN_CA_ENGINE_ISSUER_H
#define INKAN_CA_ENGINE_ISSUER_H

#include <stdatomic.h>
#include <openssl/x509.h>
#include "ca/store/records.h"
#include "hsm/hsm.h"
#include "profiles/build.h"

/*
 * An issuing CA (or the root's certificate) in memory: its store row, its
 * certificate, what a build needs to know of it, the key to verify with, and
 * the key to sign with where the token has it.
 *
 * Once it is in a set, nothing of it changes but ${key}: where it was NULL it is
 * set, with its token's lock for writing. It is used with that lock; whether it
 * is there may be asked without. A CA that is put out of use, or whose
 * certificate is renewed, gets a new struct, which takes the old one's place;
 * who holds the old one may go on reading it until the set is cleared.
 */

struct ca_token;

struct issuer {
	struct issuer_row row;
	X509 *cert;
	EVP_PKEY *verify;	/* decoded anew from the certificate */
	EVP_PKEY *_Atomic key;	/* signs; NULL: root, or token away */
	struct ca_token *token;	/* that holds the key, borrowed; NULL: a root's,
				   or one that is not configured */
	struct issuer *older;	/* whose place this one took */
	struct build_issuer build;	/* borrows from below */
	unsigned char *name, *sigalg;
	unsigned char *constraints[BUILD_CONSTRAINTS_MAX];
	unsigned char sha256[32];	/* over the certificate */
};

/* From a row (copied; the row's cert too). To be freed with issuer_free(). */
struct issuer *issuer_new(const struct issuer_row *row);
void issuer_free(struct issuer *is);

/* A root that has no certificate yet: name from the profile's rules. ${key} is
   given (taken over). */
struct issuer *issuer_new_root(const struct issuer_row *row, EVP_PKEY *key);

/* ${by} is the certificate of a CA above: what ${is} issues keeps to its name
   constraints too. 1, or 0 raised ("name.constraints: ..."). Not once ${is} is
   in a set. */
int issuer_constrain(struct issuer *is, const X509 *by);
/* The same for all CAs above it, the nearest first; and below ${is} there are no
   more CAs than their path lengths allow, too. */
int issuer_bind(struct issuer *is, const STACK_OF(X509) *above);
/* The same for all that binds ${above}, right above it. */
int issuer_inherit(struct issuer *is, const struct issuer *above);

/* Find the signing key in the token and hold it against the certificate. 1; 0
   raised: CA_E_SIGN, for one that could leave the token "token.key: ...".
   ${is}->key is set. */
int issuer_take_key(struct issuer *is, struct hsm *hsm);

/* Seconds; 99991231235959Z is BUILD_NO_END. */
int64_t issuer_time(const ASN1_TIME *t);

/* Digest for signing with ${key}: P-384 SHA-384, Ed25519 NULL, else SHA-256. */
const EVP_MD *issuer_digest(const EVP_PKEY *key);

/* What ${is} becomes with another row (copied; its certificate has the same
   key; where it is another one, what binds it from above is the caller's to
   say): it shares key and token, for which the caller holds the token's lock
   where ${is} is in a set. To be freed, or given to issuer_set_replace(). */
struct issuer *issuer_changed(const struct issuer *is,
    const struct issuer_row *row);

/*
 * All CAs of an instance. It grows while others read it without a lock: an item
 * is stored before ${n} counts it, its place is for ever, and none is removed.
 * One thread at a time may change it.
 */
#define ISSUERS_MAX 512

struct issuer_set {
	struct issuer *_Atomic item[ISSUERS_MAX];
	atomic_size_t n;
};
int issuer_set_load(struct issuer_set *set, struct store *store);
/* 1, or 0 raised ("issuer.limit", CA_E_DENIED). */
int issuer_set_room(const struct issuer_set *set);
/* ${is} is given, unless 0 is raised ("issuer.limit", CA_E_DENIED). */
int issuer_set_add(struct issuer_set *set, struct issuer *is);
/* ${fresh} (given) takes the place of ${was}, which stays readable. */
void issuer_set_replace(struct issuer_set *set, const struct issuer *was,
    struct issuer *fresh);
/* Frees all; nobody may be reading. */
void issuer_set_clear(struct issuer_set *set);
/* By ident ("devices-g1"), or by name: then the highest active generation. */
struct issuer *issuer_set_find(const struct issuer_set *set, const char *name);
struct issuer *issuer_set_by_id(const struct issuer_set *set, int64_t id);

#endif
