#ifndef INKAN_OCSP_WORK_H
#define INKAN_OCSP_WORK_H

#include "ocsp/answer.h"
#include "ocsp/responder.h"

/* One request on its way; private to responder.c and compose.c. */
struct work {
	struct responder *r;
	const unsigned char *der; /* raw */
	size_t len;
	time_t now;
	struct request *req;
	struct view *view;
	const struct view_issuer *issuer;
	const struct policy *policy; /* of the issuer */
	struct budget *budget;	     /* likewise */
	const unsigned char *nonce;  /* to be echoed; NULL: none */
	size_t nonce_len;
	struct signer *signer;
	struct answer_single *singles;
	size_t n_singles;
	unsigned char *twin; /* the CertID by the other hash, or NULL */
	size_t twin_len;
	struct status_head head;
	uint64_t epoch;
	int not_issued;		/* a single is about no certificate of ours */
	int too_old;		/* one ended before what is kept */
	int unsure;		/* what is not in status.db may be missing */
	struct reply *fallback; /* cached, past its refresh, still valid */
	unsigned char *plain;	/* ${der} without its nonce, when it is that */
};

/* May anything new be said from this head at all? */
int work_may_speak(const struct work *w);

/* compose.c: read the status of every CertID into singles, not_issued, too_old
   and unsure. 1, or 0 raised. */
int compose_ask(struct work *w);

/* Build and sign the answer to what compose_ask() found, with w->nonce. With
   w->twin set it is about that CertID, too. NULL raised. */
struct reply *compose_sign(struct work *w);

#endif
