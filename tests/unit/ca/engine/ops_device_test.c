#include "tests/unit/ca/engine/world.h"

/* The registry, as operators ask for it. */

static WIRE_ANSWER *
add(struct world *w, const char *name)
{
	return world_admin(
	    w, "device.add", "tt", "fleet", "devices", "name", name);
}

static void
state_is(struct world *w, const char *name, const char *want)
{
	WIRE_ANSWER *a = world_admin(w, "device.show", "t", "name", name);

	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), want);
	WIRE_ANSWER_free(a);
}

static void
added(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *spki = NULL;
	WIRE_ANSWER *a;
	int len = i2d_PUBKEY(key, &spki);

	a = world_admin(w, "device.add", "tttbtt", "fleet", "devices", "name",
	    "pinned", "serial", "SN-1", "key", spki, len, "set", "model=X1",
	    "set", "site=north=1");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "name", ""), "pinned");
	assert_string_equal(field_text(a->values, "serial", ""), "SN-1");
	assert_string_equal(field_text(a->values, "state", ""), "enabled");
	assert_int_equal(strlen(field_text(a->values, "key_sha256", "")), 64);
	assert_non_null(
	    strstr(field_text(a->values, "origin", ""), "operator:"));
	assert_non_null(
	    strstr(field_text(a->values, "fields", ""), "model=X1"));
	assert_non_null(
	    strstr(field_text(a->values, "fields", ""), "site=north=1"));
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "device.add", "device=pinned"), 1);
	/* Nobody else gets that key, nor that name. */
	world_refused(world_admin(w, "device.add", "ttb", "fleet", "devices",
			  "name", "thief", "key", spki, len),
	    WIRE_DENIED, "key.duplicate");
	world_refused(add(w, "pinned"), WIRE_DENIED, "device.duplicate");
	assert_int_equal(world_log(w, "device.add", "device=thief"), 0);
	OPENSSL_free(spki);
	EVP_PKEY_free(key);
}

static void
not_added(void **state)
{
	struct world *w = *state;
	WIRE_REQUEST *req;
	int i;

	world_refused(world_admin(w, "device.add", "tt", "fleet", "devices",
			  "name", "two\nlines"),
	    WIRE_BADREQUEST, "control character");
	world_refused(world_admin(w, "device.add", "tt", "fleet", "devices",
			  "name", " x"),
	    WIRE_BADREQUEST, "blank");
	world_refused(world_admin(w, "device.add", "ttt", "fleet", "devices",
			  "name", "x", "serial", "1\t2"),
	    WIRE_BADREQUEST, "serial");
	world_refused(
	    world_admin(w, "device.add", "tt", "fleet", "none", "name", "x"),
	    WIRE_NOTFOUND, "no fleet");
	world_refused(add(w, ""), WIRE_BADREQUEST, "name");
	world_refused(world_admin(w, "device.add", "ttb", "fleet", "devices",
			  "name", "bad-key", "key", "rubbish", 7),
	    WIRE_BADREQUEST, "key");
	world_refused(world_admin(w, "device.add", "ttt", "fleet", "devices",
			  "name", "bad-set", "set", "no-equals"),
	    WIRE_BADREQUEST, "device.set");
	world_refused(world_admin(w, "device.add", "ttt", "fleet", "devices",
			  "name", "bad-set", "set", "Upper=x"),
	    WIRE_BADREQUEST, "device.set");
	world_refused(world_admin(w, "device.add", "ttt", "fleet", "devices",
			  "name", "bad-set", "set", "empty="),
	    WIRE_BADREQUEST, "device.set");
	/* A half of it is not kept. */
	world_refused(world_admin(w, "device.show", "t", "name", "bad-set"),
	    WIRE_NOTFOUND, "no device");
	req = message_request("device.add", 7);
	field_add_text(req->args, "fleet", "devices");
	field_add_text(req->args, "name", "many");
	for (i = 0; i < DEVICE_FIELDS_MAX + 1; i++)
		field_add_text(req->args, "set", "a=b");
	world_refused(ops_answer(w->ca, OPS_ADMIN, &w->peer, req, w->now),
	    WIRE_BADREQUEST, "more than 32");
	WIRE_REQUEST_free(req);
}

static void
lists(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	char cursor[32];

	world_done(add(w, "list-1"));
	world_done(add(w, "list-2"));
	world_done(add(w, "list-3"));
	world_done(world_admin(w, "device.disable", "t", "name", "list-2"));
	a = world_admin(w, "device.list", "ti", "name", "list-", "limit", 2);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 2);
	snprintf(cursor, sizeof(cursor), "%s", message_next(a));
	WIRE_ANSWER_free(a);
	a = world_admin(w, "device.list", "tit", "name", "list-", "limit", 2,
	    "cursor", cursor);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_null(message_next(a));
	assert_string_equal(
	    field_text(message_row(a, 0), "name", ""), "list-3");
	WIRE_ANSWER_free(a);
	a = world_admin(
	    w, "device.list", "tt", "name", "list-", "state", "disabled");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	WIRE_ANSWER_free(a);
	a = world_admin(w, "device.list", "t", "fleet", "none");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 0);
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "device.list", "t", "state", "asleep"),
	    WIRE_BADREQUEST, "none of");
}

static void
disabled_and_enabled(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "off", &csr);

	world_done(add(w, "off"));
	world_done(world_admin(
	    w, "device.disable", "tt", "name", "off", "reason", "stolen"));
	state_is(w, "off", "disabled");
	assert_int_equal(world_log(w, "device.state", "note=stolen"), 1);
	world_refused(
	    world_admin(w, "issue", "tbtt", "profile", "device-ldevid", "csr",
		csr, len, "fleet", "devices", "device", "off"),
	    WIRE_DENIED, "device.disabled");
	world_done(world_admin(w, "device.enable", "t", "name", "off"));
	state_is(w, "off", "enabled");
	world_done(world_admin(w, "issue", "tbtt", "profile", "device-ldevid",
	    "csr", csr, len, "fleet", "devices", "device", "off"));
	world_refused(world_admin(w, "device.disable", "t", "name", "none"),
	    WIRE_NOTFOUND, "no device");
	world_refused(world_admin(w, "device.enable", "tt", "name", "off",
			  "fleet", "none"),
	    WIRE_NOTFOUND, "no device");
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static void
revoked(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "gone", &csr);
	WIRE_ANSWER *a;

	world_done(add(w, "gone"));
	world_done(world_admin(w, "issue", "tbtt", "profile", "device-ldevid",
	    "csr", csr, len, "fleet", "devices", "device", "gone"));
	world_refused(world_admin(w, "device.revoke", "tt", "name", "gone",
			  "reason", "certificateHold"),
	    WIRE_BADREQUEST, "reason");
	world_refused(world_admin(w, "device.revoke", "tt", "name", "gone",
			  "reason", "because"),
	    WIRE_BADREQUEST, "reason");
	world_refused(world_admin(w, "device.revoke", "t", "name", "none"),
	    WIRE_NOTFOUND, "no device");
	state_is(w, "gone", "enabled");
	a = world_admin(w, "device.revoke", "tt", "name", "gone", "reason",
	    "keyCompromise");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_string_equal(
	    field_text(message_row(a, 0), "state", ""), "revoked");
	WIRE_ANSWER_free(a);
	assert_int_equal(atomic_load(&w->ca->crl_wanted), 1);
	state_is(w, "gone", "disabled");
	a = world_admin(w, "device.show", "t", "name", "gone");
	assert_int_equal(message_n_rows(a), 1);
	WIRE_ANSWER_free(a);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(added),
	    cmocka_unit_test(not_added),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(disabled_and_enabled),
	    cmocka_unit_test(revoked),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
