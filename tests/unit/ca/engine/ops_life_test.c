#include "tests/unit/ca/engine/many.h"

/* The ends of a device over the admin socket. */

static void
retire(void **state)
{
	struct world *w = *state;
	char s[64];
	WIRE_ANSWER *a;

	many_device(w, "l-1", "X1", "1");
	many_issue(w, "device-ldevid", "l-1", NULL, s);
	world_refused(world_admin(w, "device.retire", "tt", "name", "l-1",
			  "reason", "certificateHold"),
	    WIRE_BADREQUEST, "certificateHold");
	world_refused(world_admin(w, "device.retire", "t", "name", "nobody"),
	    WIRE_NOTFOUND, "nobody");
	a = world_admin(
	    w, "device.retire", "tt", "name", "l-1", "note", "scrapped");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "disabled");
	assert_string_equal(
	    field_text(a->values, "note", ""), "retired: scrapped");
	assert_true(field_time(a->values, "retired_at", 0) > 0);
	assert_int_equal(field_int(a->values, "revoked", 0), 1);
	assert_string_equal(field_text(message_row(a, 0), "reason", ""),
	    "cessationOfOperation");
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "device.retire", "t", "name", "l-1"),
	    WIRE_DENIED, "device.retired");
}

static void
replace(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	WIRE_ANSWER *a;

	many_device(w, "l-2", "X1", "1");
	world_refused(world_admin(w, "device.replace", "t", "name", "l-2"),
	    WIRE_BADREQUEST, "missing");
	world_refused(world_admin(w, "device.replace", "tt", "name", "l-2",
			  "by", " blank "),
	    WIRE_BADREQUEST, "name");
	world_refused(world_admin(w, "device.replace", "ttt", "name", "l-2",
			  "by", "l-3", "serial", " "),
	    WIRE_BADREQUEST, "serial");
	a = world_admin(w, "device.replace", "tttb", "name", "l-2", "by", "l-3",
	    "serial", "SN-3", "key", der, len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "name", ""), "l-3");
	assert_string_equal(field_text(a->values, "serial", ""), "SN-3");
	assert_non_null(field_text(a->values, "key_sha256", NULL));
	assert_string_equal(
	    field_text(a->values, "fields", ""), "firmware=1; model=X1");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "device.show", "t", "name", "l-2");
	world_is(a, WIRE_OK);
	assert_string_equal(
	    field_text(a->values, "successor", ""), "devices/l-3");
	WIRE_ANSWER_free(a);
	world_refused(
	    world_admin(w, "device.replace", "tt", "name", "l-2", "by", "l-4"),
	    WIRE_DENIED, "device.replaced");
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
transfer(void **state)
{
	struct world *w = *state;

	many_device(w, "l-5", "X1", "1");
	world_refused(world_admin(w, "device.transfer", "tt", "name", "l-5",
			  "to", "nowhere"),
	    WIRE_NOTFOUND, "fleet.unknown");
	world_refused(world_admin(w, "device.transfer", "tt", "name", "l-5",
			  "to", "devices"),
	    WIRE_DENIED, "fleet.same");
	assert_int_equal(
	    many_device_row(w, "devices", "l-5").state, DEVICE_ENABLED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(retire),
	    cmocka_unit_test(replace),
	    cmocka_unit_test(transfer),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
