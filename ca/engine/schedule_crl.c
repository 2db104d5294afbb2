#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/records.h"
#include "ca/engine/crl.h"
#include "ca/engine/crl_run.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/retire.h"
#include "ca/engine/schedule_crl.h"

#define LOOK_EVERY 10		/* seconds between looks at what is owed */
#define COST_SHARE 10		/* one part of so many of the time is for CRLs */

struct slot {			/* one CRL */
	int64_t due;		/* 0: to be looked up */
	time_t made, gap;	/* not for the next ${gap} seconds */
	time_t failed, retry;
	int owed, again;	/* again: the last try failed */
};

struct series {			/* the CRLs of a CA */
	int64_t issuer;
	int n;
	struct slot slot[CRL_SHARDS_MAX];
};

struct schedule_crl {
	struct ca *ca;
	struct series **series;
	size_t n;
	time_t looked;
	int batch;		/* how many more in this round */
	int waiting;		/* something is owed that has to wait */
	struct retire_watch watch;	/* which CAs need none any more */
};

/* Did less than ${seconds} go by since ${then}? No, if the clock went back. */
static int
is_within(time_t now, time_t then, int64_t seconds)
{
	return now >= then && now - then < seconds;
}

struct schedule_crl *
schedule_crl_new(struct ca *ca)
{
	struct schedule_crl *s = OPENSSL_zalloc(sizeof(*s));

	if (s != NULL)
		s->ca = ca;
	return s;
}

void
schedule_crl_free(struct schedule_crl *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		OPENSSL_free(s->series[i]);
	OPENSSL_free(s->series);
	OPENSSL_free(s);
}

static struct series *
find(const struct schedule_crl *s, int64_t issuer)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->series[i]->issuer == issuer)
			return s->series[i];
	return NULL;
}

/* A CA may have come, or may have got another count of shards. */
static struct series *
series_of(struct schedule_crl *s, const struct issuer *is)
{
	struct series *x = find(s, is->row.id), **more;
	int n = crl_shard_count(&is->row);

	if (x != NULL && x->n == n)
		return x;
	if (x == NULL) {
		more = OPENSSL_realloc(s->series,
		    (s->n + 1) * sizeof(*s->series));
		if (more == NULL)
			return NULL;
		s->series = more;
		x = OPENSSL_malloc(sizeof(*x));
		if (x == NULL)
			return NULL;
		s->series[s->n++] = x;
	}
	memset(x, 0, sizeof(*x));
	x->issuer = is->row.id;
	x->n = n;
	return x;
}

static int
take_owed(int64_t issuer, int shard, void *arg)
{
	struct series *x = find(arg, issuer);

	if (x != NULL && shard < x->n)
		x->slot[shard].owed = 1;
	return 1;
}

static int
owed_tx(struct store_tx *tx, void *arg)
{
	return crls_owed(tx, take_owed, arg);
}

/* Once all series are there. What was owed and is not any more was made by an
   operator meanwhile. */
static void
look(struct schedule_crl *s, time_t now)
{
	int wanted = atomic_exchange(&s->ca->crl_wanted, 0);
	size_t i;
	int k;

	if (!wanted && !s->waiting && is_within(now, s->looked, LOOK_EVERY))
		return;
	s->looked = now;
	for (i = 0; i < s->n; i++)
		for (k = 0; k < s->series[i]->n; k++)
			s->series[i]->slot[k].owed = 0;
	if (!store_read(s->ca->store, owed_tx, s))
		report_errors(REPORT_ERROR, "crl.unseen", NULL);
	s->waiting = 0;
}

/* The store is asked when its last answer says that it is time: an operator may
   have made one. */
static int
is_due(struct schedule_crl *s, const struct issuer *is, struct slot *slot,
    int shard, time_t now)
{
	int64_t far = now + is->row.crl_interval;

	if (slot->due > now && slot->due <= far)
		return 0;
	if (!crl_due_shard(s->ca->store, is, shard, &slot->due)) {
		slot->due = 0;
		return 0;
	}
	/* The last one is of the future: the clock was put back. */
	return slot->due <= now || slot->due > far;
}

static int
is_wanted(struct schedule_crl *s, const struct issuer *is, struct slot *slot,
    int shard, time_t now)
{
	if (slot->again)
		return !is_within(now, slot->failed, slot->retry);
	if (slot->owed && !is_within(now, slot->made, slot->gap))
		return 1;
	s->waiting |= slot->owed;
	return is_due(s, is, slot, shard, now);
}

static void
failed(struct slot *slot, const struct issuer *is, int shard, time_t now)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", shard);
	report_errors(REPORT_ERROR, "crl.failed", "issuer", is->row.ident,
	    "shard", is->row.crl_shards == 0 ? NULL : text, NULL);
	slot->retry = slot->again ? 2 * slot->retry : SCHEDULE_CRL_RETRY;
	if (slot->retry > SCHEDULE_CRL_RETRY_MAX)
		slot->retry = SCHEDULE_CRL_RETRY_MAX;
	slot->again = 1;
	slot->failed = now;
}

/* A CRL that failed is made again until it is there: it may stand in the store
   already, and its file could not be written. */
static void
make(struct schedule_crl *s, const struct issuer *is, struct slot *slot,
    int shard, time_t now)
{
	int64_t took, entries;

	s->batch--;
	if (!crl_run_issue(s->ca, is->row.ident, shard, NULL, now, NULL)) {
		failed(slot, is, shard, now);
		return;
	}
	took = crl_run_cost(s->ca, &entries) / 1000000;
	slot->gap = took * COST_SHARE > SCHEDULE_CRL_GAP ?
	    (time_t)took * COST_SHARE : SCHEDULE_CRL_GAP;
	slot->made = now;
	slot->owed = slot->again = 0;
	slot->due = 0;
}

void
schedule_crl_round(struct schedule_crl *s, time_t now)
{
	const struct issuer_set *set = &s->ca->issuers;
	struct series *x;
	size_t i, n = set->n;
	int k;

	for (i = 0; i < n; i++)
		(void)series_of(s, set->item[i]);
	look(s, now);
	s->batch = SCHEDULE_CRL_BATCH;
	for (i = 0; i < n; i++) {
		x = find(s, set->item[i]->row.id);
		if (x == NULL || !crl_run_is_ours(set->item[i]) ||
		    retire_watch_over(&s->watch, s->ca, i, now))
			continue;
		for (k = 0; k < x->n && s->batch > 0; k++)
			if (is_wanted(s, set->item[i], &x->slot[k], k, now))
				make(s, set->item[i], &x->slot[k], k, now);
	}
}
