#ifndef INKAN_CA_ENGINE_CRL_ENTRY_H
#define INKAN_CA_ENGINE_CRL_ENTRY_H

#include "ca/store/certs.h"

/*
 * The one part of a CRL that is written by hand, because there are millions of
 * it (RFC 5280 5.1.2.6, 5.3):
 *
 *   SEQUENCE { userCertificate INTEGER, revocationDate Time,
 *              crlEntryExtensions SEQUENCE OF Extension OPTIONAL }
 *
 * Time is UTCTime before 2050 and GeneralizedTime from then. Extensions, none
 * critical: reasonCode, omitted for unspecified; invalidityDate where known.
 * Every length in it is below 128. crl_build_test.c holds it against OpenSSL's
 * decoder.
 */

#define CRL_ENTRY_MAX 88	/* octets of the longest one */

/* Write one entry at ${out}. How many octets; 0 raised (CA_E_INTERNAL,
   "crl.entry: ..."): no serial, a reason that a full CRL cannot have (7 is not
   used, 8 is for delta CRLs), a time outside of the years 1950 to 9999. */
size_t crl_entry_write(unsigned char *out, const struct cert_revoked *r);

#endif
