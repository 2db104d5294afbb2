#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/ops_roles.h"
#include "ca/engine/scope.h"

void
scope_clear(struct scope *s)
{
	field_list_free(s->fields);
	s->fields = NULL;
}

void
scope_rule(struct scope *s, const struct operators *o, const char *operation,
    const char *of)
{
	int n = operators_number(o, operation, of);

	if (n > s->need)
		s->need = n;
}

static const struct policy_file *
find_file(const struct policy_file *files, size_t n, const char *path)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

int
scope_file(WIRE_FIELDS *l, const struct policy *policy, const char *folder,
    const char *name)
{
	const struct policy_file *f;
	char path[160], field[80];
	unsigned char md[32];

	if (name == NULL)
		return 1;
	snprintf(path, sizeof(path), "%ss/%s.conf", folder, name);
	snprintf(field, sizeof(field), "%s_sha256", folder);
	f = find_file(policy->files, policy->n_files, path);
	if (f == NULL)
		return field_add_text(l, folder, name);
	SHA256((const unsigned char *)f->text, f->len, md);
	return field_add_text(l, folder, name) &&
	    field_add_bytes(l, field, md, 32);
}

int
scope_identity(const struct admission *a, unsigned char **out, size_t *len)
{
	WIRE_FIELDS *l = field_list_new();
	size_t i;
	int ok = l != NULL;

	for (i = 0; ok && i < a->n_fields; i++)
		ok = field_add_text(l, a->fields[i].name, a->fields[i].value);
	ok = ok && field_list_encode(l, out, len);
	field_list_free(l);
	return ok;
}

static int
add_admission(struct ops_call *c, const struct admission *a, struct scope *s)
{
	const struct issuer *is = issuer_set_find(&c->ca->issuers,
	    a->profile->issuer);
	unsigned char *identity = NULL;
	size_t len;
	int ok;

	ok = scope_file(s->fields, a->policy, "profile", a->profile->name) &&
	    scope_file(s->fields, a->policy, "fleet", a->fleet != NULL ?
	    a->fleet->name : NULL) &&
	    field_add_text(s->fields, "issuer", is != NULL ? is->row.ident :
	    a->profile->issuer) && scope_identity(a, &identity, &len) &&
	    field_add_bytes(s->fields, "identity", identity, len);
	OPENSSL_free(identity);
	return ok;
}

int
scope_admitted(struct ops_call *c, const struct admission *a)
{
	const unsigned char *was;
	unsigned char *is = NULL;
	size_t was_len = 0, len = 0;
	int ok;

	if (c->approved == NULL)
		return 1;
	was = field_bytes(c->approved, "identity", &was_len);
	ok = was != NULL && scope_identity(a, &is, &len) && len == was_len &&
	    memcmp(is, was, len) == 0 && a->policy->row.version ==
	    field_int(c->approved, "policy", 0);
	OPENSSL_free(is);
	return ok || outcome_refuse(&c->o, WIRE_DENIED, "approve",
	    "approval.void", "id", "policy or identity changed while it was "
	    "run");
}

/* By the stages that issue, without issuing: what they refuse need not wait for
   anybody. */
static int
issue(struct ops_call *c, struct policy *policy, struct scope *s)
{
	const char *set[OPS_SET_MAX];
	const struct profile *p;
	struct operator_request r;
	struct admission *a = NULL;
	struct admit_env env;
	int ok;

	if (!ops_take_operator(c, &r, set, OPS_SET_MAX))
		return 0;
	p = admit_operator_profile(policy, &r);
	if (p != NULL) {
		scope_rule(s, policy->operators, "issue", p->name);
		scope_rule(s, policy->operators, "issue",
		    profile_class_name(p->class));
	}
	if (s->need == 0)
		return 1;
	ops_admit_env(c, policy, &env);
	env.explain = 1;
	ok = admit_operator(&env, &r, &a, &c->o) && add_admission(c, a, s);
	admit_free(a);
	return ok;
}

/* --- a policy that is activated --- */

static int
add_change(struct scope *s, const char *what, const struct policy_file *f)
{
	unsigned char md[32];
	char text[256], hex[65];

	SHA256((const unsigned char *)f->text, f->len, md);
	ops_hex(md, 32, hex);
	snprintf(text, sizeof(text), "%s %s sha256:%s", what, f->path, hex);
	return field_add_text(s->fields, "change", text);
}

static void
rule_of_file(struct scope *s, const struct operators *o, const char *path)
{
	int n = operators_highest(o);

	if (strncmp(path, "profiles/", 9) == 0)
		scope_rule(s, o, "profile", NULL);
	else if (strncmp(path, "fleets/", 7) == 0)
		scope_rule(s, o, "fleet", NULL);
	else {
		/* Who changes the rules needs the highest of them. */
		scope_rule(s, o, "operators", NULL);
		if (n > s->need)
			s->need = n;
	}
}

static int
changed(struct scope *s, const struct policy *active, const char *what,
    const struct policy_file *f)
{
	rule_of_file(s, active->operators, f->path);
	return add_change(s, what, f);
}

static int
compare(struct scope *s, const struct policy *active,
    const struct policy_file *files, size_t n)
{
	const struct policy_file *was;
	size_t i;
	int ok = 1;

	for (i = 0; ok && i < n; i++) {
		was = find_file(active->files, active->n_files, files[i].path);
		if (was == NULL)
			ok = changed(s, active, "add", &files[i]);
		else if (was->len != files[i].len || memcmp(was->text,
		    files[i].text, was->len) != 0)
			ok = changed(s, active, "change", &files[i]);
	}
	for (i = 0; ok && i < active->n_files; i++)
		if (find_file(files, n, active->files[i].path) == NULL)
			ok = changed(s, active, "remove", &active->files[i]);
	return ok;
}

static int
activate(struct ops_call *c, struct policy *policy, struct scope *s)
{
	struct policy_file *files = NULL;
	unsigned char md[32];
	size_t n = 0;
	int ok;

	scope_rule(s, policy->operators, "policy", NULL);
	ok = policy_load_dir(c->ca->settings->policy_dir, &files, &n) &&
	    policies_hash(files, n, md) &&
	    field_add_bytes(s->fields, "proposal_sha256", md, 32) &&
	    compare(s, policy, files, n);
	/* What is activated must be what was looked at here. */
	if (ok) {
		memcpy(c->proposal, md, 32);
		c->has_proposal = 1;
	}
	policy_files_free(files, n);
	return ok;
}

/* --- all --- */

static int
touched(struct ops_call *c, struct policy *policy, struct scope *s)
{
	if (strcmp(c->op, "issue") == 0)
		return issue(c, policy, s);
	if (strcmp(c->op, "policy.activate") == 0)
		return activate(c, policy, s);
	if (ops_roles_find(c->op)->flags & OPS_REVOKES) {
		scope_rule(s, policy->operators, "revoke", NULL);
		if (!scope_revoke(c, policy, s))
			return 0;
	}
	return scope_file(s->fields, policy, "profile",
	    ops_text(c, "profile")) &&
	    scope_file(s->fields, policy, "fleet", ops_text(c, "fleet"));
}

int
scope_find(struct ops_call *c, struct policy *policy, struct scope *s)
{
	s->need = 0;
	s->fields = field_list_new();
	if (s->fields != NULL && field_add_int(s->fields, "policy",
	    policy->row.version) && field_add_bytes(s->fields, "policy_sha256",
	    policy->row.sha256, 32)) {
		scope_rule(s, policy->operators, c->op, NULL);
		if (touched(c, policy, s))
			return 1;
	}
	scope_clear(s);
	return 0;
}
