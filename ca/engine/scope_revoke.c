#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/campaign.h"
#include "ca/engine/revoke.h"
#include "ca/engine/scope.h"

/*
 * Rules such as "revoke:code-signing" count for whatever way leads to such a
 * certificate: by serial, device, key or expression.
 */

struct touching {
	struct ops_call *c;
	struct policy *policy;
	struct scope *s;
	struct cert_row cert;
	unsigned char key[32];
	struct device_row device;
};

static void
most(int *need, const struct operators *o, const char *of)
{
	int n = operators_number(o, "revoke", of);

	if (n > *need)
		*need = n;
}

/* Of what is not known, the highest rule counts. */
static void
most_of_all(int *need, const struct operators *o)
{
	size_t i;

	for (i = 0; i < o->n_rules; i++)
		if (strcmp(o->rule[i].operation, "revoke") == 0)
			most(need, o, o->rule[i].of);
}

static int
has_kinds(const struct operators *o)
{
	size_t i;

	for (i = 0; o != NULL && i < o->n_rules; i++)
		if (strcmp(o->rule[i].operation, "revoke") == 0 &&
		    o->rule[i].of[0] != '\0')
			return 1;
	return 0;
}

/* The profile may have left the policy, or have become one of another class
   since. */
int
scope_cert(struct store_tx *tx, const struct policy *policy, int64_t cert,
    const char *profile, int *need)
{
	const struct operators *o = policy->operators;
	const struct profile *p = policy_profile(policy, profile);
	enum profile_class shown = PROFILE_LDEVID;

	if (!has_kinds(o))
		return 1;
	if (!revoke_class_of_der(tx, cert, &shown))
		return 0;
	most(need, o, profile);
	if (p != NULL)
		most(need, o, profile_class_name(p->class));
	if (shown != PROFILE_LDEVID)
		most(need, o, profile_class_name(shown));
	else if (p == NULL)
		most_of_all(need, o);
	return 1;
}

static int
touch(struct touching *t, struct store_tx *tx, const struct cert_row *row)
{
	return scope_cert(tx, t->policy, row->id, row->profile, &t->s->need);
}

static int
cert_tx(struct store_tx *tx, void *arg)
{
	struct touching *t = arg;

	return touch(t, tx, &t->cert);
}

/* One that cannot be found is the operation's to refuse, unless it is said
   to be unknown. */
static int
by_serial(struct touching *t)
{
	struct ops_call *c = t->c;
	const struct cert_row *row = &t->cert;

	if (!ops_find_cert(c, &t->cert)) {
		if (ops_unknown_serial(c) == NULL)
			return 0;
		outcome_init(&c->o);
		most_of_all(&t->s->need, t->policy->operators);
		return 1;
	}
	return ops_read(c, cert_tx, t) &&
	    field_add_text(t->s->fields, "issuer", row->issuer_ident) &&
	    field_add_text(t->s->fields, "subject", row->subject) &&
	    field_add_text(t->s->fields, "profile_of", row->profile);
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
		if (!touch(t, tx, &row))
			return 0;
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
		if (!touch(t, tx, &row))
			return 0;
		after = row.id;
	}
	return found == 0;
}

static int
by_expression(struct touching *t)
{
	struct campaign_plan *plan = NULL;
	struct campaign_request r;

	if (!ops_take_campaign(t->c, &r) || !campaign_plan(t->c->ca->store,
	    t->policy, &r, &plan))
		return 0;
	if (plan->need > t->s->need)
		t->s->need = plan->need;
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
