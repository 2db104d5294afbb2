#include <string.h>

#include "ca/engine/crl_plan.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/schedule_crl.h"

#define DAY 86400.0
#define YEAR (365 * DAY)
#define BUSY 0.1		/* share of a day that CRLs may take */
#define RENEW_AT (2.0 / 3)	/* of its life a certificate is renewed */

const char *
crl_plan_name(enum crl_plan_way way)
{
	static const char *const names[CRL_PLAN_N] = {"full CRL", "shards",
	    "short life", "OCSP"};

	return names[way];
}

static double
at_most(double a, double b)
{
	return a < b ? a : b;
}

static int
grows(const struct crl_plan_in *in)
{
	return in->validity == 0 || in->keep_expired;
}

static double
entries(const struct crl_plan_in *in)
{
	double years = grows(in) ? CRL_PLAN_YEARS :
	    (double)in->validity / YEAR / 2;

	return in->fleet * in->rate * years;
}

/* ${n} CRLs that list ${all} together. They are made by the clock, and the one
   that a revocation is for is made at once, if not too often. */
static void
crls(const struct crl_plan_in *in, double all, int n, struct crl_plan_row *r)
{
	double often = at_most(in->fleet * in->rate / 365,
	    n * DAY / SCHEDULE_CRL_GAP);

	r->entries = all / n;
	r->octets = in->base_octets + r->entries * in->entry_octets;
	r->verifier_day = r->octets * DAY / (double)in->interval;
	r->signatures_day = n * DAY / (double)in->interval + often;
	r->seconds_day = r->signatures_day *
	    (in->sign_seconds + r->entries * in->entry_seconds);
}

static void
full(const struct crl_plan_in *in, double all, struct crl_plan_row *r)
{
	crls(in, all, 1, r);
	r->fits = r->octets <= CRL_PLAN_LARGE && r->seconds_day <= BUSY * DAY;
	r->why = r->octets > CRL_PLAN_LARGE ? "too large to be fetched each "
	    "time" : !r->fits ? "the CA would do little else" :
	    r->octets > CRL_PLAN_SMALL ? "for gateways and servers; too large "
	    "for small devices" : "small enough for any verifier";
}

/* As few as make each of them small: 2, 4, 8 ... */
static void
shards(const struct crl_plan_in *in, double all, struct crl_plan_row *r)
{
	int n = 2;

	for (crls(in, all, n, r); r->octets > CRL_PLAN_SMALL &&
	    n < CRL_SHARDS_MAX; crls(in, all, n, r))
		n *= 2;
	r->shards = n;
	r->fits = r->octets <= CRL_PLAN_LARGE && r->seconds_day <= BUSY * DAY;
	r->why = r->octets > CRL_PLAN_LARGE ? "even the most shards are too "
	    "large" : !r->fits ? "the CA would do little else" :
	    r->octets > CRL_PLAN_SMALL ? "still above 64 KiB each" :
	    "each is small; fixed when a CA is made";
}

static void
short_life(const struct crl_plan_in *in, struct crl_plan_row *r)
{
	r->signatures_day = in->fleet * DAY / (CRL_PLAN_SHORT * RENEW_AT);
	r->seconds_day = r->signatures_day * in->signature_seconds;
	r->fits = r->seconds_day <= BUSY * DAY && in->validity != 0;
	r->why = in->validity == 0 ? "certificates without end cannot be "
	    "renewed" : !r->fits ? "more renewals than the token signs" :
	    "devices must come every few days; noRevAvail, no CRL at all";
}

static void
ocsp(const struct crl_plan_in *in, struct crl_plan_row *r)
{
	r->octets = in->answer_octets;
	r->verifier_day = in->answer_octets * DAY /
	    (double)in->answer_validity;
	r->signatures_day = in->fleet * DAY / (double)in->answer_validity;
	r->seconds_day = r->signatures_day * in->signature_seconds;
	r->fits = in->ocsp && r->seconds_day <= BUSY * DAY;
	r->why = !in->ocsp ? "verifiers cannot ask while they verify" :
	    !r->fits ? "more answers than the token signs" :
	    "one small answer for each certificate; verifiers must be online";
}

/* The least that does it: one list, a few lists, answers, no revocation. */
static enum crl_plan_way
choose(const struct crl_plan_in *in, const struct crl_plan_row *r)
{
	if (in->validity != 0 && in->validity <= CRL_PLAN_SHORT)
		return CRL_PLAN_SHORT_LIFE;
	if (r[CRL_PLAN_FULL].fits && r[CRL_PLAN_FULL].octets <= CRL_PLAN_SMALL)
		return CRL_PLAN_FULL;
	if (r[CRL_PLAN_SHARDS].fits)
		return CRL_PLAN_SHARDS;
	if (r[CRL_PLAN_OCSP].fits)
		return CRL_PLAN_OCSP;
	return r[CRL_PLAN_SHORT_LIFE].fits ? CRL_PLAN_SHORT_LIFE :
	    CRL_PLAN_SHARDS;
}

static const char *
advice(enum crl_plan_way way)
{
	switch (way) {
	case CRL_PLAN_FULL:
		return "one full CRL (crl_shards = 0)";
	case CRL_PLAN_SHARDS:
		return "shards: give the next generation of the CA as many "
		    "crl_shards as below; those of a CA that has issued stay "
		    "as they are";
	case CRL_PLAN_SHORT_LIFE:
		return "a life of some days with noRevAvail, renewed in time, "
		    "in place of revocation";
	default:
		return "OCSP; the CRL stays for those who audit";
	}
}

void
crl_plan(const struct crl_plan_in *in, struct crl_plan *out)
{
	struct crl_plan_row *r = out->row;

	memset(out, 0, sizeof(*out));
	out->entries = entries(in);
	out->grows = grows(in);
	full(in, out->entries, &r[CRL_PLAN_FULL]);
	shards(in, out->entries, &r[CRL_PLAN_SHARDS]);
	short_life(in, &r[CRL_PLAN_SHORT_LIFE]);
	ocsp(in, &r[CRL_PLAN_OCSP]);
	out->best = choose(in, r);
	out->advice = advice(out->best);
	if (out->best != CRL_PLAN_OCSP && r[CRL_PLAN_OCSP].fits)
		out->beside = "OCSP for verifiers that are online: they learn "
		    "of a revocation within a minute";
	else if (out->grows && out->best != CRL_PLAN_SHORT_LIFE)
		out->beside = "the list grows for ever: plan a new generation "
		    "of the CA before it is too large";
	if (!r[CRL_PLAN_FULL].fits && !r[CRL_PLAN_SHARDS].fits)
		out->deltas = "delta CRLs are not offered: few verifiers read "
		    "them, and those that do need the large CRL first; short "
		    "lives or OCSP help all";
}
