#ifndef INKAN_CA_ENGINE_CSRATTRS_H
#define INKAN_CA_ENGINE_CSRATTRS_H

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include "ca/engine/policy.h"

/*
 * The inside of policy_csrattrs(), for csrattrs*.c and their tests: what a CSR
 * must look like so that the fleet does not refuse it for its shape. Only what
 * is demanded is said; what a client may add beside it is in the profile.
 *
 * The template of RFC 9908 3.4 (module of its appendix A, IMPLICIT TAGS):
 *
 *   CertificationRequestInfoTemplate ::= SEQUENCE {
 *     version       INTEGER { v1(0) },
 *     subject       RDNSequenceTemplate OPTIONAL,
 *     subjectPKInfo [0] SubjectPublicKeyInfoTemplate OPTIONAL,
 *     attributes    [1] SET OF Attribute }
 *   SingleAttributeTemplate ::= SEQUENCE { type OBJECT IDENTIFIER,
 *     value ANY OPTIONAL }                  -- absent: the client fills it in
 *   SubjectPublicKeyInfoTemplate ::= SEQUENCE { algorithm AlgorithmIdentifier,
 *     subjectPublicKey BIT STRING OPTIONAL }  -- only to tell the size of RSA
 *   ExtensionTemplate ::= SEQUENCE { extnID OBJECT IDENTIFIER,
 *     critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING OPTIONAL }
 */

#define CSRATTRS_OID_TEMPLATE "1.2.840.113549.1.9.16.2.61"
#define CSRATTRS_OID_EXTENSIONS "1.2.840.113549.1.9.16.2.62"

typedef struct csrattrs_atv_st {	/* SingleAttributeTemplate */
	ASN1_OBJECT *type;
	ASN1_TYPE *value;
} CSRATTRS_ATV;

DEFINE_STACK_OF(CSRATTRS_ATV)
typedef STACK_OF(CSRATTRS_ATV) CSRATTRS_RDN;
DEFINE_STACK_OF(CSRATTRS_RDN)

typedef struct csrattrs_spki_st {
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *key;
} CSRATTRS_SPKI;

typedef struct csrattrs_rsa_st {	/* RSAPublicKey, RFC 8017 A.1.1 */
	ASN1_INTEGER *modulus;
	ASN1_INTEGER *exponent;
} CSRATTRS_RSA;

typedef struct csrattrs_ext_st {	/* ExtensionTemplate */
	ASN1_OBJECT *id;
	ASN1_BOOLEAN critical;
	ASN1_OCTET_STRING *value;
} CSRATTRS_EXT;

DEFINE_STACK_OF(CSRATTRS_EXT)
typedef STACK_OF(CSRATTRS_EXT) CSRATTRS_EXTS;

typedef struct csrattrs_cri_st {
	ASN1_INTEGER *version;
	STACK_OF(CSRATTRS_RDN) *subject;
	CSRATTRS_SPKI *spki;
	STACK_OF(X509_ATTRIBUTE) *attributes;
} CSRATTRS_CRI;

DECLARE_ASN1_FUNCTIONS(CSRATTRS_ATV)
DECLARE_ASN1_FUNCTIONS(CSRATTRS_SPKI)
DECLARE_ASN1_FUNCTIONS(CSRATTRS_RSA)
DECLARE_ASN1_FUNCTIONS(CSRATTRS_EXT)
DECLARE_ASN1_FUNCTIONS(CSRATTRS_CRI)
DECLARE_ASN1_ITEM(CSRATTRS_EXTS)

struct csrattrs_key {
	enum spki_type type;
	int alg, curve;			/* NIDs; curve 0: none */
	int bits;			/* of an RSA modulus; 0: no RSA */
};

/* Of a set of key types the one that we like best; NULL: none of them. Static. */
const struct csrattrs_key *csrattrs_key_of(unsigned types);

/* Attribute with the template as its one value. Returned to be freed with
   X509_ATTRIBUTE_free(); NULL: out of memory (not raised). */
X509_ATTRIBUTE *csrattrs_template(const struct fleet *f);

#endif
