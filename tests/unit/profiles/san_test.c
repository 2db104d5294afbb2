#include "profiles/san.h"
#include "tests/unit/profiles/raised.h"

#include <openssl/crypto.h>

static void
hex_is(enum profile_san_type type, const char *oid, const char *value,
    const char *want)
{
	GENERAL_NAME *gn = san_make(type, oid, value);
	unsigned char *der = NULL;
	char *hex;
	int n;

	assert_non_null(gn);
	n = i2d_GENERAL_NAME(gn, &der);
	hex = OPENSSL_buf2hexstr(der, n);
	if (strcmp(hex, want) != 0)
		fail_msg("%s: %s", value, hex);
	OPENSSL_free(hex);
	OPENSSL_free(der);
	GENERAL_NAME_free(gn);
}

static void
names_are_typed(void **state)
{
	(void)state;
	hex_is(PROFILE_SAN_DNS, "", "a.b", "82:03:61:2E:62");
	hex_is(PROFILE_SAN_EMAIL, "", "a@b", "81:03:61:40:62");
	hex_is(PROFILE_SAN_URI, "", "a:b", "86:03:61:3A:62");
	hex_is(PROFILE_SAN_IP, "", "10.0.0.1", "87:04:0A:00:00:01");
	hex_is(PROFILE_SAN_IP, "", "::1",
	    "87:10:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01");
}

static void
hardware_names_are_rfc4108(void **state)
{
	(void)state;
	/* otherName 1.3.6.1.5.5.7.8.4, hwType 1.2.3, OCTET STRING "S1" */
	hex_is(PROFILE_SAN_HW_MODULE_NAME, "1.2.3", "S1",
	    "A0:16:06:08:2B:06:01:05:05:07:08:04:A0:0A:30:08:06:02:2A:03:04:"
	    "02:53:31");
	hex_is(PROFILE_SAN_HW_MODULE_NAME, "1.2.3", "hex:00ff",
	    "A0:16:06:08:2B:06:01:05:05:07:08:04:A0:0A:30:08:06:02:2A:03:04:"
	    "02:00:FF");
}

static void
permanent_ids_are_rfc4043(void **state)
{
	(void)state;
	hex_is(PROFILE_SAN_PERMANENT_ID, "", "S1",
	    "A0:12:06:08:2B:06:01:05:05:07:08:03:A0:06:30:04:0C:02:53:31");
	hex_is(PROFILE_SAN_PERMANENT_ID, "1.2.3", "S1",
	    "A0:16:06:08:2B:06:01:05:05:07:08:03:A0:0A:30:08:0C:02:53:31:06:"
	    "02:2A:03");
}

static void
bad_values_are_refused(void **state)
{
	static const struct {
		enum profile_san_type type;
		const char *value;
	} bad[] = {{PROFILE_SAN_DNS, "a_b"}, {PROFILE_SAN_DNS, ""},
	    {PROFILE_SAN_DNS, "*.a"}, {PROFILE_SAN_IP, "10.0.0"},
	    {PROFILE_SAN_IP, "10.0.0.256"}, {PROFILE_SAN_IP, "10.0.0.0/8"},
	    {PROFILE_SAN_EMAIL, "a"}, {PROFILE_SAN_URI, "a"},
	    {PROFILE_SAN_HW_MODULE_NAME, "hex:0"},
	    {PROFILE_SAN_HW_MODULE_NAME, "hex:zz"},
	    {PROFILE_SAN_PERMANENT_ID, "a\nb"},
	    {PROFILE_SAN_PERMANENT_ID, "\xff"}};
	char want[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(san_make(bad[i].type, "1.2.3", bad[i].value));
		snprintf(
		    want, sizeof(want), "san.%s: ", san_type_name(bad[i].type));
		assert_raised(PROFILE_E_BADREQUEST, want);
	}
}

static void
names_are_read_back(void **state)
{
	static const struct {
		enum profile_san_type type;
		const char *value;
	} good[] = {{PROFILE_SAN_DNS, "a.b"}, {PROFILE_SAN_IP, "10.0.0.1"},
	    {PROFILE_SAN_IP, "2001:db8::1"}, {PROFILE_SAN_EMAIL, "a@b"},
	    {PROFILE_SAN_URI, "urn:x"}};
	enum profile_san_type type;
	GENERAL_NAME *gn;
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		gn = san_make(good[i].type, "", good[i].value);
		assert_int_equal(san_read(gn, &type, text, sizeof(text)), 1);
		assert_int_equal(type, good[i].type);
		assert_string_equal(text, good[i].value);
		assert_int_equal(san_read(gn, &type, text, 3), 0);
		GENERAL_NAME_free(gn);
	}
	gn = san_make(PROFILE_SAN_PERMANENT_ID, "", "x");
	assert_int_equal(san_read(gn, &type, text, sizeof(text)), 0);
	GENERAL_NAME_free(gn);
}

static void
a_nul_is_no_text(void **state)
{
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();
	enum profile_san_type type;
	char text[64];

	(void)state;
	ASN1_STRING_set(s, "good.example\0.evil", 18);
	GENERAL_NAME_set0_value(gn, GEN_DNS, s);
	assert_int_equal(san_read(gn, &type, text, sizeof(text)), 0);
	GENERAL_NAME_free(gn);
}

static void
reads(const char *value, const char *want)
{
	GENERAL_NAME *gn = san_make(PROFILE_SAN_HW_MODULE_NAME, "1.2.3", value);
	char oid[SAN_OID_MAX], out[65];

	assert_non_null(gn);
	if (want == NULL)
		assert_int_equal(
		    san_read_hardware(gn, oid, out, sizeof(out)), 0);
	else {
		assert_int_equal(
		    san_read_hardware(gn, oid, out, sizeof(out)), 1);
		assert_string_equal(oid, "1.2.3");
		assert_string_equal(out, want);
	}
	GENERAL_NAME_free(gn);
}

/* Two numbers that differ never read the same. */
static void
hardware_names_are_read(void **state)
{
	GENERAL_NAME *gn = san_make(PROFILE_SAN_DNS, "", "a.b");
	GENERAL_NAME *id = san_make(PROFILE_SAN_PERMANENT_ID, "1.2.3", "S1");
	char oid[SAN_OID_MAX], out[65];

	(void)state;
	reads("S1", "S1");
	reads("hex:5331", "S1");
	reads("hex:00ff", "hex:00ff");
	reads("hex:6865783a3030", "hex:6865783a3030"); /* "hex:00" */
	reads("hex:2053", "hex:2053");		       /* " S" */
	reads("0123456789012345678901234567890123456789012345678901234567890123",
	    "0123456789012345678901234567890123456789012345678901234567890123");
	reads(
	    "01234567890123456789012345678901234567890123456789012345678901234",
	    NULL);
	reads("hex:00010203040506070809000102030405060708090001020304050607080900",
	    NULL);
	assert_int_equal(san_read_hardware(gn, oid, out, sizeof(out)), 0);
	assert_int_equal(san_read_hardware(id, oid, out, sizeof(out)), 0);
	GENERAL_NAME_free(gn);
	GENERAL_NAME_free(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_typed),
	    cmocka_unit_test(hardware_names_are_rfc4108),
	    cmocka_unit_test(permanent_ids_are_rfc4043),
	    cmocka_unit_test(bad_values_are_refused),
	    cmocka_unit_test(names_are_read_back),
	    cmocka_unit_test(hardware_names_are_read),
	    cmocka_unit_test(a_nul_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
