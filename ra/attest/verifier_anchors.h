#ifndef INKAN_RA_ATTEST_VERIFIER_ANCHORS_H
#define INKAN_RA_ATTEST_VERIFIER_ANCHORS_H

#include <stddef.h>
#include <openssl/x509.h>

/*
 * Anchors come with each question, from inkan-ca, and are the same from question
 * to question: a certificate that was read once is kept, so that a fleet with a
 * hundred makers of TPMs costs little more than one with two. An answer still
 * depends on nothing but its question: what is kept is found by all its octets.
 * At most VERIFIER_ANCHORS_MAX are kept, of one process; nothing that a device
 * sends ever is. Not for several threads.
 */

#define VERIFIER_ANCHORS_MAX 1024

struct verifier_anchors;

/* Returned to be freed, NULL: out of memory. */
struct verifier_anchors *verifier_anchors_new(void);
void verifier_anchors_free(struct verifier_anchors *a);	/* NULL is fine */
/* One certificate, DER to the last octet. Returned to be freed; NULL: it is
   none. ${a} may be NULL: then it is read, and not kept. */
X509 *verifier_anchor(
    struct verifier_anchors *a, const unsigned char *der, size_t len);

#endif
