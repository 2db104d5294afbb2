#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/preload.h"
#include "ocsp/prepare.h"
#include "ocsp/standing.h"

#define IDLE_MS 50
#define BACK_OFF 2	   /* seconds after a failure */
#define COMPLAIN_PERIOD 60 /* seconds between two reports of failures */

struct prepare {
	struct prepare_ctx ctx;
	struct preload *load;
	/* The shard that is being signed. */
	struct prepared_issuer *issuer;
	struct prepared_shard *shard;
	struct batch *batch;
	size_t cursor, in_pass;
	/* What is signed between the rounds. */
	struct batch *stray;
	time_t rest_until, complained;
	time_t began; /* since when not all is signed; 0: all is */
	pthread_t thread;
	int has_thread;
	atomic_int stop;
};

struct prepare *
prepare_new(const struct prepare_ctx *ctx)
{
	struct prepare *pre = OPENSSL_zalloc(sizeof(*pre));

	if (pre == NULL)
		return NULL;
	pre->ctx = *ctx;
	pre->load = preload_new(ctx->set->status_db, ctx->prepared);
	if (pre->load == NULL) {
		OPENSSL_free(pre);
		return NULL;
	}
	atomic_init(&pre->stop, 0);
	return pre;
}

void
prepare_stop(struct prepare *pre)
{
	if (pre == NULL)
		return;
	atomic_store(&pre->stop, 1);
	if (pre->has_thread)
		pthread_join(pre->thread, NULL);
	preload_free(pre->load);
	batch_free(pre->batch);
	batch_free(pre->stray);
	OPENSSL_free(pre);
}

/* ${what} failed; what is on the queue is said now and then. It is empty when
   nothing new may be said: others tell of that. */
static void
failed(struct prepare *pre, const char *what, time_t now)
{
	if (ERR_peek_error() != 0 &&
	    now - pre->complained >= COMPLAIN_PERIOD) {
		report_errors(
		    REPORT_WARN, "ocsp.prepare.failed", "what", what, NULL);
		pre->complained = now;
	}
	ERR_clear_error();
	pre->rest_until = now + BACK_OFF;
}

/* A page of status.db: 1 when there was one. */
static int
load_step(struct prepare *pre, time_t now)
{
	int began, done = preload_step(pre->load, now, &began);

	if (began)
		pre->began = now;
	if (done < 0)
		failed(pre, "status.db", now);
	return done == 1;
}

/* ---- times ---- */

static double
chance(void)
{
	uint32_t r = 0;

	if (RAND_bytes((unsigned char *)&r, sizeof(r)) != 1)
		return 0.5;
	return r / 4294967296.0;
}

static time_t
period_of(const struct settings *set)
{
	return set->validity - set->refresh;
}

/* Seconds from signing to the end of max-age: all of the period, but in the
   first round, when the ${i}th shard gets its place in it. */
static time_t
span_of(const struct prepare *pre, size_t i, int first)
{
	double period = (double)period_of(pre->ctx.set), part = 1;

	if (first)
		part = 0.2 + 0.8 * ((double)i + chance()) / PREPARED_SHARDS;
	return (time_t)(period * part);
}

/* What does not depend on who signs; as compose.c has it on demand. */
static struct batch_terms
terms_of(const struct settings *set, const struct policy *policy,
    const struct view_issuer *issuer, time_t now)
{
	struct batch_terms t = {.this_update = now,
	    .next_update = now + set->validity,
	    .extended_revoke = policy->not_issued == POLICY_REVOKED,
	    .issuer = settings_delegate_of(set, issuer->ident),
	    .both_hashes = policy->both_hashes};

	if (policy->archive != 0)
		t.cutoff = policy_cutoff(policy, issuer->cert, now);
	return t;
}

/* A batch at ${now}, whose max-age ends after ${span}; NULL (raised or not)
   when nothing may be signed. */
static struct batch *
new_batch(struct prepare *pre, const struct prepared_issuer *issuer,
    time_t span, time_t now)
{
	const struct settings *set = pre->ctx.set;
	struct view *view = state_view(pre->ctx.state);
	const struct view_issuer *from = NULL;
	struct signer *signer = NULL;
	struct batch *batch = NULL;
	struct status_head head;
	struct batch_terms t;

	if (view != NULL)
		from = view_find_ident(view, issuer->ident);
	if (from == NULL || !state_head(pre->ctx.state, &head) ||
	    standing_view(set, &head, now) != STANDING_OK ||
	    (signer = delegates_signer(pre->ctx.delegates, from)) == NULL ||
	    signer->not_before > now || signer->not_after <= now)
		goto out;
	t = terms_of(set, issuer->policy, from, now);
	if (t.this_update > head.heartbeat)
		t.this_update = (time_t)head.heartbeat;
	if (t.next_update > signer->not_after)
		t.next_update = signer->not_after;
	t.refresh_at = now + span;
	if (t.refresh_at >= t.next_update)
		t.refresh_at = now + (t.next_update - now) / 2;
	batch = batch_new(&issuer->frame, signer, &t);
out:
	view_free(view);
	signer_free(signer);
	return batch;
}

/* ---- signing ---- */

static int
sign_one(struct prepare *pre, struct prepared_shard *shard,
    struct prepared_issuer *issuer, struct batch *batch,
    const struct status_cert *cert)
{
	struct frame_cert frame = shard_frame_cert(cert);
	unsigned char signature[BATCH_SIGNATURE_MAX];
	uint64_t hash;

	if (!batch_sign(batch, &frame, signature))
		return 0;
	counters_add(pre->ctx.counters, COUNT_AHEAD);
	prepared_shard_of(pre->ctx.prepared, issuer, cert, &hash);
	shard_put(&shard->shard, hash, cert, batch, signature);
	return 1;
}

static int
sign_all(struct prepare *pre, struct prepared_shard *shard,
    struct prepared_issuer *issuer, struct batch *batch,
    const struct status_cert *certs, size_t n)
{
	size_t i;

	for (i = 0; i < n && !atomic_load(&pre->stop); i++)
		if (!sign_one(pre, shard, issuer, batch, &certs[i]))
			return 0;
	return 1;
}

/* The batch of what changes now: one for each second and issuer, as long as
   anything new may be said. */
static struct batch *
stray_batch(
    struct prepare *pre, const struct prepared_issuer *issuer, time_t now)
{
	const struct batch *s = pre->stray;
	struct status_head head;

	if (s != NULL && s->frame.issuer == &issuer->frame &&
	    state_head(pre->ctx.state, &head) &&
	    standing_view(pre->ctx.set, &head, now) == STANDING_OK &&
	    s->this_update == (time_t)head.heartbeat && now < s->refresh_at)
		return pre->stray;
	batch_free(pre->stray);
	pre->stray = new_batch(pre, issuer, period_of(pre->ctx.set), now);
	return pre->stray;
}

/* What has changed in this shard. */
static int
sign_changed(struct prepare *pre, struct prepared_issuer *issuer,
    struct prepared_shard *shard, time_t now)
{
	struct status_cert certs[PREPARE_SLICE];
	struct batch *batch;
	size_t cursor = 0, n;

	atomic_store(&shard->dirty, 0);
	n = shard_collect(
	    &shard->shard, NULL, &cursor, certs, PREPARE_SLICE);
	if (n == 0)
		return 0;
	batch = stray_batch(pre, issuer, now);
	if (batch == NULL || !sign_all(pre, shard, issuer, batch, certs, n)) {
		atomic_store(&shard->dirty, 1);
		failed(pre, "what changed", now);
		return 0;
	}
	if (n == PREPARE_SLICE)
		atomic_store(&shard->dirty, 1);
	return 1;
}

/* Shards that were never signed are not looked through for changes: their
   turn comes as a whole. */
static int
changed_step(struct prepare *pre, time_t now)
{
	struct prepared_issuer *issuer;
	size_t i, j;

	for (i = 0; i < prepared_n_issuers(pre->ctx.prepared); i++) {
		issuer = prepared_issuer(pre->ctx.prepared, i);
		for (j = 0; j < PREPARED_SHARDS; j++)
			if (issuer->shards[j].due != 0 &&
			    atomic_load(&issuer->shards[j].dirty) &&
			    sign_changed(pre, issuer, &issuer->shards[j], now))
				return 1;
	}
	return 0;
}

/* The shard that is due for the longest time; 0 there is none. */
static int
next_shard(struct prepare *pre, time_t now)
{
	struct prepared_issuer *issuer;
	struct prepared_shard *shard;
	size_t i, j;

	pre->shard = NULL;
	for (i = 0; i < prepared_n_issuers(pre->ctx.prepared); i++) {
		issuer = prepared_issuer(pre->ctx.prepared, i);
		if (atomic_load(&issuer->id) < 0)
			continue;
		for (j = 0; j < PREPARED_SHARDS; j++) {
			shard = &issuer->shards[j];
			if (shard->due > now ||
			    (pre->shard != NULL &&
				shard->due >= pre->shard->due))
				continue;
			pre->issuer = issuer;
			pre->shard = shard;
		}
	}
	return pre->shard != NULL;
}

static int
begin_shard(struct prepare *pre, time_t now)
{
	struct prepared_shard *shard = pre->shard;
	size_t i = (size_t)(shard - pre->issuer->shards);
	time_t span = span_of(pre, i, shard->due == 0);
	double slack;

	pre->batch = new_batch(pre, pre->issuer, span, now);
	if (pre->batch == NULL)
		return 0;
	shard_expire(&shard->shard, now - pre->issuer->policy->archive);
	slack = (double)(pre->batch->refresh_at - now) / 16;
	shard->due =
	    pre->batch->refresh_at - (time_t)(slack * (1 + chance()));
	if (shard->due <= now)
		shard->due = now + 1;
	pre->cursor = pre->in_pass = 0;
	return 1;
}

static void
end_shard(struct prepare *pre)
{
	batch_free(pre->batch);
	pre->batch = NULL;
	pre->shard = NULL;
}

/* A few more of the shard at hand; passes over it until one finds nothing. */
static int
go_on(struct prepare *pre, time_t now)
{
	struct status_cert certs[PREPARE_SLICE];
	size_t n;

	n = shard_collect(&pre->shard->shard, pre->batch, &pre->cursor, certs,
	    PREPARE_SLICE);
	if (n == 0 && pre->in_pass == 0) {
		end_shard(pre);
		return 1;
	}
	pre->in_pass = n == 0 ? 0 : pre->in_pass + n;
	if (n == 0)
		pre->cursor = 0;
	if (sign_all(pre, pre->shard, pre->issuer, pre->batch, certs, n))
		return 1;
	pre->shard->due = now + BACK_OFF;
	end_shard(pre);
	failed(pre, "a batch", now);
	return 0;
}

/* Of what was read last nothing is left to be signed: said once. */
static void
all_signed(struct prepare *pre, time_t now)
{
	char certs[24], seconds[24];
	struct shard_stats sum;

	if (pre->began == 0)
		return;
	prepared_count(pre->ctx.prepared, &sum);
	snprintf(certs, sizeof(certs), "%zu", sum.signed_);
	snprintf(seconds, sizeof(seconds), "%lld",
	    (long long)(now - pre->began));
	report_event(REPORT_INFO, "ocsp.prepare.done", "answers", certs,
	    "seconds", seconds, NULL);
	pre->began = 0;
}

static int
shard_step(struct prepare *pre, time_t now)
{
	if (pre->batch == NULL) {
		if (!next_shard(pre, now)) {
			all_signed(pre, now);
			return 0;
		}
		if (!begin_shard(pre, now)) {
			pre->shard = NULL;
			failed(pre, "a batch", now);
			return 0;
		}
	}
	return go_on(pre, now);
}

int
prepare_step(struct prepare *pre, time_t now)
{
	ERR_clear_error();
	if (now < pre->rest_until && pre->rest_until - now <= BACK_OFF)
		return 0;
	if (changed_step(pre, now))
		return 1;
	return load_step(pre, now) || shard_step(pre, now);
}

/* ---- the thread ---- */

static double
seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
rest(double seconds)
{
	struct timespec ts = {(time_t)seconds, 0};

	ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
	if (seconds > 0)
		nanosleep(&ts, NULL);
}

static void *
run(void *arg)
{
	struct prepare *pre = arg;
	double share = (double)pre->ctx.set->prepare_share / 100, began;

	while (!atomic_load(&pre->stop)) {
		began = seconds_now();
		if (!prepare_step(pre, time(NULL)))
			rest(IDLE_MS / 1e3);
		else if (share < 1)
			rest((seconds_now() - began) * (1 - share) / share);
	}
	return NULL;
}

int
prepare_start(struct prepare *pre)
{
	if (pthread_create(&pre->thread, NULL, run, pre) != 0) {
		ocsp_raise(OCSP_E_INTERNAL, "no thread to sign ahead");
		return 0;
	}
	pre->has_thread = 1;
	return 1;
}
