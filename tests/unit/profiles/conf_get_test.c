#include "profiles/conf.h"
#include "tests/unit/profiles/raised.h"

static struct conf *
read_text(const char *text)
{
	return conf_read_text("device.conf", text, strlen(text));
}

static void
bad_values_are_refused(void **state)
{
	static const char *const bad[] = {"5", "m", "5w", "-5m", "5mm", "1.5h",
	    " 5m", "9999999999999d", "200y", "584942417356y"};
	char text[64];
	int64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct conf *c;

		snprintf(text, sizeof(text), "\nlife = \"%s\";", bad[i]);
		c = read_text(text);
		assert_non_null(c);
		assert_int_equal(conf_duration(conf_root(c), "life", 1,
				     100LL * 365 * 86400, 0, &v),
		    0);
		assert_raised(PROFILE_E_CONFIG, "device.conf:2: life: ");
		conf_free(c);
	}
}

static void
ranges_and_sizes_are_held(void **state)
{
	struct conf *c = read_text(
	    "count = 11; room = \"2x\"; list = \"k\"; big = 1400; below = -1;");
	const struct conf_group *g = conf_root(c);
	int64_t v;

	(void)state;
	assert_int_equal(conf_int(g, "count", 0, 10, 0, &v), 0);
	assert_raised(PROFILE_E_CONFIG, "count: must lie within 0 and 10");
	assert_int_equal(conf_size(g, "room", 0, 10, 0, &v), 0);
	assert_raised(PROFILE_E_CONFIG, "room: \"2x\" is not a size");
	assert_int_equal(conf_size(g, "big", 0, 2000, 0, &v), 1);
	assert_int_equal(v, 1400);
	assert_int_equal(conf_size(g, "big", 0, 1000, 0, &v), 0);
	assert_raised(PROFILE_E_CONFIG, "big: must lie within 0 and 1000");
	assert_int_equal(conf_size(g, "below", -5, 10, 0, &v), 0);
	assert_raised(PROFILE_E_CONFIG, "below: \"-1\" is not a size");
	conf_free(c);
}

/* What 64 bits do not hold is not what is left of it. */
static void
nothing_overflows(void **state)
{
	struct conf *c = read_text("most = \"8589934591g\"; more = "
				   "\"8589934592g\"; wrapped = "
				   "\"68719476737g\"; life = "
				   "\"292471208677y\";");
	const struct conf_group *g = conf_root(c);
	int64_t v;

	(void)state;
	assert_int_equal(conf_size(g, "most", 0, INT64_MAX, 0, &v), 1);
	assert_true(v == INT64_MAX - (1 << 30) + 1);
	assert_int_equal(conf_size(g, "more", INT64_MIN, INT64_MAX, 0, &v), 0);
	assert_raised(PROFILE_E_CONFIG, "more: \"8589934592g\" is not a size");
	assert_int_equal(conf_size(g, "wrapped", 0, INT64_MAX, 0, &v), 0);
	assert_raised(PROFILE_E_CONFIG, "wrapped: \"68719476737g\" is not");
	assert_int_equal(conf_duration(g, "life", 0, INT64_MAX, 0, &v), 1);
	conf_free(c);
}

static void
choice_suggests(void **state)
{
	static const char *const names[] = {"est", "operator", NULL};
	struct conf *c = read_text("a = \"operator\";\nb = \"oprator\";");
	const struct conf_group *g = conf_root(c);

	(void)state;
	assert_int_equal(conf_choice(g, "a", names, 0), 1);
	assert_int_equal(conf_choice(g, "none", names, 5), 5);
	assert_int_equal(conf_choice(g, "b", names, 0), -1);
	assert_raised(PROFILE_E_CONFIG,
	    "device.conf:2: b: unknown value \"oprator\" (did you mean "
	    "\"operator\"?)");
	assert_int_equal(conf_fail(g, "b", "not %s", "good"), 0);
	assert_raised(PROFILE_E_CONFIG, "device.conf:2: b: not good");
	conf_free(c);
}

static void
absent_keys_give_defaults(void **state)
{
	struct conf *c = read_text("name = \"a\";");
	const struct conf_group *g = conf_root(c);
	int64_t v;

	(void)state;
	assert_int_equal(conf_int(g, "count", 0, 10, 3, &v), 1);
	assert_int_equal(v, 3);
	assert_int_equal(conf_duration(g, "life", 0, 1, 99, &v), 1);
	assert_int_equal(v, 99);
	assert_int_equal(conf_bool(g, "on", 1), 1);
	assert_string_equal(conf_text(g, "nothing", "d"), "d");
	assert_int_equal(conf_n_texts(g, "list"), 0);
	assert_null(conf_subgroup(g, "validity"));
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_values_are_refused),
	    cmocka_unit_test(ranges_and_sizes_are_held),
	    cmocka_unit_test(nothing_overflows),
	    cmocka_unit_test(choice_suggests),
	    cmocka_unit_test(absent_keys_give_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
