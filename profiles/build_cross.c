#include <string.h>

#include <openssl/x509v3.h>

#include "profiles/error.h"
#include "profiles/name.h"
#include "profiles/name_constraint.h"
#include "profiles/build_part.h"

static int
internal(const char *what)
{
	profile_raise(PROFILE_E_INTERNAL, "build: %s cannot be made", what);
	return 0;
}

static POLICY_MAPPING *
make_mapping(const struct profile_mapping *m)
{
	POLICY_MAPPING *out = POLICY_MAPPING_new();

	if (out == NULL)
		return NULL;
	ASN1_OBJECT_free(out->issuerDomainPolicy);
	ASN1_OBJECT_free(out->subjectDomainPolicy);
	out->issuerDomainPolicy = OBJ_txt2obj(m->issuer, 1);
	out->subjectDomainPolicy = OBJ_txt2obj(m->subject, 1);
	if (out->issuerDomainPolicy != NULL && out->subjectDomainPolicy != NULL)
		return out;
	POLICY_MAPPING_free(out);
	return NULL;
}

static int
add_mappings(struct build *b)
{
	POLICY_MAPPINGS *list = NULL;
	POLICY_MAPPING *m;
	int ok = 0;
	size_t i;

	if (b->p->n_mappings == 0)
		return 1;
	if ((list = sk_POLICY_MAPPING_new_null()) == NULL)
		return internal("policyMappings");
	for (i = 0; i < b->p->n_mappings; i++) {
		m = make_mapping(&b->p->mappings[i]);
		if (m == NULL || sk_POLICY_MAPPING_push(list, m) <= 0) {
			POLICY_MAPPING_free(m);
			internal("policyMappings");
			goto out;
		}
	}
	ok = build_push_value(b, NID_policy_mappings, 1, list);
out:
	sk_POLICY_MAPPING_pop_free(list, POLICY_MAPPING_free);
	return ok;
}

static int
set_number(ASN1_INTEGER **out, int has, int n)
{
	return !has ||
	    ((*out = ASN1_INTEGER_new()) != NULL && ASN1_INTEGER_set(*out, n));
}

static int
add_policy_constraints(struct build *b)
{
	const struct profile *p = b->p;
	POLICY_CONSTRAINTS *pc = NULL;
	int ok;

	if (!p->has_require_explicit && !p->has_inhibit_mapping)
		return 1;
	ok = (pc = POLICY_CONSTRAINTS_new()) != NULL &&
	    set_number(&pc->requireExplicitPolicy, p->has_require_explicit,
		p->require_explicit) &&
	    set_number(&pc->inhibitPolicyMapping, p->has_inhibit_mapping,
		p->inhibit_mapping);
	ok = ok ? build_push_value(b, NID_policy_constraints, 1, pc)
		: internal("policyConstraints");
	POLICY_CONSTRAINTS_free(pc);
	return ok;
}

static int
add_inhibit_any(struct build *b)
{
	ASN1_INTEGER *n = NULL;
	int ok;

	if (!b->p->has_inhibit_any)
		return 1;
	ok = set_number(&n, 1, b->p->inhibit_any)
	    ? build_push_value(b, NID_inhibit_any_policy, 1, n)
	    : internal("inhibitAnyPolicy");
	ASN1_INTEGER_free(n);
	return ok;
}

static X509_NAME *
make_directory(const struct profile_subtree *s)
{
	X509_NAME *name = X509_NAME_new();
	size_t i;
	int ok = name != NULL;

	for (i = 0; ok && i < s->n_rdn; i++)
		ok = X509_NAME_add_entry_by_NID(name, s->rdn[i].nid,
		    name_of(s->rdn[i].nid)->type,
		    (const unsigned char *)s->rdn[i].value, -1, -1, 0);
	if (ok)
		return name;
	X509_NAME_free(name);
	return NULL;
}

static ASN1_STRING *
make_text(const struct profile_subtree *s)
{
	int ip = s->type == PROFILE_SUBTREE_IP;
	ASN1_STRING *out =
	    ASN1_STRING_type_new(ip ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
	unsigned char net[32];
	size_t len = ip ? name_constraint_cidr(s->base, net) : strlen(s->base);

	if (out != NULL &&
	    ASN1_STRING_set(out, ip ? (const char *)net : s->base, (int)len))
		return out;
	ASN1_STRING_free(out);
	return NULL;
}

static int
push_subtree(NAME_CONSTRAINTS *nc, const struct profile_subtree *s)
{
	static const int forms[] = {[PROFILE_SUBTREE_DNS] = GEN_DNS,
	    [PROFILE_SUBTREE_EMAIL] = GEN_EMAIL,
	    [PROFILE_SUBTREE_URI] = GEN_URI,
	    [PROFILE_SUBTREE_IP] = GEN_IPADD,
	    [PROFILE_SUBTREE_DIRECTORY] = GEN_DIRNAME};
	STACK_OF(GENERAL_SUBTREE) **list =
	    s->excluded ? &nc->excludedSubtrees : &nc->permittedSubtrees;
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
	void *value = s->type == PROFILE_SUBTREE_DIRECTORY
	    ? (void *)make_directory(s)
	    : (void *)make_text(s);

	if (*list == NULL)
		*list = sk_GENERAL_SUBTREE_new_null();
	if (tree != NULL && value != NULL) {
		GENERAL_NAME_set0_value(tree->base, forms[s->type], value);
		if (*list != NULL && sk_GENERAL_SUBTREE_push(*list, tree) > 0)
			return 1;
	} else if (s->type == PROFILE_SUBTREE_DIRECTORY) {
		X509_NAME_free(value);
	} else {
		ASN1_STRING_free(value);
	}
	GENERAL_SUBTREE_free(tree);
	return internal("nameConstraints");
}

static int
add_name_constraints(struct build *b)
{
	NAME_CONSTRAINTS *nc = NULL;
	int ok = 1;
	size_t i;

	if (b->p->n_subtrees == 0)
		return 1;
	if ((nc = NAME_CONSTRAINTS_new()) == NULL)
		return internal("nameConstraints");
	for (i = 0; ok && i < b->p->n_subtrees; i++)
		ok = push_subtree(nc, &b->p->subtrees[i]);
	ok = ok && build_push_value(b, NID_name_constraints, 1, nc);
	NAME_CONSTRAINTS_free(nc);
	return ok;
}

int
build_cross(struct build *b)
{
	return add_mappings(b) && add_policy_constraints(b) &&
	    add_inhibit_any(b) && add_name_constraints(b);
}

/* A self-issued certificate that is no chain's end is not judged (6.1.3). */
int
build_check_constraints(struct build *b)
{
	const ASN1_STRING *subject = b->tbs->subject->value.sequence;
	const struct build_constraints *c = b->issuer->constraints;
	const ASN1_STRING *san = NULL;
	size_t i;
	int at;

	if (profile_is_self_signed(b->p) || b->p->self_issued)
		return 1;
	at =
	    X509v3_get_ext_by_NID(b->tbs->extensions, NID_subject_alt_name, -1);
	if (at >= 0)
		san = X509_EXTENSION_get_data(
		    X509v3_get_ext(b->tbs->extensions, at));
	for (i = 0; i < b->issuer->n_constraints; i++)
		if (!name_constraint_check(c[i].der, c[i].len,
			ASN1_STRING_get0_data(subject),
			(size_t)ASN1_STRING_length(subject),
			san != NULL ? ASN1_STRING_get0_data(san) : NULL,
			san != NULL ? (size_t)ASN1_STRING_length(san) : 0))
			return 0;
	return 1;
}
