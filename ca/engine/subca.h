#ifndef INKAN_CA_ENGINE_SUBCA_H
#define INKAN_CA_ENGINE_SUBCA_H

#include "ca/engine/ca.h"

/*
 * A CA below a root that is not ours: its key is made in a token, a request
 * goes out (PKCS #10), and a certificate comes in. Between the two it is
 * pending. What is refused leaves nothing behind; a key that a crash left over
 * is known to the store, and destroyed when the next request comes.
 *
 * The callers hold ca->issuers_lock.
 */

#define SUBCA_NAME_MAX 60	/* octets: it stands in addresses and labels */
#define SUBCA_URL_MAX 120	/* octets of an http_url */
#define SUBCA_SET_MAX 16
#define SUBCA_SHARDS_MAX 256	/* CRLs of one CA: 0, or 2 to this many */
#define SUBCA_CHAIN_MAX 10	/* certificates above */

struct subca_request {
	const char *name;
	int64_t generation;			/* 0: the pending one, else the next */
	const char *token;		/* "" the one of ${token} */
	const char *key_type;		/* "ec-p256" ...; NULL: pending one */
	const char *set[SUBCA_SET_MAX];	/* "cn=...", in the subject's order */
	size_t n_set;
	const char *http_url;		/* NULL: as an existing CA's */
	int64_t crl_lifetime;		/* seconds; 0: a day */
	int64_t crl_interval;		/* seconds; 0: a quarter of that */
	int64_t crl_shards;
	int keep_expired;
	int64_t path_len;		/* asked for; -1: none */
	const char *who;
	time_t now;
};

/* Make key and request, or find those of a CA that is pending. 1 with *out to
   be cleared; 0 raised: "request.…", "token.…", "issuer.…". */
int subca_request(struct ca *ca, const struct subca_request *r,
    struct pending_ca_row *out);
/* Destroy the key of a pending CA and forget it. */
int subca_abandon(struct ca *ca, const char *name, const char *who,
    time_t now);

/*
 * A PKCS #10 request signed with ${key}: basicConstraints (critical, cA, with
 * ${path_len} unless -1), keyUsage (critical, keyCertSign and cRLSign) and a
 * subjectKeyIdentifier (RFC 7093) as extensionRequest. *out to be freed with
 * OPENSSL_free().
 */
int subca_csr(EVP_PKEY *key, const char *const *set, size_t n_set,
    int path_len, unsigned char **out, size_t *out_len);
/* The Name that "cn=..." texts give, in their order; to be freed. NULL raised
   ("request.subject"). */
X509_NAME *subca_name(const char *const *set, size_t n_set);

struct subca_import {
	const char *name;		/* of a pending CA, or one to renew */
	const unsigned char *cert;	/* DER */
	size_t cert_len;
	STACK_OF(X509) *chain;		/* borrowed: what is above, any order */
	const char *who;
	time_t now;
};

/*
 * Take in the certificate of a pending CA, which then issues, or a newer one of
 * a CA that a foreign CA certified (same key and name). 1 with *out borrowed; 0
 * raised, nothing changed: "import.…", "path.length", "token.key".
 */
int subca_import(struct ca *ca, const struct subca_import *in,
    struct issuer **out);

/*
 * Is ${cert} a certificate that a CA with this request (or this certificate
 * until now: ${was}; one of both is NULL) can use? Its key, name, basic
 * constraints, key usage, key identifier and time; not who signed it.
 */
int subca_check(X509 *cert, X509_REQ *csr, X509 *was, time_t now);
/*
 * Who signed it: a chain to a self-signed root of ${chain}, of the foreign CAs
 * that the store knows, or of our own, as OpenSSL verifies it (strict, any
 * purpose), under which leaves may be issued. *above is what is above ${cert},
 * root last; to be freed with its certificates. CRLs are not asked.
 */
int subca_verify(struct ca *ca, X509 *cert, STACK_OF(X509) *chain,
    time_t now, STACK_OF(X509) **above);

/* --- shared by the subca_*.c files --- */

/* A key pair of that label in the token, whose lock is held. Until
   subca_key_unclaim() in the transaction that puts it to use the store knows it
   as one that nobody uses, and the next call for that token destroys it. NULL
   raised: "token.key". */
EVP_PKEY *subca_key_make(struct ca *ca, struct ca_token *t,
    enum hsm_key_type type, const char *label);
int subca_key_unclaim(struct store_tx *tx, const char *token);
/* As hsm_key_find(), but with "token.key" for a key that is missing or not safe
   (extractable, not sensitive). */
EVP_PKEY *subca_key_find(struct ca_token *t, const char *uri);

#endif
