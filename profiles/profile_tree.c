#include <stdlib.h>
#include <string.h>

#include "profiles/error.h"
#include "profiles/tree.h"
#include "profiles/profile_part.h"

/* Declared extensions: which may be declared, and where. */

/* These have keys of their own, with rules that a tree does not know; or they
   change what a chain or a revocation means, and no key makes them. */
static const char *const typed[] = {"2.5.29.14", "2.5.29.15", "2.5.29.17",
    "2.5.29.18", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.32",
    "2.5.29.33", "2.5.29.35", "2.5.29.36", "2.5.29.37", "2.5.29.46",
    "2.5.29.54", "2.5.29.56", "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.25",
    "1.3.6.1.5.5.7.48.1.5"};

/* Intel, AMD, Apple: what stands there speaks in their name. */
static const char *const vendors[] = {
    "1.2.840.113741", "1.3.6.1.4.1.3704", "1.2.840.113635"};

/* Never critical: subjectDirectoryAttributes (RFC 5280 4.2.1.8), qcStatements
   (EN 319 412-5 4.1), MUD signer (RFC 8520 11), FIDO's AAGUID (WebAuthn
   8.2.1). */
static const char *const not_critical[] = {"2.5.29.9", "1.3.6.1.5.5.7.1.3",
    "1.3.6.1.5.5.7.1.30", "1.3.6.1.4.1.45724.1.1.4"};

static int
is_vendors(const char *oid)
{
	size_t i;

	for (i = 0; i < N(vendors); i++)
		if (profile_under(oid, vendors[i]))
			return 1;
	return 0;
}

static int
not_vendors(const struct tree *t, void *arg)
{
	(void)arg;
	return t->type != TREE_OID || t->value == NULL || !is_vendors(t->value);
}

static int
check_oid(const struct profile *p, const struct profile_extension *e,
    const struct conf_group *g)
{
	size_t i;

	for (i = 0; i < N(typed); i++)
		if (strcmp(e->oid, typed[i]) == 0)
			return conf_fail(g, "oid",
			    "%s has a key of its own, or none at all", e->oid);
	for (i = 0; i < p->n_extensions; i++)
		if (strcmp(p->extensions[i].oid, e->oid) == 0)
			return conf_fail(
			    g, "oid", "%s twice (RFC 5280 4.2)", e->oid);
	for (i = 0; e->critical && i < N(not_critical); i++)
		if (strcmp(e->oid, not_critical[i]) == 0)
			return conf_fail(
			    g, "critical", "%s must not be critical", e->oid);
	if (is_vendors(e->oid) && !p->vendor_arc)
		return conf_fail(g, "oid",
		    "%s is under a vendor's arc: put your own there, or say "
		    "vendor_arc = true",
		    e->oid);
	return 1;
}

static int
parse_one(struct profile *p, const struct conf_group *g)
{
	struct profile_extension *e = &p->extensions[p->n_extensions];

	/* The tree first: it holds the keys against their table. */
	if ((e->tree = tree_parse(g)) == NULL)
		return 0;
	e->critical = conf_bool(g, "critical", 0);
	if (!profile_copy_oid(g, "oid", e->oid) ||
	    !check_oid(p, e, g)) {
		tree_free(e->tree);
		return 0;
	}
	p->n_extensions++;
	return p->vendor_arc || tree_walk(e->tree, not_vendors, NULL) ||
	    conf_fail(g, "items",
		"an OID in it is under a vendor's arc: say vendor_arc = true");
}

int
profile_parse_trees(struct profile *p, const struct conf_group *g)
{
	size_t i, n = conf_n_groups(g, "extensions");

	p->vendor_arc = conf_bool(g, "vendor_arc", 0);
	if (n > PROFILE_EXTENSIONS_MAX)
		return conf_fail(
		    g, "extensions", "more than %d", PROFILE_EXTENSIONS_MAX);
	if (n == 0)
		return 1;
	if ((p->extensions = calloc(n, sizeof(*p->extensions))) == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		return 0;
	}
	for (i = 0; i < n; i++)
		if (!parse_one(p, conf_group_at(g, "extensions", i)))
			return 0;
	return 1;
}
