#ifndef INKAN_CA_ENGINE_RETIRE_H
#define INKAN_CA_ENGINE_RETIRE_H

#include "ca/engine/ca.h"

/*
 * A disabled CA goes on signing CRLs, and the certificates of the delegates
 * that answer for it, until the last certificate that it issued has expired and
 * has stood on one more CRL (RFC 5280 5.2.4 and 5.3). Its delegates' own
 * certificates do not count: nobody needs an answer about them alone. Where
 * expired certificates stay on its CRLs it never ends.
 */

struct retire {
	int64_t n[CERT_ABORTED + 1];	/* certificates by state */
	int64_t last;			/* notAfter of the last that counts; 0 */
};

/* Reads all of the CA's certificates: not for every round. 1 or 0 raised. */
int retire_look(struct ca *ca, const struct issuer *is, struct retire *out);
/* Does it need no more CRLs? Never of one that is not disabled. */
int retire_is_over(const struct issuer *is, const struct retire *r,
    time_t now);
/* Both; is it not over? An error says it is not, for that is the safe side. */
int retire_needs_crls(struct ca *ca, const struct issuer *is, time_t now);

/* The same for who asks in every round: looked up once in RETIRE_EVERY seconds
   for each CA, by its place in the set. One thread. */
#define RETIRE_EVERY 600

struct retire_watch {
	time_t looked[ISSUERS_MAX];	/* 0: not, or it was active */
	unsigned char over[ISSUERS_MAX];
};
int retire_watch_over(struct retire_watch *w, struct ca *ca, size_t i,
    time_t now);

#endif
