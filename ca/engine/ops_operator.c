#include <stdio.h>

#include "ca/error.h"
#include "ca/engine/ops.h"

/* Who may do what, as the active policy says. */

static int
add_operator(struct ops_call *c, const struct operator *op)
{
	WIRE_FIELDS *l = message_add_row(c->answer);
	char roles[40], key[NOTE_VKEY_MAX];

	operators_print_roles(op->roles, roles);
	if (op->has_key && !note_key_print(&op->key, key, sizeof(key)))
		return 0;
	return l != NULL && field_add_text(l, "name", op->name) &&
	    field_add_int(l, "uid", (int64_t)op->uid) &&
	    field_add_text(l, "roles", roles) &&
	    field_add_text(l, "key", op->has_key ? key : NULL) &&
	    field_add_flag(l, "you", op->uid == c->peer->uid);
}

static int
add_group(struct ops_call *c, const struct operator_group *g)
{
	WIRE_FIELDS *l = message_add_row(c->answer);
	char name[32], roles[40];

	snprintf(name, sizeof(name), "@%u", (unsigned)g->gid);
	operators_print_roles(g->roles, roles);
	return l != NULL && field_add_text(l, "name", name) &&
	    field_add_text(l, "uid", NULL) &&
	    field_add_text(l, "roles", roles) &&
	    field_add_text(l, "key", NULL) && field_add_flag(l, "you", 0);
}

static int
add_rule(WIRE_FIELDS *v, const struct operator_rule *r)
{
	char text[256];

	snprintf(text, sizeof(text), "%s%s%s = %d", r->operation,
	    r->of[0] != '\0' ? ":" : "", r->of, r->number);
	return field_add_text(v, "approvals", text);
}

int
ops_operator_list(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	const struct operators *o = p->operators;
	WIRE_FIELDS *v = c->answer->values;
	char roles[40];
	size_t i;
	int ok;

	operators_print_roles(c->rights, roles);
	ok = field_add_int(v, "version", p->row.version) &&
	    field_add_text(v, "your_roles", roles) &&
	    field_add_flag(v, "uid_only", o == NULL || o->uid_only);
	for (i = 0; ok && o != NULL && i < o->n_rules; i++)
		ok = add_rule(v, &o->rule[i]);
	for (i = 0; ok && o != NULL && i < o->n; i++)
		ok = add_operator(c, &o->item[i]);
	for (i = 0; ok && o != NULL && i < o->n_groups; i++)
		ok = add_group(c, &o->group[i]);
	policy_put(p);
	return ok;
}
