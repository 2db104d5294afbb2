#include "rig.h"

static const struct { const char *raw, *text; } rfc4648[] = {
    {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

static void
writes_and_reads(void **state)
{
	unsigned char raw[16];
	char text[LOG_BASE64_SIZE(sizeof(raw))];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rfc4648) / sizeof(rfc4648[0]); i++) {
		n = strlen(rfc4648[i].raw);
		assert_string_equal(log_base64_print(rfc4648[i].raw, n, text),
		    rfc4648[i].text);
		assert_true(strlen(text) < LOG_BASE64_SIZE(n));
		assert_int_equal(log_base64_parse(text, strlen(text), raw, n,
		    &n), 1);
		assert_int_equal(n, strlen(rfc4648[i].raw));
		assert_memory_equal(raw, rfc4648[i].raw, n);
	}
}

static void
refuses_every_other_form(void **state)
{
	static const char *const bad[] = {"", "Zg", "Zg=", "Zg=== ", "Zg==\n",
	    " Zg==", "Zh==", "Zm9=", "Zm-v", "Zm_v", "Zm9v====", "====", "Z===",
	    "Zg==Zg==", "Zm9v\n\n\n\n", "Zm\n9v", "Zm 9", "Zm9vYmE"};
	unsigned char raw[16];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (log_base64_parse(bad[i], strlen(bad[i]), raw, sizeof(raw),
			&n))
			fail_msg("\"%s\" was read", bad[i]);
	assert_int_equal(log_base64_parse("Zm9v", 4, raw, 2, &n), 0);
	assert_int_equal(log_base64_parse("Z\0==", 4, raw, 16, &n), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_and_reads),
	    cmocka_unit_test(refuses_every_other_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
