#ifndef INKAN_OCSP_STAPLE_H
#define INKAN_OCSP_STAPLE_H

#include "ocsp/responder.h"

/*
 * The answer about one certificate as a file, for TLS servers that staple what
 * they are given (haproxy: X.pem.ocsp, nginx: ssl_stapling_file). One
 * SingleResponse by SHA-1: haproxy takes no other.
 *
 * ${cert} is a PEM file whose first certificate it is about. ${out} is replaced
 * whole, and only by an answer that may be kept; a certificate that is revoked
 * gets its answer, too.
 */

enum staple_result {
	STAPLE_WRITTEN,
	STAPLE_REVOKED, /* written; it says so */
	STAPLE_NOTHING, /* ${out} is as it was: no answer may be made now, or
			   the certificate is not one of ours. Raised */
	STAPLE_FAILED	/* raised */
};

enum staple_result staple_write(struct responder *responder, const char *cert,
    const char *out, time_t now);

#endif
