#include "tests/unit/ca/engine/world.h"

static void
serials_as_people_paste_them(void **state)
{
	unsigned char out[20];
	size_t len;

	(void)state;
	assert_true(ops_unhex("0x0A:bC:01", out, sizeof(out), &len));
	assert_int_equal(len, 3);
	assert_memory_equal(out, "\x0a\xbc\x01", 3);
	assert_true(ops_unhex("abc", out, sizeof(out), &len));
	assert_memory_equal(out, "\x0a\xbc", 2);
	assert_false(ops_unhex("", out, sizeof(out), &len));
	assert_false(ops_unhex("0x", out, sizeof(out), &len));
	assert_false(ops_unhex("12g4", out, sizeof(out), &len));
	assert_false(ops_unhex("0102030405060708090a0b0c0d0e0f101112131415",
	    out, sizeof(out), &len));
}

static void
a_certificate_by_serial(void **state)
{
	char serial[64], text[80];
	WIRE_ANSWER *a;

	world_issue(*state, "rows", serial);
	snprintf(text, sizeof(text), "0x%s", serial);
	a = world_admin(*state, "cert.show", "tt", "serial", text, "issuer",
	    "devices");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "serial", ""), serial);
	assert_string_equal(field_text(a->values, "issuer", ""), "devices-g1");
	assert_string_equal(field_text(a->values, "state", ""), "valid");
	assert_null(field_text(a->values, "reason", NULL));
	assert_int_equal(field_int(a->values, "profile_version", 0), 1);
	WIRE_ANSWER_free(a);
	world_refused(world_admin(*state, "cert.show", "tt", "serial", text,
	    "issuer", "code"), WIRE_NOTFOUND, "serial");
	world_refused(world_admin(*state, "cert.show", "tt", "serial", text,
	    "issuer", "nobody"), WIRE_NOTFOUND, "no CA");
	world_refused(world_admin(*state, "cert.show", "t", "serial", "zz"),
	    WIRE_BADREQUEST, "hexadecimal");
}

static void
lists_page(void **state)
{
	char serial[64], cursor[40];
	WIRE_ANSWER *a;
	size_t n = 0, pages = 0;
	int i;

	for (i = 0; i < 5; i++)
		world_issue(*state, "page", serial);
	cursor[0] = '\0';
	do {
		a = cursor[0] == '\0' ?
		    world_admin(*state, "cert.list", "ti", "subject", "page",
		    "limit", 2) :
		    world_admin(*state, "cert.list", "tit", "subject", "page",
		    "limit", 2, "cursor", cursor);
		world_is(a, WIRE_OK);
		n += message_n_rows(a);
		pages++;
		snprintf(cursor, sizeof(cursor), "%s",
		    message_next(a) != NULL ? message_next(a) : "");
		WIRE_ANSWER_free(a);
	} while (cursor[0] != '\0' && pages < 10);
	assert_int_equal(n, 5);
	assert_true(pages >= 3);
}

static void
a_device_by_name(void **state)
{
	world_done(world_admin(*state, "device.add", "tt", "fleet", "devices",
	    "name", "by-name"));
	world_done(world_admin(*state, "device.show", "t", "name", "by-name"));
	world_refused(world_admin(*state, "device.show", "t", "name", "none"),
	    WIRE_NOTFOUND, "no device");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(serials_as_people_paste_them),
	    cmocka_unit_test(a_certificate_by_serial),
	    cmocka_unit_test(lists_page),
	    cmocka_unit_test(a_device_by_name),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
