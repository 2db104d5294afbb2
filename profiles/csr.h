#ifndef INKAN_PROFILES_CSR_H
#define INKAN_PROFILES_CSR_H

#include <stddef.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "profiles/spki.h"

/*
 * PKCS #10 (RFC 2986) requests: read strictly, proven, and asked for single
 * fields. A CSR is a set of wishes; nothing here copies anything into a
 * certificate. Parsed with a template of our own whose SPKI stays opaque.
 *
 * csr_parse refuses: not DER, trailing octets, more than CSR_MAX octets,
 * version other than 0, unfit key (spki.h), more than CSR_NAMES_MAX RDNs or
 * SAN entries, a second extension request, an extension twice.
 * Unknown attributes and extensions are kept out of the way, not refused.
 */

#define CSR_MAX (64 * 1024)
#define CSR_NAMES_MAX 64

struct csr;

/* Returned to be freed with csr_free(); PROFILE_E_BADREQUEST raised on error. */
struct csr *csr_parse(const unsigned char *der, size_t len);
void csr_free(struct csr *csr);

/* Proof of possession: the CSR's signature verifies under its own key (RSA
   PKCS#1 v1.5 and PSS with SHA-256/384/512, ECDSA with the same, Ed25519).
   1, or 0 with PROFILE_E_BADREQUEST "csr.signature: ..." raised. */
int csr_verify(const struct csr *csr);

const unsigned char *csr_der(const struct csr *csr, size_t *len); /* borrowed */
const unsigned char *csr_spki(const struct csr *csr, size_t *len); /* borrowed */
enum spki_type csr_key_type(const struct csr *csr);
const unsigned char *csr_spki_sha256(const struct csr *csr); /* 32, borrowed */

X509_NAME *csr_subject(const struct csr *csr);		/* borrowed */
/* SANs asked for; NULL when there are none. Borrowed. */
const GENERAL_NAMES *csr_san(const struct csr *csr);
/* All extensions asked for, for explanations; may be NULL. Borrowed. */
const STACK_OF(X509_EXTENSION) *csr_extensions(const struct csr *csr);
/* challengePassword (RFC 2985 5.4.1) as UTF-8, NULL when absent. Borrowed. */
const char *csr_challenge(const struct csr *csr);

/* Is there an attribute of that type (dotted OID)? Its values are not read. */
int csr_has_attribute(const struct csr *csr, const char *oid);

/* First value of subject attribute ${nid} as UTF-8 in ${out}; 1 found, 0 not
   there (nothing raised), -1 raised (embedded NUL, too long, given twice). */
int csr_subject_text(const struct csr *csr, int nid, char *out, size_t size);
/* The same of any name that stands where the CSR's subject would. */
int csr_name_text(const X509_NAME *name, int nid, char *out, size_t size);

#endif
