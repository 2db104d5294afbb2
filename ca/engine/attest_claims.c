#include <string.h>

#include "ca/engine/attest_evidence.h"

/* What a certificate says of its key must have been shown of that key. */

/* Facts of ra/attest/tpm.c, of the key that was attested. */
#define IN_TPM "tpm.key.name"
#define RESTRICTED "tpm.key.restricted"

int
evidence_claims(
    const struct profile *p, const WIRE_ANSWER *answer, struct outcome *o)
{
	unsigned says = profile_says(p);
	const char *restricted = evidence_fact(answer, RESTRICTED);

	if ((says & PROFILE_SAYS_TPM) &&
	    evidence_fact(answer, IN_TPM) == NULL)
		return outcome_refuse(o, WIRE_DENIED, "attest", "attest.claim",
		    IN_TPM, "certificates of profile %s say that their key "
		    "lives in a TPM, and the evidence does not show it",
		    p->name);
	if ((says & PROFILE_SAYS_RESTRICTED) &&
	    (restricted == NULL || strcmp(restricted, "true") != 0))
		return outcome_refuse(o, WIRE_DENIED, "attest", "attest.claim",
		    RESTRICTED, "certificates of profile %s say that their key "
		    "is restricted, and this one would sign anything", p->name);
	return 1;
}
