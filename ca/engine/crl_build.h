#ifndef INKAN_CA_ENGINE_CRL_BUILD_H
#define INKAN_CA_ENGINE_CRL_BUILD_H

#include "ca/engine/issuer.h"
#include "ca/store/certs.h"

/*
 * Building one CertificateList (RFC 5280 5): begin, add each entry, sign. The
 * entries are octets in one growing buffer, never objects, and what is signed
 * is a part of that buffer: memory is the CRL's size and little more.
 *
 * Always: v2, the CA's algorithm, its subject byte by byte as issuer, both
 * times, AKI = the CA's SKI, crlNumber. revokedCertificates is absent when no
 * entry was added. With ${idp_url}: a critical issuingDistributionPoint whose
 * fullName is that URI alone. With ${expired_from}: expiredCertsOnCRL
 * (2.5.29.60, X.509).
 *
 * Not checked here: whether an entry stands twice, whose certificates the
 * serials are, whether the number rises.
 */

struct crl_spec {
	int64_t number;			/* crlNumber, from 0 */
	int64_t this_update, next_update;
	const char *idp_url;		/* borrowed; NULL: a full CRL */
	int64_t expired_from;		/* 0: expired ones are not kept */
};

struct crl_build;

/* Returned to be freed with crl_build_free(). ${is} and ${spec} are borrowed
   until then. NULL raised. */
struct crl_build *crl_build_new(const struct issuer *is,
    const struct crl_spec *spec);
void crl_build_free(struct crl_build *b);	/* NULL is fine */

/* Append an entry. 1, or 0 raised. */
int crl_build_add(struct crl_build *b, const struct cert_revoked *r);
int64_t crl_build_entries(const struct crl_build *b);

/* Sign with ${is}->key and verify under ${is}->verify: once, after the last
   entry. 1, or 0 raised (CA_E_SIGN). One shot over all octets, so that keys in
   tokens and Ed25519 work alike. */
int crl_build_sign(struct crl_build *b);
/* The signed CRL, borrowed from ${b}. */
const unsigned char *crl_build_der(const struct crl_build *b, size_t *len);

#endif
