#ifndef INKAN_CA_ENGINE_KEPT_H
#define INKAN_CA_ENGINE_KEPT_H

#include "ca/engine/admit.h"
#include "ca/engine/issue.h"
#include "ca/store/requests.h"

/*
 * What is kept of an issuance beside its CSR, so that it can be judged again
 * (ops_replay.c): the fields of the build, whether the key was attested, and
 * for a renewal the subject and the alternative names that it repeated. DER of
 * Fields (inkan-wire(7)).
 */

/* To be freed with OPENSSL_free(). 1, or 0 raised. */
int kept_encode(const struct issue_job *job, unsigned char **out, size_t *len);

struct kept {
	WIRE_FIELDS *list;	/* owns what the others borrow */
	struct csr *csr;
	struct build_field fields[ADMIT_FIELDS_MAX];
	size_t n_fields;
	int attested;
	const unsigned char *subject, *san; /* NULL: no renewal; no SAN */
	size_t subject_len, san_len;
};

/* 1 and to be cleared with kept_clear(), or 0 raised. */
int kept_decode(const struct request_row *row, struct kept *k);
void kept_clear(struct kept *k);

#endif
