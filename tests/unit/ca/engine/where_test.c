#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <stdio.h>
#include "ca/engine/where.h"
#include "ca/error.h"
#include "ca/report/report.h"

/* The expression of «inkan revoke --where». */

static void
refused(const char *text, const char *word)
{
	struct where w;
	char trace[1024];

	if (where_parse(text, &w))
		fail_msg("accepted: %s", text);
	assert_int_equal(report_last_reason(), CA_E_BADREQUEST);
	report_trace(trace, sizeof(trace));
	if (strncmp(trace, word, strlen(word)) != 0)
		fail_msg("%s: \"%s\", expected \"%s\"", text, trace, word);
	ERR_clear_error();
}

static void
reads(void **state)
{
	struct where w;

	(void)state;
	assert_true(where_parse("  model=X1   firmware<1.4.2 ", &w));
	assert_int_equal(w.n, 2);
	assert_int_equal(w.cond[0].name, WHERE_FIELD);
	assert_string_equal(w.cond[0].field, "model");
	assert_string_equal(w.cond[0].text, "X1");
	assert_int_equal(w.cond[0].op, WHERE_EQ);
	assert_true(w.cond[0].here);
	assert_int_equal(w.cond[1].op, WHERE_LT);
	assert_false(w.cond[1].here);
	assert_true(where_parse("model='a \"b\" =c' issuer!=\"x'y\"", &w));
	assert_string_equal(w.cond[0].text, "a \"b\" =c");
	assert_string_equal(w.cond[1].text, "x'y");
	assert_int_equal(w.cond[1].name, WHERE_ISSUER);
	assert_true(w.cond[1].here);
	/* What a certificate has by that name comes first. */
	assert_true(where_parse("profile~a* field.profile=b a=b=c", &w));
	assert_int_equal(w.cond[0].name, WHERE_PROFILE);
	assert_false(w.cond[0].here);
	assert_int_equal(w.cond[1].name, WHERE_FIELD);
	assert_string_equal(w.cond[1].field, "profile");
	assert_string_equal(w.cond[2].text, "b=c");
	/* A field that is absent is not different. */
	assert_true(where_parse("model!=X1 fleet!=a device-serial=S", &w));
	assert_false(w.cond[0].here);
	assert_true(w.cond[1].here);
	assert_int_equal(w.cond[2].name, WHERE_DEVICE_SERIAL);
}

static void
reads_values(void **state)
{
	static const char SPKI[] =
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF";
	struct where w;
	char text[128];

	(void)state;
	assert_true(where_parse("issued-after=2026-01-02", &w));
	assert_int_equal(w.cond[0].name, WHERE_ISSUED);
	assert_int_equal(w.cond[0].op, WHERE_GE);
	assert_int_equal(w.cond[0].number, 1767312000);
	assert_true(where_parse("expires-before=2026-01-02T00:00:01Z", &w));
	assert_int_equal(w.cond[0].name, WHERE_EXPIRES);
	assert_int_equal(w.cond[0].op, WHERE_LT);
	assert_int_equal(w.cond[0].number, 1767312001);
	assert_true(where_parse("issued>2024-02-29 expires<=2100-01-01", &w));
	assert_int_equal(w.cond[0].op, WHERE_GT);
	assert_int_equal(w.cond[1].op, WHERE_LE);
	assert_true(where_parse("state=held", &w));
	assert_int_equal(w.cond[0].number, CERT_HELD);
	assert_true(where_parse("serial=0000aBcd", &w));
	assert_int_equal(w.cond[0].n_bytes, 2);
	assert_memory_equal(w.cond[0].bytes, "\xab\xcd", 2);
	snprintf(text, sizeof(text), "spki=%s", SPKI);
	assert_true(where_parse(text, &w));
	assert_int_equal(w.cond[0].n_bytes, 32);
	assert_int_equal(w.cond[0].bytes[31], 0xff);
	assert_true(where_parse("firmware>=v2", &w));
}

static void
refuses_words(void **state)
{
	char text[WHERE_TEXT_MAX + 32];
	struct where w;
	size_t i;

	(void)state;
	refused("", "where.syntax: at 1: no condition");
	refused("   ", "where.syntax: at 4: no condition");
	refused("=X1", "where.syntax: at 1: a name");
	refused("Model=X1", "where.syntax: at 1: a name");
	refused("model", "where.syntax: at 6: =");
	refused("model =X1", "where.syntax: at 6: =");
	refused("model=", "where.value: at 7: a value");
	refused("model= X1", "where.value: at 7: a value");
	refused("model=''", "where.value: at 7: a value");
	refused("model='X1", "where.syntax: at 7: the quote");
	refused("model='X1'y", "where.syntax: at 11: a blank");
	refused("model=X'1'", "where.syntax: at 8: a blank");
	refused("a=b model='\x01'", "where.value: at 12: a control");
	refused("a=\xff", "where.size");
	refused("issued-aftr=2026-01-01",
	    "where.name: at 1: nothing is called \"issued-aftr\" (did you "
	    "mean \"issued-after\"?)");
	refused("a=b field.=c", "where.name: at 5: ");
	refused("field.a-b=c", "where.name: at 1: ");
	refused("a.b=c", "where.name: at 1: ");
	memset(text, 'a', 64);
	strcpy(text + 64, "=1");
	refused(text, "where.name: at 1: longer");
	strcpy(text, "a=");
	memset(text + 2, 'b', WHERE_VALUE_MAX + 1);
	text[2 + WHERE_VALUE_MAX + 1] = '\0';
	refused(text, "where.value: at 3: longer");
	text[2 + WHERE_VALUE_MAX] = '\0';
	assert_true(where_parse(text, &w));
	memset(text, ' ', WHERE_TEXT_MAX);
	strcpy(text + WHERE_TEXT_MAX, "a=b");
	refused(text, "where.size");
	for (i = 0; i <= WHERE_CONDS_MAX; i++)
		memcpy(text + 4 * i, "a=b ", 5);
	refused(text, "where.size: at 65: ");
}

static void
refuses_values(void **state)
{
	(void)state;
	refused("state<valid", "where.op: at 6");
	refused("issuer>a", "where.op: at 7");
	refused("issued=2026-01-01", "where.op: at 7");
	refused("issued-after<2026-01-01", "where.op: at 13");
	refused("serial~ab", "where.op: at 7");
	refused("state=good", "where.value: at 7: none of reserved");
	refused("serial=abc", "where.value: at 8: not a serial");
	refused("serial=gg", "where.value: at 8: not a serial");
	refused("serial=0102030405060708090a0b0c0d0e0f101112131415",
	    "where.value: at 8: not a serial");
	refused("spki=abcd", "where.value: at 6: not a SHA-256");
	refused("issued-after=2026-02-30", "where.value: at 14: not a time");
	refused("issued-after=2026-13-01", "where.value");
	refused("issued-after=2026-1-1", "where.value");
	refused("issued-after=2026-01-01T24:00:01Z", "where.value");
	refused("issued-after=2026-01-01T00:00:00", "where.value");
	refused("issued-after=+2026-01-0", "where.value");
	refused("issued-after=1969-12-31", "where.value");
	refused("firmware<beta", "where.value: at 10: not a version");
	refused("firmware<1..2", "where.value");
	refused("firmware<1.2.", "where.value");
	refused("firmware<1.2.3.4.5.6.7.8.9", "where.value");
	refused("firmware<1.1234567890", "where.value");
}

static enum where_verdict
judge(const char *text, const char *value)
{
	struct where w;

	assert_true(where_parse(text, &w));
	assert_int_equal(w.n, 1);
	assert_false(w.cond[0].here);
	return where_judge(&w.cond[0], value);
}

static void
compares(void **state)
{
	(void)state;
	assert_int_equal(judge("f<1.4.2", "1.4.1"), WHERE_YES);
	assert_int_equal(judge("f<1.4.2", "1.4.2"), WHERE_NO);
	assert_int_equal(judge("f<=1.4.2", "1.4.2"), WHERE_YES);
	assert_int_equal(judge("f<1.4.2", "1.10.0"), WHERE_NO);
	assert_int_equal(judge("f<1.10", "1.9.9"), WHERE_YES);
	assert_int_equal(judge("f<1.4.0", "1.4"), WHERE_NO);
	assert_int_equal(judge("f>=1.4", "1.4.0"), WHERE_YES);
	assert_int_equal(judge("f>v2", "V3"), WHERE_YES);
	assert_int_equal(judge("f>2", "2"), WHERE_NO);
	assert_int_equal(judge("f<1.4.2", "1.4.2-rc1"), WHERE_UNDECIDED);
	assert_int_equal(judge("f<1.4.2", ""), WHERE_UNDECIDED);
	assert_int_equal(judge("f<1.4.2", NULL), WHERE_UNDECIDED);
	assert_int_equal(judge("f!=X1", "X1"), WHERE_NO);
	assert_int_equal(judge("f!=X1", "X2"), WHERE_YES);
	assert_int_equal(judge("f!=X1", NULL), WHERE_UNDECIDED);
	assert_int_equal(judge("f~a*c", "abbc"), WHERE_YES);
	assert_int_equal(judge("f~a*c", "abbcd"), WHERE_NO);
	assert_int_equal(judge("f~A*", "abc"), WHERE_NO);
	assert_int_equal(judge("f~*", ""), WHERE_YES);
}

/* All conditions together: one no is a no, whatever else is not known. */
static void
judges_rows(void **state)
{
	struct where w;
	struct where_row row = {.id = 1};

	(void)state;
	assert_true(where_parse("model=X1 f<2 g~a*", &w));
	row.value[1] = "1";
	row.value[2] = "abc";
	assert_int_equal(where_judge_row(&w, &row), WHERE_YES);
	row.value[1] = NULL;
	assert_int_equal(where_judge_row(&w, &row), WHERE_UNDECIDED);
	row.value[2] = "xyz";
	assert_int_equal(where_judge_row(&w, &row), WHERE_NO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(reads_values),
	    cmocka_unit_test(refuses_words),
	    cmocka_unit_test(refuses_values),
	    cmocka_unit_test(compares),
	    cmocka_unit_test(judges_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
