#include "tests/unit/profiles/lint/samples.h"
#include "profiles/lint/lint_part.h"

static struct lint_faults
walked(const char *text, unsigned char *buf, size_t *len)
{
	struct changes none = {{NULL}, 0};
	struct lint_faults f = {.base = buf};
	const char *p = text;

	*len = compile_der(&none, &p, text + strlen(text), buf);
	lint_der_walk(&f, (struct der){buf, *len});
	return f;
}

/* Which kind of fault, and where the element begins. */
static const struct {
	const char *text;
	int kind; /* -1: none */
	size_t at;
} cases[] = {
    {"30( 020101 3100 a0( 0500 ) 800100 )", -1, 0},
    {"30( 020100 02020080 020180 )", -1, 0},
    {"04(<128:00>) 04(<256:00>)", -1, 0},
    {"0500 02810101", LINT_F_LENGTH, 2},
    {"0482008000", LINT_F_TAG, 0},
    {"0482007f <127:00>", LINT_F_LENGTH, 0},
    {"048200ff <255:00>", LINT_F_LENGTH, 0},
    {"010101", LINT_F_BOOLEAN, 0},
    {"0100", LINT_F_BOOLEAN, 0},
    {"0200", LINT_F_INTEGER, 0},
    {"0202007f", LINT_F_INTEGER, 0},
    {"0202ff80", LINT_F_INTEGER, 0},
    {"0a020001", LINT_F_INTEGER, 0},
    {"0600", LINT_F_OID, 0},
    {"0601 80", LINT_F_OID, 0},
    {"0603 2a8001", LINT_F_OID, 0},
    {"0300", LINT_F_BITS, 0},
    {"030101", LINT_F_BITS, 0},
    {"030208 00", LINT_F_BITS, 0},
    {"030201 01", LINT_F_BITS, 0},
    {"050100", LINT_F_NULL, 0},
    {"30( 31( 0102 0000 0101ff ))", LINT_F_SET, 8},
    {"0c(f4908080)", LINT_F_STRING, 0},
    {"0c(f48fbfbf)", -1, 0},
    {"13('a&b')", LINT_F_STRING, 0},
    {"17('260101000000z')", LINT_F_TIME, 0},
    {"18('20260101000000Z')", -1, 0},
    {"0900", LINT_F_TAG, 0},
    {"1f8100", LINT_F_TAG, 0},
    {"3080 0000", LINT_F_TAG, 0},
    {"30( 0500 02 )", LINT_F_TAG, 4},
};

static void
faults(void **state)
{
	unsigned char *buf = malloc(SAMPLE_MAX);
	struct lint_faults f;
	size_t i, len;
	int k;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		f = walked(cases[i].text, buf, &len);
		if (cases[i].kind >= 0) {
			if (!f.why[cases[i].kind])
				fail_msg("not seen: %s", cases[i].text);
			assert_int_equal(f.at[cases[i].kind], cases[i].at);
		}
		for (k = 0; cases[i].kind < 0 && k < LINT_F_N; k++)
			if (f.why[k])
				fail_msg("%s: %s", cases[i].text, f.why[k]);
	}
	free(buf);
}

static void
elements(void **state)
{
	static const unsigned char in[] = {
	    0x02, 0x01, 0x07, 0x04, 0x82, 0x00, 0x01, 0x09, 0x05};
	struct der d = {in, sizeof(in)}, body, whole;
	unsigned char tag;

	(void)state;
	assert_false(lint_take(&d, DER_NULL, &body));
	assert_int_equal(d.len, sizeof(in)); /* unchanged */
	assert_true(lint_take(&d, DER_INTEGER, &body));
	assert_true(der_equal(&body, in + 2, 1));
	/* Longer than need be, and read all the same. */
	assert_true(lint_take_any(&d, &tag, &body, &whole));
	assert_int_equal(tag, DER_OCTET_STRING);
	assert_true(der_equal(&body, in + 7, 1));
	assert_int_equal(whole.len, 5);
	assert_false(lint_take_any(&d, &tag, &body, &whole));
	assert_int_equal(d.len, 1);
	assert_true(lint_only((struct der){in, 3}, DER_INTEGER, &body));
	assert_false(lint_only((struct der){in, 8}, DER_INTEGER, &body));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(faults), cmocka_unit_test(elements)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
