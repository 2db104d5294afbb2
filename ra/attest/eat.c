#include <string.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "profiles/der.h"
#include "ra/attest/eat.h"

#define CLOCK_SLACK 300 /* seconds that a device's clock may be ahead */
#define UEID_MIN 7
#define UEID_MAX 33

struct work {
	const struct attest_input *in;
	const struct attest_eat_policy *policy;
	struct attest_facts *facts;
	struct cmw cmw;
	struct envelope e;
	struct eat_claims c;
	EVP_PKEY *signer;
};

/* ---- From the statement to claims ---- */

/* The token in the statement, and whether it is a JWT. */
static int
unwrap(struct work *w, const struct attest_statement *s,
    struct attest_octets *token, int *jwt)
{
	struct der in = { s->stmt.p, s->stmt.len }, body;
	unsigned char tag = DER_OCTET_STRING;

	if (s->kind == ATTEST_KIND_CMW || s->kind == ATTEST_KIND_DICE_CMW) {
		if (!cmw_read(s->kind, s->stmt, &w->cmw))
			return 0;
		*token = w->cmw.token;
		*jwt = w->cmw.jwt;
		return 1;
	}
	*jwt = s->kind == ATTEST_KIND_EAT_JWT;
	if (*jwt)
		tag = DER_UTF8;
	if (!der_only(in, tag, &body))
		return attest_malformed("eat.stmt", "stmt", "not one %s",
		    *jwt ? "UTF8String" : "OCTET STRING");
	*token = octets_of(body.p, body.len);
	return 1;
}

static int
read_token(struct work *w, const struct attest_statement *s)
{
	struct attest_octets token = { NULL, 0 };
	int jwt = 0;

	if (!unwrap(w, s, &token, &jwt))
		return 0;
	if (jwt)
		return jws_read(token, &w->e) &&
		    eat_read_json(w->e.payload, &w->c);
	return cose_read(token, &w->e) && eat_read_cbor(w->e.payload, &w->c);
}

/* ---- Whose word it is ---- */

/* The key that a maker told us under this kid, or else under this UEID. */
static int
registered_key(struct work *w)
{
	struct attest_octets id = w->e.kid.len ? w->e.kid : w->c.ueid;
	const unsigned char *p;
	size_t i;

	for (i = 0; i < w->policy->n_keys && id.len > 0; i++) {
		const struct attest_key *k = &w->policy->keys[i];

		if (!octets_equal(k->id, id.p, id.len))
			continue;
		p = k->spki.p;
		w->signer = d2i_PUBKEY(NULL, &p, (long)k->spki.len);
		if (w->signer == NULL || p != k->spki.p + k->spki.len)
			return attest_unfit("eat.key", "policy.keys",
			    "a key that cannot be read");
		return facts_string(w->facts, "eat.signer",
		    w->e.kid.len ? "kid" : "ueid");
	}
	return attest_refuse("eat.key", w->e.kid.len ? "headers.kid" : "ueid",
	    "neither a certificate chain nor a key that we were told");
}

static int
find_signer(struct work *w)
{
	const struct chain_rules rules = { "eat.path", &w->policy->trust, NULL,
		0, NULL };
	X509 *leaf;

	if (w->e.x5c == NULL)
		return registered_key(w);
	leaf = sk_X509_value(w->e.x5c, 0);
	if (X509_check_ca(leaf) != 0)
		return attest_refuse("eat.path", "certificate.basicConstraints",
		    "a CA does not sign tokens");
	if (!chain_check(&rules, leaf, w->e.x5c, w->in->now, NULL))
		return 0;
	w->signer = X509_get0_pubkey(leaf);
	if (w->signer == NULL || !EVP_PKEY_up_ref(w->signer)) {
		w->signer = NULL;
		return attest_refuse("eat.path", "certificate.key",
		    "cannot be read");
	}
	return facts_string(w->facts, "eat.signer", "certificate") &&
	    chain_fact(w->facts, "eat.certificate", leaf);
}

/* ---- What it says ---- */

static int
check_profile(struct work *w)
{
	struct attest_octets have = w->c.profile;
	size_t i;

	if (have.len == 0)
		return attest_refuse("eat.profile", "eat_profile",
		    "none: what its claims mean is not told");
	if (w->cmw.profile[0] && !octets_equal(have,
		(const unsigned char *)w->cmw.profile, strlen(w->cmw.profile)))
		return attest_refuse("eat.profile", "eat_profile",
		    "another than its media type names");
	for (i = 0; i < w->policy->n_profiles; i++)
		if (octets_equal(have,
			(const unsigned char *)w->policy->profiles[i],
			strlen(w->policy->profiles[i])))
			return facts_text(w->facts, "eat.profile",
			    (const char *)have.p, have.len);
	return attest_refuse("eat.profile", "eat_profile", "not accepted");
}

/* One of several must be ours, and only one. */
static int
check_nonce(struct work *w)
{
	size_t i, hits = 0;

	if (w->c.n_nonces == 1)
		return attest_nonce_check("eat.nonce", "eat_nonce", w->in,
		    w->c.nonce[0].p, w->c.nonce[0].len);
	if (w->in->nonce.len < ATTEST_NONCE_MIN)
		return attest_unfit("eat.nonce", "nonce", "too short");
	for (i = 0; i < w->c.n_nonces; i++)
		hits += (size_t)octets_equal(
		    w->in->nonce, w->c.nonce[i].p, w->c.nonce[i].len);
	return hits == 1 ||
	    attest_refuse("eat.nonce", "eat_nonce",
		"%zu of %zu are the nonce that this device was given", hits,
		w->c.n_nonces);
}

static int
check_time(struct work *w)
{
	const struct eat_claims *c = &w->c;
	int64_t now = (int64_t)w->in->now;

	if (c->exp != EAT_CLAIM_ABSENT && c->exp <= now)
		return attest_refuse("eat.time", "exp", "it has expired");
	if (c->nbf != EAT_CLAIM_ABSENT && c->nbf > now + CLOCK_SLACK)
		return attest_refuse("eat.time", "nbf", "it is not valid yet");
	if (w->policy->max_age == 0)
		return 1;
	if (c->iat == EAT_CLAIM_ABSENT || c->iat > now + CLOCK_SLACK ||
	    now - c->iat > w->policy->max_age)
		return attest_refuse("eat.time", "iat",
		    "not made within the last %lld seconds",
		    (long long)w->policy->max_age);
	return facts_number(w->facts, "eat.iat", c->iat);
}

static int
listed(struct attest_octets have, const struct attest_octets *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (octets_equal(list[i], have.p, have.len))
			return 1;
	return n == 0;
}

static int
check_identity(struct work *w)
{
	const struct eat_claims *c = &w->c;

	if (c->ueid.p && (c->ueid.len < UEID_MIN || c->ueid.len > UEID_MAX ||
			     c->ueid.p[0] < 1 || c->ueid.p[0] > 3))
		return attest_refuse("eat.ueid", "ueid",
		    "%zu octets that are none of RAND, EUI, IMEI", c->ueid.len);
	if (!listed(c->oemid, w->policy->oemids, w->policy->n_oemids))
		return attest_refuse("eat.oemid", "oemid",
		    "none of the policy's makers");
	if (!listed(c->hwmodel, w->policy->hwmodels, w->policy->n_hwmodels))
		return attest_refuse("eat.hwmodel", "hwmodel",
		    "none of the policy's models");
	return (c->ueid.len == 0 ||
		   facts_octets(w->facts, "eat.ueid", c->ueid.p, c->ueid.len)) &&
	    (c->oemid.len == 0 ||
		facts_octets(
		    w->facts, "eat.oemid", c->oemid.p, c->oemid.len)) &&
	    (c->hwmodel.len == 0 ||
		facts_octets(
		    w->facts, "eat.hwmodel", c->hwmodel.p, c->hwmodel.len));
}

static int
check_lifecycle(struct work *w)
{
	const struct eat_claims *c = &w->c;

	if (c->lifecycle < 0x3000 || c->lifecycle > 0x30ff)
		return attest_refuse("eat.lifecycle", "psa-security-lifecycle",
		    "%04llx is not secured", (unsigned long long)c->lifecycle);
	return facts_number(w->facts, "eat.psa.lifecycle", c->lifecycle) &&
	    facts_octets(w->facts, "eat.psa.implementation",
		c->implementation.p, c->implementation.len);
}

/* Debug off, as firmly as the policy asks; a PSA device in its secured state. */
static int
check_state(struct work *w)
{
	const struct eat_claims *c = &w->c;

	if (c->submods)
		return attest_refuse("eat.submods", "submods",
		    "submodules are not appraised here");
	/* A PSA token tells by its lifecycle what others tell by dbgstat; who
	   tells by both is held to both. */
	if (c->lifecycle != EAT_CLAIM_ABSENT) {
		if (!check_lifecycle(w))
			return 0;
		if (c->dbgstat < 0)
			return 1;
	}
	if (c->dbgstat < w->policy->dbgstat_min)
		return attest_refuse("eat.debug", "dbgstat",
		    "%d; the policy wants %d and more", c->dbgstat,
		    w->policy->dbgstat_min);
	return (c->dbgstat < 0 ||
		   facts_number(w->facts, "eat.dbgstat", c->dbgstat)) &&
	    (c->oemboot < 0 ||
		facts_flag(w->facts, "eat.oemboot", c->oemboot));
}

static int
measurement_known(struct work *w, struct attest_octets m)
{
	unsigned char md[32];
	size_t i;

	if (SHA256(m.p, m.len, md) == NULL)
		return 0;
	for (i = 0; i < w->policy->n_measurements; i++)
		if (octets_equal(w->policy->measurements[i].octets, md, 32))
			return 1;
	return 0;
}

static int
component_known(struct work *w, const struct eat_component *c)
{
	size_t i;

	for (i = 0; i < w->policy->n_components; i++) {
		const struct attest_psa_component *r = &w->policy->components[i];

		if (octets_equal(r->signer_id, c->signer_id.p,
			c->signer_id.len) &&
		    octets_equal(r->value, c->value.p, c->value.len) &&
		    (r->type == NULL ||
			octets_equal(c->type, (const unsigned char *)r->type,
			    strlen(r->type))))
			return 1;
	}
	return 0;
}

static int
check_software(struct work *w)
{
	const struct eat_claims *c = &w->c;
	size_t i;

	if (w->policy->n_measurements) {
		if (c->n_measurements == 0)
			return attest_refuse("eat.measurements", "measurements",
			    "there are none");
		for (i = 0; i < c->n_measurements; i++)
			if (!measurement_known(w, c->measurement[i]))
				return attest_refuse("eat.measurements",
				    "measurements", "%zu is not known", i);
	}
	if (w->policy->n_components) {
		if (c->n_components == 0)
			return attest_refuse("eat.components",
			    "psa-software-components", "there are none");
		for (i = 0; i < c->n_components; i++)
			if (!component_known(w, &c->component[i]))
				return attest_refuse("eat.components",
				    "psa-software-components",
				    "%zu is not known", i);
	}
	return facts_number(w->facts, "eat.measured",
	    (int64_t)(c->n_measurements + c->n_components));
}

/* cnf says which key the device holds; without it the token's own may be it. */
static int
check_binding(struct work *w)
{
	if (w->c.cnf)
		return attest_key_check(
		    "eat.cnf", "cnf", w->c.cnf, w->in, w->facts);
	if (!w->policy->signer_is_key)
		return attest_refuse("eat.cnf", "cnf",
		    "the token does not say which key it is about");
	return attest_key_check(
	    "eat.cnf", "signer", w->signer, w->in, w->facts);
}

int
eat_appraise(const struct attest_statement *s, const struct attest_input *in,
    struct attest_facts *facts)
{
	struct work w;
	int ok;

	memset(&w, 0, sizeof(w));
	w.in = in;
	w.policy = &in->policy->eat;
	w.facts = facts;
	ok = read_token(&w, s) && find_signer(&w) &&
	    envelope_verify(&w.e, w.signer) && check_profile(&w) &&
	    check_nonce(&w) && check_time(&w) && check_identity(&w) &&
	    check_state(&w) && check_software(&w) && check_binding(&w);
	EVP_PKEY_free(w.signer);
	eat_claims_clear(&w.c);
	envelope_clear(&w.e);
	cmw_clear(&w.cmw);
	return ok;
}
