#include <string.h>

#include "ca/error.h"
#include "ca/store/certs.h"
#include "ca/engine/retire.h"

struct looking {
	const struct policy *policy;
	int64_t issuer;
	struct retire *out;
};

static int
is_delegate(const struct policy *policy, const char *profile)
{
	const struct profile *p = policy_profile(policy, profile);

	return p != NULL && p->class == PROFILE_OCSP;
}

static int
add_sum(const struct certs_sum *sum, void *arg)
{
	struct looking *l = arg;

	if (sum->state < CERT_RESERVED || sum->state > CERT_ABORTED)
		return 1;
	l->out->n[sum->state] += sum->n;
	if (sum->state != CERT_ABORTED && sum->not_after > l->out->last &&
	    !is_delegate(l->policy, sum->profile))
		l->out->last = sum->not_after;
	return 1;
}

static int
look_tx(struct store_tx *tx, void *arg)
{
	struct looking *l = arg;

	return certs_sums(tx, l->issuer, add_sum, l);
}

int
retire_look(struct ca *ca, const struct issuer *is, struct retire *out)
{
	struct policy *policy = ca_policy(ca);
	struct looking l = {policy, is->row.id, out};
	int ok;

	memset(out, 0, sizeof(*out));
	ok = store_read(ca->store, look_tx, &l);
	policy_put(policy);
	return ok;
}

int
retire_is_over(const struct issuer *is, const struct retire *r, time_t now)
{
	return is->row.state == ISSUER_DISABLED && is->row.expired_from == 0 &&
	    r->last < BUILD_NO_END && r->last + is->row.crl_lifetime < now;
}

int
retire_needs_crls(struct ca *ca, const struct issuer *is, time_t now)
{
	struct retire r;

	if (is->row.state == ISSUER_ACTIVE)
		return 1;
	if (is->row.state != ISSUER_DISABLED)
		return 0;
	if (retire_look(ca, is, &r))
		return !retire_is_over(is, &r, now);
	ERR_clear_error();
	return 1;
}

int
retire_watch_over(struct retire_watch *w, struct ca *ca, size_t i, time_t now)
{
	const struct issuer *is = ca->issuers.item[i];

	if (is->row.state != ISSUER_DISABLED) {
		w->looked[i] = 0;
		return 0;
	}
	/* Also when the clock went back. */
	if (w->looked[i] == 0 || now < w->looked[i] ||
	    now - w->looked[i] >= RETIRE_EVERY) {
		w->looked[i] = now;
		w->over[i] = !retire_needs_crls(ca, is, now);
	}
	return w->over[i];
}
