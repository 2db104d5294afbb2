#include <stdatomic.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ocsp/answer.h"
#include "ocsp/error.h"
#include "ocsp/responder.h"

/* While an answer in memory still holds, a failing token is asked once in
   this many seconds. */
#define RETRY_PERIOD 2

/* One report of failing signatures in this many seconds. */
#define COMPLAIN_PERIOD 10

/* One request on its way. */
struct work {
	struct responder *r;
	const unsigned char *der; /* raw */
	size_t len;
	time_t now;
	struct request *req;
	struct view *view;
	const struct view_issuer *issuer;
	struct signer *signer;
	struct answer_single *singles;
	struct status_head head;
	uint64_t epoch;
	int unknown;		/* a single says unknown */
	int unsure;		/* what is not in status.db may be missing */
	struct reply *fallback; /* cached, past its refresh, still valid */
};

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
	counters_add(w->r->counters, COUNT_CACHED);
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
		counters_add(w->r->counters, COUNT_CACHED);
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
	size_t len;

	return request_n_ids(w->req) == 1 &&
	    (!w->r->set->nonce || request_nonce(w->req, &len) == NULL);
}

static struct reply *
find_certid(struct work *w)
{
	const struct request_id *id = request_id(w->req, 0);

	if (!is_simple(w))
		return NULL;
	return fresh(w,
	    cache_find_certid(
		w->r->cache, id->der, id->der_len, w->der, w->len));
}

static void
keep(struct work *w, struct reply *reply)
{
	const struct request_id *id = request_id(w->req, 0);
	struct cache_key key = {
	    .issuer = w->issuer->id,
	    .serial = id->serial,
	    .serial_len = id->serial_len,
	    .certid = id->der,
	    .certid_len = id->der_len,
	    .request = w->der,
	    .request_len = w->len,
	};

	cache_put(w->r->cache, w->epoch, &key, reply);
}

/* ---- answers signed ahead ---- */

/* ${found} is given. Late ones are what there is when nothing newer can be
   made. */
static struct reply *
prepared(struct work *w, struct reply *found, int late)
{
	if (found == NULL)
		return NULL;
	if (!late) {
		counters_add(w->r->counters, COUNT_PREPARED);
		return found;
	}
	reply_free(w->fallback);
	w->fallback = found;
	return NULL;
}

static struct reply *
find_prepared(struct work *w)
{
	struct reply *found;
	int late = 0;

	found = prepared_request(
	    w->r->prepared, w->r->cache, w->der, w->len, w->now, &late);
	return prepared(w, found, late);
}

static struct reply *
find_prepared_certid(struct work *w)
{
	const struct request_id *id = request_id(w->req, 0);
	struct reply *found;
	int late = 0;

	if (!is_simple(w))
		return NULL;
	found = prepared_certid(
	    w->r->prepared, id->der, id->der_len, w->now, &late);
	return prepared(w, found, late);
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

static int
may_speak(const struct work *w)
{
	return state_may_speak(&w->head, w->r->set->max_stale, w->now);
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

static int
find(struct work *w, const struct request_id *id, struct status_cert *out)
{
	if (id->serial_len == 0)
		return 0;
	return readers_find(
	    w->r->readers, w->issuer->id, id->serial, id->serial_len, out);
}

/* Not there: never issued, or status.db was emptied and is being filled again
   since our head was read. 1 as it is now, 0 not there, -1 raised. */
static int
find_again(struct work *w, const struct request_id *id, struct status_cert *out)
{
	int64_t generation = w->head.generation, change = w->head.change;

	if (!readers_head(w->r->readers, &w->head))
		return -1;
	if (w->head.generation != generation || !may_speak(w))
		w->unsure = 1;
	else if (w->head.change != change)
		return find(w, id, out);
	return 0;
}

/* The state of one certificate. 1, or 0 raised. */
static int
ask_status(
    struct work *w, const struct request_id *id, struct answer_single *out)
{
	struct status_cert cert;
	int found = find(w, id, &cert);

	out->certid = id->der;
	out->certid_len = id->der_len;
	out->reason = -1;
	if (found == 0)
		found = find_again(w, id, &cert);
	if (found < 0)
		return 0;
	if (found == 0) {
		out->status = ANSWER_UNKNOWN;
		w->unknown = 1;
		return 1;
	}
	/* Newer than the head that we know: that one's heartbeat may lie
	   before the revocation. */
	if (cert.change > w->head.change) {
		if (!readers_head(w->r->readers, &w->head))
			return 0;
		w->unsure |= !may_speak(w);
	}
	out->status = cert.state == STATUS_GOOD ? ANSWER_GOOD : ANSWER_REVOKED;
	out->revoked_at = (time_t)cert.revoked_at;
	out->reason = cert.state == STATUS_HELD ? 6 : cert.reason;
	return 1;
}

static int
ask_all(struct work *w)
{
	size_t i, n = request_n_ids(w->req);

	w->singles = OPENSSL_zalloc(n * sizeof(*w->singles));
	if (w->singles == NULL)
		return 0;
	for (i = 0; i < n; i++)
		if (!ask_status(w, request_id(w->req, i), &w->singles[i]))
			return 0;
	return 1;
}

static struct reply *
make_reply(struct work *w, const struct answer *a)
{
	time_t refresh_at = a->next_update - w->r->set->refresh;
	unsigned char *der = NULL;
	size_t len;

	if (!answer_sign(a, w->signer, &der, &len))
		return NULL;
	counters_add(w->r->counters, COUNT_SIGNED);
	if (w->unknown) {
		counters_add(w->r->counters, COUNT_UNKNOWN);
		return reply_new(der, len, REPLY_TYPE_OCSP);
	}
	/* An answer with a nonce is of use to one client only. */
	if (a->nonce != NULL)
		return reply_new(der, len, REPLY_TYPE_OCSP);
	/* Cut off at the delegate's end: half of a short rest. */
	if (refresh_at <= w->now)
		refresh_at = w->now + (a->next_update - w->now) / 2;
	return reply_new_stored(der, len, REPLY_TYPE_OCSP, a->this_update,
	    a->next_update, refresh_at);
}

/* thisUpdate is the last time at which the status was known to be right: the
   heartbeat, and never later than now. */
static struct reply *
sign_answer(struct work *w)
{
	const struct settings *set = w->r->set;
	time_t span = w->unknown ? set->unknown_validity : set->validity;
	struct answer a = {
	    .singles = w->singles,
	    .n_singles = request_n_ids(w->req),
	    .this_update = (time_t)w->head.heartbeat,
	    .next_update = w->now + span,
	};

	if (a.this_update > w->now)
		a.this_update = w->now;
	if (a.next_update > w->signer->not_after)
		a.next_update = w->signer->not_after;
	if (set->nonce)
		a.nonce = request_nonce(w->req, &a.nonce_len);
	return make_reply(w, &a);
}

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

static struct reply *
new_answer(struct work *w)
{
	struct reply *reply = NULL;

	if (!may_speak(w))
		return later(w);
	w->signer = delegates_signer(w->r->delegates, w->issuer);
	if (w->signer == NULL || w->signer->not_after <= w->now ||
	    w->signer->not_before > w->now)
		return later(w);
	if (w->fallback != NULL &&
	    w->now - atomic_load(&w->signer->failed_at) < RETRY_PERIOD)
		return later(w);
	if (!ask_all(w) || (!w->unsure && (reply = sign_answer(w)) == NULL)) {
		atomic_store(&w->signer->failed_at, w->now);
		complain(w);
		return later(w);
	}
	if (w->unsure)
		return later(w);
	if (reply->store && is_simple(w))
		keep(w, reply);
	return reply;
}

static struct reply *
answer_parsed(struct work *w)
{
	struct reply *reply;

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
	if ((reply = find_certid(w)) != NULL ||
	    (reply = find_prepared_certid(w)) != NULL)
		return reply;
	return new_answer(w);
}

struct reply *
responder_answer(
    struct responder *r, const unsigned char *der, size_t len, time_t now)
{
	struct work w = {.r = r, .der = der, .len = len, .now = now};
	struct reply *reply;

	reply = fresh(&w, cache_find_request(r->cache, der, len));
	if (reply == NULL)
		reply = find_prepared(&w);
	if (reply != NULL) {
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
	return reply;
}
