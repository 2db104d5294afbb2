#include <openssl/crypto.h>

#include "ca/engine/fleet_attest.h"
#include "ca/engine/ops_status.h"
#include "ca/engine/policy.h"

#define PHONES_OLD (2 * 86400)	/* seconds; Google's list is good for a day */

/* How old is the list that questions about phones are sent with? */
static void
tell_phones(struct checking *k)
{
	int64_t fetched = 0;
	char *text = phone_list_get(k->c->ca->verifier.phones, &fetched);
	long long hours = ((long long)k->c->now - fetched) / 3600;

	if (text != NULL)
		ops_say(k, "android.status",
		    hours * 3600 >= PHONES_OLD ? WARN : OK, 0,
		    "the status list of phones was fetched %lld hours ago",
		    hours);
	OPENSSL_free(text);
}

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
	    verifier_reads(&k->c->ca->verifier, p, NULL, k->c->now, &o) == 1)
		ops_say(k, "evidence", OK, 0, "inkan-verifier reads what it is "
		    "judged by (fleets: %zu)", n);
	else if (n > 0)
		ops_say(k, "evidence", FAIL, 0, "%s: %s", o.rule, o.text);
	if (n > 0)
		tell_phones(k);
	policy_put(p);
}
