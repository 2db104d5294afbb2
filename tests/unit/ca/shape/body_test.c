#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ca/report/report.h"
#include "ca/shape/base64.h"
#include "ca/shape/body.h"
#include "ca/shape/shape.h"
#include "ca/error.h"

/* 30 03 02 01 05 = MAMCAQU= */
static const unsigned char der[] = {0x30, 0x03, 0x02, 0x01, 0x05};

static void
accepted(void **state)
{
	static const struct {
		const char *text, *shape;
	} cases[] = {
	    {"MAMCAQU=", "no-line-end"},
	    {"MAMCAQU=\n", ""},
	    {"MAMC\nAQU=\n", "wrapped"},
	    {"MAMC\nAQU=", "wrapped,no-line-end"},
	    {"MAMC\r\nAQU=\r\n", "wrapped,crlf"},
	    {"MAMCAQU=\r\n", "crlf"},
	    {"\r\n\r\n MAMCAQU=\n\n", ""},
	    {"M\nA\nM\nC\nA\nQ\nU\n=\n", "wrapped"},
	    {"MAMC AQU=\n", "blanks"},
	    {"MAMC\tAQU=\n", "blanks"},
	    {"-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQU=\n"
	     "-----END CERTIFICATE REQUEST-----\n",
		"pem-armour"},
	    {"-----BEGIN NEW CERTIFICATE REQUEST-----\r\nMAMC\r\nAQU=\r\n"
	     "-----END NEW CERTIFICATE REQUEST-----",
		"crlf,pem-armour,no-line-end"},
	    {"0\x03\x02\x01\x05", "raw-der"},
	};
	char text[SHAPE_TEXT_MAX];
	struct body b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(body_decode((const unsigned char *)cases[i].text,
		    strlen(cases[i].text), &b));
		assert_int_equal(b.len, sizeof(der));
		assert_memory_equal(b.der, der, sizeof(der));
		assert_string_equal(shape_text(b.shape, text), cases[i].shape);
		body_clear(&b);
		assert_null(b.der);
	}
}

static void
refused(void **state)
{
	static const struct {
		const char *text, *rule;
	} cases[] = {
	    {"", "body.empty: "},
	    {" \r\n\t", "body.empty: "},
	    {"MAMCAQU", "base64.length: "},
	    {"MAMCAQ", "base64.length: "},
	    {"MAMCAQU==", "base64.length: "},
	    {"MAMCAQU=MAMC", "base64.padding: "},
	    {"MAMCAQU=====", "base64.padding: "},
	    {"MAMCAQV=", "base64.padding: "}, /* left-over bits */
	    {"=AMCAQU=", "base64.padding: "},
	    {"====", "base64.padding: "},
	    {"MAMC*QU=", "base64.character: "},
	    {"MAMC-QU_", "base64.character: "},
	    {"MAMCAQUA", "der.trailing: "},
	    {"MAQCAQU=", "der.length: "},
	    {"MYEDAgEF", "der.sequence: "},
	    {"MIEDAgEF", "der.length: "},	/* long form for 3 */
	    {"MIACAQUAAAA=", "der.sequence: "}, /* indefinite */
	    {"MISBAQIDBA==", "der.length: "},	/* 4 octets of length */
	    {"MA==", "der.sequence: "},
	    {"MII=", "der.length: "},
	    {"AgEF", "der.sequence: "},
	    {"0\x03\x02\x01\x05\n", "der.trailing: "},
	    {"0\x03\x02\x01", "der.length: "},
	    {"-----BEGIN CERTIFICATE-----\nMAMCAQU=\n"
	     "-----END CERTIFICATE-----\n",
		"pem.armour: "},
	    {"-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQU=\n"
	     "-----END NEW CERTIFICATE REQUEST-----\n",
		"pem.armour: "},
	    {"-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQU=\n"
	     "-----END CERTIFICATE REQUEST-----\nMAMCAQU=\n",
		"pem.armour: "},
	    {"-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQU=\n", "pem.armour: "},
	    {"-----BEGIN CERTIFICATE REQUEST-----\nProc-Type: 4\n\n"
	     "MAMCAQU=\n-----END CERTIFICATE REQUEST-----\n",
		"base64.character: "},
	    {"-", "pem.armour: "},
	};
	char text[256];
	struct body b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ERR_clear_error();
		assert_false(body_decode((const unsigned char *)cases[i].text,
		    strlen(cases[i].text), &b));
		assert_null(b.der);
		assert_int_equal(report_last_reason(), CA_E_BADREQUEST);
		report_last_text(text, sizeof(text));
		if (strncmp(text, cases[i].rule, strlen(cases[i].rule)) != 0)
			print_message("%zu: %s\n", i, text);
		assert_memory_equal(text, cases[i].rule, strlen(cases[i].rule));
	}
	ERR_clear_error();
}

/* 128 octets and more: the length takes octets of its own. */
static void
long_forms(void **state)
{
	unsigned char p[3 + 200] = {0x30, 0x81, 200};
	struct body b;

	(void)state;
	assert_true(body_decode(p, sizeof(p), &b));
	assert_int_equal(b.len, sizeof(p));
	body_clear(&b);
	assert_false(body_decode(p, sizeof(p) - 1, &b));
	p[1] = 0x82; /* a length that begins with zero */
	p[2] = 0;
	p[3] = 199;
	assert_false(body_decode(p, sizeof(p), &b));
	ERR_clear_error();
}

/* Of a real length, in lines of ${columns}. */
static void
in_lines(size_t columns, const char *shape)
{
	unsigned char p[3 + 200] = {0x30, 0x81, 200};
	char *text = base64_encode(p, sizeof(p), columns);
	char got[SHAPE_TEXT_MAX];
	struct body b;

	assert_true(
	    body_decode((unsigned char *)text, strlen(text), &b));
	assert_string_equal(shape_text(b.shape, got), shape);
	body_clear(&b);
	OPENSSL_free(text);
}

static void
widths(void **state)
{
	(void)state;
	in_lines(0, "");
	in_lines(64, "wrapped-64");
	in_lines(76, "wrapped-76");
	in_lines(60, "wrapped");
}

/* What was seen of a body that is refused is told, too. */
static void
shape_of_the_refused(void **state)
{
	static const char text[] = "MAMC*QU=\r\nMAMC";
	char got[SHAPE_TEXT_MAX];
	struct body b;

	(void)state;
	assert_false(body_decode(
	    (const unsigned char *)text, strlen(text), &b));
	assert_string_equal(
	    shape_text(b.shape, got), "wrapped,crlf,no-line-end");
	body_clear(&b);
	ERR_clear_error();
}

static void
media(void **state)
{
	int parameters;

	(void)state;
	assert_true(body_media_ok("application/pkcs10", &parameters));
	assert_false(parameters);
	assert_true(body_media_ok("Application/PKCS10; a=b", &parameters));
	assert_true(parameters);
	assert_true(body_media_ok("application/pkcs10 \t;", &parameters));
	assert_false(body_media_ok("application/pkcs10evil", &parameters));
	assert_false(body_media_ok("application/pkcs1", &parameters));
	assert_false(body_media_ok("application/pkcs10 x", &parameters));
	assert_false(body_media_ok(" application/pkcs10", &parameters));
	assert_true(body_media_is("A/B; c=d", "a/b", &parameters));
	assert_false(body_media_is("a/bc", "a/b", &parameters));
	assert_false(body_media_is(NULL, "a/b", &parameters));
	assert_false(body_media_ok("", &parameters));
	assert_false(body_media_ok(NULL, &parameters));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepted),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(long_forms),
	    cmocka_unit_test(widths),
	    cmocka_unit_test(shape_of_the_refused),
	    cmocka_unit_test(media),
	};

	return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
