#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/crypto.h>

#include "ca/shape/base64.h"
#include "ca/shape/basic.h"

static enum basic_result
parse(const char *scheme, const void *pair, size_t len, struct basic *out)
{
	char *text = base64_encode(pair, len, 0), header[2048];

	text[strlen(text) - 1] = '\0';
	snprintf(header, sizeof(header), "%s %s", scheme, text);
	OPENSSL_free(text);
	return basic_parse(header, out);
}

static void
given(void **state)
{
	struct basic b;

	(void)state;
	/* RFC 7617 2 and 2.1 */
	assert_int_equal(
	    basic_parse("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", &b), BASIC_GIVEN);
	assert_string_equal(b.user, "Aladdin");
	assert_string_equal(b.secret, "open sesame");
	basic_clear(&b);
	assert_int_equal(b.secret[0], 0);
	assert_int_equal(
	    basic_parse("Basic dGVzdDoxMjPCow==", &b), BASIC_GIVEN);
	assert_string_equal(b.secret, "123\xc2\xa3");
	assert_int_equal(parse("bAsIc ", "a:b:c", 5, &b), BASIC_GIVEN);
	assert_string_equal(b.user, "a");
	assert_string_equal(b.secret, "b:c");
	assert_int_equal(parse("Basic", "a:", 2, &b), BASIC_GIVEN);
	assert_string_equal(b.secret, "");
	assert_int_equal(basic_parse("Basic YTpi  ", &b), BASIC_GIVEN);
}

static void
none(void **state)
{
	struct basic b;

	(void)state;
	assert_int_equal(basic_parse(NULL, &b), BASIC_NONE);
	assert_int_equal(basic_parse("", &b), BASIC_NONE);
	assert_int_equal(basic_parse("Bearer YTpi", &b), BASIC_NONE);
	assert_int_equal(basic_parse("Basically YTpi", &b), BASIC_NONE);
}

static void
malformed(void **state)
{
	static const char zero[4] = {'a', ':', 0, 'b'};
	struct basic b;

	(void)state;
	assert_int_equal(basic_parse("Basic", &b), BASIC_MALFORMED);
	assert_int_equal(basic_parse("Basic ", &b), BASIC_MALFORMED);
	assert_int_equal(basic_parse("Basic YTp", &b), BASIC_MALFORMED);
	assert_int_equal(basic_parse("Basic YT pi", &b), BASIC_MALFORMED);
	assert_int_equal(basic_parse("Basic Y*pi", &b), BASIC_MALFORMED);
	assert_int_equal(parse("Basic", "nocolon", 7, &b), BASIC_MALFORMED);
	assert_int_equal(parse("Basic", ":secret", 7, &b), BASIC_MALFORMED);
	assert_int_equal(parse("Basic", "a:\xff", 3, &b), BASIC_MALFORMED);
	assert_int_equal(parse("Basic", "a:\xc3", 3, &b), BASIC_MALFORMED);
	assert_int_equal(parse("Basic", "a\n:b", 4, &b), BASIC_MALFORMED);
	assert_int_equal(parse("Basic", "a:\x7f", 3, &b), BASIC_MALFORMED);
	assert_int_equal(parse("Basic", zero, 4, &b), BASIC_MALFORMED);
	assert_int_equal(b.user[0], 0);
}

static void
lengths(void **state)
{
	char pair[BASIC_USER_MAX + BASIC_SECRET_MAX + 3];
	struct basic b;

	(void)state;
	memset(pair, 'u', sizeof(pair));
	pair[BASIC_USER_MAX] = ':';
	assert_int_equal(
	    parse("Basic", pair, BASIC_USER_MAX + 1 + BASIC_SECRET_MAX, &b),
	    BASIC_GIVEN);
	assert_int_equal(strlen(b.user), BASIC_USER_MAX);
	assert_int_equal(strlen(b.secret), BASIC_SECRET_MAX);
	assert_int_equal(
	    parse("Basic", pair, BASIC_USER_MAX + 2 + BASIC_SECRET_MAX, &b),
	    BASIC_MALFORMED);
	pair[BASIC_USER_MAX] = 'u';
	pair[BASIC_USER_MAX + 1] = ':';
	assert_int_equal(
	    parse("Basic", pair, BASIC_USER_MAX + 3, &b), BASIC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(given),
	    cmocka_unit_test(none),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests_name("basic", tests, NULL, NULL);
}
