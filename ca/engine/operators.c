#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "profiles/conf.h"
#include "profiles/error.h"
#include "ca/engine/operators.h"
#include "ca/engine/ops_roles.h"
#include "ca/engine/policy.h"
#include "profiles/spki.h"

/* operators.conf, read strictly. */

#define LIFETIME_MIN 10
#define LIFETIME_MAX (90 * 86400)
#define LIFETIME_DEFAULT (7 * 86400)
#define ID_MAX INT64_C(4294967294)	/* (uid_t)-1 is nobody */

static const struct conf_key KEYS[] = {
    {"operators", CONF_GROUPS, 1},
    {"groups", CONF_GROUPS, 0},
    {"approvals", CONF_GROUPS, 0},
    {"uid_only", CONF_BOOL, 0},
    {"lifetime", CONF_DURATION, 0},
};
static const struct conf_key OPERATOR_KEYS[] = {
    {"name", CONF_TEXT, 1},
    {"uid", CONF_INT, 1},
    {"roles", CONF_TEXTS, 1},
    {"key", CONF_TEXT, 0},
};
static const struct conf_key GROUP_KEYS[] = {
    {"gid", CONF_INT, 1},
    {"roles", CONF_TEXTS, 1},
};
static const struct conf_key RULE_KEYS[] = {
    {"operation", CONF_TEXT, 1},
    {"number", CONF_INT, 1},
};
static const char *const ROLES[] = {"admin", "officer", "auditor"};

#define N(a) (sizeof(a) / sizeof((a)[0]))

void
operators_print_roles(unsigned roles, char out[40])
{
	size_t i, n = 0;

	strcpy(out, "none");
	for (i = 0; i < N(ROLES); i++)
		if (roles & (1u << i))
			n += (size_t)snprintf(out + n, 40 - n, "%s%s",
			    n > 0 ? " " : "", ROLES[i]);
}

static int
read_roles(const struct conf_group *g, unsigned *out)
{
	size_t i, k, n = conf_n_texts(g, "roles");
	const char *text;

	*out = 0;
	for (i = 0; i < n; i++) {
		text = conf_text_at(g, "roles", i);
		for (k = 0; k < N(ROLES); k++)
			if (strcmp(text, ROLES[k]) == 0)
				break;
		if (k == N(ROLES))
			return conf_fail(g, "roles", "\"%.32s\" is none of "
			    "admin, officer, auditor", text);
		*out |= 1u << k;
	}
	return *out != 0 || conf_fail(g, "roles", "names no role");
}

static int
name_ok(const char *name)
{
	size_t n = strlen(name);

	return n >= 1 && n <= OPERATOR_NAME_MAX &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == n;
}

/* A cosignature's key is a log's witness, not a person. */
static int
read_key(const struct conf_group *g, struct operator *op)
{
	const char *text = conf_text(g, "key", NULL);
	char why[256];

	if (text == NULL)
		return 1;
	ERR_set_mark();
	op->has_key = note_key_parse(&op->key, text);
	report_last_text(why, sizeof(why));
	ERR_pop_to_mark();
	if (!op->has_key)
		return conf_fail(g, "key", "is no verifier key: %s", why);
	if (op->key.type == NOTE_COSIGNATURE)
		return conf_fail(g, "key", "is a witness's key, of type 4; an "
		    "operator's is of type 1 or 2");
	return 1;
}

static int
is_other(const struct conf_group *g, const struct operator *op,
    const struct operator *other)
{
	if (strcmp(op->name, other->name) == 0)
		return conf_fail(g, "name", "\"%s\" stands twice", op->name);
	if (op->uid == other->uid)
		return conf_fail(g, "uid", "%u is %s's already: one person "
		    "counts once", (unsigned)op->uid, other->name);
	if (op->has_key && other->has_key &&
	    spki_same(op->key.pkey, other->key.pkey))
		return conf_fail(g, "key", "is %s's already: one person "
		    "counts once", other->name);
	return 1;
}

static int
read_operator(const struct conf_group *g, struct operators *o)
{
	struct operator *op = &o->item[o->n++];
	const char *name;
	int64_t uid = 0;
	size_t i;

	if (!conf_check(g, OPERATOR_KEYS, N(OPERATOR_KEYS)))
		return 0;
	name = conf_text(g, "name", "");
	if (!name_ok(name))
		return conf_fail(g, "name", "must be 1 to %d of a-z, 0-9, "
		    "\".\", \"-\" and \"_\"", OPERATOR_NAME_MAX);
	strcpy(op->name, name);
	if (!conf_int(g, "uid", 0, ID_MAX, 0, &uid) ||
	    !read_roles(g, &op->roles) || !read_key(g, op))
		return 0;
	op->uid = (uid_t)uid;
	for (i = 0; i + 1 < o->n; i++)
		if (!is_other(g, op, &o->item[i]))
			return 0;
	return 1;
}

static int
read_operators(const struct conf_group *root, struct operators *o)
{
	size_t i, n = conf_n_groups(root, "operators");

	if (n > OPERATORS_MAX)
		return conf_fail(root, "operators", "more than %d",
		    OPERATORS_MAX);
	for (i = 0; i < n; i++)
		if (!read_operator(conf_group_at(root, "operators", i), o))
			return 0;
	for (i = 0; i < o->n; i++)
		if (o->item[i].roles & OPERATOR_ADMIN)
			return 1;
	return conf_fail(root, "operators", "nobody is an admin: this file "
	    "could not be changed any more");
}

static int
read_groups(const struct conf_group *root, struct operators *o)
{
	size_t i, n = conf_n_groups(root, "groups");
	const struct conf_group *g;
	int64_t gid = 0;

	if (n > OPERATORS_GROUPS_MAX)
		return conf_fail(root, "groups", "more than %d",
		    OPERATORS_GROUPS_MAX);
	for (i = 0; i < n; i++) {
		g = conf_group_at(root, "groups", i);
		if (!conf_check(g, GROUP_KEYS, N(GROUP_KEYS)) ||
		    !conf_int(g, "gid", 0, ID_MAX, 0, &gid) ||
		    !read_roles(g, &o->group[i].roles))
			return 0;
		o->group[i].gid = (gid_t)gid;
	}
	o->n_groups = n;
	return 1;
}

/* "issue:code-signing" in its halves; what follows the colon must be a profile
   of this policy, or a class. */
static int
split_rule(const struct policy *p, const struct conf_group *g, const char *text,
    struct operator_rule *r)
{
	const char *colon = strchr(text, ':');
	size_t i, n = colon == NULL ? strlen(text) : (size_t)(colon - text);

	if (n >= sizeof(r->operation) ||
	    (colon != NULL && strlen(colon + 1) >= sizeof(r->of)))
		return conf_fail(g, "operation", "is too long");
	memcpy(r->operation, text, n);
	strcpy(r->of, colon == NULL ? "" : colon + 1);
	if (!ops_roles_approvable(r->operation))
		return conf_fail(g, "operation", "\"%s\" is no operation, nor "
		    "group of operations, that can need approvals",
		    r->operation);
	if (colon == NULL)
		return 1;
	if (strcmp(r->operation, "issue") != 0 &&
	    strcmp(r->operation, "revoke") != 0)
		return conf_fail(g, "operation", "\"%s\" has no kinds: only "
		    "\"issue\" and \"revoke\" have", r->operation);
	for (i = PROFILE_CA; i <= PROFILE_SHORT_LIVED; i++)
		if (strcmp(profile_class_name((enum profile_class)i), r->of) ==
		    0)
			return 1;
	return policy_profile(p, r->of) != NULL ||
	    conf_fail(g, "operation", "there is no profile, nor class of "
	    "profiles, \"%s\"", r->of);
}

/* Whoever asks does not count, so there must be one more. */
static int
can_be_met(const struct conf_group *g, const struct operators *o,
    const struct operator_rule *r)
{
	unsigned roles = ops_roles_approvable(r->operation);
	size_t n = operators_approvers(o, roles);
	char who[40];

	operators_print_roles(roles, who);
	return r->number == 0 || n > (size_t)r->number ||
	    conf_fail(g, "number", "%d can never be met: %zu operators%s have "
	    "a role that may approve it (%s), and the one who asks does not "
	    "count", r->number, n, o->uid_only ? "" : " with a key", who);
}

static int
read_rules(const struct policy *p, const struct conf_group *root,
    struct operators *o)
{
	size_t i, k, n = conf_n_groups(root, "approvals");
	const struct conf_group *g;
	struct operator_rule *r;
	int64_t number = 0;

	if (n > OPERATORS_RULES_MAX)
		return conf_fail(root, "approvals", "more than %d",
		    OPERATORS_RULES_MAX);
	for (i = 0; i < n; i++) {
		g = conf_group_at(root, "approvals", i);
		r = &o->rule[o->n_rules];
		if (!conf_check(g, RULE_KEYS, N(RULE_KEYS)) ||
		    !conf_int(g, "number", 0, OPERATORS_NUMBER_MAX, 0,
		    &number) ||
		    !split_rule(p, g, conf_text(g, "operation", ""), r))
			return 0;
		for (k = 0; k < o->n_rules; k++)
			if (strcmp(o->rule[k].operation, r->operation) == 0 &&
			    strcmp(o->rule[k].of, r->of) == 0)
				return conf_fail(g, "operation",
				    "stands twice");
		r->number = (int)number;
		o->n_rules++;
		if (!can_be_met(g, o, r))
			return 0;
	}
	return 1;
}

/* The change of this file takes the highest number, by admins. */
static int
can_be_changed(const struct conf_group *root, const struct operators *o)
{
	size_t n = operators_approvers(o, OPERATOR_ADMIN);
	int highest = operators_highest(o);

	return highest == 0 || n > (size_t)highest ||
	    conf_fail(root, "approvals", "the highest number is %d, which a "
	    "change of operators.conf needs of admins; %zu%s, and the one who "
	    "asks does not count", highest, n, o->uid_only ? " there are" :
	    " have a key");
}

struct operators *
operators_compile(const struct policy *p, const struct policy_file *file)
{
	struct conf *conf = conf_read_text(file->path, file->text, file->len);
	const struct conf_group *g;
	struct operators *o = NULL;
	int ok;

	if (conf == NULL)
		return NULL;
	g = conf_root(conf);
	o = OPENSSL_zalloc(sizeof(*o));
	ok = o != NULL && conf_check(g, KEYS, N(KEYS)) &&
	    read_operators(g, o) && read_groups(g, o);
	if (ok) {
		o->uid_only = conf_bool(g, "uid_only", 0);
		ok = conf_duration(g, "lifetime", LIFETIME_MIN, LIFETIME_MAX,
		    LIFETIME_DEFAULT, &o->lifetime) && read_rules(p, g, o) &&
		    can_be_changed(g, o);
	}
	if (o == NULL)
		ca_raise(CA_E_INTERNAL, "out of memory");
	if (!ok) {
		operators_free(o);
		o = NULL;
	}
	conf_free(conf);
	return o;
}

void
operators_free(struct operators *o)
{
	size_t i;

	if (o == NULL)
		return;
	for (i = 0; i < o->n; i++)
		if (o->item[i].has_key)
			note_key_clear(&o->item[i].key);
	OPENSSL_free(o);
}

static int
is_in(const struct socket_peer *peer, gid_t gid)
{
	size_t i;

	for (i = 0; i < peer->n_groups; i++)
		if (peer->groups[i] == gid)
			return 1;
	return peer->gid == gid;
}

unsigned
operators_roles(const struct operators *o, const struct socket_peer *peer)
{
	const struct operator *op;
	unsigned roles = 0;
	size_t i;

	if (o == NULL)
		return OPERATOR_ALL;
	op = operators_by_uid(o, peer->uid);
	if (op != NULL)
		roles = op->roles;
	for (i = 0; i < o->n_groups; i++)
		if (is_in(peer, o->group[i].gid))
			roles |= o->group[i].roles;
	return roles;
}

const struct operator *
operators_by_uid(const struct operators *o, uid_t uid)
{
	size_t i;

	for (i = 0; o != NULL && i < o->n; i++)
		if (o->item[i].uid == uid)
			return &o->item[i];
	return NULL;
}

size_t
operators_approvers(const struct operators *o, unsigned roles)
{
	size_t i, n = 0;

	for (i = 0; i < o->n; i++)
		n += (o->item[i].roles & roles) != 0 &&
		    (o->item[i].has_key || o->uid_only);
	return n;
}

int
operators_highest(const struct operators *o)
{
	int most = 0;
	size_t i;

	for (i = 0; o != NULL && i < o->n_rules; i++)
		if (o->rule[i].number > most)
			most = o->rule[i].number;
	return most;
}

int
operators_number(const struct operators *o, const char *operation,
    const char *of)
{
	size_t i;

	for (i = 0; o != NULL && i < o->n_rules; i++)
		if (strcmp(o->rule[i].operation, operation) == 0 &&
		    strcmp(o->rule[i].of, of == NULL ? "" : of) == 0)
			return o->rule[i].number;
	return 0;
}
