#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "ra/limits.h"
#include "ra/settings.h"

static const struct sockaddr *
address(const char *text, struct settings_address *a)
{
	assert_true(settings_address_parse(text, a));
	return (const struct sockaddr *)&a->sa;
}

static void
in_all(void **state)
{
	struct limits *l = limits_new(2, 2);

	(void)state;
	assert_true(limits_take(l));
	assert_false(limits_full(l));
	assert_true(limits_take(l));
	assert_true(limits_full(l));
	assert_false(limits_take(l));
	limits_give(l);
	assert_int_equal(limits_count(l), 1);
	assert_true(limits_take(l));
	limits_free(l);
}

static void
per_address(void **state)
{
	struct limits *l = limits_new(100, 2);
	struct settings_address a;
	const struct sockaddr *sa = address("192.0.2.1:1", &a);

	(void)state;
	assert_true(limits_take_address(l, sa));
	assert_true(limits_take_address(l, address("192.0.2.1:2", &a)));
	assert_false(limits_take_address(l, sa)); /* any port */
	assert_true(limits_take_address(l, address("192.0.2.2:1", &a)));
	limits_give_address(l, address("192.0.2.1:9", &a));
	assert_true(limits_take_address(l, sa));
	assert_false(limits_take_address(l, sa));
	/* One /64 is one subscriber. */
	assert_true(limits_take_address(l, address("[2001:db8::1]:1", &a)));
	assert_true(limits_take_address(l, address("[2001:db8::2]:1", &a)));
	assert_false(limits_take_address(l, address("[2001:db8::3]:1", &a)));
	assert_true(limits_take_address(l, address("[2001:db8:0:1::1]:1", &a)));
	limits_free(l);
}

static void
many_addresses_come_and_go(void **state)
{
	struct limits *l = limits_new(16, 1);
	struct settings_address a;
	char text[64];
	int round, i;

	(void)state;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 200; i++) {
			snprintf(text, sizeof(text), "10.0.0.%d:1", i);
			assert_true(limits_take_address(l, address(text, &a)));
			assert_false(limits_take_address(l, address(text, &a)));
		}
		for (i = 0; i < 200; i++) {
			snprintf(text, sizeof(text), "10.0.0.%d:1", i);
			limits_give_address(l, address(text, &a));
		}
	}
	limits_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_all),
	    cmocka_unit_test(per_address),
	    cmocka_unit_test(many_addresses_come_and_go),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
