#ifndef INKAN_OCSP_BATCH_H
#define INKAN_OCSP_BATCH_H

#include <stddef.h>
#include <time.h>
#include "ocsp/frame.h"
#include "ocsp/reply.h"
#include "ocsp/signer.h"

/*
 * What answers that were signed at one moment by one delegate share: times,
 * signer, the HTTP head. Of each only the status and the signature are left
 * to be kept, and from these the whole answer is put together when it is
 * asked for. Immutable but for its count of references.
 *
 * A signature is kept in as few octets as can be: ECDSA's two numbers at the
 * width of the curve, without the DER around them.
 */

#define BATCH_SIGNATURE_MAX 512 /* octets, kept form: RSA-4096 */

struct batch {
	struct frame frame;
	struct signer *signer; /* a reference */
	unsigned char *algorithm;
	size_t field;	      /* octets of one ECDSA number; 0: not ECDSA */
	size_t signature_len; /* of a kept signature */
	time_t this_update, next_update;
	time_t refresh_at; /* the end of max-age */
	time_t serve_until; /* later than refresh_at: from here on a newer one
			       is wanted at any price */
	EVP_MD *sha256;
	struct reply *model; /* what all replies have in their head */
	atomic_uint refs;
};

struct batch_terms {
	time_t this_update, next_update, refresh_at;
	time_t cutoff;	     /* archiveCutoff; 0: none */
	int extended_revoke; /* as in ocsp/answer.h */
	size_t issuer;	     /* its place, for the counters */
	size_t both_hashes;  /* an answer of at most so many octets speaks by
				both; else by SHA-256 alone */
};

/* ${issuer} is borrowed and must outlive the batch; a reference of its own is
   taken on ${signer}. Returned with one reference, or NULL raised. */
struct batch *batch_new(const struct frame_issuer *issuer,
    struct signer *signer, const struct batch_terms *terms);
struct batch *batch_up_ref(struct batch *batch);
void batch_free(struct batch *batch); /* NULL is fine */

/* Octets that batches of this signer keep of a signature, at most
   BATCH_SIGNATURE_MAX; 0 raised: a key that they do not know. */
size_t batch_signature_len(const struct signer *signer);

/* Sign the answer about ${cert}; batch->signature_len octets into ${out}. 1,
   or 0 raised. */
int batch_sign(const struct batch *batch, const struct frame_cert *cert,
    unsigned char *out);

/* The answer with the signature that batch_sign() left. Returned with one
   reference, or NULL: out of memory. */
struct reply *batch_reply(const struct batch *batch,
    const struct frame_cert *cert, const unsigned char *signature);

#endif
