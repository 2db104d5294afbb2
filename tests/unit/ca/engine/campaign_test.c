#include <openssl/x509v3.h>
#include "ca/engine/campaign.h"
#include "tests/unit/ca/engine/many.h"

/* What is chosen; beginning, stop and resume. */

static struct campaign_request
request(struct world *w, const char *query)
{
	struct campaign_request r = {.query = query,
	    .note = "INC-7",
	    .who = "test",
	    .reason = 1,
	    .stage = 10,
	    .now = w->now + 60};

	return r;
}

static void
refused(struct world *w, const struct campaign_request *r, const char *word)
{
	struct campaign_row row;

	assert_false(campaign_start(w->ca->store, w->ca->policy, r, &row));
	world_raised(CA_E_BADREQUEST, word);
}

static void
refuses(void **state)
{
	struct world *w = *state;
	struct campaign_request r = request(w, "state=valid");

	r.reason = CRL_REASON_CERTIFICATE_HOLD;
	refused(w, &r, "campaign.reason");
	r = request(w, "state=valid");
	r.invalidity = r.now + 1;
	refused(w, &r, "revoke.invalidity: it is later");
	r.invalidity = -1;
	refused(w, &r, "revoke.invalidity: the invalidity date");
	r = request(w, "state=valid");
	r.stage = 0;
	refused(w, &r, "campaign.stage");
	r.stage = CAMPAIGN_STAGE_MAX + 1;
	refused(w, &r, "campaign.stage");
	r = request(w, "state=valid");
	r.pause = CAMPAIGN_PAUSE_MAX + 1;
	refused(w, &r, "campaign.pause");
	r.pause = -1;
	refused(w, &r, "campaign.pause");
	r = request(w, "state=good");
	refused(w, &r, "where.value");
	r = request(w, "modell=X1");
	refused(w, &r, "where.field");
}

static enum campaign_verdict
judge(struct world *w, const char *text, int reason, int64_t invalidity,
    const struct where_row *row)
{
	struct where where;

	assert_true(where_parse(text, &where));
	return campaign_judge(w->ca->policy, &where, reason, invalidity, row);
}

static void
judges(void **state)
{
	struct world *w = *state;
	struct where_row row = {
	    .state = CERT_VALID, .profile = "device-ldevid"};

	assert_int_equal(judge(w, "a=b", 1, 0, &row), CAMPAIGN_CHOSEN);
	assert_int_equal(judge(w, "f<2", 1, 0, &row), CAMPAIGN_UNDECIDED);
	row.value[0] = "3";
	assert_int_equal(judge(w, "f<2", 1, 0, &row), CAMPAIGN_NOT);
	/* CAs and responders never, whatever is not known of them. */
	strcpy(row.profile, "issuing-ca");
	assert_int_equal(judge(w, "a=b", 1, 0, &row), CAMPAIGN_EXCLUDED);
	strcpy(row.profile, "ocsp-responder");
	row.value[0] = NULL;
	assert_int_equal(judge(w, "f<2", 1, 0, &row), CAMPAIGN_EXCLUDED);
	/* What the rules of revocation would refuse. */
	strcpy(row.profile, "device-ldevid");
	row.state = CERT_HELD;
	assert_int_equal(judge(w, "a=b", 4, 0, &row), CAMPAIGN_CHOSEN);
	row.state = CERT_RESERVED;
	assert_int_equal(judge(w, "a=b", 4, 0, &row), CAMPAIGN_SKIPPED);
	row.state = CERT_REVOKED;
	row.reason = 4;
	assert_int_equal(judge(w, "a=b", 4, 0, &row), CAMPAIGN_SKIPPED);
	assert_int_equal(judge(w, "a=b", 4, 9, &row), CAMPAIGN_CHOSEN);
	assert_int_equal(judge(w, "a=b", 5, 9, &row), CAMPAIGN_SKIPPED);
	assert_int_equal(judge(w, "a=b", 1, 0, &row), CAMPAIGN_CHOSEN);
	row.reason = 1;
	row.invalidity = 9;
	assert_int_equal(judge(w, "a=b", 1, 0, &row), CAMPAIGN_SKIPPED);
	assert_int_equal(judge(w, "a=b", 1, 9, &row), CAMPAIGN_SKIPPED);
	assert_int_equal(judge(w, "a=b", 1, 8, &row), CAMPAIGN_CHOSEN);
}

static void
starts_and_stops(void **state)
{
	struct world *w = *state;
	struct campaign_request r = request(w, "state=held");
	struct campaign_row row, is;

	assert_true(campaign_start(w->ca->store, w->ca->policy, &r, &row));
	assert_int_equal(row.state, CAMPAIGN_RUNNING);
	assert_int_equal(row.upto, 0);
	assert_int_equal(row.created, r.now);
	assert_int_equal(world_log(w, "campaign.start", "query=state=held"), 1);
	assert_true(campaign_resume(w->ca->store, row.id, "me", r.now, &is));
	assert_int_equal(is.state, CAMPAIGN_RUNNING); /* it was going on */
	assert_int_equal(world_log(w, "campaign.resume", "me"), 0);
	assert_true(campaign_stop(w->ca->store, row.id, "me", r.now + 5, &is));
	assert_int_equal(is.state, CAMPAIGN_STOPPED);
	assert_int_equal(is.ended, r.now + 5);
	assert_int_equal(campaign_step(w->ca, r.now, NULL, NULL, &is), 0);
	assert_false(campaign_stop(w->ca->store, row.id, "me", r.now, &is));
	world_raised(CA_E_DENIED, "campaign.state");
	assert_true(campaign_resume(w->ca->store, row.id, "me", r.now, &is));
	assert_int_equal(is.state, CAMPAIGN_RUNNING);
	assert_int_equal(is.ended, 0);
	assert_int_equal(world_log(w, "campaign.stop", "who=me"), 1);
	assert_int_equal(world_log(w, "campaign.resume", "who=me"), 1);
	while (campaign_step(w->ca, r.now, NULL, NULL, &is) == 1)
		;
	assert_int_equal(is.state, CAMPAIGN_DONE);
	assert_false(campaign_stop(w->ca->store, row.id, "me", r.now, &is));
	world_raised(CA_E_DENIED, "campaign.state");
	assert_false(campaign_resume(w->ca->store, row.id, "me", r.now, &is));
	world_raised(CA_E_DENIED, "campaign.state");
	assert_false(campaign_stop(w->ca->store, 99, "me", r.now, &is));
	world_raised(CA_E_NOTFOUND, "no campaign 99");
}

static int
add_tx(struct store_tx *tx, void *arg)
{
	return campaigns_add(tx, arg);
}

static int
get_tx(struct store_tx *tx, void *arg)
{
	struct campaign_row *row = arg;

	return campaigns_get(tx, row->id, row) == 1;
}

/* As while it is being started: five are chosen, not all. */
static struct campaign_row
half_chosen(struct world *w, enum campaign_state state)
{
	struct campaign_row row = {.query = "state=valid",
	    .author = "test",
	    .state = state,
	    .created = w->now,
	    .total = 5,
	    .stage = 10,
	    .upto = 40,
	    .position = 9};

	assert_true(store_write(w->ca->store, add_tx, &row, 0));
	return row;
}

static void
is_over(const struct campaign_row *row)
{
	assert_int_equal(row->state, CAMPAIGN_DONE);
	assert_int_equal(row->done, 0);
	assert_int_equal(row->skipped, 5);
	assert_int_equal(row->upto, 0);
}

/* Nobody goes on with half a choice. */
static void
half_a_choice_is_none(void **state)
{
	struct world *w = *state;
	struct campaign_row row = half_chosen(w, CAMPAIGN_CHOOSING), is;

	assert_int_equal(campaign_step(w->ca, w->now, NULL, NULL, &is), 0);
	assert_true(campaign_stop(w->ca->store, row.id, "me", w->now, &is));
	is_over(&is);
	/* One of an earlier release. */
	row = half_chosen(w, CAMPAIGN_STOPPED);
	assert_false(campaign_resume(w->ca->store, row.id, "me", w->now, &is));
	world_raised(CA_E_DENIED, "start it anew");
	assert_true(campaign_stop(w->ca->store, row.id, "me", w->now, &is));
	is_over(&is);
	/* The program ended. */
	row = half_chosen(w, CAMPAIGN_CHOOSING);
	ca_close(w->ca);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_true(store_read(w->ca->store, get_tx, &row));
	is_over(&row);
	assert_int_equal(world_log(w, "campaign.stop", "who=inkan-ca"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(judges),
	    cmocka_unit_test(starts_and_stops),
	    cmocka_unit_test(half_a_choice_is_none),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
