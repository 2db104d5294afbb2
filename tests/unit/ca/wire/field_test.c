#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include "ca/error.h"
#include "ca/wire/field.h"

static WIRE_FIELDS *
sample(void)
{
	WIRE_FIELDS *l = field_list_new();

	assert_non_null(l);
	assert_int_equal(field_add_text(l, "label", "gerät"), 1);
	assert_int_equal(field_add_text(l, "empty", ""), 1);
	assert_int_equal(field_add_text(l, "absent", NULL), 1);
	assert_int_equal(field_add_bytes(l, "chain", "\0\1\2", 3), 1);
	assert_int_equal(field_add_bytes(l, "chain", NULL, 0), 1);
	assert_int_equal(field_add_int(l, "min", INT64_MIN), 1);
	assert_int_equal(field_add_int(l, "max", INT64_MAX), 1);
	assert_int_equal(field_add_flag(l, "yes", 1), 1);
	assert_int_equal(field_add_flag(l, "no", 0), 1);
	assert_int_equal(field_add_time(l, "end", INT64_C(253402300799)), 1);
	assert_int_equal(field_add_time(l, "never", 0), 1);
	return l;
}

static void
check_sample(const WIRE_FIELDS *l)
{
	const unsigned char *p;
	size_t len;

	assert_string_equal(field_text(l, "label", "?"), "gerät");
	assert_string_equal(field_text(l, "empty", "?"), "");
	assert_string_equal(field_text(l, "absent", "?"), "?");
	assert_int_equal(field_type(field_find(l, "absent", 0)), V_ASN1_NULL);
	assert_int_equal(field_count(l, "chain"), 2);
	p = field_bytes(l, "chain", &len);
	assert_int_equal(len, 3);
	assert_memory_equal(p, "\0\1\2", 3);
	p = field_get_bytes(field_find(l, "chain", 1), &len);
	assert_non_null(p);
	assert_int_equal(len, 0);
	assert_null(field_find(l, "chain", 2));
	assert_true(field_int(l, "min", 0) == INT64_MIN);
	assert_true(field_int(l, "max", 0) == INT64_MAX);
	assert_int_equal(field_flag(l, "yes", 0), 1);
	assert_int_equal(field_flag(l, "no", 1), 0);
	assert_true(field_time(l, "end", 0) == INT64_C(253402300799));
	assert_true(field_time(l, "never", 7) == 7);
}

static void
test_round_trip(void **state)
{
	WIRE_FIELDS *l = sample(), *m = NULL;
	unsigned char *der = NULL;
	size_t len;

	(void)state;
	check_sample(l);
	assert_int_equal(field_list_encode(l, &der, &len), 1);
	assert_non_null(m = field_list_decode(der, len));
	check_sample(m);
	OPENSSL_free(der);
	field_list_free(l);
	field_list_free(m);
}

/* The exact octets, so that the protocol cannot change by accident. */
static void
test_octets(void **state)
{
	static const unsigned char WANT[] = {0x30, 0x0f, 0x30, 0x06, 0x0c, 0x01,
	    'f', 0x01, 0x01, 0xff, 0x30, 0x05, 0x0c, 0x01, 'n', 0x05, 0x00};
	WIRE_FIELDS *l = field_list_new();
	unsigned char *der = NULL;
	size_t len;

	(void)state;
	assert_int_equal(field_add_flag(l, "f", 1), 1);
	assert_int_equal(field_add_text(l, "n", NULL), 1);
	assert_int_equal(field_list_encode(l, &der, &len), 1);
	assert_int_equal(len, sizeof(WANT));
	assert_memory_equal(der, WANT, sizeof(WANT));
	OPENSSL_free(der);
	field_list_free(l);
}

static void
test_foreign_type_is_default(void **state)
{
	WIRE_FIELDS *l = sample();
	size_t len;

	(void)state;
	assert_true(field_int(l, "label", -5) == -5);
	assert_null(field_text(l, "max", NULL));
	assert_null(field_bytes(l, "label", &len));
	assert_int_equal(len, 0);
	assert_int_equal(field_flag(l, "max", 0), 0);
	assert_true(field_time(l, "label", 3) == 3);
	field_list_free(l);
}

static void
test_add_refuses(void **state)
{
	char longname[FIELD_NAME_MAX + 2];
	WIRE_FIELDS *l = field_list_new();

	(void)state;
	memset(longname, 'n', sizeof(longname) - 1);
	longname[sizeof(longname) - 1] = '\0';
	assert_int_equal(field_add_int(l, longname, 1), 0);
	assert_int_equal(field_add_int(l, "", 1), 0);
	assert_int_equal(field_add_int(l, "a b", 1), 0);
	ERR_clear_error();
	assert_int_equal(field_add_text(l, "t", "\xc3("), 0);
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error()), CA_E_BADREQUEST);
	assert_int_equal(field_add_bytes(l, "b", longname, SIZE_MAX / 2), 0);
	assert_int_equal(sk_WIRE_FIELD_num(l), 0);
	field_list_free(l);
	ERR_clear_error();
}

struct bad {
	const char *what;
	const unsigned char *der;
	size_t len;
};

#define BAD(what, s)                                                           \
	{                                                                      \
		what, (const unsigned char *)(s), sizeof(s) - 1                \
	}

static const struct bad BADS[] = {
    BAD("empty input", ""),
    BAD("not a sequence", "\x31\x00"),
    BAD("trailing octets", "\x30\x00\x00"),
    BAD("truncated", "\x30\x05\x30"),
    BAD("indefinite length", "\x30\x80\x00\x00"),
    BAD("long form of a short length", "\x30\x81\x00"),
    BAD("empty name", "\x30\x06\x30\x04\x0c\x00\x05\x00"),
    BAD("blank in a name", "\x30\x08\x30\x06\x0c\x02\x61 \x05\x00"),
    BAD("NUL in a name", "\x30\x08\x30\x06\x0c\x02\x61\x00\x05\x00"),
    BAD("name of another type", "\x30\x07\x30\x05\x13\x01\x61\x05\x00"),
    BAD("no value", "\x30\x05\x30\x03\x0c\x01\x61"),
    BAD("a third part", "\x30\x09\x30\x07\x0c\x01\x61\x05\x00\x05\x00"),
    BAD("NUL in a text", "\x30\x09\x30\x07\x0c\x01\x61\x0c\x02\x62\x00"),
    BAD("not UTF-8", "\x30\x08\x30\x06\x0c\x01\x61\x0c\x01\xff"),
    BAD("overlong UTF-8", "\x30\x09\x30\x07\x0c\x01\x61\x0c\x02\xc0\xaf"),
    BAD("surrogate", "\x30\x0a\x30\x08\x0c\x01\x61\x0c\x03\xed\xa0\x80"),
    BAD("PrintableString", "\x30\x08\x30\x06\x0c\x01\x61\x13\x01\x62"),
    BAD("a sequence as value", "\x30\x07\x30\x05\x0c\x01\x61\x30\x00"),
    BAD("an object identifier", "\x30\x08\x30\x06\x0c\x01\x61\x06\x01\x2a"),
    BAD("BOOLEAN 1", "\x30\x08\x30\x06\x0c\x01\x61\x01\x01\x01"),
    BAD("INTEGER of 9 octets",
	"\x30\x10\x30\x0e\x0c\x01\x61\x02\x09\x01\x00\x00\x00\x00\x00\x00"
	"\x00\x00"),
    BAD("INTEGER with a zero before it",
	"\x30\x09\x30\x07\x0c\x01\x61\x02\x02\x00\x01"),
    BAD("time without seconds",
	"\x30\x14\x30\x12\x0c\x01\x61\x18\x0d"
	"202611210700Z"),
    BAD("time with a fraction",
	"\x30\x18\x30\x16\x0c\x01\x61\x18\x11"
	"20261121070000.5Z"),
    BAD("impossible time",
	"\x30\x16\x30\x14\x0c\x01\x61\x18\x0f"
	"20261321070000Z"),
    BAD("UTCTime",
	"\x30\x14\x30\x12\x0c\x01\x61\x17\x0d"
	"261121070000Z"),
    BAD("NULL with content", "\x30\x08\x30\x06\x0c\x01\x61\x05\x01\x00"),
};

static void
test_decode_refuses(void **state)
{
	WIRE_FIELDS *l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(BADS) / sizeof(BADS[0]); i++) {
		ERR_clear_error();
		l = field_list_decode(BADS[i].der, BADS[i].len);
		if (l != NULL)
			fail_msg("accepted: %s", BADS[i].what);
		assert_int_equal(
		    ERR_GET_REASON(ERR_peek_last_error()), CA_E_BADREQUEST);
	}
	/* Beside them: the least that is right. */
	assert_non_null(
	    l = field_list_decode((const unsigned char *)"\x30\x00", 2));
	field_list_free(l);
	ERR_clear_error();
}

static void
test_too_many(void **state)
{
	WIRE_FIELDS *l = field_list_new(), *m;
	unsigned char *der = NULL;
	size_t len;
	int i;

	(void)state;
	for (i = 0; i < FIELDS_MAX; i++)
		assert_int_equal(field_add_int(l, "n", i), 1);
	assert_int_equal(field_list_encode(l, &der, &len), 1);
	assert_non_null(m = field_list_decode(der, len));
	field_list_free(m);
	OPENSSL_free(der);
	assert_int_equal(field_add_int(l, "n", i), 1);
	assert_int_equal(field_list_encode(l, &der, &len), 1);
	assert_null(field_list_decode(der, len));
	OPENSSL_free(der);
	field_list_free(l);
	ERR_clear_error();
}

static void
test_wipe(void **state)
{
	WIRE_FIELDS *l = field_list_new();
	size_t len;

	(void)state;
	field_add_text(l, "secret", "abc");
	field_add_bytes(l, "secret", "\1\2", 2);
	field_add_int(l, "secret", 7);
	field_add_text(l, "other", "abc");
	field_wipe(l, "secret");
	assert_memory_equal(
	    field_get_bytes(field_find(l, "secret", 0), &len), "\0\0\0", 3);
	assert_int_equal(len, 3);
	assert_memory_equal(
	    field_get_bytes(field_find(l, "secret", 1), &len), "\0\0", 2);
	assert_int_equal(field_get_int(field_find(l, "secret", 2)), 7);
	assert_string_equal(field_text(l, "other", ""), "abc");
	field_wipe(l, "none");
	field_list_free(l);
}

static void
test_free_null(void **state)
{
	(void)state;
	field_list_free(NULL);
	assert_int_equal(field_count(NULL, "x"), 0);
	assert_null(field_find(NULL, "x", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_octets),
	    cmocka_unit_test(test_foreign_type_is_default),
	    cmocka_unit_test(test_add_refuses),
	    cmocka_unit_test(test_decode_refuses),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_wipe),
	    cmocka_unit_test(test_free_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
