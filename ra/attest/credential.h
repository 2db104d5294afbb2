#ifndef INKAN_RA_ATTEST_CREDENTIAL_H
#define INKAN_RA_ATTEST_CREDENTIAL_H

#include <openssl/evp.h>
#include "ra/attest/attest.h"

/*
 * TPM2_MakeCredential without a TPM (TPM 2.0 Library, Part 1, 24 and annexes B.10.4
 * and C.6.3): a secret that only the TPM with the endorsement key ${ek} can
 * open, and only while an object with Name ${name} is loaded in it. What comes
 * out are the two structures that TPM2_ActivateCredential takes, each with its
 * size in front.
 *
 * EKs: RSA of 2048, 3072, 4096 bits; P-256, P-384, P-521. The EK's nameAlg and
 * its AES key size must be one of SHA-256/128, SHA-384/256, SHA-512/256. They
 * come from the device unauthenticated; wrong ones only make activation fail.
 */

#define CREDENTIAL_SECRET_LEN 32
#define CREDENTIAL_BLOB_MAX 600

struct credential {
	unsigned char id_object[CREDENTIAL_BLOB_MAX]; /* TPM2B_ID_OBJECT */
	size_t id_object_len;
	unsigned char secret[CREDENTIAL_BLOB_MAX]; /* TPM2B_ENCRYPTED_SECRET */
	size_t secret_len;
};

struct credential_ek {
	EVP_PKEY *key;
	int hash; /* NID of nameAlg */
	int aes;  /* bits */
};

/* The seed (and an ephemeral key) are random. 1, or 0 raised. */
int credential_make(const struct credential_ek *ek, struct attest_octets name,
    const unsigned char secret[CREDENTIAL_SECRET_LEN], struct credential *out);

/* What the device's evidence must carry when it was asked with a credential:
   SHA-256("inkan-tpm-act-v1" || 00 || nonce || secret || name). 1 or 0. */
int credential_expected(struct attest_octets nonce,
    const unsigned char secret[CREDENTIAL_SECRET_LEN],
    struct attest_octets name, unsigned char out[32]);

/*
 * The first half of a dialogue, whole: is this EK one of a TPM that ${policy}
 * accepts (ek.h), is this public area one of an attestation key, and what must
 * the TPM be asked? ${certs}: the EK's certificate first, others in any order;
 * none: then the EK must be pinned, and ${ek_public} be there. ${ek_public}:
 * TPMT_PUBLIC, or none: the default template of its key's kind.
 * Out: the Name of the AK, the credential, what the evidence must carry, and
 * facts. ${name} has room for ATTEST_NAME_MAX. 1, or 0 raised.
 */
struct credential_ask {
	STACK_OF(X509) *certs;
	struct attest_octets ek_public;
	struct attest_octets ak_public;
	struct attest_octets nonce;
	const unsigned char *secret; /* CREDENTIAL_SECRET_LEN, random, the caller's */
	time_t now;
	const struct attest_policy *policy;
};

struct credential_answer {
	unsigned char name[ATTEST_NAME_MAX];
	size_t name_len;
	unsigned char expected[32];
	unsigned char ek_sha256[32]; /* of its SubjectPublicKeyInfo */
	struct credential blobs;
};

int credential_begin(const struct credential_ask *ask,
    struct credential_answer *out, struct attest_facts *facts);

#endif
