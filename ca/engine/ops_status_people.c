#include "ca/error.h"
#include "ca/engine/ops_status.h"

/* Of the checks those of people: roles, approvals, what was done without. */

static void
check_operators(struct checking *k)
{
	struct policy *p = ca_policy(k->c->ca);
	const struct operators *o = p->operators;

	if (o == NULL)
		ops_say(k, "operators", WARN, 0, "the active policy has no "
		    OPERATORS_PATH ": whoever may use the admin socket is "
		    "admin, officer and auditor");
	else if (o->uid_only)
		ops_say(k, "operators", WARN, 0, "uid_only: approvals are "
		    "taken without a signature, from whoever has the uid");
	else if (operators_highest(o) == 0)
		ops_say(k, "operators", OK, 0, "%zu operators; nothing needs "
		    "approvals", o->n);
	else
		ops_say(k, "operators", OK, 0, "%zu operators, %zu rules of "
		    "approval", o->n, o->n_rules);
	policy_put(p);
}

void
ops_status_people(struct checking *k)
{
	check_operators(k);
}
