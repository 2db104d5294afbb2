#ifndef INKAN_PROFILES_BUILD_H
#define INKAN_PROFILES_BUILD_H

#include <stddef.h>
#include <time.h>
#include <openssl/evp.h>
#include "profiles/csr.h"
#include "profiles/profile.h"

/*
 * Building a TBSCertificate from a profile. Deterministic: same input, same
 * octets; no clock, no randomness.
 *
 * Important caveats: the caller has verified the CSR's signature, authenticated
 * the identity behind the fields and made the serial. Nothing of the CSR gets in
 * but its key and what a rule of the profile names.
 */

#define BUILD_SERIAL_LEN 20	/* octets; first octet 0x40..0x7f */
#define BUILD_NOTES_MAX 1024
#define BUILD_TBS_MAX (32 * 1024)
#define BUILD_NO_END ((int64_t)253402300799)	/* 99991231235959Z */

/* NameConstraints, DER. */
struct build_constraints {
	const unsigned char *der;
	size_t len;
};

#define BUILD_CONSTRAINTS_MAX 8

/* What a build needs to know of the CA that will sign. All borrowed. */
struct build_issuer {
	const unsigned char *name;	/* subject of the CA, DER, byte copy */
	size_t name_len;
	const unsigned char *key_id;	/* value of the CA's SKI */
	size_t key_id_len;
	const unsigned char *sigalg;	/* AlgorithmIdentifier, DER */
	size_t sigalg_len;
	int64_t not_after;		/* BUILD_NO_END: without end */
	int path_len;			/* -1: unlimited */
	const char *crl_url, *ocsp_url, *issuer_url; /* NULL: none */
	/* Of the CA, and of those above it: a chain has to keep to all. */
	struct build_constraints constraints[BUILD_CONSTRAINTS_MAX];
	size_t n_constraints;
	size_t sig_max;			/* octets of its signatures at most;
					   0: as many as the algorithm allows */
};

struct build_field {
	const char *name;	/* "identity.device", "identity.serial",
				   "identity.cn", "registry.NAME", "request.NAME",
				   "ca.name", "attested.NAME" (shown by
				   evidence, never set by anybody) */
	const char *value;	/* UTF-8 */
};

struct build_request {
	const struct profile *profile;
	const struct build_issuer *issuer;	/* its name is the subject too
					   when the profile is self-signed:
					   then name NULL = built from rules */
	const struct csr *csr;		/* NULL: spki below, no CSR wishes */
	const unsigned char *spki;	/* used when csr is NULL */
	size_t spki_len;
	const struct build_field *fields;
	size_t n_fields;
	const unsigned char *serial;	/* BUILD_SERIAL_LEN octets */
	time_t now;
	int attested;			/* key pinned, or evidence accepted */
	/* Renewal: subject (Name, DER) and SAN (GeneralNames, DER; NULL: none)
	   of the certificate renewed, in place of the rules. */
	const unsigned char *subject;
	size_t subject_len;
	const unsigned char *san;
	size_t san_len;
	/* Where names are made anew for a certificate that is renewed: what
	   stands in place of the CSR's subject and alternative names for the
	   rules that take from it. NULL: the CSR's. */
	const X509_NAME *wish_subject;
	const GENERAL_NAMES *wish_san;
	/* Subject key identifier that a foreign CA has already, and put into
	   what it issued; NULL: computed. Taken in class ca and cross alone. */
	const unsigned char *key_id;
	size_t key_id_len;
};

/*
 * Build. *out is returned to be freed with OPENSSL_free(). ${notes}
 * (BUILD_NOTES_MAX octets, may be NULL) gets what was asked for and left out,
 * "; "-separated ("san dns:evil.example ignored; eku ignored"). Errors:
 * PROFILE_E_REFUSED or PROFILE_E_BADREQUEST with the rule named.
 */
int build_tbs(const struct build_request *req, unsigned char **out,
    size_t *out_len, char *notes);

/* AlgorithmIdentifier (DER) with which ${key} signs: ECDSA P-256 SHA-256,
   P-384 SHA-384, RSA SHA-256 (PSS when ${pss}), Ed25519. To be freed. */
int build_sigalg(const EVP_PKEY *key, int pss, unsigned char **out,
    size_t *out_len);

/*
 * Sign a TBS: Certificate DER in *out, to be freed with OPENSSL_free(). The
 * algorithm is read from the TBS itself; the key must fit it.
 */
int build_sign(const unsigned char *tbs, size_t tbs_len, EVP_PKEY *key,
    unsigned char **out, size_t *out_len);

/* Subject that the profile's rules give for these fields, as Name DER. For
   explanations and for ceremonies. To be freed with OPENSSL_free(). */
int build_subject(const struct build_request *req, unsigned char **out,
    size_t *out_len);

/* Subject (Name, DER) and alternative names (GeneralNames, DER; NULL: none)
   that the profile's rules give, whatever ${req}->subject says. Both to be
   freed with OPENSSL_free(). Errors as build_tbs(). */
int build_identity(const struct build_request *req, unsigned char **subject,
    size_t *subject_len, unsigned char **san, size_t *san_len);

#endif
