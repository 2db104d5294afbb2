#ifndef INKAN_CA_STORE_REQUESTS_H
#define INKAN_CA_STORE_REQUESTS_H

#include "ca/store/certs.h"

/*
 * The last requests as they were judged, so that a changed profile can be held
 * against them: CSR, and the fields of the build as DER (what is in them is the
 * engine's). A ring: those of the last REQUESTS_KEPT certificates, by row id.
 */

#define REQUESTS_KEPT 10000

/* In the transaction that reserves ${cert}. 1, or 0 raised. */
int requests_add(struct store_tx *tx, int64_t cert, const unsigned char *csr,
    size_t csr_len, const unsigned char *fields, size_t fields_len);

struct request_row {
	struct cert_row cert;
	unsigned char *csr; size_t csr_len;
	unsigned char *fields; size_t fields_len;
	unsigned char *der; size_t der_len;	/* of the certificate */
};
void requests_row_clear(struct request_row *row);

/* Newest first: requests of ${profile} whose certificate was signed, with row
   ids below ${before} (INT64_MAX: from the newest), at most ${limit}. ${cb}
   takes over what the row points to; it ends the list with 0. 1, or 0 raised. */
int requests_list(struct store_tx *tx, const char *profile, int64_t before,
    size_t limit, int (*cb)(const struct request_row *row, void *arg),
    void *arg);

#endif
