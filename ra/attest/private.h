#ifndef INKAN_RA_ATTEST_PRIVATE_H
#define INKAN_RA_ATTEST_PRIVATE_H

#include "ra/attest/attest.h"

/*
 * What the formats share. Each refuses with a rule of its own; texts of others
 * (names in certificates, claims) reach a message only through a fact's filter.
 */

/* Raises "attest.RULE: FIELD: text" and returns 0, to be returned on. */
int attest_raise(enum attest_reason reason, const char *rule, const char *field,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
#define attest_refuse(...) attest_raise(ATTEST_E_REFUSED, __VA_ARGS__)
#define attest_malformed(...) attest_raise(ATTEST_E_MALFORMED, __VA_ARGS__)
#define attest_unfit(...) attest_raise(ATTEST_E_POLICY, __VA_ARGS__)
#define attest_internal(...) attest_raise(ATTEST_E_INTERNAL, __VA_ARGS__)

/* ---- facts.c: each 1, or 0 raised (too many, out of memory) ---- */

int facts_text(struct attest_facts *f, const char *name, const char *value,
    size_t len);
int facts_string(struct attest_facts *f, const char *name, const char *value);
int facts_number(struct attest_facts *f, const char *name, int64_t value);
int facts_unsigned(struct attest_facts *f, const char *name, uint64_t value);
int facts_octets(struct attest_facts *f, const char *name,
    const unsigned char *p, size_t len);
int facts_flag(struct attest_facts *f, const char *name, int value);
/* The attested key; a second one must be the same. */
int facts_set_key(struct attest_facts *f, struct attest_octets spki);
int facts_set_ak_name(struct attest_facts *f, const unsigned char *p, size_t len);

/* ---- key.c ---- */

/* Equal octets, in constant time for equal lengths. */
int octets_equal(struct attest_octets a, const unsigned char *p, size_t len);
struct attest_octets octets_of(const void *p, size_t len);
/* Is it ${nonce}? 1, or 0 with RULE raised. */
int attest_nonce_check(const char *rule, const char *field,
    const struct attest_input *in, const unsigned char *p, size_t len);
/* The CSR's key; to be freed. NULL raised (ATTEST_E_POLICY). */
EVP_PKEY *attest_csr_key(const struct attest_input *in);
/* The one certificate that came with the evidence and is of the request's key,
   borrowed; NULL refused by ${rule}. */
X509 *attest_csr_cert(const char *rule, const struct attest_input *in);
/* Is ${key} the CSR's? Then it is noted as the attested one. */
int attest_key_check(const char *rule, const char *field, const EVP_PKEY *key,
    const struct attest_input *in, struct attest_facts *facts);
/* Public keys from their numbers, checked: RSA of 2048 to 4096 bits, odd, with an
   odd exponent of 17 bits or more (whether its modulus is a product of primes is
   not asked: that takes long), points on their curve (SN of P-256, P-384, P-521;
   x, y may be short). To be freed; NULL raised with RULE. */
EVP_PKEY *attest_rsa_key(const char *rule, const char *field,
    struct attest_octets n, struct attest_octets e);
EVP_PKEY *attest_ec_key(const char *rule, const char *field, int nid,
    struct attest_octets x, struct attest_octets y);
/* SHA-256 of a key's SubjectPublicKeyInfo. */
int attest_key_sha256(const EVP_PKEY *key, unsigned char md[32]);
/* Bytes of a coordinate of the key's curve; 0: not an EC key. */
size_t attest_coordinate(const EVP_PKEY *key);

/* ECDSA's r and s as they lie side by side (or apart) as DER, to be freed with
   OPENSSL_free(). 1 or 0, nothing raised. */
int attest_ecdsa_der(struct attest_octets r, struct attest_octets s,
    unsigned char **der, size_t *len);

/* Verification with SHA-256, 384, 512 or none (Ed25519). ${pss}: RSASSA-PSS, any
   salt length (TPMs differ). ECDSA signatures are DER. 1 or 0, nothing raised. */
struct attest_signature {
	const char *digest; /* NULL: the algorithm has its own */
	int pss;
	struct attest_octets octets;
};
int attest_verify(EVP_PKEY *key, const struct attest_signature *signature,
    struct attest_octets message);
/* The same over a message in two parts. */
int attest_verify2(EVP_PKEY *key, const struct attest_signature *signature,
    struct attest_octets a, struct attest_octets b);

/* ---- chain.c ---- */

struct chain_rules {
	const char *rule; /* "tpm.ak-path" */
	const struct attest_trust *trust;
	const char *const *critical; /* OIDs that the caller reads, NULL ends */
	int any_time; /* certificates that devices made: validity means nothing */
	EVP_PKEY *foreign_key; /* the leaf's, where OpenSSL cannot read it; else
				  NULL. Borrowed. */
};

/* A path from ${leaf} over ${certs} to an anchor at ${now}; or ${leaf}'s key is
   pinned. ${path}, if wanted: leaf first (a copy, where its key is foreign), to be
   freed with its certificates (sk_X509_pop_free), NULL where a pin stood in for the
   path. 1, or 0 raised. Names, purposes and EKUs are the caller's business. */
int chain_check(const struct chain_rules *rules, X509 *leaf,
    STACK_OF(X509) *certs, time_t now, STACK_OF(X509) **path);
/* Has ${cert} extended key usage ${oid}? */
int chain_has_eku(const X509 *cert, const char *oid);
/* The contents of extension ${oid}: 1 found, 0 absent, -1 twice. */
int chain_extension(const X509 *cert, const char *oid, struct attest_octets *out,
    int *critical);
/* SHA-256 of a certificate as a fact. */
int chain_fact(struct attest_facts *facts, const char *name, const X509 *cert);

/* ---- one per format ---- */

int tpm_appraise(const struct attest_statement *s, const struct attest_input *in,
    struct attest_facts *facts);
int dice_appraise(const struct attest_statement *s,
    const struct attest_input *in, struct attest_facts *facts);
int eat_appraise(const struct attest_statement *s, const struct attest_input *in,
    struct attest_facts *facts);
int android_appraise(const struct attest_statement *s,
    const struct attest_input *in, struct attest_facts *facts);
int webauthn_appraise(const struct attest_statement *s,
    const struct attest_input *in, struct attest_facts *facts);

#endif
