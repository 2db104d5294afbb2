#include "profiles/text.h"
#include "tests/unit/profiles/raised.h"

#define LEN(s) s, strlen(s)

static void
utf8(void **state)
{
	static const char *const bad[] = {"\x80", "\xc0\xaf", "\xc1\x81",
	    "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "a\xffz"};
	size_t i;

	(void)state;
	assert_true(text_is_utf8(LEN("Zürich €10 印鑑 \xf0\x9f\x94\x91")));
	assert_false(text_is_utf8("a\0b", 3));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_utf8(LEN(bad[i])));
}

static void
alphabets(void **state)
{
	(void)state;
	assert_true(text_is_printable(LEN("Az09 '()+,-./:=?")));
	assert_false(text_is_printable(LEN("a@b")));
	assert_false(text_is_printable("a\0", 2));
	assert_true(text_is_ascii(LEN(" ~")));
	assert_false(text_is_ascii(LEN("\x7f")));
	assert_false(text_is_ascii(LEN("\x1f")));
}

static void
dns(void **state)
{
	static const char *const good[] = {
	    "a", "a.b", "3com.example", "xn--bcher-kva.example", "a-b.c"};
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "-a",
	    "a-", "a_b", "a b", "*.a", "a.-b", "ä.example"};
	char longest[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(text_is_dns(LEN(good[i]), 0));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_dns(LEN(bad[i]), 0));
	assert_false(text_is_dns("a\0b", 3, 0));
	assert_true(text_is_dns(LEN("*.a"), 1));
	assert_false(text_is_dns(LEN("a.*"), 1));
	memset(longest, 'a', sizeof(longest));
	assert_true(text_is_dns(longest, 63, 0));
	assert_false(text_is_dns(longest, 64, 0));
	for (i = 63; i < sizeof(longest); i += 64)
		longest[i] = '.';
	assert_true(text_is_dns(longest, 253, 0));
	assert_false(text_is_dns(longest, 254, 0));
}

static void
addresses(void **state)
{
	char oid[] = "2.005.29.046", none[] = "1.40";

	(void)state;
	assert_true(text_is_email(LEN("a.b+c@example.org")));
	assert_false(text_is_email(LEN("a@")));
	assert_false(text_is_email(LEN("@example.org")));
	assert_false(text_is_email(LEN("a b@example.org")));
	assert_false(text_is_email(LEN(".a@example.org")));
	assert_false(text_is_email(LEN("a@b@c")));
	assert_false(text_is_email(LEN("a..b@example.org")));
	assert_true(text_is_email(LEN("a.b.c@example.org")));
	assert_true(text_is_uri(LEN("urn:uuid:1")));
	assert_false(text_is_uri(LEN("http:")));
	assert_false(text_is_uri(LEN("1a:b")));
	assert_false(text_is_uri(LEN("http://a b")));
	assert_true(text_is_http("http://a/b"));
	assert_true(text_is_http("http://[::1]:80/b"));
	assert_false(text_is_http("https://a/b"));
	assert_false(text_is_http("http:///b"));
	assert_true(text_is_oid("1.3.6.1"));
	assert_false(text_is_oid("1.3..6"));
	assert_false(text_is_oid("4.1"));
	assert_false(text_is_oid("1.40"));
	assert_false(text_is_oid("serverAuth"));
	assert_false(text_is_oid(""));
	assert_true(text_to_oid(oid));
	assert_string_equal(oid, "2.5.29.46");
	assert_true(text_to_oid(oid));
	assert_string_equal(oid, "2.5.29.46");
	assert_false(text_to_oid(none));
	assert_string_equal(none, "1.40");
}

static void
patterns(void **state)
{
	(void)state;
	assert_true(text_match("a*c", "abbc", '*', 0));
	assert_true(text_match("*", "", '*', 0));
	assert_true(text_match("a*b*c", "aXbYbZc", '*', 0));
	assert_false(text_match("a*c", "abb", '*', 0));
	assert_false(text_match("abc", "ab", '*', 0));
	assert_false(text_match("ab", "abc", '*', 0));
	assert_true(text_match("DEV1", "dev1", '*', 1));
	assert_false(text_match("DEV1", "dev1", '*', 0));
	assert_false(text_match("*", "abc", '\x01', 0));
	assert_true(text_match("a*", "a*", '\x01', 0));
}

static void
hints(void **state)
{
	static const char *const names[] = {"validity", "subject", "san"};
	char hint[TEXT_HINT_MAX], huge[200];

	(void)state;
	assert_string_equal(text_hint("valdity", names, 3, hint),
	    " (did you mean \"validity\"?)");
	assert_string_equal(text_hint("sujbect", names, 3, hint),
	    " (did you mean \"subject\"?)");
	assert_string_equal(text_hint("policies", names, 3, hint), "");
	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_string_equal(text_hint(huge, names, 3, hint), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(utf8),
	    cmocka_unit_test(alphabets),
	    cmocka_unit_test(dns),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(patterns),
	    cmocka_unit_test(hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
