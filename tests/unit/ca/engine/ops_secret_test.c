#include "tests/unit/ca/engine/world.h"

/* Secrets: shown once, kept as salt and hash. */

struct looking {
	const char *user;
	struct secret_row row;
};

static int
get_tx(struct store_tx *tx, void *arg)
{
	struct looking *l = arg;

	return secrets_get(tx, l->user, &l->row) == 1;
}

static void
made_by_us(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = world_admin(w, "secret.new", "t", "fleet", "devices");
	struct looking l;
	char user[128], cmd[2 * PATH_MAX + 200];
	const char *secret;

	world_is(a, WIRE_OK);
	snprintf(user, sizeof(user), "%s", field_text(a->values, "user", ""));
	secret = field_text(a->values, "secret", "");
	assert_true(strlen(secret) >= 22); /* 128 bits */
	assert_int_equal(field_flag(a->values, "reusable", 1), 0);
	assert_string_equal(field_text(a->values, "fleets", ""), "devices");
	l.user = user;
	assert_true(store_read(w->ca->store, get_tx, &l));
	assert_int_equal(l.row.kind, SECRET_RANDOM);
	assert_int_equal(l.row.expires, 0);
	assert_int_equal(world_log(w, "secret.new", user), 1);
	/* Nowhere in the store. */
	snprintf(cmd, sizeof(cmd), "! grep -q -a -F -e '%s' %s %s-wal", secret,
	    w->settings->store, w->settings->store);
	assert_int_equal(system(cmd), 0);
	WIRE_ANSWER_free(a);
	a = world_admin(
	    w, "secret.new", "tt", "fleet", "devices", "secret", "");
	world_is(a, WIRE_OK);
	assert_string_not_equal(field_text(a->values, "user", ""), user);
	assert_true(strlen(field_text(a->values, "secret", "")) >= 22);
	WIRE_ANSWER_free(a);
}

static void
chosen(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = world_admin(w, "secret.new", "ttftit", "fleet",
	    "devices", "user", "bob", "reusable", 1, "device", "door-1", "ttl",
	    3600, "secret", "correct horse battery staple");
	struct looking l = {.user = "bob"};

	world_is(a, WIRE_OK);
	assert_null(field_text(a->values, "secret", NULL));
	assert_int_equal(field_time(a->values, "expires", 0), w->now + 3600);
	WIRE_ANSWER_free(a);
	assert_true(store_read(w->ca->store, get_tx, &l));
	assert_int_equal(l.row.kind, SECRET_SCRYPT);
	assert_int_equal(l.row.reusable, 1);
	assert_string_equal(l.row.device, "door-1");
	world_refused(world_admin(w, "secret.new", "tt", "fleet", "devices",
			  "user", "bob"),
	    WIRE_DENIED, "secret.duplicate");
}

static void
not_made(void **state)
{
	struct world *w = *state;

	world_refused(
	    world_admin(w, "secret.new", ""), WIRE_BADREQUEST, "missing");
	world_refused(world_admin(w, "secret.new", "t", "fleet", "none"),
	    WIRE_NOTFOUND, "no fleet");
	world_refused(world_admin(w, "secret.new", "tt", "fleet", "devices",
			  "fleet", "none"),
	    WIRE_NOTFOUND, "no fleet");
	world_refused(world_admin(w, "secret.new", "tt", "fleet", "devices",
			  "user", "a:b"),
	    WIRE_BADREQUEST, "colon");
	world_refused(world_admin(w, "secret.new", "tt", "fleet", "devices",
			  "user", "a b"),
	    WIRE_BADREQUEST, "space");
	/* RFC 7617 2: no control characters either. */
	world_refused(world_admin(w, "secret.new", "tt", "fleet", "devices",
			  "user", "a\nb"),
	    WIRE_BADREQUEST, "control");
	world_refused(world_admin(w, "secret.new", "tt", "fleet", "devices",
			  "user", "a\x7f"),
	    WIRE_BADREQUEST, "control");
	world_refused(
	    world_admin(w, "secret.new", "ti", "fleet", "devices", "ttl", -1),
	    WIRE_BADREQUEST, "10 years");
	world_refused(world_admin(w, "secret.new", "ti", "fleet", "devices",
			  "ttl", 2000000000),
	    WIRE_BADREQUEST, "10 years");
	world_refused(world_admin(w, "secret.new", "ttt", "fleet", "devices",
			  "user", "short", "secret", "x"),
	    WIRE_BADREQUEST, "secret");
}

static void
listed_and_revoked(void **state)
{
	struct world *w = *state;
	const WIRE_FIELDS *r = NULL;
	struct looking l = {.user = "carol"};
	WIRE_ANSWER *a;
	size_t i;

	world_done(world_admin(w, "secret.new", "ttf", "fleet", "devices",
	    "user", "carol", "reusable", 1));
	world_done(world_admin(w, "secret.revoke", "t", "user", "carol"));
	assert_true(store_read(w->ca->store, get_tx, &l));
	assert_int_equal(l.row.revoked, 1);
	a = world_admin(w, "secret.list", "");
	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++) {
		if (strcmp(field_text(message_row(a, i), "user", ""),
			"carol") == 0)
			r = message_row(a, i);
		assert_int_equal(field_count(message_row(a, i), "secret"), 0);
		assert_int_equal(field_count(message_row(a, i), "hash"), 0);
	}
	assert_non_null(r);
	assert_int_equal(field_flag(r, "revoked", 0), 1);
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "secret.revoke", "user=carol"), 1);
	world_refused(world_admin(w, "secret.revoke", "t", "user", "dave"),
	    WIRE_NOTFOUND, "no secret");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(made_by_us),
	    cmocka_unit_test(chosen),
	    cmocka_unit_test(not_made),
	    cmocka_unit_test(listed_and_revoked),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
