#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include "ca/engine/campaign.h"
#include "ca/engine/revoke.h"
#include "tests/unit/ca/engine/many.h"

/* Steps of a campaign, on an instance whose worker does not run. */

#define N 7

static char serials[N][64];

static struct campaign_row
start(struct world *w, const char *query, int stage)
{
	struct campaign_request r = {.query = query,
	    .note = "",
	    .who = "test",
	    .reason = CRL_REASON_KEY_COMPROMISE,
	    .invalidity = w->now - 9,
	    .stage = stage,
	    .now = w->now};
	struct campaign_row row;

	assert_true(campaign_start(w->ca->store, w->ca->policy, &r, &row));
	return row;
}

static void
make(struct world *w, const char *model)
{
	char name[64];
	int i;

	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "%s-%d", model, i);
		many_device(w, name, model, "1");
		many_issue(w, "device-ldevid", name, NULL, serials[i]);
	}
}

static size_t
revoked(struct world *w)
{
	size_t i, n = 0;

	for (i = 0; i < N; i++)
		n += many_state(w, serials[i]) == CERT_REVOKED;
	return n;
}

static void
step(struct world *w, struct campaign_row *row, enum campaign_state state)
{
	assert_int_equal(campaign_step(w->ca, w->now + 60, NULL, NULL, row), 1);
	assert_int_equal(row->state, state);
}

/* The log's hash, made another way. */
static void
expect_hash(struct world *w)
{
	unsigned char buf[N * 64], md[32];
	struct cert_row row;
	size_t n = 0;
	char hex[65];
	int i;

	for (i = 0; i < N; i++) {
		world_row(w, serials[i], &row);
		memcpy(buf + n, "devices-g1", 11);
		n += 11;
		buf[n++] = 20;
		memcpy(buf + n, row.serial, 20);
		n += 20;
	}
	SHA256(buf, n, md);
	ops_hex(md, 32, hex);
	assert_int_equal(world_log(w, "campaign.chosen", hex), 1);
}

static void
in_stages(void **state)
{
	struct world *w = *state;
	struct campaign_row row;
	struct cert_row cert;
	char late[64];
	int i;

	make(w, "S1");
	row = start(w, "model=S1", 3);
	assert_int_equal(revoked(w), 0);
	/* Issued after the start: not in it. */
	many_issue(w, "device-ldevid", "S1-0", NULL, late);
	assert_int_equal(row.total, N);
	expect_hash(w);
	assert_int_equal(revoked(w), 0);
	step(w, &row, CAMPAIGN_RUNNING);
	assert_int_equal(revoked(w), 3);
	assert_int_equal(row.done, 3);
	step(w, &row, CAMPAIGN_RUNNING);
	assert_int_equal(revoked(w), 6);
	step(w, &row, CAMPAIGN_DONE);
	assert_int_equal(revoked(w), 7);
	assert_int_equal(row.done, 7);
	assert_int_equal(row.skipped, 0);
	assert_int_equal(row.ended, w->now + 60);
	assert_int_equal(campaign_step(w->ca, w->now, NULL, NULL, &row), 0);
	assert_int_equal(many_state(w, late), CERT_VALID);
	for (i = 0; i < N; i++) {
		world_row(w, serials[i], &cert);
		assert_int_equal(cert.reason, CRL_REASON_KEY_COMPROMISE);
		assert_int_equal(cert.invalidity, w->now - 9);
		assert_int_equal(cert.revoked_at, w->now + 60);
		assert_int_equal(world_log(w, "revoke", serials[i]), 1);
	}
	assert_int_equal(world_log(w, "campaign.stage", "count=3"), 2);
	assert_int_equal(world_log(w, "campaign.stage", serials[0]), 1);
	assert_int_equal(world_log(w, "campaign.end", "done=7"), 1);
}

/* Between two steps the program may die: another one goes on from the store.
   What was revoked meanwhile is skipped. */
static void
goes_on(void **state)
{
	struct world *w = *state;
	struct revoke_request r = {.reason = CRL_REASON_KEY_COMPROMISE,
	    .who = "other",
	    .invalidity = w->now - 9,
	    .policy = w->ca->policy,
	    .now = w->now + 30};
	struct campaign_row row, is;
	struct cert_row cert;

	make(w, "S2");
	row = start(w, "model=S2", 3);
	ca_close(w->ca);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	r.policy = w->ca->policy;
	step(w, &row, CAMPAIGN_RUNNING);
	assert_int_equal(revoked(w), 3);
	ca_close(w->ca);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	r.policy = w->ca->policy;
	world_row(w, serials[5], &cert);
	r.cert = cert.id;
	assert_true(revoke_cert(w->ca->store, &r, &cert));
	/* Stopped: no step. */
	assert_true(campaign_stop(w->ca->store, row.id, "me", w->now, &is));
	assert_int_equal(campaign_step(w->ca, w->now, NULL, NULL, &is), 0);
	assert_int_equal(revoked(w), 4);
	assert_true(campaign_resume(w->ca->store, row.id, "me", w->now, &is));
	assert_int_equal(is.state, CAMPAIGN_RUNNING);
	step(w, &row, CAMPAIGN_RUNNING);
	step(w, &row, CAMPAIGN_DONE);
	assert_int_equal(row.done, 6);
	assert_int_equal(row.skipped, 1);
	assert_int_equal(revoked(w), N);
	world_row(w, serials[5], &cert);
	assert_int_equal(cert.revoked_at, w->now + 30);
}

/* One after the other, the oldest first; one that finds nothing is done. */
static void
one_by_one(void **state)
{
	struct world *w = *state;
	struct campaign_row a, b, row;

	make(w, "S3");
	a = start(w, "model=S3 state=held", 5);
	b = start(w, "model=S3", 50);
	step(w, &row, CAMPAIGN_DONE);
	assert_int_equal(row.id, a.id);
	assert_int_equal(row.total, 0);
	step(w, &row, CAMPAIGN_DONE);
	assert_int_equal(row.id, b.id);
	assert_int_equal(row.done, N);
	assert_int_equal(revoked(w), N);
}

/* A CA certificate whose profile left the policy is chosen, and refused when it
   is looked at itself. */
static void
never_a_ca(void **state)
{
	struct world *w = *state;
	struct campaign_row row;
	WIRE_ANSWER *a;
	char ca[64];
	size_t i;

	a = world_admin(w, "cert.list", "t", "profile", "issuing-ca");
	world_is(a, WIRE_OK);
	snprintf(
	    ca, sizeof(ca), "%s", field_text(message_row(a, 0), "serial", ""));
	WIRE_ANSWER_free(a);
	for (i = 0; i < w->ca->policy->n_profiles; i++)
		if (strcmp(w->ca->policy->profiles[i]->name, "issuing-ca") == 0)
			w->ca->policy->profiles[i]->name[0] = 'x';
	row = start(w, "profile=issuing-ca", 50);
	assert_int_equal(row.total, 3);
	step(w, &row, CAMPAIGN_DONE);
	assert_int_equal(row.done, 0);
	assert_int_equal(row.skipped, 3);
	assert_int_equal(many_state(w, ca), CERT_VALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_stages),
	    cmocka_unit_test(goes_on),
	    cmocka_unit_test(one_by_one),
	    cmocka_unit_test(never_a_ca),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
