#include "ca/engine/clock.h"
#include "tests/unit/ca/store/temp.h"

#define WALL NOW
#define BOOT INT64_C(5000)

static void
start(struct temp *t, struct clock *c)
{
	assert_true(clock_load(c, t->store));
	assert_true(clock_check(c, WALL, BOOT, NULL));
}

static const char *
why(struct clock *c)
{
	static char text[128];

	clock_stopped(c, text, sizeof(text));
	return text;
}

static void
time_goes_on(void **state)
{
	struct clock c;
	int changed = 7;

	start(*state, &c);
	assert_string_equal(why(&c), "");
	assert_true(clock_check(&c, WALL + 86400, BOOT + 86400, &changed));
	assert_int_equal(changed, 0);
	assert_int_equal(c.highest, WALL + 86400);
	/* A little back is no reason to stop, and does not lower the mark. */
	assert_true(
	    clock_check(&c, WALL + 86400 - CLOCK_BACK_MAX, BOOT + 86400, NULL));
	assert_int_equal(c.highest, WALL + 86400);
	clock_clear(&c);
}

static void
below_what_was_written(void **state)
{
	struct clock c;
	int changed = 0;

	start(*state, &c);
	assert_false(clock_check(&c, WALL - CLOCK_BACK_MAX - 1,
	    BOOT - CLOCK_BACK_MAX - 1, &changed));
	assert_int_equal(changed, 1);
	assert_non_null(strstr(why(&c), "behind"));
	assert_int_equal(ERR_peek_error(), 0);
	/* It does not heal by itself, and is told once. */
	assert_false(clock_check(&c, WALL + 1, BOOT + 1, &changed));
	assert_int_equal(changed, 0);
	assert_int_equal(c.highest, WALL);
	clock_clear(&c);
}

static void
a_step_forward(void **state)
{
	struct clock c;
	int changed = 0;

	start(*state, &c);
	assert_true(clock_check(&c, WALL + CLOCK_STEP_MAX, BOOT, &changed));
	assert_int_equal(changed, 0);
	assert_false(
	    clock_check(&c, WALL + 2 * CLOCK_STEP_MAX + 1, BOOT, &changed));
	assert_int_equal(changed, 1);
	assert_non_null(strstr(why(&c), "stepped"));
	/* A time that is not believed is not the highest. */
	assert_int_equal(c.highest, WALL + CLOCK_STEP_MAX);
	clock_clear(&c);
}

static void
a_step_backward(void **state)
{
	struct clock c;

	start(*state, &c);
	/* An hour goes by, the wall clock stays: within what was written. */
	assert_false(clock_check(&c, WALL, BOOT + 3600, NULL));
	assert_non_null(strstr(why(&c), "stepped"));
	clock_clear(&c);
}

static void
operator_stops(void **state)
{
	struct clock c;
	int changed = 0;

	start(*state, &c);
	assert_true(clock_operator_stop(&c, "fire drill"));
	assert_false(clock_check(&c, WALL, BOOT, &changed));
	assert_int_equal(changed, 0);
	assert_string_equal(why(&c), "operator: fire drill");
	assert_true(clock_resume(&c, WALL, BOOT, 0));
	assert_string_equal(why(&c), "");
	assert_true(clock_check(&c, WALL, BOOT, NULL));
	assert_true(clock_operator_stop(&c, NULL));
	assert_string_equal(why(&c), "operator: no reason given");
	clock_clear(&c);
}

static void
resume_confirms(void **state)
{
	struct clock c;

	start(*state, &c);
	assert_false(clock_check(&c, WALL - 7200, BOOT, NULL));
	assert_true(clock_operator_stop(&c, "too"));
	assert_non_null(strstr(why(&c), "time: "));
	assert_false(clock_resume(&c, WALL - 7200, BOOT, 0));
	assert_raised(CA_E_DENIED, "resume.confirm_time: ");
	assert_false(clock_check(&c, WALL - 7200, BOOT, NULL));
	/* Confirmed: the time is the truth now, also where it is lower. */
	assert_true(clock_resume(&c, WALL - 7200, BOOT, 1));
	assert_string_equal(why(&c), "");
	assert_int_equal(c.highest, WALL - 7200);
	assert_true(clock_check(&c, WALL - 7190, BOOT + 10, NULL));
	clock_clear(&c);
}

/* To confirm a time that nobody doubts lowers nothing. */
static void
confirming_needs_a_doubt(void **state)
{
	struct clock c;

	start(*state, &c);
	assert_true(clock_operator_stop(&c, "x"));
	assert_true(clock_resume(&c, WALL - 200, BOOT, 1));
	assert_int_equal(c.highest, WALL);
	clock_clear(&c);
}

static void
survives_restarts(void **state)
{
	struct temp *t = *state;
	struct clock c;

	start(t, &c);
	assert_true(clock_save(&c, t->store));
	clock_clear(&c);
	/* The highest time is known, the offset of the last boot is not. */
	assert_true(clock_load(&c, t->store));
	assert_int_equal(c.highest, WALL);
	assert_true(clock_check(&c, WALL + 86400, 3, NULL));
	assert_false(clock_check(&c, WALL - 400, 3, NULL));
	assert_true(clock_operator_stop(&c, "both"));
	assert_true(clock_save(&c, t->store));
	clock_clear(&c);
	assert_true(clock_load(&c, t->store));
	assert_non_null(strstr(why(&c), "time: "));
	assert_string_equal(c.operator_stop, "operator: both");
	assert_false(clock_check(&c, WALL + 2 * 86400, 4, NULL));
	assert_true(clock_resume(&c, WALL + 2 * 86400, 4, 1));
	assert_true(clock_save(&c, t->store));
	clock_clear(&c);
	assert_true(clock_load(&c, t->store));
	assert_string_equal(why(&c), "");
	assert_int_equal(c.highest, WALL + 2 * 86400);
	clock_clear(&c);
}

static void
a_long_reason_is_cut(void **state)
{
	struct clock c;
	char text[300];

	start(*state, &c);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(clock_operator_stop(&c, text));
	assert_int_equal(strlen(why(&c)), 127);
	clock_clear(&c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(time_goes_on),
	    T(below_what_was_written),
	    T(a_step_forward),
	    T(a_step_backward),
	    T(operator_stops),
	    T(resume_confirms),
	    T(confirming_needs_a_doubt),
	    T(survives_restarts),
	    T(a_long_reason_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
