#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/chain.h"
#include "ca/engine/crl_run.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/ops_status.h"
#include "ca/engine/presign.h"
#include "ca/engine/retire.h"

/* Of the checks those of what ends: the CAs, what they have signed for
   verifiers, and the certificates of our services. */

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, row->shard, 0, row) >= 0;
}

/* One CRL that is not as it should be. */
static void
say_crl(struct checking *k, const struct issuer *is, const char *check,
    const struct crl_row *row, enum crl_run_state state, int64_t due)
{
	if (state == CRL_RUN_NONE)
		ops_say(k, check, FAIL, 0, "there is no CRL");
	else if (state == CRL_RUN_OVER)
		ops_say(k, check, FAIL, row->next_update, "has run out");
	else
		ops_say(k, check, WARN, row->next_update,
		    is->row.crl_interval == 0 ?
		    "is late: more than half of its validity is gone" :
		    "is late: the next one was due %lld s ago",
		    (long long)(k->c->now - due));
}

#define SHARDS_TOLD 8		/* of the shards that are not well */

struct crls {			/* of one CA */
	struct crl_row row;	/* of the shard just looked at */
	int64_t entries, first;	/* all; nextUpdate that comes first */
	int bad;
};

static void
look_at_shard(struct checking *k, const struct issuer *is, int shard,
    struct crls *s)
{
	enum crl_run_state state;
	char check[112];
	int64_t due;

	s->row = (struct crl_row){.issuer = is->row.id, .shard = shard};
	if (!ops_read(k->c, last_tx, &s->row))
		ERR_clear_error();
	s->entries += s->row.n_entries;
	if (s->row.next_update < s->first)
		s->first = s->row.next_update;
	state = crl_run_look(is, &s->row, k->c->now, &due);
	if (state == CRL_RUN_FRESH || s->bad++ >= SHARDS_TOLD)
		return;
	if (is->row.crl_shards == 0)
		snprintf(check, sizeof(check), "crl:%s", is->row.ident);
	else
		snprintf(check, sizeof(check), "crl:%s-s%d", is->row.ident,
		    shard);
	say_crl(k, is, check, &s->row, state, due);
}

#define REFRESH "a ceremony renews it (inkan ca refresh)"

/* A root's news come from ceremonies, and those take their time: the last third
   is for getting one together. */
static enum ops_level
root_level(int64_t from, int64_t until, int64_t now)
{
	return until <= now ? FAIL : until - now < (until - from) / 3 ? WARN :
	    OK;
}

static void
check_root_crl(struct checking *k, const char *check, const struct issuer *is)
{
	struct crl_row row = {.issuer = is->row.id};
	enum ops_level level;

	if (!ops_read(k->c, last_tx, &row) || row.number == 0) {
		ERR_clear_error();
		ops_say(k, check, FAIL, 0, "there is no CRL");
		return;
	}
	level = root_level(row.this_update, row.next_update, k->c->now);
	if (level == FAIL)
		ops_say(k, check, FAIL, row.next_update,
		    "has run out; " REFRESH);
	else if (level == WARN)
		ops_say(k, check, WARN, row.next_update, "runs out in %lld "
		    "days; " REFRESH, (long long)((row.next_update -
		    k->c->now) / 86400));
	else
		ops_say(k, check, OK, row.next_update,
		    "number %lld, %lld entries", (long long)row.number,
		    (long long)row.n_entries);
}

static void
check_crl(struct checking *k, const struct issuer *is)
{
	struct crls s = {.first = INT64_MAX};
	int i, n = crl_shard_count(&is->row);
	char check[96];

	snprintf(check, sizeof(check), "crl:%s", is->row.ident);
	if (is->row.state == ISSUER_ROOT) {
		check_root_crl(k, check, is);
		return;
	}
	for (i = 0; i < n; i++)
		look_at_shard(k, is, i, &s);
	if (s.bad > SHARDS_TOLD)
		ops_say(k, check, FAIL, s.first, "%d of %d shards are not in "
		    "order", s.bad, n);
	else if (s.bad == 0 && is->row.crl_shards == 0)
		ops_say(k, check, OK, s.first, "number %lld, %lld entries",
		    (long long)s.row.number, (long long)s.entries);
	else if (s.bad == 0)
		ops_say(k, check, OK, s.first, "%d shards, %lld entries", n,
		    (long long)s.entries);
}

static void
check_expiry(struct checking *k, const char *check, const char *what,
    int64_t from, int64_t until)
{
	int64_t left = until - k->c->now;
	int64_t span = until - from;

	if (until >= BUILD_NO_END)
		ops_say(k, check, OK, 0, "%s does not end", what);
	else if (left <= 0)
		ops_say(k, check, FAIL, until, "%s has expired", what);
	else if (left < span / 5)
		ops_say(k, check, WARN, until, "%s expires soon", what);
	else
		ops_say(k, check, OK, until, "%s is valid", what);
}

/* The root signs no OCSP answer from day to day: those that it signed in its
   ceremony must not run out unnoticed. */
static void
check_presigned(struct checking *k, const struct issuer *is)
{
	char check[96], why[300];
	int64_t from, until;
	size_t n;

	snprintf(check, sizeof(check), "presigned:%s", is->row.ident);
	if (!presign_ends(k->c->ca->settings->publish_dir, is->row.ident, &n,
	    &from, &until)) {
		report_trace(why, sizeof(why));
		ERR_clear_error();
		ops_say(k, check, FAIL, 0, "%s", why);
	} else if (n == 0) {
		ops_say(k, check, FAIL, 0, "there is no OCSP answer signed in "
		    "advance");
	} else {
		ops_say(k, check, root_level(from, until, k->c->now), until,
		    "%zu OCSP answers signed in advance, the first ends in "
		    "%lld days; " REFRESH, n,
		    (long long)((until - k->c->now) / 86400));
	}
}

/* A sub-CA is worth what is above it: of that the one that ends first. */
static void
check_above(struct checking *k, const char *check, const struct issuer *is)
{
	STACK_OF(X509) *above = NULL;
	X509 *cert, *first = NULL;
	int i, n;

	if (!chain_above(k->c->ca, is, &above)) {
		ERR_clear_error();
		ops_say(k, check, FAIL, 0, "what is above it cannot be read");
		return;
	}
	n = sk_X509_num(above);
	for (i = 0; i < n; i++) {
		cert = sk_X509_value(above, i);
		if (first == NULL || ASN1_TIME_compare(
		    X509_get0_notAfter(cert), X509_get0_notAfter(first)) < 0)
			first = cert;
	}
	if (first == NULL)
		ops_say(k, check, WARN, 0, "what is above it is not known");
	else
		check_expiry(k, check,
		    "the foreign CA above it that ends first",
		    issuer_time(X509_get0_notBefore(first)),
		    issuer_time(X509_get0_notAfter(first)));
	sk_X509_pop_free(above, X509_free);
}

static void
check_ca(struct checking *k, const struct issuer *is)
{
	char check[96];

	snprintf(check, sizeof(check), "ca:%s", is->row.ident);
	if (is->row.state == ISSUER_DISABLED &&
	    !retire_needs_crls(k->c->ca, is, k->c->now)) {
		ops_say(k, check, OK, 0, "disabled; all that it issued has "
		    "expired: it needs no more CRLs");
		return;
	}
	check_expiry(k, check, is->row.state == ISSUER_DISABLED ?
	    "certificate of the disabled CA" : "certificate",
	    is->row.not_before, is->row.not_after);
	if (is->row.state != ISSUER_ROOT && !ca_issuer_has_key(is))
		ops_say(k, check, FAIL, 0, "its key is not at hand");
	if (is->row.state != ISSUER_ROOT && is->row.parent == 0)
		check_above(k, check, is);
	check_crl(k, is);
	if (is->row.state == ISSUER_ROOT)
		check_presigned(k, is);
}

struct own {			/* the newest certificate of a service */
	struct policy *policy;
	struct cert_row rows[32];
	size_t n;
	int moves;		/* the profile at hand: from CA to CA */
};

/* A server's certificate may move to another CA; a delegate's does not. */
static int
is_later(const struct own *o, const struct cert_row *was,
    const struct cert_row *row)
{
	return strcmp(was->subject, row->subject) == 0 &&
	    (was->issuer == row->issuer || (o->moves &&
	    strcmp(was->profile, row->profile) == 0));
}

static int
keep_newest(const struct cert_row *row, void *arg)
{
	struct own *o = arg;
	size_t i;

	if (row->state != CERT_VALID)
		return 1;
	for (i = 0; i < o->n; i++)
		if (is_later(o, &o->rows[i], row))
			break;
	if (i == sizeof(o->rows) / sizeof(o->rows[0]))
		return 0;
	o->rows[i] = *row;
	if (i == o->n)
		o->n++;
	return 1;
}

static int
own_tx(struct store_tx *tx, void *arg)
{
	struct cert_filter f = {.limit = 100000};
	struct own *o = arg;
	size_t i;

	for (i = 0; i < o->policy->n_profiles; i++) {
		if (!(o->policy->profiles[i]->issued_by & PROFILE_BY_SERVICE))
			continue;
		f.profile = o->policy->profiles[i]->name;
		o->moves = o->policy->profiles[i]->class != PROFILE_OCSP;
		if (!certs_list(tx, &f, keep_newest, o))
			return 0;
	}
	return 1;
}

static int
is_delegate(const struct policy *policy, const struct cert_row *row)
{
	const struct profile *p = policy_profile(policy, row->profile);

	return p != NULL && p->class == PROFILE_OCSP;
}

/* Nobody renews what served a CA that is over. */
static int
is_of_retired(struct checking *k, const struct cert_row *row)
{
	const struct issuer *is = issuer_set_by_id(&k->c->ca->issuers,
	    row->issuer);

	return is != NULL && is->row.state == ISSUER_DISABLED &&
	    !retire_needs_crls(k->c->ca, is, k->c->now);
}

static void
check_own(struct checking *k)
{
	struct own *o = OPENSSL_zalloc(sizeof(*o));
	char check[600];
	size_t i;

	if (o != NULL)
		o->policy = ca_policy(k->c->ca);
	if (o == NULL || !ops_read(k->c, own_tx, o)) {
		ops_say(k, "services", FAIL, 0, "the store cannot be read");
		goto out;
	}
	for (i = 0; i < o->n; i++) {
		const struct cert_row *r = &o->rows[i];

		if (is_of_retired(k, r))
			continue;
		if (is_delegate(o->policy, r))
			snprintf(check, sizeof(check), "ocsp:%s",
			    r->issuer_ident);
		else
			snprintf(check, sizeof(check), "service:%s",
			    r->subject);
		check_expiry(k, check, "certificate", r->not_before,
		    r->not_after);
	}
out:
	policy_put(o == NULL ? NULL : o->policy);
	OPENSSL_free(o);
}

void
ops_status_ca(struct checking *k)
{
	const struct issuer_set *set = &k->c->ca->issuers;
	size_t i;

	for (i = 0; i < set->n; i++)
		check_ca(k, set->item[i]);
	check_own(k);
}
