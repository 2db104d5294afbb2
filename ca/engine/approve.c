#include "ca/engine/enrol_park.h"

/*
 * Has somebody looked at it? The fleet says which enrolments people approve: the
 * first ones, all, or those of a device that has a live certificate already
 * (re_enrol). What repeats a request that was answered needs nobody.
 */

static const char *
rule_of(const struct admitting *t)
{
	if (t->req == NULL)
		return NULL;	/* an operator's: ops_gate.c asks for those */
	if (t->fleet->approve == FLEET_APPROVE_ALL)
		return "approve.all";
	if (t->fleet->approve == FLEET_APPROVE_FIRST && !t->a->renewal)
		return "approve.first";
	return t->re_enrols ? "re_enrol" : NULL;
}

int
stage_approve(struct admitting *t)
{
	const char *rule = rule_of(t);

	if (t->a->existing != 0 || rule == NULL) {
		stage_say(t, rule == NULL ? "no approval is asked for"
		    : "the same certificate again needs no approval");
		return 1;
	}
	return stage_park(t, rule, 1);
}
