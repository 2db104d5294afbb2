#ifndef INKAN_RA_ATTEST_BUNDLE_H
#define INKAN_RA_ATTEST_BUNDLE_H

#include "ra/attest/attest.h"

/*
 * The attribute id-aa-attestation of a PKCS #10 request
 * (draft-ietf-lamps-csr-attestation, editor's copy of 2026-06-16):
 *
 *   AttestationStatement ::= SEQUENCE { type OBJECT IDENTIFIER, stmt ANY }
 *   AttestationBundle ::= SEQUENCE {
 *      attestations SEQUENCE SIZE (1..MAX) OF AttestationStatement,
 *      certs        SEQUENCE SIZE (1..MAX) OF LimitedCertChoices OPTIONAL }
 *
 * Refused: more than one attribute, more or less than one bundle in it, BER that
 * is not DER, trailing octets, no statement or more than BUNDLE_STATEMENTS_MAX,
 * more than ATTEST_CERTS_MAX certificates, [0], [1], [2] among certs, a
 * statement without content. `other` certificates ([3]) are counted and left
 * alone. An old form with a third element in a statement needs a quirk.
 */

#define BUNDLE_OID "1.2.840.113549.1.9.16.2.59"
#define BUNDLE_MAX (256 * 1024)
#define BUNDLE_STATEMENTS_MAX 8

struct bundle;

/* Has the request the attribute? 1 with the whole Attribute (SEQUENCE) in
   ${attribute}, borrowed from ${csr}; 0 when there is none, nothing raised; -1
   raised: not a request, or two of them. The request's signature is not looked
   at. */
int bundle_find(const unsigned char *csr, size_t len,
    struct attest_octets *attribute);

/* The Attribute or the bundle alone (an Attribute begins with an OID). Returned
   to be freed with bundle_free(); it keeps no reference to ${der}. */
struct bundle *bundle_parse(
    const unsigned char *der, size_t len, unsigned quirks);
void bundle_free(struct bundle *bundle);

size_t bundle_count(const struct bundle *bundle);
/* Statement ${i} as attest_appraise() takes it, borrowed from the bundle. */
void bundle_statement(const struct bundle *bundle, size_t i, const char *arc,
    struct attest_statement *out);
/* Its type as a dotted OID; borrowed. */
const char *bundle_type(const struct bundle *bundle, size_t i);
/* Certificates, in the order given; borrowed; may be empty, never NULL. */
STACK_OF(X509) *bundle_certs(const struct bundle *bundle);

/*
 * All statements of a bundle, in concert: ${in} without its certs, which are the
 * bundle's. At least one must attest ${in}->spki; a statement that is not about
 * a key (a quote) must come from the same AK as one of a TPM that is; beside a key
 * of another format alone it is refused, and so is an AK that was activated.
 * 1 or 0 raised.
 */
int bundle_appraise(const struct bundle *bundle, const struct attest_input *in,
    struct attest_facts *facts);

#endif
