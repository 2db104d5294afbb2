#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/objects.h>
#include "profiles/conform_rule.h"
#include "profiles/name_constraint.h"

/* What constrains the chains below a CA (RFC 5280 4.2.1.5, .10, .11, .14), and
   what the CA above demands of the names in this one. */

static int
check_ca_only(struct conform_view *v)
{
	static const enum conform_ext_id only[] = {CONFORM_MAPPINGS,
	    CONFORM_POLICY_CONSTRAINTS, CONFORM_INHIBIT_ANY,
	    CONFORM_NAME_CONSTRAINTS};
	size_t i;

	for (i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
		if (!v->ext[only[i]].present)
			continue;
		if (!conform_usage_is_ca(v))
			return conform_breach(
			    v, "a constraint on chains in an end entity");
		if (!v->ext[only[i]].critical)
			return conform_breach(
			    v, "a constraint on chains is not critical");
	}
	return 1;
}

/* Among the certificate's own policies? */
static int
asserted(const struct conform_view *v, const struct der *policy)
{
	struct der list, info, oid;

	if (!v->ext[CONFORM_POLICIES].present ||
	    !der_only(v->ext[CONFORM_POLICIES].value, DER_SEQUENCE, &list))
		return 0;
	while (der_take(&list, DER_SEQUENCE, &info))
		if (der_take(&info, DER_OID, &oid) &&
		    der_equal(&oid, policy->p, policy->len))
			return 1;
	return 0;
}

static int
check_mappings(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	struct der list, pair, from, to;
	size_t i;

	if (!v->ext[CONFORM_MAPPINGS].present)
		return 1;
	if (!der_only(v->ext[CONFORM_MAPPINGS].value, DER_SEQUENCE, &list))
		return conform_breach(v, "not a SEQUENCE");
	for (i = 0; i < p->n_mappings; i++) {
		if (!der_take(&list, DER_SEQUENCE, &pair) ||
		    !der_take(&pair, DER_OID, &from) ||
		    !der_only(pair, DER_OID, &to))
			return conform_breach(v, "not a pair of policies");
		if (der_oid_is(&from, "2.5.29.32.0") ||
		    der_oid_is(&to, "2.5.29.32.0"))
			return conform_breach(v, "anyPolicy is mapped");
		if (!der_oid_is(&from, p->mappings[i].issuer) ||
		    !der_oid_is(&to, p->mappings[i].subject))
			return conform_breach(v, "not the profile's mapping");
		if (!asserted(v, &from))
			return conform_breach(v,
			    "%s is mapped, but not asserted",
			    p->mappings[i].issuer);
	}
	return list.len == 0 ? 1 : conform_breach(v, "a mapping too many");
}

/* A small number, 0..127, under ${tag}; absent when it should be. */
static int
skips(struct der *in, unsigned char tag, int has, int n)
{
	unsigned char want = (unsigned char)n;
	struct der d;

	if (!has)
		return !der_next_is(in, tag);
	return der_take(in, tag, &d) && der_equal(&d, &want, 1);
}

static int
check_policy_constraints(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	struct der seq;

	if (!v->ext[CONFORM_POLICY_CONSTRAINTS].present)
		return 1;
	if (!der_only(
		v->ext[CONFORM_POLICY_CONSTRAINTS].value, DER_SEQUENCE, &seq) ||
	    seq.len == 0)
		return conform_breach(v, "empty, or not a SEQUENCE");
	if (!skips(&seq, DER_CONTEXT(0), p->has_require_explicit,
		p->require_explicit) ||
	    !skips(&seq, DER_CONTEXT(1), p->has_inhibit_mapping,
		p->inhibit_mapping) ||
	    seq.len > 0)
		return conform_breach(v, "not the profile's numbers");
	return 1;
}

static int
check_inhibit_any(struct conform_view *v)
{
	struct der in = v->ext[CONFORM_INHIBIT_ANY].value;

	if (!v->ext[CONFORM_INHIBIT_ANY].present)
		return 1;
	return skips(&in, DER_INTEGER, 1, v->ctx->profile->inhibit_any) &&
		in.len == 0
	    ? 1
	    : conform_breach(v, "not the profile's number");
}

/* "10.0.0.0/8" against address and mask. */
static int
net_is(const struct der *d, const char *cidr)
{
	const char *slash = strchr(cidr, '/');
	unsigned char addr[16];
	char text[64];
	size_t n = d->len / 2, i;
	unsigned bits, want;

	if (!slash || (d->len != 8 && d->len != 32) ||
	    (size_t)(slash - cidr) >= sizeof(text))
		return 0;
	memcpy(text, cidr, (size_t)(slash - cidr));
	text[slash - cidr] = '\0';
	if (inet_pton(n == 4 ? AF_INET : AF_INET6, text, addr) != 1 ||
	    memcmp(addr, d->p, n) != 0)
		return 0;
	bits = (unsigned)strtoul(slash + 1, NULL, 10);
	for (i = 0; i < n * 8; i++) {
		want = i < bits;
		if ((d->p[n + i / 8] >> (7 - i % 8) & 1u) != want)
			return 0;
	}
	return 1;
}

static int
directory_is(struct der d, const struct profile_subtree *s)
{
	const ASN1_OBJECT *obj;
	struct der name, rdn, seq, type, value;
	size_t i;

	if (!der_only(d, DER_SEQUENCE, &name))
		return 0;
	for (i = 0; i < s->n_rdn; i++) {
		obj = OBJ_nid2obj(s->rdn[i].nid);
		if (!der_take(&name, DER_SET, &rdn) ||
		    !der_only(rdn, DER_SEQUENCE, &seq) ||
		    !der_take(&seq, DER_OID, &type) || !obj ||
		    !der_equal(&type, OBJ_get0_data(obj), OBJ_length(obj)) ||
		    !der_take_any(&seq, NULL, &value, NULL) || seq.len > 0 ||
		    !der_equal(&value, (const unsigned char *)s->rdn[i].value,
			strlen(s->rdn[i].value)))
			return 0;
	}
	return name.len == 0;
}

/* GeneralSubtree: a base and nothing behind it, minimum 0 being the default. */
static int
subtree_is(struct der tree, const struct profile_subtree *s)
{
	static const unsigned char tags[] = {
	    [PROFILE_SUBTREE_DNS] = DER_CONTEXT(2),
	    [PROFILE_SUBTREE_EMAIL] = DER_CONTEXT(1),
	    [PROFILE_SUBTREE_URI] = DER_CONTEXT(6),
	    [PROFILE_SUBTREE_IP] = DER_CONTEXT(7),
	    [PROFILE_SUBTREE_DIRECTORY] = DER_CONTEXT_CONS(4)};
	struct der base;

	if (!der_only(tree, tags[s->type], &base))
		return 0;
	if (s->type == PROFILE_SUBTREE_IP)
		return net_is(&base, s->base);
	if (s->type == PROFILE_SUBTREE_DIRECTORY)
		return directory_is(base, s);
	return der_equal(
	    &base, (const unsigned char *)s->base, strlen(s->base));
}

/* The subtrees of one kind, in order; absent when there are none. */
static int
subtrees_are(
    struct der *in, unsigned char tag, int excluded, const struct profile *p)
{
	struct der list = {NULL, 0}, tree;
	size_t i;

	if (der_next_is(in, tag) &&
	    (!der_take(in, tag, &list) || list.len == 0))
		return 0;
	for (i = 0; i < p->n_subtrees; i++)
		if (!p->subtrees[i].excluded == !excluded &&
		    (!der_take(&list, DER_SEQUENCE, &tree) ||
			!subtree_is(tree, &p->subtrees[i])))
			return 0;
	return list.len == 0;
}

static int
check_name_constraints(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	struct der seq;

	if (!v->ext[CONFORM_NAME_CONSTRAINTS].present)
		return 1;
	if (!der_only(
		v->ext[CONFORM_NAME_CONSTRAINTS].value, DER_SEQUENCE, &seq) ||
	    seq.len == 0 || !subtrees_are(&seq, DER_CONTEXT_CONS(0), 0, p) ||
	    !subtrees_are(&seq, DER_CONTEXT_CONS(1), 1, p) || seq.len > 0)
		return conform_breach(v, "not the profile's subtrees");
	return 1;
}

static int
check_self_issued(struct conform_view *v)
{
	return !v->ctx->profile->self_issued ||
		der_equal(&v->issuer, v->subject.p, v->subject.len)
	    ? 1
	    : conform_breach(v, "the subject is not the issuer");
}

/* No chain through the issuer would hold otherwise. */
static int
check_constrained(struct conform_view *v)
{
	const struct build_constraints *c = v->ctx->issuer->constraints;
	const struct conform_ext *san = &v->ext[CONFORM_SAN];
	size_t i;

	if (v->self_signed || v->ctx->profile->self_issued)
		return 1;
	for (i = 0; i < v->ctx->issuer->n_constraints; i++)
		if (!name_constraint_check(c[i].der, c[i].len, v->subject.p,
			v->subject.len, san->present ? san->value.p : NULL,
			san->value.len))
			return conform_breach(v,
			    i == 0 ? "a name that the issuer must not certify"
				   : "a name that a CA above the issuer "
				     "does not allow");
	return 1;
}

const struct conform_rule conform_cross_rules[] = {
    {"cross.ca", "RFC 5280 4.2.1.5, .10, .11, .14", check_ca_only},
    {"cross.mappings", "profile, RFC 5280 4.2.1.5", check_mappings},
    {"cross.policies", "profile, RFC 5280 4.2.1.11", check_policy_constraints},
    {"cross.any", "profile, RFC 5280 4.2.1.14", check_inhibit_any},
    {"cross.names", "profile, RFC 5280 4.2.1.10", check_name_constraints},
    {"cross.self", "RFC 5280 3.2", check_self_issued},
    {"name.constraints", "RFC 5280 4.2.1.10, 6.1.4", check_constrained},
    {NULL, NULL, NULL}};
