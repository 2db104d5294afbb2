#include <openssl/bio.h>

#include "ca/engine/fleet_attest.h"

/* Group "attest" of a fleet, as policy_fleet_dump() tells it. */

static void
dump_require(BIO *b, const struct fleet_require *r)
{
	size_t i;

	for (i = 0; i < r->n_one_of; i++)
		BIO_printf(b, "attest.require.%s = %s\n", r->fact,
		    r->one_of[i]);
	if (r->n_one_of == 0)
		BIO_printf(b, "attest.require.%s = at least %lld\n", r->fact,
		    (long long)r->at_least);
}

void
fleet_attest_dump(BIO *b, const struct fleet_evidence *e)
{
	size_t i;

	BIO_printf(b, "attest.draft = %s\nattest.draft = %s\n",
	    FLEET_DRAFT_BUNDLE, FLEET_DRAFT_FRESHNESS);
	for (i = 0; i < e->n_formats; i++)
		BIO_printf(b, "attest.format = %s\n", e->formats[i]);
	for (i = 0; i < e->n_sets; i++)
		fleet_dump_anchors(b, "attest.anchor", e->sets[i].format,
		    e->sets[i].anchors);
	for (i = 0; i < e->n_ak_profiles; i++)
		BIO_printf(b, "attest.own_keys = %s\n", e->ak_profiles[i]);
	if (e->references != NULL)
		BIO_printf(b, "attest.references = %s\n", e->references_file);
	for (i = 0; i < e->n_require; i++)
		dump_require(b, &e->require[i]);
	for (i = 0; i < e->n_facts; i++)
		BIO_printf(b, "attest.facts = %s\n", e->facts[i]);
	BIO_printf(b,
	    "attest.activation = %s\nattest.nonce_lifetime = %llds\n"
	    "attest.max_outstanding = %lld\nattest.max_per_key = %lld\n"
	    "attest.on_unavailable = %s\nattest.keep = %s\n"
	    "attest.retention = %llds\n",
	    e->activation ? "true" : "false", (long long)e->nonce_lifetime,
	    (long long)e->max_outstanding, (long long)e->max_per_key,
	    e->unavailable == FLEET_AWAY_PARK ? "park" : "refuse",
	    e->keep_whole ? "whole" : "hash",
	    (long long)e->retention);
}
