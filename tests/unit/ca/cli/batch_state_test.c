#include "tests/unit/ca/cli/canned.h"
#include "ca/cli/batch_state.h"
#include "ca/report/report.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void
raised(const char *what)
{
	char text[REPORT_TRACE_MAX];

	report_trace(text, sizeof(text));
	ERR_clear_error();
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", what, text);
}

static void
remembers(void **state)
{
	struct batch_state *s = batch_state_open(canned.dir, A);
	FILE *f;

	(void)state;
	assert_non_null(s);
	assert_false(batch_state_done(s, 2));
	assert_true(batch_state_add(s, 2, "4f", "d.pem"));
	assert_true(batch_state_add(s, 70000, "50", "e.pem"));
	assert_true(batch_state_done(s, 2));
	/* One at a time. */
	assert_null(batch_state_open(canned.dir, A));
	raised("another batch is at work");
	batch_state_close(s);
	/* Cut off in the middle of a line: that one counts for nothing, and does
	   not spoil the next. */
	f = fopen(canned_file(".inkan-batch"), "a");
	assert_non_null(f);
	fputs("3 51", f);
	fclose(f);
	s = batch_state_open(canned.dir, A);
	assert_non_null(s);
	assert_true(batch_state_done(s, 2));
	assert_true(batch_state_done(s, 70000));
	assert_false(batch_state_done(s, 3));
	assert_false(batch_state_done(s, 80000));
	assert_true(batch_state_add(s, 4, "52", "f.pem"));
	batch_state_close(s);
	s = batch_state_open(canned.dir, A);
	assert_non_null(s);
	assert_true(batch_state_done(s, 4));
	batch_state_close(s);
	assert_null(batch_state_open(canned.dir, B));
	raised("batch.state: ");
	batch_state_close(NULL);
}

static void
not_ours(void **state)
{
	(void)state;
	canned_write(".inkan-batch", "something else\n", 15);
	assert_null(batch_state_open(canned.dir, A));
	raised("of another file");
	assert_null(batch_state_open("/nonexistent", A));
	raised("/nonexistent");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(remembers),
	    cmocka_unit_test(not_ours),
	};

	return cmocka_run_group_tests(tests, canned_start, canned_stop);
}
