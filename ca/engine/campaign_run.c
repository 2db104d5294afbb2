#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "ca/engine/campaign.h"
#include "ca/engine/revoke.h"

/* Revoking, a step at a time. Where a step begins stands in the
   campaign's row, which changes in the same transaction as what it tells of:
   a program that is killed between two steps goes on with the next one. */

struct step {
	struct ca *ca;
	const struct policy *policy;
	campaign_later_fn *later;
	void *arg;
	struct campaign_row row;
	time_t now;
	int64_t *id;
	size_t n, max;
	int64_t done, skipped;
	char first[128], last[128]; /* "devices-g1/0a0b..." */
};

/* Is it still where this step began? It may have been stopped. */
static int
is_current(struct store_tx *tx, const struct step *s)
{
	struct campaign_row is;
	int found = campaigns_get(tx, s->row.id, &is);

	return found != 1
	    ? found
	    : is.state == s->row.state && is.position == s->row.position;
}

static int
take_id(int64_t cert, void *arg)
{
	struct step *s = arg;

	s->id[s->n++] = cert;
	return s->n < s->max;
}

static void
name_cert(const struct cert_row *row, char *out, size_t size)
{
	size_t i, n;

	n = (size_t)snprintf(out, size, "%s/", row->issuer_ident);
	for (i = 0; i < row->serial_len && n + 3 < size; i++, n += 2)
		snprintf(out + n, size - n, "%02x", row->serial[i]);
}

/* What the rules refuse now - it was revoked meanwhile, it is a CA after all -
   is skipped; the stage goes on. */
static int
revoke_one(struct store_tx *tx, struct step *s, const struct revoke_request *r,
    int64_t id)
{
	struct cert_row row;
	int may;

	if (certs_by_id(tx, id, &row) != 1)
		return 0;
	name_cert(&row, s->last, sizeof(s->last));
	if (s->first[0] == '\0')
		strcpy(s->first, s->last);
	ERR_set_mark();
	may = revoke_may(tx, r, &row);
	if (may < 0) {
		ERR_clear_last_mark();
		return 0;
	}
	ERR_pop_to_mark();
	s->done += may;
	s->skipped += !may;
	return !may || revoke_do(tx, r, &row);
}

static int
log_stage(struct store_tx *tx, const struct step *s)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_int(l, "campaign", s->row.id) &&
	    field_add_int(l, "count", s->done) &&
	    field_add_int(l, "skipped", s->skipped) &&
	    field_add_text(l, "first", s->first) &&
	    field_add_text(l, "last", s->last) &&
	    entries_append(tx, "campaign.stage", s->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
end_stage(struct store_tx *tx, struct step *s)
{
	s->row.done += s->done;
	s->row.skipped += s->skipped;
	if (s->n > 0)
		s->row.position = s->id[s->n - 1];
	if (s->n < s->max || s->row.done + s->row.skipped >= s->row.total) {
		s->row.state = CAMPAIGN_DONE;
		s->row.ended = s->now;
	}
	return campaigns_update(tx, &s->row) &&
	    (s->n == 0 || log_stage(tx, s)) &&
	    (s->row.state != CAMPAIGN_DONE ||
		campaign_log(
		    tx, "campaign.end", &s->row, s->row.author, s->now));
}

static int
stage_tx(struct store_tx *tx, void *arg)
{
	struct step *s = arg;
	struct revoke_request r = {.reason = s->row.reason,
	    .invalidity = s->row.invalidity,
	    .campaign = s->row.id,
	    .who = s->row.author,
	    .policy = s->policy,
	    .now = s->now};
	int current = is_current(tx, s);
	size_t i;

	if (current != 1)
		return current == 0;
	if (!campaigns_chosen(
		tx, s->row.id, s->row.position, s->max, take_id, s))
		return 0;
	for (i = 0; i < s->n; i++)
		if (!revoke_one(tx, s, &r, s->id[i]))
			return 0;
	return end_stage(tx, s);
}

static int
stage(struct step *s)
{
	s->max = (size_t)s->row.stage;
	return store_write(s->ca->store, stage_tx, s, STORE_URGENT);
}

static int
open_tx(struct store_tx *tx, void *arg)
{
	struct step *s = arg;
	int found;

	do
		found = campaigns_open(
		    tx, CAMPAIGN_RUNNING, s->row.id, &s->row);
	while (found == 1 && s->later != NULL && s->later(&s->row, s->arg));
	s->n = found == 1;
	return found >= 0;
}

int
campaign_step(struct ca *ca, time_t now, campaign_later_fn *later, void *arg,
    struct campaign_row *row)
{
	struct step s = {.ca = ca, .now = now, .later = later, .arg = arg};
	struct policy *policy = NULL;
	int ok;

	if (!store_read(ca->store, open_tx, &s))
		return -1;
	if (s.n == 0)
		return 0;
	s.n = 0;
	s.policy = policy = ca_policy(ca);
	s.id = OPENSSL_zalloc(CAMPAIGN_STAGE_MAX * sizeof(*s.id));
	ok = s.id != NULL && stage(&s);
	policy_put(policy);
	OPENSSL_free(s.id);
	*row = s.row;
	return ok ? 1 : -1;
}
