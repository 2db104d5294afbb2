#include <stdio.h>

#include "profiles/name.h"
#include "profiles/name_constraint.h"
#include "profiles/tree.h"
#include "profiles/profile_part.h"

/* The dump of what few profiles have: only what is set is shown. */

static void
dump_subtree(const struct profile_subtree *s, size_t i, BIO *out)
{
	size_t k;

	BIO_printf(out, "name_constraints[%zu] = %s %s", i,
	    s->excluded ? "excluded" : "permitted",
	    name_constraint_types()[s->type]);
	if (s->type != PROFILE_SUBTREE_DIRECTORY) {
		BIO_puts(out, " ");
		profile_dump_text(out, s->base, "");
	}
	for (k = 0; k < s->n_rdn; k++) {
		BIO_printf(out, "%s%s=", k == 0 ? " " : ",",
		    name_of(s->rdn[k].nid)->name);
		profile_dump_text(out, s->rdn[k].value, ",");
	}
	BIO_puts(out, "\n");
}

static void
dump_cross(const struct profile *p, BIO *out)
{
	size_t i;

	if (p->self_issued)
		BIO_puts(out, "self_issued = true\n");
	for (i = 0; i < p->n_mappings; i++)
		BIO_printf(out, "policy_mappings[%zu] = %s to %s\n", i,
		    p->mappings[i].issuer, p->mappings[i].subject);
	if (p->has_require_explicit)
		BIO_printf(out, "policy_constraints.require_explicit = %d\n",
		    p->require_explicit);
	if (p->has_inhibit_mapping)
		BIO_printf(out, "policy_constraints.inhibit_mapping = %d\n",
		    p->inhibit_mapping);
	if (p->has_inhibit_any)
		BIO_printf(out, "inhibit_any_policy = %d\n", p->inhibit_any);
	for (i = 0; i < p->n_subtrees; i++)
		dump_subtree(&p->subtrees[i], i, out);
}

static void
dump_trees(const struct profile *p, BIO *out)
{
	char prefix[64];
	size_t i;

	for (i = 0; i < p->n_extensions; i++) {
		snprintf(prefix, sizeof(prefix), "extensions[%zu]", i);
		BIO_printf(out, "%s = %s%s\n", prefix, p->extensions[i].oid,
		    p->extensions[i].critical ? " critical" : "");
		snprintf(prefix, sizeof(prefix), "extensions[%zu].value", i);
		tree_dump(p->extensions[i].tree, prefix, out);
	}
	if (p->vendor_arc)
		BIO_puts(out, "vendor_arc = true\n");
}

void
profile_dump_more(const struct profile *p, BIO *out)
{
	dump_cross(p, out);
	dump_trees(p, out);
	if (p->max_der > 0)
		BIO_printf(out, "max_der_bytes = %zu\n", p->max_der);
	if (p->max_crl_url > 0)
		BIO_printf(out, "max_crl_url_bytes = %zu\n", p->max_crl_url);
	if (p->max_issuer > 0)
		BIO_printf(out, "max_issuer_bytes = %zu\n", p->max_issuer);
}
