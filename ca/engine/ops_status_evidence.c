#include "ca/engine/fleet_attest.h"
#include "ca/engine/ops_status.h"
#include "ca/engine/policy.h"

/* Can evidence be judged by the active policy? What a ceremony made active nobody
   has asked inkan-verifier about, and it may have gone since. */
void
ops_status_evidence(struct checking *k)
{
	struct policy *p = ca_policy(k->c->ca);
	size_t i, n = 0;
	struct outcome o;

	for (i = 0; i < p->n_fleets; i++)
		n += p->fleets[i]->evidence != NULL;
	outcome_init(&o);
	if (n > 0 &&
	    verifier_reads(&k->c->ca->verifier, p, k->c->now, &o) == 1)
		ops_say(k, "evidence", OK, 0, "inkan-verifier reads what it is "
		    "judged by (fleets: %zu)", n);
	else if (n > 0)
		ops_say(k, "evidence", FAIL, 0, "%s: %s", o.rule, o.text);
	policy_put(p);
}
