#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiles/error.h"
#include "profiles/name.h"
#include "profiles/name_constraint.h"
#include "profiles/profile_part.h"

/* Keys that constrain chains below another CA (RFC 5280 4.2.1.5, .10, .11, .14;
   RFC 5217). */

#define SKIP_CERTS_MAX 16

static const struct conf_key mapping_keys[] = {
    {"issuer", CONF_TEXT, 1},
    {"subject", CONF_TEXT, 1},
};

static const struct conf_key constraint_keys[] = {
    {"require_explicit", CONF_INT, 0},
    {"inhibit_mapping", CONF_INT, 0},
};

static const struct conf_key name_keys[] = {
    {"permitted", CONF_GROUPS, 0},
    {"excluded", CONF_GROUPS, 0},
};

static const struct conf_key subtree_keys[] = {
    {"type", CONF_TEXT, 1},
    {"base", CONF_TEXT, 0},
    {"name", CONF_GROUPS, 0},
};

static const struct conf_key rdn_keys[] = {
    {"attribute", CONF_TEXT, 1},
    {"value", CONF_TEXT, 1},
};

static int
take_policy(const struct conf_group *g, const char *key, char out[64])
{
	if (!profile_copy_oid(g, key, out))
		return 0;
	return strcmp(out, OID_ANY_POLICY) != 0 ||
	    conf_fail(g, key, "anyPolicy is never mapped (RFC 5280 4.2.1.5)");
}

static int
parse_mapping(struct profile *p, const struct conf_group *g)
{
	struct profile_mapping *m = &p->mappings[p->n_mappings];
	size_t i;

	if (!conf_check(g, mapping_keys, N(mapping_keys)) ||
	    !take_policy(g, "issuer", m->issuer) ||
	    !take_policy(g, "subject", m->subject))
		return 0;
	for (i = 0; i < p->n_mappings; i++)
		if (strcmp(p->mappings[i].issuer, m->issuer) == 0 &&
		    strcmp(p->mappings[i].subject, m->subject) == 0)
			return conf_fail(
			    g, NULL, "%s to %s twice", m->issuer, m->subject);
	for (i = 0; i < p->n_policies; i++)
		if (strcmp(p->policies[i].oid, m->issuer) == 0)
			break;
	if (i == p->n_policies)
		return conf_fail(g, "issuer",
		    "%s is not among the policies (RFC 5280 4.2.1.5)",
		    m->issuer);
	p->n_mappings++;
	return 1;
}

static int
parse_mappings(struct profile *p, const struct conf_group *g)
{
	size_t i, n = conf_n_groups(g, "policy_mappings");

	if (n > PROFILE_LIST_MAX)
		return conf_fail(
		    g, "policy_mappings", "more than %d", PROFILE_LIST_MAX);
	for (i = 0; i < n; i++)
		if (!parse_mapping(p, conf_group_at(g, "policy_mappings", i)))
			return 0;
	return 1;
}

static int
skip_certs(const struct conf_group *g, const char *key, int *has, int *n)
{
	int64_t v;

	if (!conf_int(g, key, 0, SKIP_CERTS_MAX, 0, &v))
		return 0;
	*has = conf_has(g, key);
	*n = (int)v;
	return 1;
}

static int
parse_policy_constraints(struct profile *p, const struct conf_group *g)
{
	if (g == NULL)
		return 1;
	if (!conf_check(g, constraint_keys, N(constraint_keys)) ||
	    !skip_certs(g, "require_explicit", &p->has_require_explicit,
		&p->require_explicit) ||
	    !skip_certs(g, "inhibit_mapping", &p->has_inhibit_mapping,
		&p->inhibit_mapping))
		return 0;
	return p->has_require_explicit || p->has_inhibit_mapping ||
	    conf_fail(g, NULL, "is empty (RFC 5280 4.2.1.11)");
}

static int
parse_rdn(struct profile *p, struct profile_subtree *s,
    const struct conf_group *g)
{
	const struct name_attr *attr;
	const char *what, *name, *value = s->rdn[s->n_rdn].value;

	if (!conf_check(g, rdn_keys, N(rdn_keys)))
		return 0;
	name = conf_text(g, "attribute", "");
	if ((attr = name_find(name)) == NULL)
		return conf_fail(
		    g, "attribute", "unknown attribute \"%.64s\"", name);
	if (!profile_copy(
		g, "value", s->rdn[s->n_rdn].value, sizeof(s->rdn[0].value)))
		return 0;
	if ((what = name_breach(attr, value)) != NULL &&
	    !profile_refuse_value(p, g, "value", value, what))
		return 0;
	s->rdn[s->n_rdn++].nid = attr->nid;
	return 1;
}

static int
parse_directory(struct profile *p, struct profile_subtree *s,
    const struct conf_group *g)
{
	size_t i, n = conf_n_groups(g, "name");

	if (conf_has(g, "base") || n == 0 || n > PROFILE_SUBTREE_RDNS_MAX)
		return conf_fail(g, NULL,
		    "a directory name is \"name\", 1 to %d attributes",
		    PROFILE_SUBTREE_RDNS_MAX);
	for (i = 0; i < n; i++)
		if (!parse_rdn(p, s, conf_group_at(g, "name", i)))
			return 0;
	return 1;
}

static int
parse_subtree(struct profile *p, const struct conf_group *g, int excluded)
{
	struct profile_subtree *s = &p->subtrees[p->n_subtrees];
	const char *what;
	int type;

	if (!conf_check(g, subtree_keys, N(subtree_keys)) ||
	    (type = conf_choice(g, "type", name_constraint_types(), -1)) < 0)
		return 0;
	s->type = (enum profile_subtree_type)type;
	s->excluded = excluded;
	p->n_subtrees++;
	if (s->type == PROFILE_SUBTREE_DIRECTORY)
		return parse_directory(p, s, g);
	if (!conf_has(g, "base") || conf_has(g, "name"))
		return conf_fail(g, NULL, "needs \"base\" and no \"name\"");
	if (!profile_copy(g, "base", s->base, sizeof(s->base)))
		return 0;
	what = name_constraint_breach(s->type, s->base);
	return what == NULL ||
	    profile_refuse_value(p, g, "base", s->base, what);
}

static int
parse_name_constraints(struct profile *p, const struct conf_group *g)
{
	size_t i, permitted, excluded;

	if (g == NULL)
		return 1;
	if (!conf_check(g, name_keys, N(name_keys)))
		return 0;
	permitted = conf_n_groups(g, "permitted");
	excluded = conf_n_groups(g, "excluded");
	if (permitted + excluded == 0 ||
	    permitted + excluded > PROFILE_SUBTREES_MAX)
		return conf_fail(g, NULL,
		    "1 to %d subtrees (RFC 5280 4.2.1.10)",
		    PROFILE_SUBTREES_MAX);
	p->subtrees = calloc(permitted + excluded, sizeof(*p->subtrees));
	if (p->subtrees == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		return 0;
	}
	for (i = 0; i < permitted; i++)
		if (!parse_subtree(p, conf_group_at(g, "permitted", i), 0))
			return 0;
	for (i = 0; i < excluded; i++)
		if (!parse_subtree(p, conf_group_at(g, "excluded", i), 1))
			return 0;
	return 1;
}

int
profile_parse_cross(struct profile *p, const struct conf_group *g)
{
	p->self_issued = conf_bool(g, "self_issued", 0);
	return parse_mappings(p, g) &&
	    parse_policy_constraints(
		p, conf_subgroup(g, "policy_constraints")) &&
	    skip_certs(g, "inhibit_any_policy", &p->has_inhibit_any,
		&p->inhibit_any) &&
	    parse_name_constraints(p, conf_subgroup(g, "name_constraints"));
}

int
profile_check_cross(const struct profile *p, const struct conf_group *g)
{
	static const char *const only_ca[] = {"policy_mappings",
	    "policy_constraints", "inhibit_any_policy", "name_constraints"};
	size_t i;

	if (p->self_issued && p->class != PROFILE_CROSS)
		return conf_fail(g, "self_issued", "only in class cross");
	for (i = 0; i < N(only_ca); i++)
		if (conf_has(g, only_ca[i]) && p->class != PROFILE_CA &&
		    p->class != PROFILE_CROSS)
			return conf_fail(g, only_ca[i],
			    "only in the classes ca and cross (RFC 5280 "
			    "4.2.1)");
	return 1;
}
