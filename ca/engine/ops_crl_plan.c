#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/error.h"
#include "ca/engine/crl_plan.h"
#include "ca/engine/crl_run.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/ops.h"

/* `inkan crl plan`: what the store knows, or what the operator supposes, put
   through the formulae of crl_plan.c. */

#define ENTRY_OCTETS 53		/* serial of 20 octets, date, reason */
#define BASE_OCTETS 450
#define ENTRY_SECONDS 2e-6	/* until a large CRL was made */
#define SIGN_SECONDS 0.01
#define SIGNATURE_SECONDS 0.001	/* of a token that signs 1,000 a second */
#define MANY 10000		/* entries that tell what one costs */
#define ANSWER_VALIDITY 3600	/* inkan-ocsp's own default */
#define ANSWER_OCTETS 1100	/* with the delegate's certificate */

struct planning {
	struct ops_call *c;
	const struct issuer *is;
	struct cert_figures f;
	struct crl_plan_in in;
	int measured;		/* seconds are those of a CRL made here */
};

static int
figures_tx(struct store_tx *tx, void *arg)
{
	struct planning *p = arg;

	return certs_figures(tx, p->is->row.id, p->c->now, &p->f);
}

/* The CA that was asked for, or the one with the most certificates. */
static int
choose(struct planning *p)
{
	const char *name = ops_text(p->c, "issuer");
	const struct issuer_set *set = &p->c->ca->issuers;
	struct planning best = {0};
	size_t i;

	if (name != NULL) {
		p->is = issuer_set_find(set, name);
		return p->is == NULL ? ops_not_found(p->c, "issuer",
		    "no CA \"%s\"", name) : ops_read(p->c, figures_tx, p);
	}
	for (i = 0; i < set->n; i++) {
		p->is = set->item[i];
		if (!crl_run_is_ours(p->is))
			continue;
		if (!ops_read(p->c, figures_tx, p))
			return 0;
		if (best.is == NULL || p->f.live > best.f.live)
			best = *p;
	}
	if (best.is == NULL)
		return ops_not_found(p->c, "issuer", "no CA signs CRLs here");
	*p = best;
	return 1;
}

/* "1.5": percent in a year. */
static int
take_rate(struct planning *p)
{
	const char *text = ops_text(p->c, "revocation_rate");
	char *end;
	double v;

	if (text == NULL) {
		p->in.rate = p->f.live + p->f.revoked_in_year == 0 ? 0 :
		    (double)p->f.revoked_in_year /
		    (double)(p->f.live + p->f.revoked_in_year);
		return 1;
	}
	v = strtod(text, &end);
	if (*text == '\0' || (*end != '\0' && strcmp(end, "%") != 0) ||
	    !isfinite(v) || v < 0 || v > 100)
		return ops_bad(p->c, "revocation_rate", "0 to 100: percent of "
		    "the certificates in a year");
	p->in.rate = v / 100;
	return 1;
}

static int
take_times(struct planning *p)
{
	int64_t mean = p->f.endless > p->f.live / 2 ? 0 : p->f.validity;

	p->in.validity = field_int(p->c->args, "validity", mean);
	p->in.interval = field_int(p->c->args, "crl_interval",
	    p->is->row.crl_interval);
	if (p->in.validity < 0)
		return ops_bad(p->c, "validity", "not below 0");
	if (p->in.interval == 0)
		p->in.interval = p->is->row.crl_lifetime / 4;
	if (p->in.interval < 30)
		return ops_bad(p->c, "crl_interval", "30 seconds or more");
	/* Nothing issued yet and nothing said: a year. */
	if (p->f.live == 0 && field_find(p->c->args, "validity", 0) == NULL)
		p->in.validity = 365 * 86400;
	return 1;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, row->shard, 0, row) >= 0;
}

/* Sizes and seconds of the newest CRL where they tell anything. */
static int
take_costs(struct planning *p)
{
	struct crl_row row = {.issuer = p->is->row.id};
	int64_t entries;
	double took;

	if (!ops_read(p->c, last_tx, &row))
		return 0;
	p->in.base_octets = row.number != 0 && row.n_entries == 0 ?
	    (double)row.octets : BASE_OCTETS;
	p->in.entry_octets = row.n_entries >= MANY ?
	    ((double)row.octets - BASE_OCTETS) / (double)row.n_entries :
	    ENTRY_OCTETS;
	p->in.sign_seconds = SIGN_SECONDS;
	p->in.signature_seconds = SIGNATURE_SECONDS;
	p->in.entry_seconds = ENTRY_SECONDS;
	took = (double)crl_run_cost(p->c->ca, &entries) / 1e6;
	if (entries >= MANY)
		p->in.entry_seconds = took / (double)entries;
	else if (took > 0)
		p->in.sign_seconds = took;
	p->measured = took > 0;
	p->in.answer_validity = ANSWER_VALIDITY;
	p->in.answer_octets = ANSWER_OCTETS;
	return 1;
}

static int
take_all(struct planning *p)
{
	int64_t fleet = field_int(p->c->args, "fleet_size", p->f.live);

	if (fleet < 0)
		return ops_bad(p->c, "fleet_size", "not below 0");
	p->in.fleet = (double)fleet;
	p->in.keep_expired = p->is->row.expired_from != 0;
	p->in.ocsp = field_flag(p->c->args, "ocsp", 0);
	return take_rate(p) && take_times(p) && take_costs(p);
}

static int
add_count(WIRE_FIELDS *l, const char *name, double v)
{
	char text[64];

	snprintf(text, sizeof(text), "%.0f", v);
	return field_add_text(l, name, text);
}

/* What may well be below one. */
static int
add_part(WIRE_FIELDS *l, const char *name, double v)
{
	char text[64];

	if (v >= 100)
		return add_count(l, name, v);
	snprintf(text, sizeof(text), "%.3g", v);
	return field_add_text(l, name, text);
}

static int
add_way(const struct planning *p, const struct crl_plan *plan,
    enum crl_plan_way way)
{
	const struct crl_plan_row *r = &plan->row[way];
	WIRE_FIELDS *l = message_add_row(p->c->answer);
	char name[32];

	snprintf(name, sizeof(name), "%s", crl_plan_name(way));
	if (way == CRL_PLAN_SHARDS)
		snprintf(name, sizeof(name), "%d shards", r->shards);
	return l != NULL && field_add_text(l, "choice", name) &&
	    field_add_text(l, "fits", way == plan->best ? "best" :
	    r->fits ? "yes" : "no") &&
	    add_count(l, "entries", r->entries) &&
	    add_count(l, "octets", r->octets) &&
	    add_count(l, "octets_day", r->verifier_day) &&
	    add_part(l, "signatures_day", r->signatures_day) &&
	    add_part(l, "seconds_day", r->seconds_day) &&
	    field_add_text(l, "why", r->why);
}

static int
add_basis(const struct planning *p, const struct crl_plan *plan)
{
	const struct crl_plan_in *in = &p->in;
	WIRE_FIELDS *l = p->c->answer->values;

	return field_add_text(l, "issuer", p->is->row.ident) &&
	    add_count(l, "fleet_size", in->fleet) &&
	    add_part(l, "revocation_rate", in->rate * 100) &&
	    field_add_int(l, "validity_days", in->validity / 86400) &&
	    field_add_flag(l, "endless", in->validity == 0) &&
	    field_add_flag(l, "keep_expired", in->keep_expired) &&
	    field_add_int(l, "crl_interval", in->interval) &&
	    field_add_int(l, "crl_shards", p->is->row.crl_shards) &&
	    add_count(l, "entries", plan->entries) &&
	    field_add_text(l, "horizon", plan->grows ? "in ten years; it never "
	    "stops growing" : "at any time, once a validity has gone by") &&
	    field_add_text(l, "seconds", p->measured ?
	    "measured on the newest CRL made here" : "supposed: no CRL was "
	    "made since the start");
}

int
ops_crl_plan(struct ops_call *c)
{
	struct planning p = {.c = c};
	struct crl_plan plan;
	WIRE_FIELDS *l = c->answer->values;
	int way, ok;

	if (!choose(&p) || p.is == NULL || !take_all(&p))
		return 0;
	crl_plan(&p.in, &plan);
	ok = add_basis(&p, &plan);
	for (way = 0; ok && way < CRL_PLAN_N; way++)
		ok = add_way(&p, &plan, (enum crl_plan_way)way);
	return ok && field_add_text(l, "advice", plan.advice) &&
	    (plan.beside == NULL || field_add_text(l, "beside", plan.beside)) &&
	    (plan.deltas == NULL || field_add_text(l, "deltas", plan.deltas));
}
