#ifndef INKAN_OCSP_REQUEST_H
#define INKAN_OCSP_REQUEST_H

#include <stddef.h>
#include <openssl/ocsp.h>

/*
 * An OCSPRequest (RFC 6960 4.1) taken apart.
 *
 * Refused (OCSP_E_MALFORMED): not DER, trailing octets, no CertID or more than
 * the limit, a nonce (RFC 9654) that is no OCTET STRING of 1..128 octets or
 * stands twice. Ignored: the request's signature, requestorName, single
 * request extensions (ServiceLocator ...), unknown request extensions, also
 * critical ones: nothing in them could change what is true of a certificate,
 * and a refusal would only send the client away without an answer.
 * Not checked here: whether an issuer is known.
 */

#define REQUEST_NONCE_MAX 128 /* octets */
#define REQUEST_IDS_MAX 1000  /* bound of max_certids */
#define REQUEST_SERIAL_MAX 20 /* octets, RFC 5280 4.1.2.2 */

enum request_hash {
	REQUEST_SHA1,
	REQUEST_SHA256,
	REQUEST_SHA384,
	REQUEST_SHA512,
	REQUEST_N_HASHES
};

struct request_id {
	int hash; /* enum request_hash, -1: not one of them, or with
		     parameters other than NULL */
	const unsigned char *name_hash, *key_hash; /* borrowed */
	size_t name_hash_len, key_hash_len;
	const unsigned char *serial; /* magnitude, borrowed; length 0 when it
					is negative or too long: nothing of
					ours has such a serial */
	size_t serial_len;
	unsigned char *der; /* the CertID, DER */
	size_t der_len;
};

struct request;

/* Returned to be freed with request_free(), or NULL raised. */
struct request *request_parse(
    const unsigned char *der, size_t len, size_t max_ids);
void request_free(struct request *req);

size_t request_n_ids(const struct request *req); /* 1..max_ids */
const struct request_id *request_id(const struct request *req, size_t i);
/* The nonce, borrowed; NULL when the request has none. */
const unsigned char *request_nonce(const struct request *req, size_t *len);

/* One CertID; what it borrows lives in ${cid}, der is to be freed with
   OPENSSL_free(), also on failure. 1, or 0. */
int request_id_read(const OCSP_CERTID *cid, struct request_id *out);

/* "SHA1" ... for EVP_MD_fetch(), and the octets of its digest. */
const char *request_hash_name(enum request_hash hash);
size_t request_hash_len(enum request_hash hash);

#endif
