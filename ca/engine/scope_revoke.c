#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/campaign.h"
#include "ca/engine/scope.h"

/*
 * Rules such as "revoke:code-signing" count for whatever way leads to such a
 * certificate: by serial, device, key or expression.
 */

struct touching {
	struct ops_call *c;
	struct policy *policy;
	struct scope *s;
	unsigned char key[32];
	struct device_row device;
};

static void
touch(struct touching *t, const char *profile)
{
	const struct operators *o = t->policy->operators;
	const struct profile *p = policy_profile(t->policy, profile);

	scope_rule(t->s, o, "revoke", profile);
	if (p != NULL)
		scope_rule(t->s, o, "revoke", profile_class_name(p->class));
}

/* Of what is not known, the highest rule counts. */
static void
touch_all(struct touching *t)
{
	const struct operators *o = t->policy->operators;
	size_t i;

	for (i = 0; i < o->n_rules; i++)
		if (strcmp(o->rule[i].operation, "revoke") == 0)
			scope_rule(t->s, o, "revoke", o->rule[i].of);
}

static int
has_kinds(const struct operators *o)
{
	size_t i;

	for (i = 0; i < o->n_rules; i++)
		if (strcmp(o->rule[i].operation, "revoke") == 0 &&
		    o->rule[i].of[0] != '\0')
			return 1;
	return 0;
}

/* One that cannot be found is the operation's to refuse, unless it is said
   to be unknown. */
static int
by_serial(struct touching *t)
{
	struct ops_call *c = t->c;
	struct cert_row row;

	if (!ops_find_cert(c, &row)) {
		if (ops_unknown_serial(c) == NULL)
			return 0;
		outcome_init(&c->o);
		touch_all(t);
		return 1;
	}
	touch(t, row.profile);
	return field_add_text(t->s->fields, "issuer", row.issuer_ident) &&
	    field_add_text(t->s->fields, "subject", row.subject) &&
	    field_add_text(t->s->fields, "profile_of", row.profile);
}

static int
device_tx(struct store_tx *tx, void *arg)
{
	struct touching *t = arg;
	struct cert_row row;
	int64_t after = 0;
	int found;

	while ((found = certs_next_of(tx, t->device.fleet, t->device.name,
	    after, &row)) == 1) {
		touch(t, row.profile);
		after = row.id;
	}
	return found == 0;
}

static int
by_device(struct touching *t)
{
	return ops_find_device(t->c, &t->device) &&
	    ops_read(t->c, device_tx, t);
}

static int
key_tx(struct store_tx *tx, void *arg)
{
	struct touching *t = arg;
	struct cert_row row;
	int64_t after = 0;
	int found;

	while ((found = certs_next_on_key(tx, t->key, after, &row)) == 1) {
		touch(t, row.profile);
		after = row.id;
	}
	return found == 0;
}

static int
by_expression(struct touching *t)
{
	struct campaign_plan *plan = NULL;
	struct campaign_request r;
	size_t i;

	if (!ops_take_campaign(t->c, &r) || !campaign_plan(t->c->ca->store,
	    t->policy, &r, &plan))
		return 0;
	for (i = 0; i < plan->n_groups; i++)
		touch(t, plan->group[i].profile);
	if (plan->groups_full)
		touch_all(t);
	OPENSSL_free(plan);
	return 1;
}

int
scope_revoke(struct ops_call *c, struct policy *policy, struct scope *s)
{
	struct touching t = {.c = c, .policy = policy, .s = s};

	if (strcmp(c->op, "revoke") == 0)
		return by_serial(&t);
	if (!has_kinds(policy->operators))
		return 1;
	if (strcmp(c->op, "revoke.key") == 0)
		return ops_take_key(c, t.key) && ops_read(c, key_tx, &t);
	if (strcmp(c->op, "campaign.start") == 0)
		return by_expression(&t);
	return by_device(&t);
}
