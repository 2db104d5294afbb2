#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/store/reasons.h"
#include "ca/store/records.h"
#include "ca/engine/campaign.h"
#include "ca/engine/revoke.h"

/* What is chosen, and the beginning and the end of a campaign. */

/* The rules of revoke.h, as far as a row tells: what they refuse would be
   skipped. */
static int
would_skip(int reason, int64_t invalidity, const struct where_row *row)
{
	if (row->state == CERT_RESERVED)
		return 1;
	if (row->state != CERT_REVOKED)
		return 0;
	if (reason == CRL_REASON_KEY_COMPROMISE &&
	    !revoke_is_key_lost(row->reason))
		return 0;
	return invalidity == 0 || reason != row->reason ||
	    (row->invalidity != 0 && invalidity >= row->invalidity);
}

enum campaign_verdict
campaign_judge(const struct policy *policy, const struct where *w, int reason,
    int64_t invalidity, const struct where_row *row)
{
	enum where_verdict v = where_judge_row(w, row);
	const struct profile *p;

	if (v == WHERE_NO)
		return CAMPAIGN_NOT;
	p = policy_profile(policy, row->profile);
	if (p != NULL &&
	    (p->class == PROFILE_CA || p->class == PROFILE_CROSS ||
		p->class == PROFILE_OCSP))
		return CAMPAIGN_EXCLUDED;
	if (v == WHERE_UNDECIDED)
		return CAMPAIGN_UNDECIDED;
	return would_skip(reason, invalidity, row) ? CAMPAIGN_SKIPPED
						   : CAMPAIGN_CHOSEN;
}

int
campaign_log(struct store_tx *tx, const char *kind,
    const struct campaign_row *row, const char *who, time_t now)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_int(l, "campaign", row->id) &&
	    field_add_text(l, "query", row->query) &&
	    field_add_text(l, "reason", reasons_name(row->reason)) &&
	    field_add_time(l, "invalidity_date", row->invalidity) &&
	    field_add_text(l, "note", row->note) &&
	    field_add_int(l, "total", row->total) &&
	    field_add_int(l, "done", row->done) &&
	    field_add_int(l, "skipped", row->skipped) &&
	    field_add_text(l, "who", who) &&
	    entries_append(tx, kind, now, l, NULL);
	field_list_free(l);
	return ok;
}

/* A field that no device has is a word that somebody misspelt: it would choose
   nothing, and look as if nothing were to be done. */
static int
fields_tx(struct store_tx *tx, void *arg)
{
	const struct where *w = arg;
	const struct where_cond *c;
	size_t i;
	int known;

	for (i = 0; i < w->n; i++) {
		c = &w->cond[i];
		known = c->name != WHERE_FIELD
		    ? 1
		    : where_field_known(tx, c->field);
		if (known == 0)
			ca_raise(CA_E_BADREQUEST,
			    "where.field: no device has "
			    "a field \"%s\"",
			    c->field);
		if (known != 1)
			return 0;
	}
	return 1;
}

int
campaign_check(
    struct store *store, const struct campaign_request *r, struct where *w)
{
	const char *why = revoke_date_wrong(r->invalidity, r->now);

	if (r->reason == CRL_REASON_CERTIFICATE_HOLD)
		why = "campaign.reason: a campaign revokes for good, it does "
		      "not hold";
	else if (r->stage < 1 || r->stage > CAMPAIGN_STAGE_MAX)
		why = "campaign.stage: 1 to 5000 certificates";
	else if (r->pause < 0 || r->pause > CAMPAIGN_PAUSE_MAX)
		why = "campaign.pause: at most 3600 seconds";
	if (why != NULL)
		ca_raise(CA_E_BADREQUEST, "%s", why);
	return why == NULL && where_parse(r->query, w) &&
	    store_read(store, fields_tx, w);
}

struct changing {
	struct campaign_row row;
	const char *who;
	time_t now;
};

static int
start_tx(struct store_tx *tx, void *arg)
{
	struct changing *ch = arg;

	return where_last(tx, &ch->row.upto) && campaigns_add(tx, &ch->row) &&
	    campaign_log(tx, "campaign.start", &ch->row, ch->who, ch->now);
}

static int
get(struct store_tx *tx, struct changing *ch)
{
	int found = campaigns_get(tx, ch->row.id, &ch->row);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "campaign: there is no campaign %lld",
		    (long long)ch->row.id);
	if (found == 1 && ch->row.state == CAMPAIGN_DONE) {
		ca_raise(CA_E_DENIED, "campaign.state: it is done");
		return 0;
	}
	return found == 1;
}

/* Half a choice is none: it is over, and what it chose stays valid. */
static void
give_up(struct campaign_row *row)
{
	row->state = CAMPAIGN_DONE;
	row->skipped = row->total;
	row->upto = row->position = 0;
}

static int
stop_tx(struct store_tx *tx, void *arg)
{
	struct changing *ch = arg;

	if (!get(tx, ch))
		return 0;
	if (ch->row.state == CAMPAIGN_STOPPED && ch->row.upto == 0) {
		ca_raise(CA_E_DENIED, "campaign.state: it is stopped already");
		return 0;
	}
	ch->row.state = CAMPAIGN_STOPPED;
	ch->row.ended = ch->now;
	if (ch->row.upto > 0)
		give_up(&ch->row);
	return campaigns_update(tx, &ch->row) &&
	    campaign_log(tx, "campaign.stop", &ch->row, ch->who, ch->now);
}

static int
resume_tx(struct store_tx *tx, void *arg)
{
	struct changing *ch = arg;

	if (!get(tx, ch))
		return 0;
	if (ch->row.state != CAMPAIGN_STOPPED)
		return 1;
	if (ch->row.upto > 0) {
		ca_raise(CA_E_DENIED,
		    "campaign.state: it was stopped before all "
		    "was chosen: abort it, and start it anew");
		return 0;
	}
	ch->row.state = CAMPAIGN_RUNNING;
	ch->row.ended = 0;
	return campaigns_update(tx, &ch->row) &&
	    campaign_log(tx, "campaign.resume", &ch->row, ch->who, ch->now);
}

static int
change(struct store *store, store_fn *fn, int64_t id, const char *who,
    time_t now, struct campaign_row *out)
{
	struct changing ch = {.row = {.id = id}, .who = who, .now = now};

	if (!store_write(store, fn, &ch, STORE_URGENT))
		return 0;
	*out = ch.row;
	return 1;
}

int
campaign_stop(struct store *store, int64_t id, const char *who, time_t now,
    struct campaign_row *out)
{
	return change(store, stop_tx, id, who, now, out);
}

int
campaign_resume(struct store *store, int64_t id, const char *who, time_t now,
    struct campaign_row *out)
{
	return change(store, resume_tx, id, who, now, out);
}

int
campaign_start(struct store *store, const struct policy *policy,
    const struct campaign_request *r, struct campaign_row *out)
{
	struct changing ch = {.who = r->who, .now = r->now};
	struct campaign_row *row = &ch.row, over;
	struct where w;

	if (!campaign_check(store, r, &w))
		return 0;
	snprintf(row->author, sizeof(row->author), "%s", r->who);
	snprintf(row->query, sizeof(row->query), "%s", r->query);
	snprintf(row->note, sizeof(row->note), "%s", r->note);
	row->reason = r->reason;
	row->invalidity = r->invalidity;
	row->state = CAMPAIGN_CHOOSING;
	row->created = r->now;
	row->stage = r->stage;
	row->pause = r->pause;
	if (!store_write(store, start_tx, &ch, STORE_URGENT))
		return 0;
	if (campaign_choose(store, policy, r, row)) {
		*out = *row;
		return 1;
	}
	ERR_set_mark();
	(void)campaign_stop(store, row->id, r->who, r->now, &over);
	ERR_pop_to_mark();
	return 0;
}

static int
close_tx(struct store_tx *tx, void *arg)
{
	struct changing *ch = arg;
	int found;

	while ((found = campaigns_open(
		    tx, CAMPAIGN_CHOOSING, 0, &ch->row)) == 1)
		if (!stop_tx(tx, ch))
			return 0;
	return found == 0;
}

int
campaign_close_open(struct store *store, time_t now)
{
	struct changing ch = {.who = "inkan-ca", .now = now};

	return store_write(store, close_tx, &ch, STORE_URGENT);
}
