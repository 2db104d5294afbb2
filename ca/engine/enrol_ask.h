#ifndef INKAN_CA_ENGINE_ENROL_ASK_H
#define INKAN_CA_ENGINE_ENROL_ASK_H

#include "ca/engine/stage.h"

/*
 * What a device asks, as people see it who approve it, and as it is recognised
 * when it is asked again.
 *
 * The same request is: fleet, device, operation, key, authenticating credential,
 * and what the CSR asks for. The octets of the CSR are not, for a client signs
 * anew, and with a link to the TLS connection (RFC 7030 3.5) it must. Where the
 * key is made here the template stands for it.
 *
 * A credential is a certificate (issuer and serial), a secret, or a station.
 */

struct enrol_ask {
	const char *op;			/* "enroll", "reenroll", "keygen" */
	unsigned char same[32];		/* SHA-256 of what makes it the same */
	unsigned char credential[32];	/* of who asks */
	unsigned char *args; size_t args_len;	/* what was asked: fields */
	WIRE_FIELDS *rests;		/* what an approval covers */
	unsigned char *rests_der; size_t rests_len;	/* the same, DER */
};

/* Of an admission as far as its stages have come. 1 to be cleared, or 0
   raised. */
int enrol_ask_make(const struct admitting *t, struct enrol_ask *out);
void enrol_ask_clear(struct enrol_ask *a);

/* Does what was approved under ${rests} stand under this policy still: the same
   profile and fleet, by their files? 1, 0, -1 raised. */
int enrol_ask_stands(const WIRE_FIELDS *rests, const struct policy *policy);

#endif
