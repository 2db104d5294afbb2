#include "tests/unit/ca/engine/foreign.h"

/* A level for each fault, and back to ok when it is mended. */

static const char *
level_of(WIRE_ANSWER *a, const char *check)
{
	static const char *const order[] = {"fail", "warn", "ok"};
	const WIRE_FIELDS *row;
	size_t i, k;

	for (k = 0; k < 3; k++)
		for (i = 0; i < message_n_rows(a); i++) {
			row = message_row(a, i);
			if (strcmp(field_text(row, "check", ""), check) == 0 &&
			    strcmp(field_text(row, "level", ""), order[k]) == 0)
				return order[k];
		}
	return "absent";
}

/* ${check} has ${level}, and the whole is no better. */
static void
expect(struct world *w, const char *check, const char *level)
{
	WIRE_ANSWER *a = world_admin(w, "status", "");
	const char *all;

	world_is(a, WIRE_OK);
	if (strcmp(level_of(a, check), level) != 0)
		fail_msg("%s is %s, not %s", check, level_of(a, check), level);
	all = field_text(a->values, "level", "");
	if (strcmp(level, "fail") == 0)
		assert_string_equal(all, "fail");
	if (strcmp(level, "warn") == 0)
		assert_string_not_equal(all, "ok");
	WIRE_ANSWER_free(a);
}

static void
all_is_well(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

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

static void
crls_run_out(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	w->now += 13 * 3600;
	expect(w, "crl:devices-g1", "warn");
	expect(w, "crl:root-g1", "ok");
	w->now = now + 25 * 3600;
	expect(w, "crl:devices-g1", "fail");
	w->now = now;
	expect(w, "crl:devices-g1", "ok");
}

/* Some are told one by one, all of them as one line. */
static void
shards(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "code");
	const char *check;
	WIRE_ANSWER *a;
	size_t i, n = 0;

	is->row.crl_shards = 30;
	expect(w, "crl:code-g1", "fail");
	expect(w, "crl:code-g1-s1", "fail");
	a = world_admin(w, "status", "");
	for (i = 0; i < message_n_rows(a); i++) {
		check = field_text(message_row(a, i), "check", "");
		n += strncmp(check, "crl:code-g1-s", 13) == 0;
	}
	assert_int_equal(n, 8);
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "crl.issue", "t", "issuer", "code"));
	expect(w, "crl:code-g1", "ok");
	expect(w, "crl:code-g1-s1", "absent");
	/* Late: overdue by a tenth of the interval. */
	w->now += is->row.crl_interval + is->row.crl_interval / 10 - 1;
	expect(w, "crl:code-g1", "ok");
	w->now += 1;
	expect(w, "crl:code-g1-s29", "absent");
	expect(w, "crl:code-g1-s0", "warn");
	w->now -= is->row.crl_interval + is->row.crl_interval / 10;
	is->row.crl_shards = 0;
	expect(w, "crl:code-g1", "ok");
}

static void
certificates_expire(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	w->now = now + 80 * 86400;
	expect(w, "service:CN=localhost", "warn");
	expect(w, "ca:devices-g1", "ok");
	w->now = now + 91 * 86400;
	expect(w, "service:CN=localhost", "fail");
	w->now = issuer_set_find(&w->ca->issuers, "devices")->row.not_after + 1;
	expect(w, "ca:devices-g1", "fail");
	w->now -= 86400;
	expect(w, "ca:devices-g1", "warn");
	w->now = now;
}

/* The root's OCSP answers, signed in its ceremony for 180 days. */
static void
answers_run_out(void **state)
{
	struct world *w = *state;
	time_t now = w->now;
	char dir[512];

	expect(w, "presigned:root-g1", "ok");
	expect(w, "presigned:devices-g1", "absent");
	w->now = now + 150 * 86400;
	expect(w, "presigned:root-g1", "warn");
	w->now = now + 181 * 86400;
	expect(w, "presigned:root-g1", "fail");
	w->now = now;
	snprintf(dir, sizeof(dir), "%s/pub/ocsp/root-g1", w->dir);
	world_sh("mv %s %s.away", dir, dir);
	expect(w, "presigned:root-g1", "fail");
	world_sh("mkdir %s && echo x >%s/1-sha1.der", dir, dir);
	expect(w, "presigned:root-g1", "fail");
	world_sh("rm -r %s && mv %s.away %s", dir, dir, dir);
	expect(w, "presigned:root-g1", "ok");
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

/* A CA is worth what is above it. */
static void
a_foreign_root_ends(void **state)
{
	struct world *w = *state;
	struct foreign good, late;

	foreign_ca(&good, NULL, "Good Root", (struct foreign_how){0}, w->now);
	foreign_ca(&late, NULL, "Late Root",
	    (struct foreign_how){.from = -300L * 86400, .to = 20L * 86400},
	    w->now);
	foreign_sub(w, &good, "good");
	foreign_sub(w, &late, "late");
	world_done(world_admin(w, "crl.issue", "t", "issuer", "good"));
	world_done(world_admin(w, "crl.issue", "t", "issuer", "late"));
	expect(w, "ca:good-g1", "ok");
	expect(w, "crl:good-g1", "ok");
	expect(w, "ca:late-g1", "warn");
	foreign_free(&good);
	foreign_free(&late);
}

/* Disabled, and over: its CRL and its delegates may run out. */
static void
a_disabled_ca(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	world_done(world_admin(w, "ca.disable", "t", "name", "code"));
	w->now += 30 * 86400;
	expect(w, "ca:code-g1", "ok");
	expect(w, "crl:code-g1", "absent");
	world_done(world_admin(w, "ca.enable", "t", "name", "code"));
	expect(w, "crl:code-g1", "fail");
	w->now = now;
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
	    cmocka_unit_test(crls_run_out),
	    cmocka_unit_test(shards),
	    cmocka_unit_test(certificates_expire),
	    cmocka_unit_test(answers_run_out),
	    cmocka_unit_test(store_is_read_only),
	    cmocka_unit_test(a_foreign_root_ends),
	    cmocka_unit_test(a_disabled_ca),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
