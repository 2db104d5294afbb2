#ifndef INKAN_OCSP_FRAME_H
#define INKAN_OCSP_FRAME_H

#include <stddef.h>
#include <time.h>
#include "ocsp/view.h"

/*
 * The octets of an answer, written from what many answers have in common and
 * the few that are one certificate's own (RFC 6960 4.2.1). Two SingleResponses
 * may say the same of it, by SHA-256 and by SHA-1 (RFC 9919 3.1.1), so that one
 * signature answers whoever asks; everything else is as in ocsp/answer.h.
 *
 * Only written, from the end to the front, never read; ocsp/answer.h builds
 * the same from templates, and tests hold the two together. No clock, no key.
 */

#define FRAME_HASHES 2	   /* SHA-256, then SHA-1 */
#define FRAME_TIME_LEN 17  /* GeneralizedTime with its header */
#define FRAME_PREFIX_MAX 96

/* What the CertIDs of one issuer begin with: algorithm, name, key. */
struct frame_issuer {
	unsigned char prefix[FRAME_HASHES][FRAME_PREFIX_MAX];
	size_t prefix_len[FRAME_HASHES];
};

void frame_issuer(struct frame_issuer *out, const struct view_issuer *issuer);

/* One certificate. */
struct frame_cert {
	const unsigned char *serial; /* magnitude, 1 to 20 octets */
	size_t serial_len;
	int revoked; /* else good */
	int reason;  /* CRLReason; -1 and 0 are not written */
	time_t revoked_at;
};

/* What the answers of one moment share, all borrowed. */
struct frame {
	const struct frame_issuer *issuer;
	size_t n_hashes; /* 1: SHA-256 only; FRAME_HASHES: both */
	int extended_revoke; /* RFC 6960 4.4.8, as in ocsp/answer.h */
	int has_cutoff;	     /* RFC 6960 4.4.4: ${cutoff} goes along */
	unsigned char cutoff[FRAME_TIME_LEN];
	const unsigned char *key_hash; /* ResponderID byKey, 20 octets */
	unsigned char this_update[FRAME_TIME_LEN]; /* and producedAt */
	unsigned char next_update[FRAME_TIME_LEN];
	const unsigned char *algorithm; /* AlgorithmIdentifier, DER */
	size_t algorithm_len;
	const unsigned char *cert; /* the delegate's, DER */
	size_t cert_len;
};

/* GeneralizedTime of ${t}, FRAME_TIME_LEN octets. 1, or 0: beyond the year
   9999. */
int frame_time(time_t t, unsigned char *out);

#define FRAME_DATA_MAX 640 /* a ResponseData of two singles */

/* The ResponseData to be signed, into FRAME_DATA_MAX octets; how many. */
size_t frame_data(const struct frame *frame, const struct frame_cert *cert,
    unsigned char *out);

/* The whole OCSPResponse with that signature (the contents of its BIT STRING).
   Returned to be freed with OPENSSL_free(); NULL: out of memory. */
unsigned char *frame_response(const struct frame *frame,
    const struct frame_cert *cert, const unsigned char *signature,
    size_t signature_len, size_t *out_len);

/* The DER of a CertID: whose, by which hash, about which serial? For just the
   encoding that frames have; anything else is 0. *hash is 0 for SHA-256, 1 for
   SHA-1; *serial is borrowed from ${der}. */
int frame_match(const struct frame_issuer *issuer, const unsigned char *der,
    size_t len, size_t *hash, const unsigned char **serial,
    size_t *serial_len);

/* The CertID in an OCSPRequest that asks for one and says nothing else, in
   definite lengths below 128; NULL: it is of another shape. Borrowed. */
const unsigned char *frame_request_certid(
    const unsigned char *der, size_t len, size_t *certid_len);

#endif
