#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/reasons.h"
#include "ca/engine/campaign.h"
#include "ca/engine/revoke.h"
#include "ca/engine/ops.h"

/* Revoking many: plan, start, look, stop, resume. */

/* For estimates: certificates a second, until this program has measured; and a
   CRL's entries a second and milliseconds for its signature. Magnitudes of one
   core and a slow token. */
#define RATE 1000
#define CRL_RATE 200000
#define SIGN_MS 200

int
ops_take_campaign(struct ops_call *c, struct campaign_request *r)
{
	const char *reason = ops_text(c, "reason");

	c->o.authenticated = 1;
	memset(r, 0, sizeof(*r));
	r->query = ops_text(c, "where");
	r->note = field_text(c->args, "note", "");
	r->who = c->who;
	r->reason =
	    reason == NULL ? CRL_REASON_UNSPECIFIED : reasons_code(reason);
	r->invalidity = field_time(c->args, "invalidity_date", 0);
	r->stage = field_int(c->args, "stage", CAMPAIGN_STAGE_DEFAULT);
	r->pause = field_int(c->args, "pause", 0);
	r->approvals = c->approvals;
	r->now = c->now;
	return r->reason >= 0 ||
	    ops_bad(c, "reason",
		"\"%s\" is not a revocation reason of RFC "
		"5280 5.3.1 that a full CRL can carry",
		reason);
}

static int64_t
revoke_seconds(struct ca *ca, int64_t certs, int64_t stage, int64_t pause)
{
	unsigned measured = atomic_load(&ca->revoke_rate);
	int64_t rate = measured > 0 ? (int64_t)measured : RATE;
	int64_t stages = (certs + stage - 1) / stage;

	return (certs + rate - 1) / rate +
	    (stages > 1 ? stages - 1 : 0) * pause;
}

/* Entries that stand on the CRLs now are built anew with the others. */
struct standing {
	int64_t n;
	const struct issuer_set *issuers;
};

static int
standing_tx(struct store_tx *tx, void *arg)
{
	struct standing *s = arg;
	const struct issuer_row *is;
	struct crl_row row;
	int found, shard;
	size_t i;

	for (i = 0; i < s->issuers->n; i++) {
		is = &s->issuers->item[i]->row;
		shard = 0;
		do {
			found = crls_last(tx, is->id, shard, 0, &row);
			if (found < 0)
				return 0;
			s->n += found == 1 ? row.n_entries : 0;
		} while (++shard < is->crl_shards);
	}
	return 1;
}

static int
add_values(struct ops_call *c, const struct campaign_request *r,
    const struct campaign_plan *p)
{
	WIRE_FIELDS *v = c->answer->values;
	struct standing s = {0, &c->ca->issuers};
	int64_t ms;

	if (!ops_read(c, standing_tx, &s))
		return 0;
	ms = (s.n + p->entries) * 1000 / CRL_RATE + p->crls * SIGN_MS;
	return field_add_text(v, "where", r->query) &&
	    field_add_text(v, "reason", reasons_name(r->reason)) &&
	    field_add_time(v, "invalidity_date", r->invalidity) &&
	    field_add_int(v, "certificates", p->certs) &&
	    field_add_int(v, "devices", p->devices) &&
	    field_add_int(v, "skipped", p->skipped) &&
	    field_add_int(v, "excluded", p->excluded) &&
	    field_add_int(v, "undecided", p->undecided) &&
	    field_add_int(v, "crls", p->crls) &&
	    field_add_int(v, "crl_entries", p->entries) &&
	    field_add_int(v, "crl_octets", p->octets) &&
	    field_add_int(v, "crl_seconds", (ms + 999) / 1000) &&
	    field_add_int(v, "stages", (p->certs + r->stage - 1) / r->stage) &&
	    field_add_int(v, "seconds",
		revoke_seconds(c->ca, p->certs, r->stage, r->pause));
}

static int
add_group(WIRE_FIELDS *row, const struct campaign_group *g)
{
	return row != NULL && field_add_text(row, "part", "group") &&
	    field_add_text(row, "issuer", g->issuer) &&
	    field_add_text(row, "profile", g->profile) &&
	    field_add_int(row, "certificates", g->certs) &&
	    field_add_int(row, "crl_octets", g->octets);
}

static int
add_sample(WIRE_FIELDS *row, const struct where_row *w)
{
	char serial[2 * CERT_SERIAL_MAX + 1];

	ops_hex(w->serial, w->serial_len, serial);
	return row != NULL && field_add_text(row, "part", "sample") &&
	    field_add_text(row, "serial", serial) &&
	    field_add_text(row, "issuer", w->issuer_ident) &&
	    field_add_text(row, "profile", w->profile) &&
	    field_add_text(row, "state", certs_state_name(w->state)) &&
	    field_add_text(row, "fleet", w->fleet) &&
	    field_add_text(row, "device", w->device);
}

int
ops_revoke_plan(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct campaign_plan *p = NULL;
	struct campaign_request r;
	size_t i;
	int ok;

	ok = ops_take_campaign(c, &r) && campaign_plan(c->ca->store, policy, &r, &p) &&
	    add_values(c, &r, p);
	for (i = 0; ok && i < p->n_groups; i++)
		ok = add_group(message_add_row(c->answer), &p->group[i]);
	for (i = 0; ok && i < p->n_sample; i++)
		ok = add_sample(message_add_row(c->answer), &p->sample[i]);
	if (ok && p->groups_full)
		ok = field_add_text(c->answer->values, "warning",
		    "more "
		    "issuers and profiles than are listed");
	OPENSSL_free(p);
	policy_put(policy);
	return ok;
}

static int
add_campaign(struct ops_call *c, WIRE_FIELDS *v, const struct campaign_row *r)
{
	int64_t left = r->total - r->done - r->skipped;

	return v != NULL && field_add_int(v, "id", r->id) &&
	    field_add_text(v, "state", campaigns_state_name(r->state)) &&
	    field_add_text(v, "where", r->query) &&
	    field_add_text(v, "reason", reasons_name(r->reason)) &&
	    field_add_time(v, "invalidity_date", r->invalidity) &&
	    field_add_text(v, "note", r->note[0] != '\0' ? r->note : NULL) &&
	    field_add_text(v, "author", r->author) &&
	    field_add_time(v, "created", r->created) &&
	    field_add_time(v, "ended", r->ended) &&
	    field_add_int(v, "total", r->total) &&
	    field_add_int(v, "done", r->done) &&
	    field_add_int(v, "skipped", r->skipped) &&
	    field_add_int(v, "left", left) &&
	    field_add_int(v, "stage", r->stage) &&
	    field_add_int(v, "pause", r->pause) &&
	    field_add_int(v, "seconds_left",
		revoke_seconds(c->ca, left, r->stage, r->pause));
}

static void
tell(struct ops_call *c, const char *event, const struct campaign_row *r)
{
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)r->id);
	report_event(REPORT_WARN, event, "req", c->req, "who", c->who,
	    "campaign", id, "where", r->query, "reason",
	    reasons_name(r->reason), "note", r->note, NULL);
}

int
ops_campaign_start(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct campaign_request r;
	struct campaign_row row;
	int ok;

	ok = ops_take_campaign(c, &r) &&
	    campaign_start(c->ca->store, policy, &r, &row);
	policy_put(policy);
	if (!ok)
		return 0;
	tell(c, "campaign.started", &row);
	return add_campaign(c, c->answer->values, &row);
}

struct finding {
	struct campaign_row row;
	int found;
};

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct finding *f = arg;

	f->found = campaigns_get(tx, f->row.id, &f->row);
	return f->found >= 0;
}

int
ops_campaign_show(struct ops_call *c)
{
	struct finding f = {.row = {.id = field_int(c->args, "id", 0)}};

	if (!ops_read(c, find_tx, &f))
		return 0;
	if (!f.found)
		return ops_not_found(c, "id", "there is no campaign %lld",
		    (long long)field_int(c->args, "id", 0));
	return add_campaign(c, c->answer->values, &f.row);
}

struct listing {
	struct ops_call *c;
	int64_t last;
	size_t n;
};

static int
list_one(const struct campaign_row *row, void *arg)
{
	struct listing *l = arg;

	l->last = row->id;
	l->n++;
	return add_campaign(l->c, message_add_row(l->c->answer), row) &&
	    ops_room(l->c);
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listing *l = arg;

	return campaigns_list(
	    tx, ops_cursor(l->c), ops_limit(l->c), list_one, l);
}

int
ops_campaign_list(struct ops_call *c)
{
	struct listing l = {.c = c};

	return ops_read(c, list_tx, &l) && ops_set_cursor(c, l.last, l.n);
}

int
ops_campaign_stop(struct ops_call *c)
{
	struct campaign_row row;

	c->o.authenticated = 1;
	if (!campaign_stop(c->ca->store, field_int(c->args, "id", 0), c->who,
		c->now, &row))
		return 0;
	/* What was revoked so far stands on a CRL now, not at the end. */
	atomic_store(&c->ca->crl_wanted, 1);
	tell(c, "campaign.stopped", &row);
	return add_campaign(c, c->answer->values, &row);
}

int
ops_campaign_resume(struct ops_call *c)
{
	struct campaign_row row;

	c->o.authenticated = 1;
	if (!campaign_resume(c->ca->store, field_int(c->args, "id", 0), c->who,
		c->now, &row))
		return 0;
	tell(c, "campaign.resumed", &row);
	return add_campaign(c, c->answer->values, &row);
}
