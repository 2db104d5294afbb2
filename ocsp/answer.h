#ifndef INKAN_OCSP_ANSWER_H
#define INKAN_OCSP_ANSWER_H

#include <stddef.h>
#include <time.h>
#include "ocsp/signer.h"

/*
 * Building and signing an OCSPResponse (RFC 6960 4.2). Deterministic but for
 * the signature; no clock.
 *
 * producedAt equals thisUpdate (RFC 9919 names both as Last-Modified), times
 * are GeneralizedTime with seconds, nextUpdate is always there, the responder
 * is named by key, the delegate's certificate goes along. The CertID is
 * copied octet by octet.
 */

enum answer_status { ANSWER_GOOD, ANSWER_REVOKED, ANSWER_UNKNOWN };

struct answer_single {
	const unsigned char *certid; /* DER */
	size_t certid_len;
	enum answer_status status;
	int reason; /* CRLReason; -1 and 0 (unspecified) are not
		       written, RFC 5280 5.3.1 */
	time_t revoked_at;
	time_t archive_cutoff; /* RFC 6960 4.4.4; 0: none */
};

struct answer {
	const struct answer_single *singles;
	size_t n_singles;
	time_t this_update, next_update;
	const unsigned char *nonce; /* NULL: none */
	size_t nonce_len;
	int extended_revoke; /* RFC 6960 4.4.8: "revoked" may mean that there
				is no such certificate */
};

/* *out is returned to be freed with OPENSSL_free(). 1, or 0 raised. */
int answer_sign(const struct answer *answer, const struct signer *signer,
    unsigned char **out, size_t *out_len);

/* OCSPResponseStatus, RFC 6960 4.2.1. */
enum answer_error {
	ANSWER_MALFORMED = 1,
	ANSWER_INTERNAL = 2,
	ANSWER_TRYLATER = 3,
	ANSWER_UNAUTHORIZED = 6
};

/* The unsigned answers: five octets. */
#define ANSWER_ERROR_LEN 5
void answer_error(enum answer_error error, unsigned char *out);

#endif
