#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ca/engine/told.h"

static struct told one, got;

static void
put(struct told_all *t, uid_t uid, int i, int64_t at)
{
	memset(&one, 0, sizeof(one));
	one.uid = uid;
	one.at = at;
	snprintf(one.name, sizeof(one.name), "10.0.0.%d:80", i);
	told_put(t, &one);
}

static size_t
count(struct told_all *t, int64_t now)
{
	size_t n = 0;

	while (told_get(t, n, now, &got))
		n++;
	return n;
}

static void
newest_of_each(void **state)
{
	struct told_all *t = told_new();

	(void)state;
	assert_non_null(t);
	assert_int_equal(count(t, 100), 0);
	put(t, 5, 1, 100);
	put(t, 5, 1, 120);
	put(t, 6, 1, 110); /* another user's is another one */
	assert_int_equal(count(t, 130), 2);
	assert_true(told_get(t, 0, 130, &got));
	assert_int_equal(got.at, 120);
	told_free(t);
}

static void
limits(void **state)
{
	struct told_all *t = told_new();
	int i;

	(void)state;
	for (i = 0; i < TOLD_MAX; i++)
		put(t, 5, i, 1000 + i);
	put(t, 5, 99, 5000); /* in the place of the first */
	assert_int_equal(count(t, 5000), TOLD_MAX);
	for (i = 0; told_get(t, (size_t)i, 5000, &got); i++)
		assert_string_not_equal(got.name, "10.0.0.0:80");
	/* Taken for removed. */
	assert_int_equal(count(t, 5000 + TOLD_FORGET), 1);
	assert_int_equal(count(t, 5001 + TOLD_FORGET), 0);
	told_free(t);
}

static void
none_at_all(void **state)
{
	(void)state;
	assert_false(told_get(NULL, 0, 0, &got));
	told_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(newest_of_each),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(none_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
