#include "tests/unit/profiles/lint/samples.h"
#include "profiles/lint/lint_part.h"

static const struct {
	unsigned char tag;
	const char *text;
	int ok;
	int64_t seconds;
} cases[] = {
    {DER_UTCTIME, "700101000000Z", 1, 0},
    {DER_UTCTIME, "500101000000Z", 1, -631152000},
    {DER_UTCTIME, "491231235959Z", 1, 2524607999},
    {DER_UTCTIME, "000229120000Z", 1, 951825600},
    {DER_GENERALIZEDTIME, "20500101000000Z", 1, 2524608000},
    {DER_GENERALIZEDTIME, "99991231235959Z", 1, 253402300799},
    {DER_GENERALIZEDTIME, "20000229000000Z", 1, 951782400},
    {DER_GENERALIZEDTIME, "19000229000000Z", 0, 0},
    {DER_GENERALIZEDTIME, "20230229000000Z", 0, 0},
    {DER_UTCTIME, "261301000000Z", 0, 0},
    {DER_UTCTIME, "260001000000Z", 0, 0},
    {DER_UTCTIME, "260431000000Z", 0, 0},
    {DER_UTCTIME, "260100000000Z", 0, 0},
    {DER_UTCTIME, "260101240000Z", 0, 0},
    {DER_UTCTIME, "260101006000Z", 0, 0},
    {DER_UTCTIME, "260101000060Z", 0, 0},
    {DER_UTCTIME, "2601010000Z", 0, 0},
    {DER_UTCTIME, "26010100000aZ", 0, 0},
    {DER_UTCTIME, "", 0, 0},
    {DER_GENERALIZEDTIME, "20260101000000.1Z", 0, 0},
    {DER_NULL, "260101000000Z", 0, 0},
};

static void
times(void **state)
{
	struct lint_time t;
	size_t i;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		t = (struct lint_time){.tag = cases[i].tag, .ok = 7,
		    .body = {(const unsigned char *)cases[i].text,
			strlen(cases[i].text)}};
		lint_time_read(&t);
		if (t.ok != cases[i].ok)
			fail_msg("%s: %d", cases[i].text, t.ok);
		if (t.ok)
			assert_int_equal(t.seconds, cases[i].seconds);
	}
}

static void
taken(void **state)
{
	static const unsigned char in[] = "\x17\x0d" "260101000000Z\5";
	struct der d = {in, sizeof(in) - 1};
	struct lint_time t;

	(void)state;
	assert_true(lint_time_take(&d, &t));
	assert_true(t.ok && t.tag == DER_UTCTIME);
	assert_int_equal(d.len, 1);
	assert_false(lint_time_take(&d, &t));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times), cmocka_unit_test(taken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
