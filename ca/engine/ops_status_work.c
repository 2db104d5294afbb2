#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/campaign.h"
#include "ca/engine/ceremony.h"
#include "ca/engine/ops_status.h"
#include "ca/engine/policy.h"

/* What operators have under way: policy, ceremonies, campaigns. */

static void
check_policy(struct checking *k)
{
	struct policy *p = ca_policy(k->c->ca);
	struct policy_file *files = NULL;
	unsigned char md[32];
	size_t n = 0;

	if (!policy_load_dir(k->c->ca->settings->policy_dir, &files, &n) ||
	    !policies_hash(files, n, md))
		ops_say(k, "policy", WARN, 0, "version %lld is active; the "
		    "folder of proposals cannot be read",
		    (long long)p->row.version);
	else if (memcmp(md, p->row.sha256, 32) != 0)
		ops_say(k, "policy", WARN, 0, "version %lld is active; files "
		    "in %s differ from it (inkan policy diff)",
		    (long long)p->row.version, k->c->ca->settings->policy_dir);
	else
		ops_say(k, "policy", OK, 0, "version %lld is active",
		    (long long)p->row.version);
	ERR_clear_error();
	policy_files_free(files, n);
	policy_put(p);
}

/* Profiles that could not be activated today. */
static void
check_profiles(struct checking *k)
{
	struct policy *p = ca_policy(k->c->ca);
	const struct profile *pr;
	char check[80];
	size_t i;

	for (i = 0; i < p->n_profiles; i++) {
		pr = p->profiles[i];
		if (pr->breach[0] == '\0')
			continue;
		snprintf(check, sizeof(check), "profile:%.64s", pr->name);
		ops_say(k, check, WARN, 0, "%s; the active policy is older "
		    "than this rule, and a certificate that breaks it is not "
		    "issued", pr->breach);
	}
	policy_put(p);
}

static int
ceremony_tx(struct store_tx *tx, void *arg)
{
	return store_meta_get(tx, CEREMONY_STATE, arg, 2048) >= 0;
}

/* One that was interrupted has to be brought to its end, either way. */
static void
check_ceremony(struct checking *k)
{
	char state[2048] = "";

	if (!ops_read(k->c, ceremony_tx, state))
		ERR_clear_error();
	else if (state[0] != '\0')
		ops_say(k, "ceremony", WARN, 0, "a ceremony was interrupted; "
		    "run it again%s", strncmp(state, "done", 4) == 0 ? "" :
		    " with --resume or --discard");
}

/* How many of each state are told one by one. */
#define CAMPAIGNS_TOLD 8
#define CAMPAIGNS_PAGE 1000

struct campaigns {
	struct campaign_row row[2][CAMPAIGNS_TOLD];	/* open, stopped */
	size_t n[2];
};

static int
take_campaign(const struct campaign_row *row, void *arg)
{
	struct campaigns *cs = arg;
	int stopped = row->state == CAMPAIGN_STOPPED;

	if (row->state == CAMPAIGN_DONE)
		return 1;
	if (cs->n[stopped] < CAMPAIGNS_TOLD)
		cs->row[stopped][cs->n[stopped]] = *row;
	cs->n[stopped]++;
	return 1;
}

static int
campaigns_tx(struct store_tx *tx, void *arg)
{
	return campaigns_list(tx, 0, CAMPAIGNS_PAGE, take_campaign, arg);
}

/* One that waits for somebody who has forgotten it leaves certificates valid
   that were to be revoked. */
static void
say_campaign(struct checking *k, const struct campaign_row *row)
{
	long long left = row->total - row->done - row->skipped;
	char check[48];

	snprintf(check, sizeof(check), "campaign:%lld", (long long)row->id);
	if (row->state == CAMPAIGN_CHOOSING)
		ops_say(k, check, OK, 0, "chooses; %lld certificates "
		    "so far", (long long)row->total);
	else if (row->state == CAMPAIGN_RUNNING)
		ops_say(k, check, OK, 0, "%lld of %lld certificates "
		    "revoked, %lld skipped", (long long)row->done,
		    (long long)row->total, (long long)row->skipped);
	else if (row->upto != 0)
		ops_say(k, check, WARN, 0, "stopped while it chose, "
		    "nothing is revoked; inkan revoke --abort %lld, "
		    "and start it anew",
		    (long long)row->id);
	else if (left > 0)
		ops_say(k, check, WARN, 0, "stopped with %lld of %lld "
		    "certificates left; inkan revoke --resume %lld", left,
		    (long long)row->total, (long long)row->id);
}

static void
check_campaigns(struct checking *k)
{
	struct campaigns *cs = OPENSSL_zalloc(sizeof(*cs));
	size_t s, i;

	if (cs == NULL || !ops_read(k->c, campaigns_tx, cs)) {
		ERR_clear_error();
		ops_say(k, "campaigns", FAIL, 0, "they cannot be read");
		OPENSSL_free(cs);
		return;
	}
	for (s = 0; s < 2; s++) {
		for (i = 0; i < cs->n[s] && i < CAMPAIGNS_TOLD; i++)
			say_campaign(k, &cs->row[s][i]);
		if (cs->n[s] > CAMPAIGNS_TOLD)
			ops_say(k, "campaigns", s ? WARN : OK, 0,
			    "%zu more %s (inkan campaign list)",
			    cs->n[s] - CAMPAIGNS_TOLD, s ? "are stopped" :
			    "wait");
	}
	OPENSSL_free(cs);
}

void
ops_status_work(struct checking *k)
{
	check_policy(k);
	check_profiles(k);
	check_ceremony(k);
	check_campaigns(k);
}
