#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/crl.h"
#include "ca/engine/crl_run.h"
#include "ca/engine/crl_shard.h"
#include "ca/report/report.h"

#define LATE_MIN 60		/* seconds that a CRL may be overdue at least */

int
crl_run_is_ours(const struct issuer *is)
{
	return is->row.state != ISSUER_ROOT;
}

static int64_t
microseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
tell(const struct issuer *is, const struct crl_row *row, const char *req)
{
	char number[24], shard[16], entries[24];

	snprintf(number, sizeof(number), "%lld", (long long)row->number);
	snprintf(shard, sizeof(shard), "%d", row->shard);
	snprintf(entries, sizeof(entries), "%lld", (long long)row->n_entries);
	report_event(REPORT_INFO, "crl.issued", "req", req, "issuer",
	    is->row.ident, "shard", is->row.crl_shards == 0 ? NULL : shard,
	    "number", number, "entries", entries, NULL);
}

int64_t
crl_run_cost(struct ca *ca, int64_t *entries)
{
	int64_t took;

	pthread_mutex_lock(&ca->crl_lock);
	took = ca->crl_cost.microseconds;
	*entries = ca->crl_cost.entries;
	pthread_mutex_unlock(&ca->crl_lock);
	return took;
}

/* Read lock of the token held. Its count may have changed since the caller
   looked. */
static int
issue(struct ca *ca, struct issuer *is, int shard, time_t now,
    struct crl_row *row)
{
	int64_t from;
	int ok;

	if (shard < 0 || shard >= crl_shard_count(&is->row)) {
		ca_raise(CA_E_NOTFOUND, "crl.shard: %s has no shard %d",
		    is->row.ident, shard);
		return 0;
	}
	pthread_mutex_lock(&ca->crl_lock);
	from = microseconds();
	ok = crl_issue_shard(ca->store, is, shard, ca->settings->publish_dir,
	    now, row);
	if (ok) {
		ca->crl_cost.microseconds = microseconds() - from;
		ca->crl_cost.entries = row->n_entries;
	}
	pthread_mutex_unlock(&ca->crl_lock);
	return ok;
}

int
crl_run_issue(struct ca *ca, const char *ident, int shard, const char *req,
    time_t now, struct crl_row *out)
{
	struct issuer *is = ca_issuer_lock_for(ca, ident, ISSUER_TO_VOUCH,
	    now);
	struct crl_row row;
	int ok;

	if (is == NULL)
		return 0;
	ok = issue(ca, is, shard, now, &row);
	ca_issuer_unlock(ca, is);
	if (!ok)
		return 0;
	tell(is, &row, req);
	if (out != NULL)
		*out = row;
	else
		OPENSSL_free(row.der);
	return 1;
}

struct resharding {
	struct issuer *is;
	int shards, stands;
	const char *who;
	time_t now;
};

static int
set_shards_tx(struct store_tx *tx, void *arg)
{
	struct resharding *r = arg;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "who", r->who) &&
	    field_add_text(l, "issuer", r->is->row.ident) &&
	    field_add_int(l, "shards", r->shards) &&
	    crls_set_shards(tx, r->is->row.id, r->shards) &&
	    entries_append(tx, "crl.shards", r->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
ask_one(const struct issuer_row *row, void *arg)
{
	struct resharding *r = arg;

	if (row->id == r->is->row.id)
		r->stands = row->crl_shards;
	return 1;
}

static int
ask_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, ask_one, arg);
}

/* Durable also where status.db alone could not be told: what stands in the store
   is what certificates have to name. */
static int
save_shards(struct ca *ca, struct resharding *r)
{
	if (store_write(ca->store, set_shards_tx, r, STORE_URGENT))
		return 1;
	r->stands = r->is->row.crl_shards;
	if (!store_read(ca->store, ask_tx, r) || r->stands != r->shards)
		return 0;
	report_errors(REPORT_ERROR, "ca.unpublished", "issuer",
	    r->is->row.ident, NULL);
	return 1;
}

/* Lock of the CAs, and the write lock of the CA's token, held: nobody issues
   meanwhile, for a serial chosen by the old count would get an address that is
   never published. */
static int
reshard(struct ca *ca, struct resharding *r)
{
	struct issuer_row row = r->is->row;
	struct issuer *fresh = NULL;

	row.crl_shards = r->shards;
	fresh = issuer_changed(r->is, &row);
	if (fresh == NULL || !save_shards(ca, r)) {
		issuer_free(fresh);
		return 0;
	}
	return ca_issuer_replace(ca, r->is, fresh);
}

/* Lock of the CAs held: ${r}->is stays the one that is in use. */
static int
set_shards(struct ca *ca, struct resharding *r)
{
	struct ca_token *token = r->is->token;
	int ok;

	if (token == NULL) {
		ca_raise(CA_E_DENIED, "crl.shards: the CRLs of %s are not "
		    "made here", r->is->row.ident);
		return 0;
	}
	pthread_rwlock_wrlock(&token->lock);
	ok = reshard(ca, r);
	pthread_rwlock_unlock(&token->lock);
	return ok;
}

int
crl_run_set_shards(struct ca *ca, const char *ident, int shards,
    const char *who, time_t now)
{
	struct resharding r = {NULL, shards, 0, who, now};
	int ok;

	if (!crl_shard_ok(shards)) {
		ca_raise(CA_E_BADREQUEST, "crl.shards: %d is not 0 (one full "
		    "CRL) or 2 to %d", shards, CRL_SHARDS_MAX);
		return 0;
	}
	pthread_mutex_lock(&ca->issuers_lock);
	r.is = issuer_set_find(&ca->issuers, ident);
	if (r.is == NULL)
		ca_raise(CA_E_NOTFOUND, "issuer: no CA %s", ident);
	ok = r.is != NULL && set_shards(ca, &r);
	pthread_mutex_unlock(&ca->issuers_lock);
	if (ok)
		atomic_store(&ca->crl_wanted, 1);
	return ok;
}

/* A root has no interval: half of its CRL's validity is the time to plan the
   next ceremony. */
enum crl_run_state
crl_run_look(const struct issuer *is, const struct crl_row *row, time_t now,
    int64_t *due)
{
	int64_t half = (row->next_update - row->this_update) / 2;
	int64_t interval = is->row.crl_interval, margin;

	*due = row->this_update + half;
	if (interval > 0 && interval < half)
		*due = row->this_update + interval;
	if (row->number == 0)
		return CRL_RUN_NONE;
	if (row->next_update <= now)
		return CRL_RUN_OVER;
	margin = interval / 10 > LATE_MIN ? interval / 10 : LATE_MIN;
	if (interval == 0)
		margin = 0;
	return *due + margin <= now ? CRL_RUN_LATE : CRL_RUN_FRESH;
}
