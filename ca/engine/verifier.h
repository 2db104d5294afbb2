#ifndef INKAN_CA_ENGINE_VERIFIER_H
#define INKAN_CA_ENGINE_VERIFIER_H

#include <time.h>
#include "ca/engine/fleet_attest.h"
#include "ca/engine/outcome.h"
#include "ca/engine/phone_list.h"
#include "ca/wire/message.h"

/*
 * inkan-ca's side of inkan-verifier(8): one connection for each question, so that
 * a verifier that was killed, hangs or starts anew is none of our state. What it
 * answers is believed about evidence, and about nothing else: whether a nonce is
 * ours and whose key a request has is found out here (attest_evidence.c).
 */

#define VERIFIER_KEY_MAX 2048	/* octets of a SubjectPublicKeyInfo */

struct verifier {		/* borrowed by admit_env */
	const char *socket;	/* "": there is none */
	int limit;		/* seconds for one question */
	const char *arc;	/* of private types; "": none */
	struct phone_list *phones;	/* NULL: none */
};

/* What the fleet's evidence is judged by, into ${args}; ${v} NULL: there is none. 1,
   or 0 raised. */
int verifier_add_policy(WIRE_FIELDS *args, const struct verifier *v,
    const struct fleet_evidence *e, time_t now);
/* The facts that ${a} tells, as fields of ${l}. 1, or 0: out of memory. */
int verifier_add_facts(WIRE_FIELDS *l, const WIRE_ANSWER *a);
/*
 * Can the verifier read what evidence would be judged by, in each fleet of ${p}
 * that demands some? Asked before a policy is activated, without any evidence:
 * that nothing could pass would else show at the first device.
 * 1: it can, or there is no such fleet. 0: it cannot; rule "policy.references" in
 * ${o}, with a text that names fleet, file, line and key. -1: nobody knows, since it
 * did not answer or is older than the question; rule "policy.unchecked" in ${o}.
 * That is no matter of fleets whose evidence ${active} (NULL: nothing is) has judged
 * by the same already.
 * The error queue is left as it was. Not asked: whether evidence could ever meet it.
 */
int verifier_reads(const struct verifier *v, const struct policy *p,
    const struct policy *active, time_t now, struct outcome *o);
/* Ask; ${args} are borrowed. Returned to be freed with WIRE_ANSWER_free(); NULL
   raised: it is not there, or too late, or does not speak our tongue. */
WIRE_ANSWER *verifier_ask(
    const struct verifier *v, const char *op, WIRE_FIELDS *args);
/* Is ${a}, NULL for none, a judgement about what was shown? Else nobody knows: that
   is no fault of a device. */
int verifier_judged(const WIRE_ANSWER *a);
/* Tell that it is not (event "verifier.away"): what was raised, or what ${a} says. */
void verifier_say_away(const char *fleet, const WIRE_ANSWER *a);

#endif
