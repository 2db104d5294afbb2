#include "tests/unit/ca/engine/checks.h"

/* A level for each fault, and back to ok when it is mended. */

static void
all_is_well(void **state)
{
	struct world *w = *state;
	char text[160];
	WIRE_ANSWER *a;

	snprintf(text, sizeof(text), "operators = ( { name = \"me\"; uid = "
	    "%u; roles = [ \"admin\", \"officer\" ]; } );\n",
	    (unsigned)w->peer.uid);
	world_write(w, OPERATORS_PATH, text);
	world_done(world_admin(w, "policy.activate", ""));
	assert_true(status_heartbeat(w->ca->status, w->now));
	a = world_admin(w, "status", "");
	world_is(a, WIRE_OK);
	assert_string_equal(level_of(a, "issuing"), "ok");
	assert_string_equal(level_of(a, "token"), "ok");
	assert_string_equal(level_of(a, "store"), "ok");
	assert_string_equal(level_of(a, "disk"), "ok");
	assert_string_equal(level_of(a, "status.db"), "ok");
	assert_string_equal(level_of(a, "policy"), "ok");
	assert_string_equal(level_of(a, "ca:root-g1"), "ok");
	assert_string_equal(level_of(a, "ca:devices-g1"), "ok");
	assert_string_equal(level_of(a, "crl:root-g1"), "ok");
	assert_string_equal(level_of(a, "crl:code-g1"), "ok");
	assert_string_equal(level_of(a, "service:CN=localhost"), "ok");
	assert_string_equal(field_text(a->values, "level", ""), "ok");
	WIRE_ANSWER_free(a);
}

static void
stopped(void **state)
{
	struct world *w = *state;

	world_done(world_admin(w, "ca.stop", "t", "reason", "drill"));
	expect(w, "issuing", "fail");
	world_done(world_admin(w, "ca.resume", ""));
	expect(w, "issuing", "ok");
}

static void
token_away(void **state)
{
	struct world *w = *state;
	struct hsm *hsm = w->ca->tokens[0].hsm;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "code");
	EVP_PKEY *key = is->key;

	w->ca->tokens[0].hsm = NULL;
	snprintf(w->ca->tokens[0].error, sizeof(w->ca->tokens[0].error), "no token");
	expect(w, "token", "fail");
	w->ca->tokens[0].hsm = hsm;
	expect(w, "token", "ok");
	is->key = NULL;
	expect(w, "ca:code-g1", "fail");
	is->key = key;
	expect(w, "ca:code-g1", "ok");
}

static void
disk_is_short(void **state)
{
	struct world *w = *state;
	int64_t min = w->settings->min_free;
	int64_t have = store_disk_free(w->ca->store);

	assert_true(have > 0);
	w->settings->min_free = have * 2;
	expect(w, "disk", "fail");
	w->settings->min_free = have / 2;
	expect(w, "disk", "warn");
	w->settings->min_free = min;
	expect(w, "disk", "ok");
}

static void
no_heartbeat(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	w->now += 3600;
	expect(w, "status.db", "fail");
	assert_true(status_heartbeat(w->ca->status, w->now));
	expect(w, "status.db", "ok");
	w->now = now;
	assert_true(status_heartbeat(w->ca->status, w->now));
}

static void
policy_differs(void **state)
{
	struct world *w = *state;
	char text[1024];

	snprintf(text, sizeof(text), "# new\n%s", WORLD_FLEET);
	world_write(w, "fleets/devices.conf", text);
	expect(w, "policy", "warn");
	world_write(w, "fleets/devices.conf", WORLD_FLEET);
	expect(w, "policy", "ok");
	world_sh("mv %s/profiles %s/profiles.away", w->dir, w->dir);
	expect(w, "policy", "warn");
	world_sh("mv %s/profiles.away %s/profiles", w->dir, w->dir);
	expect(w, "policy", "ok");
}

/* The store cannot be written: it shows here, not at the next device. */
static void
store_is_read_only(void **state)
{
	struct world *w = *state;
	struct store *good = w->ca->store;
	struct store_config cfg = {
	    .path = w->settings->store, .mode = STORE_READ, .now = w->now};

	w->ca->store = store_open(&cfg);
	assert_non_null(w->ca->store);
	expect(w, "store.write", "fail");
	store_close(w->ca->store);
	w->ca->store = good;
	expect(w, "store.write", "absent");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_is_well),
	    cmocka_unit_test(stopped),
	    cmocka_unit_test(token_away),
	    cmocka_unit_test(disk_is_short),
	    cmocka_unit_test(no_heartbeat),
	    cmocka_unit_test(policy_differs),
	    cmocka_unit_test(store_is_read_only),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
