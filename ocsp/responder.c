#include <stdatomic.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ocsp/certid.h"
#include "ocsp/error.h"
#include "ocsp/standing.h"
#include "ocsp/work.h"

/* While an answer in memory still holds, a failing token is asked once in
   this many seconds. */
#define RETRY_PERIOD 2

/* One report of failing signatures in this many seconds. */
#define COMPLAIN_PERIOD 10

/* A signed answer goes out. */
static void
count(struct work *w, enum counter which, const struct reply *reply,
    enum counters_source source)
{
	counters_add(w->r->counters, which);
	counters_answer(w->r->counters, reply->about_issuer,
	    (enum counters_status)reply->about_status, source);
}

/* ---- the unsigned answers ---- */

static struct reply *
error_reply(struct responder *r, enum answer_error error)
{
	unsigned char *data = OPENSSL_malloc(ANSWER_ERROR_LEN);

	if (data == NULL)
		return NULL;
	if (error == ANSWER_MALFORMED)
		counters_add(r->counters, COUNT_MALFORMED);
	else if (error == ANSWER_UNAUTHORIZED)
		counters_add(r->counters, COUNT_UNAUTHORIZED);
	else
		counters_add(r->counters, COUNT_TRYLATER);
	answer_error(error, data);
	return reply_new(data, ANSWER_ERROR_LEN, REPLY_TYPE_OCSP);
}

struct reply *
responder_malformed(struct responder *r)
{
	return error_reply(r, ANSWER_MALFORMED);
}

/* Nothing new can be said: what is in memory, else tryLater. */
static struct reply *
later(struct work *w)
{
	struct reply *reply = w->fallback;

	if (reply == NULL)
		return error_reply(w->r, ANSWER_TRYLATER);
	w->fallback = NULL;
	count(w, COUNT_CACHED, reply, COUNTERS_CACHED);
	return reply;
}

/* ---- the cache ---- */

/* ${found} is given. Returned when it is fresh, kept as fallback when it is
   past its refresh, dropped when it has ended. */
static struct reply *
fresh(struct work *w, struct reply *found)
{
	if (found == NULL)
		return NULL;
	if (w->now < found->refresh_at) {
		count(w, COUNT_CACHED, found, COUNTERS_CACHED);
		return found;
	}
	if (w->now < found->expires && w->fallback == NULL)
		w->fallback = found;
	else
		reply_free(found);
	return NULL;
}

/* Only answers to one CertID and without nonce are cached. */
static int
is_simple(const struct work *w)
{
	return request_n_ids(w->req) == 1 && w->nonce == NULL;
}

/* An answer that was signed ahead; ${found} is given. Late ones are what there
   is when nothing newer can be made. */
static struct reply *
in_time(struct work *w, struct reply *found, int late)
{
	if (found != NULL && late) {
		reply_free(w->fallback);
		w->fallback = found;
		return NULL;
	}
	if (found != NULL)
		count(w, COUNT_PREPARED, found, COUNTERS_PREPARED);
	return found;
}

static struct reply *
find_request(struct work *w)
{
	struct reply *found;
	int late = 0;

	found = fresh(w, cache_find_request(w->r->cache, w->der, w->len));
	if (found != NULL)
		return found;
	found = prepared_request(
	    w->r->prepared, w->r->cache, w->der, w->len, w->now, &late);
	return in_time(w, found, late);
}

static struct reply *
find_certid(struct work *w)
{
	const struct request_id *id = request_id(w->req, 0);
	struct reply *found;
	int late = 0;

	if (!is_simple(w))
		return NULL;
	found = fresh(w,
	    cache_find_certid(
		w->r->cache, id->der, id->der_len, w->der, w->len));
	if (found != NULL)
		return found;
	found = prepared_certid(
	    w->r->prepared, id->der, id->der_len, w->now, &late);
	return in_time(w, found, late);
}

static void
keep_as(struct work *w, const unsigned char *certid, size_t certid_len,
    const unsigned char *request, size_t request_len, struct reply *reply)
{
	const struct request_id *id = request_id(w->req, 0);
	struct cache_key key = {
	    .issuer = w->issuer->id,
	    .serial = id->serial,
	    .serial_len = id->serial_len,
	    .certid = certid,
	    .certid_len = certid_len,
	    .request = request,
	    .request_len = request_len,
	};

	cache_put(w->r->cache, w->epoch, &key, reply);
}

/* Also for who asks by the other hash, when the answer speaks by both. */
static void
keep(struct work *w, struct reply *reply)
{
	const struct request_id *id = request_id(w->req, 0);
	unsigned char *request = NULL;
	size_t len;

	keep_as(w, id->der, id->der_len, w->der, w->len, reply);
	if (w->twin != NULL &&
	    certid_request(w->twin, w->twin_len, &request, &len))
		keep_as(w, w->twin, w->twin_len, request, len, reply);
	OPENSSL_free(request);
}

/* ---- who, and whether anything may be said ---- */

/* All CertIDs must name one issuer of ours: an answer has one signer, and an
   unauthorized part cannot be said within a signed answer. */
static int
find_issuer(struct work *w)
{
	size_t i, n = request_n_ids(w->req);

	w->issuer = view_find_certid(w->view, request_id(w->req, 0));
	for (i = 1; i < n && w->issuer != NULL; i++)
		if (view_find_certid(w->view, request_id(w->req, i)) !=
		    w->issuer)
			return 0;
	return w->issuer != NULL;
}

/* What holds for this issuer, and whether a nonce is to be echoed. */
static void
take_policy(struct work *w)
{
	const struct settings *set = w->r->set;
	size_t i = settings_delegate_of(set, w->issuer->ident);

	w->policy = &set->policy;
	if (i < set->n_delegates)
		w->policy = &set->delegates[i].policy;
	else
		i = SETTINGS_DELEGATES_MAX;
	w->budget = &w->r->budgets[i];
	if (w->policy->nonce != POLICY_NONCE_IGNORE)
		w->nonce = request_nonce(w->req, &w->nonce_len);
}

int
work_may_speak(const struct work *w)
{
	return standing_view(w->r->set, &w->head, w->now) == STANDING_OK;
}

static struct reply *
presigned_answer(struct work *w)
{
	struct reply *reply = presigned_find(w->r->presigned, w->req);

	if (reply == NULL)
		return error_reply(w->r, ANSWER_UNAUTHORIZED);
	if (reply->expires <= w->now) {
		reply_free(reply);
		return error_reply(w->r, ANSWER_TRYLATER);
	}
	counters_add(w->r->counters, COUNT_PRESIGNED);
	return reply;
}

/* ---- a new answer ---- */

/* Failing signatures come once per request: say it now and then. */
static void
complain(struct work *w)
{
	static atomic_llong last;
	long long before = atomic_load(&last);

	if (w->now - before >= COMPLAIN_PERIOD &&
	    atomic_compare_exchange_strong(&last, &before, w->now))
		report_errors(REPORT_ERROR, "ocsp.answer.failed", "issuer",
		    w->issuer->ident, NULL);
	ERR_clear_error();
}

/* What clients can have signed as often as they like, because no answer in
   memory serves a second time: that is what the budget is for. */
static int
within_budget(struct work *w)
{
	if (is_simple(w) && !w->not_issued)
		return 1;
	if (budget_take(w->budget, w->policy->sign_budget, w->now))
		return 1;
	counters_add(w->r->counters, COUNT_OVER_BUDGET);
	return 0;
}

/* RFC 9654 2.1: a responder may answer without the nonce. From here on the
   request is one that never had any. 1, or 0: it must have it. */
static int
without_nonce(struct work *w)
{
	const struct request_id *id = request_id(w->req, 0);

	if (w->nonce == NULL || w->not_issued || request_n_ids(w->req) != 1 ||
	    w->policy->nonce == POLICY_NONCE_REQUIRE ||
	    !certid_request(id->der, id->der_len, &w->plain, &w->len))
		return 0;
	w->nonce = NULL;
	w->der = w->plain;
	return 1;
}

static struct reply *
failed(struct work *w)
{
	atomic_store(&w->signer->failed_at, w->now);
	complain(w);
	return later(w);
}

/* The status is known. */
static struct reply *
say(struct work *w)
{
	struct reply *reply;

	if (w->unsure)
		return later(w);
	if (w->too_old ||
	    (w->not_issued && w->policy->not_issued == POLICY_UNAUTHORIZED))
		return error_reply(w->r, ANSWER_UNAUTHORIZED);
	if (!within_budget(w)) {
		if (!without_nonce(w))
			return later(w);
		if ((reply = find_certid(w)) != NULL)
			return reply;
	}
	if ((reply = compose_sign(w)) == NULL)
		return failed(w);
	count(w, COUNT_SIGNED, reply, COUNTERS_SIGNED);
	if (reply->store && is_simple(w))
		keep(w, reply);
	return reply;
}

static struct reply *
new_answer(struct work *w)
{
	if (!work_may_speak(w))
		return later(w);
	w->signer = delegates_signer(w->r->delegates, w->issuer);
	if (w->signer == NULL || w->signer->not_after <= w->now ||
	    w->signer->not_before > w->now)
		return later(w);
	if (w->fallback != NULL &&
	    w->now - atomic_load(&w->signer->failed_at) < RETRY_PERIOD)
		return later(w);
	return compose_ask(w) ? say(w) : failed(w);
}

/* Tells whether anybody still needs SHA-1 (RFC 9919: no longer
   than clients do). */
static void
count_hash(struct work *w)
{
	int hash = request_id(w->req, 0)->hash;

	counters_add(w->r->counters,
	    hash == REQUEST_SHA1	? COUNT_BY_SHA1
		: hash == REQUEST_SHA256 ? COUNT_BY_SHA256
					 : COUNT_BY_OTHER);
}

static struct reply *
answer_parsed(struct work *w)
{
	struct reply *reply;

	count_hash(w);
	/* Before anything is read: cache_put() holds it against what comes. */
	w->epoch = cache_epoch(w->r->cache);
	w->view = state_view(w->r->state);
	if (w->view == NULL || !state_head(w->r->state, &w->head))
		return error_reply(w->r, ANSWER_TRYLATER);
	if (!find_issuer(w)) {
		/* Before the first heartbeat nobody knows who is ours. */
		return error_reply(w->r,
		    w->head.heartbeat > 0 || view_n_issuers(w->view) > 0
			? ANSWER_UNAUTHORIZED
			: ANSWER_TRYLATER);
	}
	if (w->issuer->is_root &&
	    !delegates_configured(w->r->delegates, w->issuer->ident))
		return presigned_answer(w);
	take_policy(w);
	if (w->nonce == NULL && w->policy->nonce == POLICY_NONCE_REQUIRE)
		return error_reply(w->r, ANSWER_MALFORMED);
	if ((reply = find_certid(w)) != NULL)
		return reply;
	return new_answer(w);
}

struct reply *
responder_answer(
    struct responder *r, const unsigned char *der, size_t len, time_t now)
{
	struct work w = {.r = r, .der = der, .len = len, .now = now};
	struct reply *reply;

	if ((reply = find_request(&w)) != NULL) {
		reply_free(w.fallback);
		return reply;
	}
	ERR_clear_error();
	w.req = request_parse(der, len, r->set->max_certids);
	if (w.req == NULL)
		reply = responder_malformed(r);
	else
		reply = answer_parsed(&w);
	ERR_clear_error();
	reply_free(w.fallback);
	request_free(w.req);
	view_free(w.view);
	signer_free(w.signer);
	OPENSSL_free(w.singles);
	OPENSSL_free(w.twin);
	OPENSSL_free(w.plain);
	return reply;
}
