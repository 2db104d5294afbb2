#include "alone.h"

static void
names_entries_and_certificates(void **state)
{
	struct audit *a = alone_begin();
	WIRE_FIELDS *l = field_list_new();
	struct cert_row row = {.serial = {0x41, 0x00}, .serial_len = 2};

	(void)state;
	snprintf(row.issuer_ident, sizeof(row.issuer_ident), "code-g2");
	assert_true(field_add_text(l, "issuer", "a-g1") &&
	    field_add_text(l, "serial", "4f"));
	audit_say(a, "missing", 7, l, "%s %d", "text", 1);
	assert_found("missing 7 a-g14f: text 1\n");
	audit_say(a, "changed", -1, NULL, "nothing of any");
	assert_found("changed -1 : nothing of any\n");
	audit_say_cert(a, "extra", -1, &row, "row");
	assert_found("extra -1 code-g24100: row\n");
	assert_int_equal(alone.result.findings, 3);
	field_list_free(l);
}

/* What comes from a store that was tampered with may be of any length. */
static void
cuts_what_is_too_long(void **state)
{
	struct audit *a = alone_begin();
	WIRE_FIELDS *l = field_list_new();
	char longer[3000];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_true(field_add_text(l, "issuer", longer) &&
	    field_add_text(l, "serial", longer));
	audit_say(a, "missing", 1, l, "%s", longer);
	assert_true(strlen(alone.found) < 1300);
	field_list_free(l);
}

static void
writes_times(void **state)
{
	char t[AUDIT_TIME_MAX];

	(void)state;
	assert_string_equal(audit_time(NOW, t), "2026-11-18T11:06:40Z");
	assert_string_equal(audit_time(0, t), "1970-01-01T00:00:00Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_entries_and_certificates),
	    cmocka_unit_test(cuts_what_is_too_long),
	    cmocka_unit_test(writes_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
