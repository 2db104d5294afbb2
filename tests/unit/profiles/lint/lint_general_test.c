#include "tests/unit/profiles/lint/samples.h"
#include "profiles/lint/lint_part.h"

/* Single names; the rules that use them are in the tables of samples. */

static const struct {
	unsigned char tag;
	const char *text; /* in the notation of samples.h */
	int nc, ok;
} cases[] = {
    {0x82, "'a.example'", 0, 1}, {0x82, "'*.example'", 0, 1},
    {0x82, "'*'", 0, 0}, {0x82, "'a..b'", 0, 0}, {0x82, "'-a'", 0, 0},
    {0x82, "'a-'", 0, 0}, {0x82, "c3a4", 0, 0}, {0x82, "", 0, 0},
    {0x82, "", 1, 1}, {0x82, "'.a.example'", 1, 1}, {0x82, "'.'", 1, 0},
    {0x82, "'*.example'", 1, 0},
    {0x81, "'a@b'", 0, 1}, {0x81, "'a'", 0, 0}, {0x81, "'a@'", 0, 0},
    {0x81, "'b.example'", 1, 1}, {0x81, "'.b.example'", 1, 1},
    {0x81, "'a@b.example'", 1, 1}, {0x81, "", 1, 0},
    {0x86, "'http://h'", 0, 1}, {0x86, "'HTTPS://h/'", 0, 1},
    {0x86, "'https://'", 0, 0}, {0x86, "'https:///a'", 0, 0},
    {0x86, "'http://?a'", 0, 0}, {0x86, "'1a:b'", 0, 0},
    {0x86, "'a'", 0, 0}, {0x86, "'a+b.c-d:x'", 0, 1},
    {0x86, "'urn:a' 00", 0, 0}, {0x86, "'h.example'", 1, 1},
    {0x86, "'http://h'", 1, 0},
    {0x87, "01020304", 0, 1}, {0x87, "0102030405", 0, 0},
    {0x87, "<16:20>", 0, 1}, {0x87, "<8:00>", 0, 0},
    {0x87, "0a000000 ff000000", 1, 1}, {0x87, "0a000000 00000000", 1, 1},
    {0x87, "0a000000 00000001", 1, 0}, {0x87, "0a000000", 1, 0},
    {0x87, "<16:00> <16:ff>", 1, 1},
    {0xa4, "30( 31(30( 0603550403 0c('a') )))", 0, 1}, {0xa4, "3000", 0, 0},
    {0xa4, "3000", 1, 1}, {0xa4, "", 0, 0}, {0xa4, "0500", 1, 0},
    {0xa0, "06032a0304 a0( 0500 )", 0, 1}, {0xa0, "06032a0304 0500", 0, 0},
    {0xa0, "a0( 0500 )", 0, 0}, {0xa0, "06032a0304 a0()", 0, 0},
    {0xa3, "0500", 0, 1}, {0xa5, "0500", 0, 1},
    {0x88, "2a03", 0, 1}, {0x88, "", 0, 0}, {0x88, "2a83", 0, 0},
    {0x89, "", 0, 0}, {0x30, "", 0, 0}, {0xa2, "'a'", 0, 0},
};

static void
names(void **state)
{
	unsigned char *buf = malloc(SAMPLE_MAX), *exact;
	struct changes none = {{NULL}, 0};
	const char *p;
	size_t i, len;
	int ok;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		p = cases[i].text;
		len = compile_der(&none, &p, p + strlen(p), buf);
		exact = malloc(len ? len : 1);
		memcpy(exact, buf, len);
		ok = lint_general(cases[i].tag, &(struct der){exact, len},
			 cases[i].nc) == NULL;
		if (ok != cases[i].ok)
			fail_msg("%02x %s (%d): %d", cases[i].tag,
			    cases[i].text, cases[i].nc, ok);
		free(exact);
	}
	free(buf);
}

static void
lists(void **state)
{
	static const unsigned char two[] = {0x82, 1, 'a', 0x82, 1, 'b'};

	(void)state;
	assert_null(lint_generals((struct der){two, 6}));
	assert_non_null(lint_generals((struct der){two, 5}));
	assert_non_null(lint_generals((struct der){two, 0}));
}

static void
schemes(void **state)
{
	static const unsigned char uri[] = "HtTp://h";
	struct der d = {uri, 8};

	(void)state;
	assert_true(lint_uri_has(&d, "http"));
	assert_false(lint_uri_has(&d, "https"));
	d.len = 6;
	assert_false(lint_uri_has(&d, "http"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names),
	    cmocka_unit_test(lists), cmocka_unit_test(schemes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
