#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include "profiles/der.h"

static struct der
from_hex(const char *hex, unsigned char **buf)
{
	long len;

	*buf = OPENSSL_hexstr2buf(hex, &len);
	assert_non_null(*buf);
	return (struct der){*buf, len};
}

static void
strict_accepts(void **state)
{
	static const char *const good[] = {"0500", "0101ff", "010100", "020100",
	    "02020080", "0201ff", "03020780", "030100", "0400", "06032a0304",
	    "0c02c3a9", "13024142", "160161", "170d3236303130313030303030305a",
	    "180f32303530303130313030303030305a", "3003020101",
	    "3106020101020102", "a003020102", "8003616263",
	    "3107020101020200ff", "0c04f0908080"};
	unsigned char *buf;
	struct der in;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		in = from_hex(good[i], &buf);
		if (der_strict(in))
			fail_msg("%s: %s", good[i], der_strict(in));
		OPENSSL_free(buf);
	}
}

static void
strict_refuses(void **state)
{
	static const struct {
		const char *hex, *why;
	} bad[] = {
	    {"30", "tag or length"},
	    {"3001", "tag or length"},
	    {"3080020101", "tag or length"},
	    {"30800000", "tag or length"},
	    {"308103020101", "tag or length"},
	    {"30820003020101", "tag or length"},
	    {"3084000000030201", "tag or length"},
	    {"1f0100", "tag or length"},
	    {"bf810100", "tag or length"},
	    {"010101", "BOOLEAN"},
	    {"0100", "BOOLEAN"},
	    {"0102ffff", "BOOLEAN"},
	    {"0200", "INTEGER"},
	    {"02020001", "INTEGER"},
	    {"0202ff80", "INTEGER"},
	    {"0300", "BIT STRING"},
	    {"03020880", "BIT STRING"},
	    {"030101", "BIT STRING"},
	    {"03020781", "BIT STRING"},
	    {"050100", "NULL"},
	    {"0600", "OBJECT"},
	    {"06022a83", "OBJECT"},
	    {"06042a800304", "OBJECT"},
	    {"0603802a03", "OBJECT"},
	    {"0c01c3", "UTF-8"},
	    {"0c02c080", "UTF-8"},
	    {"0c03e08080", "UTF-8"},
	    {"0c03eda080", "UTF-8"},
	    {"0c04f4908080", "UTF-8"},
	    {"0c0180", "UTF-8"},
	    {"13012a", "PrintableString"},
	    {"130140", "PrintableString"},
	    {"130100", "PrintableString"},
	    {"160180", "IA5String"},
	    {"170b323630313031303030305a", "time"},
	    {"170d3236303130313030303030302b", "time"},
	    {"170d323630313031303030302e305a", "time"},
	    {"181132303530303130313030303030302e305a", "time"},
	    {"3106020102020101", "SET"},
	    {"140141", "unexpected tag"},
	    {"1e020041", "unexpected tag"},
	    {"24030401aa", "unexpected tag"},
	    {"0000", "unexpected tag"},
	    {"100101", "unexpected tag"},
	    {"4003616263", "unexpected tag"},
	    {"3003010101", "BOOLEAN"},
	};
	unsigned char *buf;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = der_strict(from_hex(bad[i].hex, &buf));
		if (why == NULL || strstr(why, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].hex, why ? why : "accepted");
		OPENSSL_free(buf);
	}
}

static void
nesting_has_an_end(void **state)
{
	unsigned char row[2 * (DER_DEPTH_MAX + 2)];
	struct der in = {row, 2 * (DER_DEPTH_MAX + 1)};
	size_t i, n = sizeof(row);

	(void)state;
	for (i = 0; i < n; i += 2) {
		row[i] = DER_SEQUENCE;
		row[i + 1] = n - i - 2;
	}
	in.len = n;
	assert_string_equal(der_strict(in), "nested too deep");
	in.p += 4;
	in.len -= 4;
	assert_null(der_strict(in));
}

static void
takes(void **state)
{
	unsigned char *buf, tag;
	struct der in = from_hex("0201050401aa", &buf), body, whole;

	(void)state;
	assert_false(der_take(&in, DER_NULL, &body));
	assert_int_equal(in.len, 6);
	assert_true(der_take(&in, DER_INTEGER, &body));
	assert_true(der_equal(&body, (const unsigned char *)"\5", 1));
	assert_false(der_equal(&body, (const unsigned char *)"\6", 1));
	assert_true(der_next_is(&in, DER_OCTET_STRING));
	assert_false(der_next_is(&in, DER_NULL));
	assert_true(der_take_any(&in, &tag, &body, &whole));
	assert_int_equal(tag, DER_OCTET_STRING);
	assert_int_equal(whole.len, 3);
	assert_false(der_next_is(&in, 0));
	assert_false(der_take_any(&in, NULL, NULL, NULL));
	in = (struct der){buf, 6};
	assert_false(der_only(in, DER_INTEGER, &body));
	in.len = 3;
	assert_true(der_only(in, DER_INTEGER, &body));
	assert_true(der_take_whole(&in, DER_INTEGER, &whole));
	assert_int_equal(whole.len, 3);
	OPENSSL_free(buf);
}

static void
compares_oids(void **state)
{
	unsigned char *buf;
	struct der oid = from_hex("551d0f", &buf);

	(void)state;
	assert_true(der_oid_is(&oid, "2.5.29.15"));
	assert_false(der_oid_is(&oid, "2.5.29.17"));
	assert_false(der_oid_is(&oid, "2.5.29"));
	assert_false(der_oid_is(&oid, "2.5.29.15.0"));
	assert_false(der_oid_is(&oid, "1.45.29.15"));
	assert_false(der_oid_is(&oid, "2"));
	assert_false(der_oid_is(&oid, ""));
	assert_false(der_oid_is(&oid, "not an oid"));
	OPENSSL_free(buf);
}

/* Arcs of several octets, and one of 128 bits (X.667). */
static void
compares_large_oids(void **state)
{
	static const struct {
		const char *hex, *dotted, *not;
	} rows[] = {
	    {"2b0601040181fd5901", "1.3.6.1.4.1.32473.1",
		"1.3.6.1.4.1.32474.1"},
	    {"883703", "2.999.3", "2.998.3"},
	    {"2b8fffffffffffffff7f", "1.3.1152921504606846975",
		"1.3.1152921504606846974"},
	    {"6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776",
		"2.25.329800735698586629295641978511506172918",
		"2.25.329800735698586629295641978511506172919"},
	};
	unsigned char *buf;
	struct der oid;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		oid = from_hex(rows[i].hex, &buf);
		assert_true(der_oid_is(&oid, rows[i].dotted));
		assert_false(der_oid_is(&oid, rows[i].not));
		oid.len--;
		assert_false(der_oid_is(&oid, rows[i].dotted));
		OPENSSL_free(buf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strict_accepts),
	    cmocka_unit_test(strict_refuses),
	    cmocka_unit_test(nesting_has_an_end),
	    cmocka_unit_test(takes),
	    cmocka_unit_test(compares_oids),
	    cmocka_unit_test(compares_large_oids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
