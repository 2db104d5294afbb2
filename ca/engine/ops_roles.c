#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/ops.h"
#include "ca/engine/ops_roles.h"

/*
 * Admins say what may be issued and by which CA; officers issue and revoke;
 * auditors read. Stopping and CRLs are everybody's who acts.
 */

#define ADMIN OPERATOR_ADMIN
#define OFFICER OPERATOR_OFFICER
#define ACT (OPERATOR_ADMIN | OPERATOR_OFFICER)
#define READ OPERATOR_ALL

static const struct ops_roles TABLE[] = {
    {"ca.list", READ, 0, 0},
    {"ca.request", ADMIN, ADMIN, 0},
    {"ca.import", ADMIN, ADMIN, 0},
    {"ca.show", READ, 0, 0},
    {"ca.disable", ADMIN, ADMIN, 0},
    {"ca.enable", ADMIN, ADMIN, 0},
    {"ca.delegate", OFFICER, OFFICER, 0},
    {"ca.adoption", READ, 0, 0},
    {"ca.stop", ACT, ACT, OPS_BREAKS},
    {"ca.resume", ADMIN, ADMIN, 0},
    {"token.resume", ADMIN, ADMIN, 0},
    {"status", READ, 0, 0},
    {"policy.diff", READ, 0, 0},
    {"policy.check", READ, 0, 0},
    {"policy.activate", ADMIN, ADMIN, 0},
    {"policy.show", READ, 0, 0},
    {"issue", OFFICER, OFFICER, 0},
    {"explain", READ, 0, 0},
    {"revoke", OFFICER, OFFICER, OPS_BREAKS | OPS_REVOKES},
    {"revoke.device", OFFICER, OFFICER, OPS_BREAKS | OPS_REVOKES},
    {"revoke.key", OFFICER, OFFICER, OPS_BREAKS | OPS_REVOKES},
    {"revoke.plan", READ, 0, 0},
    {"campaign.start", OFFICER, OFFICER, OPS_BREAKS | OPS_REVOKES},
    {"campaign.list", READ, 0, 0},
    {"campaign.show", READ, 0, 0},
    {"campaign.stop", OFFICER, OFFICER, 0},
    {"campaign.resume", OFFICER, OFFICER, 0},
    {"release", OFFICER, OFFICER, 0},
    {"cert.list", READ, 0, 0},
    {"cert.show", READ, 0, 0},
    {"crl.issue", ACT, ACT, OPS_BREAKS},
    {"crl.show", READ, 0, 0},
    {"crl.shards", ADMIN, ADMIN, 0},
    {"crl.plan", READ, 0, 0},
    {"ocsp.plan", READ, 0, 0},
    {"device.add", OFFICER, OFFICER, 0},
    {"device.list", READ, 0, 0},
    {"device.show", READ, 0, 0},
    {"device.disable", OFFICER, OFFICER, 0},
    {"device.enable", OFFICER, OFFICER, 0},
    {"device.set", OFFICER, OFFICER, 0},
    {"device.revoke", OFFICER, OFFICER, OPS_BREAKS | OPS_REVOKES},
    {"device.retire", OFFICER, OFFICER, OPS_REVOKES},
    {"device.replace", OFFICER, OFFICER, OPS_REVOKES},
    {"device.transfer", OFFICER, OFFICER, OPS_REVOKES},
    {"fleet.list", READ, 0, 0},
    {"fleet.show", READ, 0, 0},
    {"maker.crl.list", READ, 0, 0},
    {"secret.new", OFFICER, OFFICER, OPS_SECRET},
    {"secret.list", READ, 0, 0},
    {"secret.revoke", OFFICER, OFFICER, 0},
    {"profile.list", READ, 0, 0},
    {"profile.show", READ, 0, 0},
    {"profile.replay", READ, 0, 0},
    {"key.list", READ, 0, 0},
    {"evidence.show", READ, 0, 0},
    {"evidence.check", READ, 0, 0},
    {"evidence.replay", READ, 0, 0},
    {"log.list", READ, 0, 0},
    {"log.where", READ, 0, 0},
    {"log.prove", READ, 0, 0},
    {"log.cosign", ACT, 0, 0},
    {"log.accept", ADMIN, ADMIN, 0},
    {"operator.list", READ, 0, 0},
    {"report", READ, 0, 0},
    {"report.events", READ, 0, 0},
    {"request.list", READ, 0, 0},
    {"request.show", READ, 0, 0},
    {"request.approve", ACT, 0, 0},
    {"request.deny", ACT, 0, 0},
    {"request.run", ACT, 0, 0},
    {"break-glass.list", READ, 0, 0},
    {"break-glass.ack", ACT, 0, 0},
    {"device.import.begin", OFFICER, OFFICER, 0},
    {"device.import", OFFICER, 0, 0},
    {"device.import.end", OFFICER, 0, 0},
    {"key.block", OFFICER, OFFICER, 0},
    {"key.blocked", READ, 0, 0},
    {"key.unblock", ADMIN, ADMIN, 0},
    {"client.list", READ, 0, 0},
};

#define N (sizeof(TABLE) / sizeof(TABLE[0]))

/* What approvals can also name: parts of a policy that change. */
static const struct {
	const char *name;
	unsigned approve;
} GROUPS[] = {
    {"policy", ADMIN},
    {"profile", ADMIN},
    {"fleet", ADMIN},
    {"operators", ADMIN},
};

const struct ops_roles *
ops_roles_table(size_t *n)
{
	*n = N;
	return TABLE;
}

const struct ops_roles *
ops_roles_find(const char *op)
{
	size_t i;

	for (i = 0; i < N; i++)
		if (strcmp(TABLE[i].op, op) == 0)
			return &TABLE[i];
	return NULL;
}

int
ops_breaks(const char *op)
{
	const struct ops_roles *r = ops_roles_find(op);

	return r != NULL && (r->flags & OPS_BREAKS) != 0;
}

unsigned
ops_roles_approvable(const char *name)
{
	const struct ops_roles *r = ops_roles_find(name);
	size_t i;

	if (r != NULL)
		return r->approve;
	for (i = 0; i < sizeof(GROUPS) / sizeof(GROUPS[0]); i++)
		if (strcmp(GROUPS[i].name, name) == 0)
			return GROUPS[i].approve;
	return 0;
}

int
ops_roles_check(struct ops_call *c)
{
	const struct ops_roles *r = ops_roles_find(c->op);
	struct policy *policy = ca_policy(c->ca);
	unsigned may = r == NULL ? 0 : r->may;
	char has[40], needs[40];

	c->rights = operators_roles(policy->operators, c->peer);
	policy_put(policy);
	if (may & c->rights)
		return 1;
	operators_print_roles(c->rights, has);
	operators_print_roles(may, needs);
	report_event(REPORT_WARN, "ops.role", "op", c->op, "who", c->who,
	    "roles", has, NULL);
	c->o.authenticated = 1;
	if (c->rights == 0)
		return outcome_refuse(&c->o, WIRE_DENIED, "authorize",
		    "role.none", "op", "uid %u has no role in the active "
		    "policy's operators.conf", (unsigned)c->peer->uid);
	return outcome_refuse(&c->o, WIRE_DENIED, "authorize",
	    "role.operation", "op", "%s is for the role %s; uid %u has %s",
	    c->op, needs, (unsigned)c->peer->uid, has);
}
