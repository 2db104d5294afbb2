#include <string.h>

#include <openssl/crypto.h>

#include "ocsp/certid.h"
#include "ocsp/error.h"
#include "ocsp/work.h"

/* A new answer: what is true of the certificates, and what is written. */

/* What a SingleResponse, the response around them and an ECDSA signature's
   header take beside CertIDs, certificate and signature. Octets. */
#define SINGLE_OCTETS 60
#define FRAME_OCTETS 160

/* CRLReason certificateHold. */
#define REASON_HOLD 6

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
	if (w->head.generation != generation || !work_may_speak(w))
		w->unsure = 1;
	else if (w->head.change != change)
		return find(w, id, out);
	return 0;
}

/* RFC 6960 2.2: revoked on 1 January 1970 with certificateHold stands for a
   certificate that was never issued. */
static void
say_not_issued(struct work *w, struct answer_single *out)
{
	w->not_issued = 1;
	if (w->policy->not_issued != POLICY_REVOKED) {
		out->status = ANSWER_UNKNOWN;
		return;
	}
	out->status = ANSWER_REVOKED;
	out->revoked_at = 0;
	out->reason = REASON_HOLD;
}

static void
say_archive(
    struct work *w, const struct status_cert *cert, struct answer_single *out)
{
	if (w->policy->archive == 0)
		return;
	out->archive_cutoff =
	    policy_cutoff(w->policy, w->issuer->cert, w->now);
	if (cert->not_after != 0 && cert->not_after < out->archive_cutoff)
		w->too_old = 1;
}

/* The state of one certificate. 1, or 0 raised. */
static int
ask_one(struct work *w, const struct request_id *id, struct answer_single *out)
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
		say_not_issued(w, out);
		return 1;
	}
	/* Newer than the head that we know: that one's heartbeat may lie
	   before the revocation. */
	if (cert.change > w->head.change) {
		if (!readers_head(w->r->readers, &w->head))
			return 0;
		w->unsure |= !work_may_speak(w);
	}
	out->status = cert.state == STATUS_GOOD ? ANSWER_GOOD : ANSWER_REVOKED;
	out->revoked_at = (time_t)cert.revoked_at;
	out->reason = cert.state == STATUS_HELD ? REASON_HOLD : cert.reason;
	say_archive(w, &cert, out);
	return 1;
}

int
compose_ask(struct work *w)
{
	size_t i, n = request_n_ids(w->req);

	/* One more: the same by another hash. */
	w->singles = OPENSSL_zalloc((n + 1) * sizeof(*w->singles));
	if (w->singles == NULL)
		return 0;
	w->n_singles = n;
	for (i = 0; i < n; i++)
		if (!ask_one(w, request_id(w->req, i), &w->singles[i]))
			return 0;
	return 1;
}

/* Both hashes where size allows: who asks by the other one finds the same
   answer. What was asked for comes first: some clients read no further. */
static void
add_twin(struct work *w)
{
	const struct request_id *id = request_id(w->req, 0);
	enum request_hash other;
	size_t len;

	if (w->policy->both_hashes == 0 || w->not_issued)
		return;
	if (id->hash == REQUEST_SHA1)
		other = REQUEST_SHA256;
	else if (id->hash == REQUEST_SHA256)
		other = REQUEST_SHA1;
	else
		return;
	if (!certid_encode(w->issuer->cert, other, id->serial, id->serial_len,
		&w->twin, &w->twin_len)) {
		ERR_clear_error();
		return;
	}
	len = FRAME_OCTETS + 2 * SINGLE_OCTETS + id->der_len + w->twin_len +
	    w->signer->cert_len + (size_t)EVP_PKEY_get_size(w->signer->key);
	if (len > w->policy->both_hashes) {
		OPENSSL_free(w->twin);
		w->twin = NULL;
		return;
	}
	w->singles[1] = w->singles[0];
	w->singles[1].certid = w->twin;
	w->singles[1].certid_len = w->twin_len;
	w->n_singles = 2;
}

static struct reply *
make_reply(struct work *w, const struct answer *a)
{
	time_t refresh_at = a->next_update - w->r->set->refresh;
	uint64_t began = counters_clock();
	struct reply *reply;
	unsigned char *der = NULL;
	size_t len;

	if (!answer_sign(a, w->signer, &der, &len))
		return NULL;
	prom_observe(&w->r->counters->sign, counters_clock() - began);
	if (w->not_issued) {
		counters_add(w->r->counters, COUNT_UNKNOWN);
		return reply_new(der, len, REPLY_TYPE_OCSP);
	}
	/* Cut off at the delegate's end: half of a short rest. */
	if (refresh_at <= w->now)
		refresh_at = w->now + (a->next_update - w->now) / 2;
	reply = reply_new_stored(der, len, REPLY_TYPE_OCSP, a->this_update,
	    a->next_update, refresh_at);
	/* One with a nonce is of use to one client only; but it is as
	   authoritative as any, and such must not be no-store (RFC 9919
	   7.2). */
	if (reply != NULL && a->nonce != NULL)
		reply->once = 1;
	return reply;
}

/* Whose certificate it speaks of and what it says: the first one's. */
static struct reply *
about(const struct work *w, struct reply *reply)
{
	size_t i = settings_delegate_of(w->r->set, w->issuer->ident);

	if (reply == NULL)
		return NULL;
	reply->about_issuer = (unsigned char)(
	    i < w->r->set->n_delegates ? i : COUNTERS_OTHER);
	if (w->not_issued)
		reply->about_status = COUNTERS_UNKNOWN;
	else if (w->singles[0].status == ANSWER_REVOKED)
		reply->about_status = COUNTERS_REVOKED;
	else
		reply->about_status = COUNTERS_GOOD;
	return reply;
}

/* thisUpdate is the last time at which the status was known to be right: the
   heartbeat, and never later than now. */
struct reply *
compose_sign(struct work *w)
{
	const struct settings *set = w->r->set;
	time_t span = w->not_issued ? set->unknown_validity : set->validity;
	struct answer a = {
	    .singles = w->singles,
	    .this_update = (time_t)w->head.heartbeat,
	    .next_update = w->now + span,
	    .nonce = w->nonce,
	    .nonce_len = w->nonce_len,
	    .extended_revoke = w->policy->not_issued == POLICY_REVOKED,
	};

	if (a.this_update > w->now)
		a.this_update = w->now;
	if (a.next_update > w->signer->not_after)
		a.next_update = w->signer->not_after;
	if (w->n_singles == 1 && a.nonce == NULL)
		add_twin(w);
	a.n_singles = w->n_singles;
	return about(w, make_reply(w, &a));
}
