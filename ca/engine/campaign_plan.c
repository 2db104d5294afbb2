#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "profiles/build.h"
#include "ca/engine/campaign.h"
#include "ca/engine/scope.h"

/* The dry run. */

#define CRLS_MAX 4096

struct planning {
	struct store_tx *tx;	/* of the page */
	const struct policy *policy;
	const struct campaign_request *r;
	struct where where;
	int64_t upto, after;
	struct campaign_plan *plan;
	unsigned char *seen; /* devices by row, one bit each */
	size_t n_seen;	     /* octets */
	struct {
		int64_t issuer;
		int shard;
	} crl[CRLS_MAX];
	size_t n_crls;
	int failed;
};

#define YEAR_2050 INT64_C(2524608000) /* GeneralizedTime from then on */

size_t
campaign_entry_octets(
    const struct where_row *row, int reason, int64_t invalidity, time_t now)
{
	size_t serial = row->serial_len +
	    (row->serial_len > 0 && (row->serial[0] & 0x80) != 0);
	size_t n = 2 + serial, ext = 0;

	n += now < YEAR_2050 ? 15 : 17;
	/* SEQUENCE { OID of 3 octets, OCTET STRING { ENUMERATED } } and
	   { ... { GeneralizedTime } } */
	if (reason > CRL_REASON_UNSPECIFIED)
		ext += 2 + 5 + 2 + 3;
	if (invalidity != 0)
		ext += 2 + 5 + 2 + 17;
	n += ext > 0 ? 2 + ext : 0;
	return 2 + n;
}

static int
first_of_device(struct planning *p, int64_t device)
{
	size_t at = (size_t)(device / 8), size;
	unsigned char bit = (unsigned char)(1 << (device % 8)), *more;

	if (at >= p->n_seen) {
		size = (at + 1) * 2;
		more = OPENSSL_realloc(p->seen, size);
		if (more == NULL) {
			ca_raise(CA_E_INTERNAL, "out of memory");
			p->failed = 1;
			return 0;
		}
		memset(more + p->n_seen, 0, size - p->n_seen);
		p->seen = more;
		p->n_seen = size;
	}
	if (p->seen[at] & bit)
		return 0;
	p->seen[at] |= bit;
	return 1;
}

/* One signature for each CRL that changes. */
static void
count_crl(struct planning *p, const struct where_row *row)
{
	size_t i;

	for (i = 0; i < p->n_crls; i++)
		if (p->crl[i].issuer == row->issuer &&
		    p->crl[i].shard == row->shard)
			return;
	if (p->n_crls == CRLS_MAX)
		return;
	p->crl[i].issuer = row->issuer;
	p->crl[i].shard = row->shard;
	p->n_crls++;
}

static void
count_group(
    struct campaign_plan *plan, const struct where_row *row, size_t octets)
{
	struct campaign_group *g;
	size_t i;

	for (i = 0; i < plan->n_groups; i++) {
		g = &plan->group[i];
		if (strcmp(g->issuer, row->issuer_ident) == 0 &&
		    strcmp(g->profile, row->profile) == 0)
			break;
	}
	if (i == CAMPAIGN_GROUPS_MAX) {
		plan->groups_full = 1;
		return;
	}
	g = &plan->group[i];
	if (i == plan->n_groups) {
		plan->n_groups++;
		strcpy(g->issuer, row->issuer_ident);
		strcpy(g->profile, row->profile);
	}
	g->certs++;
	g->octets += (int64_t)octets;
}

static void
count_chosen(struct planning *p, const struct where_row *row)
{
	struct campaign_plan *plan = p->plan;
	size_t octets = 0, i;

	/* One that is held or revoked has its entry. */
	if (row->state == CERT_VALID) {
		octets = campaign_entry_octets(
		    row, p->r->reason, p->r->invalidity, p->r->now);
		plan->entries++;
	}
	plan->certs++;
	plan->octets += (int64_t)octets;
	if (row->device_id > 0)
		plan->devices += first_of_device(p, row->device_id);
	count_crl(p, row);
	count_group(plan, row, octets);
	if (plan->n_sample == CAMPAIGN_SAMPLE_MAX)
		return;
	plan->sample[plan->n_sample] = *row;
	for (i = 0; i < WHERE_CONDS_MAX; i++)
		plan->sample[plan->n_sample].value[i] = NULL;
	plan->n_sample++;
}

static int
count_one(const struct where_row *row, void *arg)
{
	struct planning *p = arg;

	switch (campaign_judge(
	    p->policy, &p->where, p->r->reason, p->r->invalidity, row)) {
	case CAMPAIGN_CHOSEN:
		p->failed = !scope_cert(
		    p->tx, p->policy, row->id, row->profile, &p->plan->need);
		count_chosen(p, row);
		break;
	case CAMPAIGN_SKIPPED:
		p->plan->skipped++;
		break;
	case CAMPAIGN_EXCLUDED:
		p->plan->excluded++;
		break;
	case CAMPAIGN_UNDECIDED:
		p->plan->undecided++;
		break;
	case CAMPAIGN_NOT:
		break;
	}
	return !p->failed;
}

static int
page_tx(struct store_tx *tx, void *arg)
{
	struct planning *p = arg;
	int64_t next;

	p->tx = tx;
	if (!where_page(tx, &p->where, p->r->now, p->after, p->upto, &next,
		count_one, p) ||
	    p->failed)
		return 0;
	p->after = next;
	return 1;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct planning *p = arg;

	return where_last(tx, &p->upto);
}

int
campaign_plan(struct store *store, const struct policy *policy,
    const struct campaign_request *r, struct campaign_plan **out)
{
	struct planning *p = OPENSSL_zalloc(sizeof(*p));
	int ok;

	ok = p != NULL && campaign_check(store, r, &p->where) &&
	    (p->plan = OPENSSL_zalloc(sizeof(*p->plan))) != NULL;
	if (ok) {
		p->policy = policy;
		p->r = r;
		ok = store_read(store, last_tx, p);
	}
	while (ok && p->after < p->upto)
		ok = store_read(store, page_tx, p);
	if (ok) {
		p->plan->crls = (int64_t)p->n_crls;
		*out = p->plan;
		p->plan = NULL;
	}
	if (p != NULL) {
		OPENSSL_free(p->plan);
		OPENSSL_free(p->seen);
	}
	OPENSSL_free(p);
	return ok;
}
