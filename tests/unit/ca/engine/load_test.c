#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "ca/engine/load.h"

static void
steps(void **state)
{
	struct ca_load *l = calloc(1, sizeof(*l));
	uint64_t now;

	(void)state;
	load_init(l);
	now = load_clock();
	assert_true(now > 0);
	load_step(l, LOAD_SIGN, now);
	load_step(l, LOAD_SIGN, now - 2000000); /* 2 s: below 2.5 s */
	load_step(NULL, LOAD_SIGN, now);
	assert_int_equal(atomic_load(&l->step[LOAD_SIGN].bucket[0]), 1);
	assert_int_equal(atomic_load(&l->step[LOAD_SIGN].bucket[10]), 1);
	assert_true(atomic_load(&l->step[LOAD_SIGN].sum) >= 2000000);
	assert_int_equal(atomic_load(&l->step[LOAD_RECORD].sum), 0);
	assert_true(load_clock() >= now);
	free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(steps)};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
