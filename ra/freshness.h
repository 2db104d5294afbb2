#ifndef INKAN_RA_FRESHNESS_H
#define INKAN_RA_FRESHNESS_H

#include "ca/wire/message.h"

/*
 * Request and answer of the nonce endpoint (draft-ietf-lamps-attestation-
 * freshness, editor's copy of 2026-07-21) as JSON, and the cookie by which nonce
 * and enrolment are one session. Pure functions; what a request means is
 * inkan-ca's to judge.
 *
 *	{ ? "len": 8..64,
 *	  ? "reqTypeInfo": { "type": dotted OID, ? "reqInfo": {
 *	        ? "ekCerts": [ base64url DER, ... ], ? "ekPub": base64url,
 *	        ? "akPub": base64url } } }
 *
 *	{ "nonce": base64url, ? "expiry": seconds,
 *	  ? "respTypeInfo": { "type": dotted OID, "respInfo": {
 *	        "idObject", "encSecret", "akName": base64url,
 *	        "binding": "sha256-v1" } } }
 *
 * base64url is that of RFC 4648 section 5, without padding.
 */

#define FRESHNESS_MEDIA "application/est-attestation-freshness+json"
#define FRESHNESS_MAX (16 * 1024)	/* octets of a request */
#define FRESHNESS_COOKIE "__Host-inkan-att"
#define FRESHNESS_TOKEN_MAX 64

/* Arguments of "attest.nonce", added to ${args}. 1, or 0 with "rule: text" raised
   as RA_E_BADREQUEST. */
int freshness_read(const char *text, size_t len, WIRE_FIELDS *args);
/* Its answer as JSON, to be freed with free(); NULL raised. */
char *freshness_write(const WIRE_ANSWER *answer);

/* The value of our cookie in a Cookie header (NULL: no header): 64 hexadecimal
   digits. 1 found, 0 not there or not of that form. */
int freshness_cookie(
    const char *header, char out[FRESHNESS_TOKEN_MAX + 1]);

#endif
