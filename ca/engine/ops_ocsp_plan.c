#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/engine/crl_run.h"
#include "ca/engine/ops.h"
#include "ca/engine/told.h"

/*
 * `inkan ocsp plan`: how many signatures a day each issuer's OCSP answers cost
 * when every certificate is asked about (or prepared for), held against what
 * the responder's token was measured to sign.
 */

#define DAY 86400.0
#define VALIDITY 3600 /* inkan-ocsp's own defaults */
#define BUDGET 1000

struct planning {
	struct ops_call *c;
	struct told *told;	    /* one that speaks for the issuer */
	const struct issuer *is;
	struct cert_figures f;
	int64_t validity, refresh, rate, budget, hashes;
	const char *basis;
};

static int
figures_tx(struct store_tx *tx, void *arg)
{
	struct planning *p = arg;

	return certs_figures(tx, p->is->row.id, p->c->now, &p->f);
}

/* The responder that tells of this issuer and has measured most. */
static const struct told_issuer *
find_told(struct planning *p)
{
	struct told *best = OPENSSL_zalloc(sizeof(*best));
	const struct told_issuer *found = NULL;
	int64_t rate = -1;
	size_t i, k;

	for (i = 0; best != NULL &&
	    told_get(p->c->ca->told, i, p->c->now, best); i++)
		for (k = 0; k < best->n; k++) {
			if (best->issuer[k].rate <= rate ||
			    strcmp(best->issuer[k].ident, p->is->row.ident) !=
				0)
				continue;
			rate = best->issuer[k].rate;
			*p->told = *best;
			found = &p->told->issuer[k];
		}
	OPENSSL_free(best);
	return found;
}

static void
take_basis(struct planning *p)
{
	const struct told_issuer *t = find_told(p);
	const WIRE_FIELDS *args = p->c->args;

	p->validity = field_int(args, "validity",
	    t == NULL ? VALIDITY : p->told->validity);
	p->refresh = field_int(args, "refresh", t == NULL ||
	    p->told->refresh > p->validity / 2 ?
	    p->validity / 4 : p->told->refresh);
	p->rate = field_int(args, "rate", t == NULL ? 0 : t->rate);
	p->budget = t == NULL ? BUDGET : t->budget;
	p->basis = field_find(args, "rate", 0) != NULL ? "supposed" :
	    p->rate > 0 ? "measured" : "not known: no responder has told of "
	    "this CA";
}

static int
check_args(struct ops_call *c)
{
	int64_t validity = field_int(c->args, "validity", VALIDITY);
	int64_t refresh = field_int(c->args, "refresh", 0);
	int64_t hashes = field_int(c->args, "hashes", 1);

	if (validity < 10 || validity > 7 * 86400)
		return ops_bad(c, "validity", "10 seconds to 7 days");
	if (refresh < 0 || refresh > validity / 2)
		return ops_bad(c, "refresh", "at most half of validity");
	if (field_int(c->args, "rate", 1) < 1)
		return ops_bad(c, "rate", "1 or more");
	if (hashes < 1 || hashes > 2)
		return ops_bad(c, "hashes", "1 or 2");
	return 1;
}

static int
add_number(WIRE_FIELDS *l, const char *name, double v)
{
	char text[64];

	snprintf(text, sizeof(text), v >= 100 || v == 0 ? "%.0f" : "%.3g", v);
	return field_add_text(l, name, text);
}

/* Even when strangers spend their whole budget; or only without them. */
static const char *
fits(const struct planning *p, double mean)
{
	if (p->rate == 0)
		return "not known";
	if (mean > (double)p->rate)
		return "no";
	return p->budget == 0 || mean + (double)p->budget > (double)p->rate ?
	    "without floods" : "yes";
}

static int
add_row(struct planning *p)
{
	WIRE_FIELDS *l = message_add_row(p->c->answer);
	double day = (double)p->f.live * (double)p->hashes * DAY /
	    (double)(p->validity - p->refresh);
	double mean = day / DAY;

	return l != NULL && field_add_text(l, "issuer", p->is->row.ident) &&
	    field_add_int(l, "certs", p->f.live) &&
	    field_add_int(l, "validity", p->validity) &&
	    field_add_int(l, "refresh", p->refresh) &&
	    add_number(l, "signatures_day", day) &&
	    add_number(l, "signatures_second", mean) &&
	    field_add_int(l, "budget", p->budget) &&
	    field_add_int(l, "token_rate", p->rate) &&
	    add_number(l, "percent", p->rate == 0 ? 0 :
		100 * mean / (double)p->rate) &&
	    field_add_text(l, "fits", fits(p, mean)) &&
	    field_add_text(l, "rate_is", p->basis);
}

static int
plan_one(struct planning *p)
{
	if (!ops_read(p->c, figures_tx, p))
		return 0;
	p->f.live = field_int(p->c->args, "fleet_size", p->f.live);
	if (p->f.live < 0)
		return ops_bad(p->c, "fleet_size", "not below 0");
	take_basis(p);
	return add_row(p);
}

int
ops_ocsp_plan(struct ops_call *c)
{
	struct planning p = {.c = c,
	    .hashes = field_int(c->args, "hashes", 1)};
	const struct issuer_set *set = &c->ca->issuers;
	const char *name = ops_text(c, "issuer");
	size_t i;
	int ok = 0;

	if (!check_args(c))
		return 0;
	if (name != NULL && issuer_set_find(set, name) == NULL)
		return ops_not_found(c, "issuer", "no CA \"%s\"", name);
	if ((p.told = OPENSSL_zalloc(sizeof(*p.told))) == NULL)
		return 0;
	for (i = 0, ok = 1; ok && i < set->n; i++) {
		p.is = set->item[i];
		if (name != NULL ? p.is == issuer_set_find(set, name) :
		    crl_run_is_ours(p.is))
			ok = plan_one(&p);
	}
	OPENSSL_free(p.told);
	return ok;
}
