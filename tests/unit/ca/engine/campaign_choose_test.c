#include "ca/engine/campaign.h"
#include "tests/unit/ca/engine/many.h"
#include "tests/unit/ca/engine/people.h"

/* What a campaign chooses, when, and with whose approvals. */

static struct campaign_request
request(struct world *w, const char *query)
{
	struct campaign_request r = {.query = query,
	    .note = "",
	    .who = "test",
	    .stage = 10,
	    .now = w->now};

	return r;
}

static void
run(struct world *w)
{
	struct campaign_row row;

	while (campaign_step(w->ca, w->now, NULL, NULL, &row) == 1)
		;
}

static void
set_model(struct world *w, const char *device, const char *model)
{
	char field[32];

	snprintf(field, sizeof(field), "model=%s", model);
	world_done(world_admin(
	    w, "device.set", "tt", "name", device, "set", field));
}

/* A campaign that waits behind another one has chosen already: what its
   approvals were about is not what a field says afterwards. */
static void
when_it_is_started(void **state)
{
	struct world *w = *state;
	char in[64], later[64];
	WIRE_ANSWER *a;

	many_device(w, "now", "K1", "1");
	many_device(w, "later", "K2", "1");
	many_issue(w, "device-ldevid", "now", NULL, in);
	many_issue(w, "device-ldevid", "later", NULL, later);
	world_done(world_admin(
	    w, "campaign.start", "t", "where", "model=K1 state=held"));
	a = world_admin(w, "campaign.start", "t", "where", "model=K1");
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "total", 0), 1);
	WIRE_ANSWER_free(a);
	set_model(w, "now", "K2");
	set_model(w, "later", "K1");
	run(w);
	assert_int_equal(many_state(w, in), CERT_REVOKED);
	assert_int_equal(many_state(w, later), CERT_VALID);
}

/* What is found when it chooses is held against the approvals that it has. */
static void
with_its_approvals(void **state)
{
	struct world *w = *state;
	struct campaign_request r = request(w, "device=kind");
	struct campaign_row row;
	char s[64];

	many_device(w, "kind", "K3", "1");
	many_issue(w, "device-ldevid", "kind", NULL, s);
	people_as(w, 2003);
	people_activate(w, PEOPLE_CONF
	    "approvals = ( { operation = \"revoke:ldevid\"; number = 2; } );");
	r.approvals = 1;
	assert_false(
	    campaign_start(w->ca->store, w->ca->policy, &r, &row));
	world_raised(CA_E_DENIED, "campaign.approvals");
	assert_int_equal(world_log(w, "campaign.stop", "query=device=kind"), 1);
	run(w);
	assert_int_equal(many_state(w, s), CERT_VALID);
	r.approvals = 2;
	assert_true(campaign_start(w->ca->store, w->ca->policy, &r, &row));
	assert_int_equal(row.state, CAMPAIGN_RUNNING);
	assert_int_equal(row.total, 1);
	run(w);
	assert_int_equal(many_state(w, s), CERT_REVOKED);
}

/* The call brings along what it was approved by. */
static void
as_it_is_asked(void **state)
{
	struct world *w = *state;
	char approved[64], broken[64];
	int id;

	people_as(w, 2002);
	many_device(w, "approved", "K4", "1");
	many_device(w, "broken", "K5", "1");
	many_issue(w, "device-ldevid", "approved", NULL, approved);
	many_issue(w, "device-ldevid", "broken", NULL, broken);
	id = people_parked(world_admin(
	    w, "campaign.start", "t", "where", "device=approved"));
	world_done(people_approve(w, 2, id));
	world_done(people_approve(w, 3, id));
	people_state(w, id, "done");
	people_as(w, 2002);
	world_done(world_admin(w, "campaign.start", "tt", "where",
	    "device=broken", "break_glass", "night"));
	run(w);
	assert_int_equal(many_state(w, approved), CERT_REVOKED);
	assert_int_equal(many_state(w, broken), CERT_REVOKED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(when_it_is_started),
	    cmocka_unit_test(with_its_approvals),
	    cmocka_unit_test(as_it_is_asked),
	};

	return cmocka_run_group_tests(tests, people_setup, people_teardown);
}
