#ifndef INKAN_PROFILES_ASN1_H
#define INKAN_PROFILES_ASN1_H

#include <openssl/asn1t.h>
#include <openssl/x509.h>

/*
 * Our own templates of TBSCertificate, Certificate and CertificationRequest
 * (RFC 5280 4.1, RFC 2986 4), with issuer name and SubjectPublicKeyInfo left
 * opaque: OpenSSL 3.0 spends more on decoding a public key than on verifying
 * with it, and an issuer's name must be copied byte by byte anyway.
 * INKAN_* names are typedefs because the template macros demand them.
 */

typedef struct inkan_validity_st {
	ASN1_TIME *not_before;
	ASN1_TIME *not_after;
} INKAN_VALIDITY;

typedef struct inkan_tbs_st {
	ASN1_INTEGER *version;		/* [0] EXPLICIT, v3 = 2 */
	ASN1_INTEGER *serial;
	X509_ALGOR *signature;
	ASN1_TYPE *issuer;		/* opaque SEQUENCE */
	INKAN_VALIDITY *validity;
	ASN1_TYPE *subject;		/* opaque SEQUENCE */
	ASN1_TYPE *spki;		/* opaque SEQUENCE */
	ASN1_BIT_STRING *issuer_uid;	/* [1], never written by us */
	ASN1_BIT_STRING *subject_uid;	/* [2], never written by us */
	STACK_OF(X509_EXTENSION) *extensions;	/* [3] EXPLICIT */
} INKAN_TBS;

typedef struct inkan_cert_st {
	ASN1_TYPE *tbs;			/* opaque SEQUENCE: the exact bytes */
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
} INKAN_CERT;

typedef struct inkan_cri_st {
	ASN1_INTEGER *version;
	X509_NAME *subject;
	ASN1_TYPE *spki;		/* opaque SEQUENCE */
	STACK_OF(X509_ATTRIBUTE) *attributes;	/* [0] IMPLICIT SET OF, optional
						   in the wild */
} INKAN_CRI;

typedef struct inkan_csr_st {
	ASN1_TYPE *cri;			/* opaque SEQUENCE: what is signed */
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
} INKAN_CSR;

DECLARE_ASN1_FUNCTIONS(INKAN_VALIDITY)
DECLARE_ASN1_FUNCTIONS(INKAN_TBS)
DECLARE_ASN1_FUNCTIONS(INKAN_CERT)
DECLARE_ASN1_FUNCTIONS(INKAN_CRI)
DECLARE_ASN1_FUNCTIONS(INKAN_CSR)

#endif
