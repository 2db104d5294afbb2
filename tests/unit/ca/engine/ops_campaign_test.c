#include "ca/engine/campaign.h"
#include "tests/unit/ca/engine/many.h"

/* Campaigns over the admin socket. */

static size_t
parts(const WIRE_ANSWER *a, const char *part)
{
	size_t i, n = 0;

	for (i = 0; i < message_n_rows(a); i++)
		n += strcmp(field_text(message_row(a, i), "part", ""), part) ==
		    0;
	return n;
}

static void
plans(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	char s[64];

	many_device(w, "c-1", "C1", "1.0");
	many_issue(w, "device-ldevid", "c-1", NULL, s);
	a = world_admin(w, "revoke.plan", "ttii", "where", "model=C1", "reason",
	    "superseded", "stage", 1, "pause", 9);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "certificates", 0), 1);
	assert_int_equal(field_int(a->values, "devices", 0), 1);
	assert_int_equal(field_int(a->values, "crl_octets", 0), 53);
	assert_int_equal(field_int(a->values, "stages", 0), 1);
	assert_true(field_int(a->values, "seconds", 0) >= 1);
	assert_true(field_int(a->values, "crl_seconds", 0) >= 1);
	assert_int_equal(parts(a, "group"), 1);
	assert_int_equal(parts(a, "sample"), 1);
	assert_string_equal(field_text(message_row(a, 1), "serial", ""), s);
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "revoke.plan", "t", "where", "model<x"),
	    WIRE_BADREQUEST, "where.value");
	world_refused(world_admin(w, "revoke.plan", "tt", "where", "model=C1",
			  "reason", "sneeze"),
	    WIRE_BADREQUEST, "sneeze");
	world_refused(
	    world_ask(w, OPS_RA, "revoke.plan", "t", "where", "model=C1"),
	    WIRE_DENIED, "ops.table");
	assert_int_equal(many_state(w, s), CERT_VALID);
}

static void
runs(void **state)
{
	struct world *w = *state;
	struct campaign_row row;
	WIRE_ANSWER *a;
	char s[64];
	int id;

	many_device(w, "c-2", "C2", "1.0");
	many_issue(w, "device-ldevid", "c-2", NULL, s);
	world_refused(world_admin(w, "campaign.show", "i", "id", 77),
	    WIRE_NOTFOUND, "77");
	world_refused(world_admin(w, "campaign.start", "ti", "where",
			  "model=C2", "stage", 0),
	    WIRE_BADREQUEST, "campaign.stage");
	a = world_admin(w, "campaign.start", "ttti", "where", "model=C2",
	    "note", "INC-9", "reason", "superseded", "stage", 5);
	world_is(a, WIRE_OK);
	id = (int)field_int(a->values, "id", 0);
	assert_string_equal(field_text(a->values, "state", ""), "running");
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "campaign.stop", "i", "id", id));
	world_refused(world_admin(w, "campaign.stop", "i", "id", id),
	    WIRE_DENIED, "campaign.state");
	assert_int_equal(campaign_step(w->ca, w->now, NULL, NULL, &row), 0);
	world_done(world_admin(w, "campaign.resume", "i", "id", id));
	while (campaign_step(w->ca, w->now, NULL, NULL, &row) == 1)
		;
	a = world_admin(w, "campaign.show", "i", "id", id);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "done");
	assert_string_equal(field_text(a->values, "note", ""), "INC-9");
	assert_int_equal(field_int(a->values, "done", 0), 1);
	assert_int_equal(field_int(a->values, "left", 9), 0);
	WIRE_ANSWER_free(a);
	assert_int_equal(many_state(w, s), CERT_REVOKED);
	world_refused(world_admin(w, "campaign.resume", "i", "id", id),
	    WIRE_DENIED, "campaign.state");
	a = world_admin(w, "campaign.list", "");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_int_equal(field_int(message_row(a, 0), "id", 0), id);
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans),
	    cmocka_unit_test(runs),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
