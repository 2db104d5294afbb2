#ifndef INKAN_RA_ATTEST_TPM_H
#define INKAN_RA_ATTEST_TPM_H

#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>
#include "ra/attest/private.h"

/*
 * Structures of TPM 2.0 (Library specification, Part 2), as libtss2-mu reads
 * them, with what that library does not check: that nothing is left over, that
 * the same octets come out when it is written again, that algorithms are those
 * that are accepted here (RSA, P-256, P-384, P-521; SHA-256, 384, 512), and that
 * numbers fit together. Each raises with the RULE that it is given. libtss2-mu
 * writes to standard error when it cannot read something: a program that reads
 * what strangers send sets TSS2_LOG=all+none in its environment at its start.
 */

struct tpm_public {
	TPMT_PUBLIC t;
	EVP_PKEY *key;
	unsigned char name[ATTEST_NAME_MAX]; /* nameAlg || H(public area) */
	size_t name_len;
	int hash; /* NID of nameAlg */
};

/* To be cleared with tpm_public_clear(), also after a failure. */
int tpm_public_read(const char *rule, const char *field, struct attest_octets in,
    unsigned quirks, struct tpm_public *out);
void tpm_public_clear(struct tpm_public *p);
/* The hash of its signing scheme, TPM2_ALG_NULL if none is fixed. */
TPM2_ALG_ID tpm_public_scheme(const struct tpm_public *p, TPM2_ALG_ID *hash);

/* Is ${in} of a TPM (TPM2_GENERATED_VALUE)? To be asked before tpm_attest_read():
   what else is there is malformed to some releases of tss2-mu, and not to others.
   1 also for what is too short to say. */
int tpm_magic_check(const char *rule, const char *field, struct attest_octets in);
int tpm_attest_read(const char *rule, const char *field, struct attest_octets in,
    TPMS_ATTEST *out);
int tpm_creation_read(const char *rule, const char *field,
    struct attest_octets in, TPMS_CREATION_DATA *out);

/* Signature ${in} over ${message} by ${key}; ${ak}: its public area, whose
   scheme must be the signature's, or NULL when it is not known. The hash that
   it was made with is left in ${used}. */
int tpm_signature_check(const char *rule, struct attest_octets in, EVP_PKEY *key,
    const struct tpm_public *ak, unsigned quirks, struct attest_octets message,
    TPM2_ALG_ID *used);
/* The same without a word, to choose among keys. */
int tpm_signature_fits(struct attest_octets in, EVP_PKEY *key, unsigned quirks,
    struct attest_octets message);

/* NID of a hash that is accepted; NID_undef otherwise. And its name and size. */
int tpm_hash_nid(TPM2_ALG_ID alg);
const char *tpm_hash_name(TPM2_ALG_ID alg);
size_t tpm_hash_size(TPM2_ALG_ID alg);
int tpm_hash(TPM2_ALG_ID alg, struct attest_octets in, unsigned char *md);

/*
 * Must an attestation key be such? restricted, sign, fixedTPM, fixedParent,
 * sensitiveDataOrigin; not decrypt, not encryptedDuplication; a scheme with one
 * of our hashes.
 */
int tpm_ak_check(const char *rule, const struct tpm_public *ak);

/* And the key of a device: fixedTPM, fixedParent, sensitiveDataOrigin, sign; not
   encryptedDuplication, not stClear. */
int tpm_key_check(const char *rule, const struct tpm_public *key);

/* Is what a quote is of (TPMS_QUOTE_INFO) a state that the policy knows? Its
   digest is over the PCRs' values in ascending order, with ${hash}, that of the
   signature. Notes the state's name. */
int tpm_quote_check(const TPMS_QUOTE_INFO *quote, TPM2_ALG_ID hash,
    const struct attest_tpm_policy *policy, struct attest_facts *facts);

#endif
