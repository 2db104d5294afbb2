#ifndef INKAN_OCSP_VIEW_H
#define INKAN_OCSP_VIEW_H

#include <stddef.h>
#include <stdint.h>
#include <openssl/x509.h>
#include "ca/status/status.h"
#include "ocsp/request.h"

/*
 * The issuers that status.db knows, with the hashes that a CertID may name
 * them by. Immutable once read, counted; a change makes a new one.
 */

#define VIEW_ISSUERS_MAX 1024

struct view_issuer {
	int64_t id; /* in status.db */
	char ident[80];
	int is_root;
	X509 *cert;
	unsigned char name_hash[REQUEST_N_HASHES][64];
	unsigned char key_hash[REQUEST_N_HASHES][64];
};

struct view;

/* Returned with one reference, or NULL raised. An issuer whose certificate
   cannot be read fails the whole: status.db is ours. */
struct view *view_read(struct status_reader *reader);
struct view *view_up_ref(struct view *view);
void view_free(struct view *view); /* NULL is fine */

/* Same issuers, same certificates? Either may be NULL. */
int view_equal(const struct view *a, const struct view *b);

size_t view_n_issuers(const struct view *view);
const struct view_issuer *view_issuer(const struct view *view, size_t i);
/* Borrowed from the view, NULL when there is none. */
const struct view_issuer *view_find_ident(
    const struct view *view, const char *ident);
const struct view_issuer *view_find_certid(
    const struct view *view, const struct request_id *id);

#endif
