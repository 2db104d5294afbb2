#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/ocsp/rig.h"

static void
test_state(void **state)
{
	struct rig *r = rig_make();
	struct state *s = state_new();
	struct status_head head, first = {.heartbeat = 5, .change = 1};
	struct view *view = state_view(r->state), *got;

	(void)state;
	assert_null(state_view(s));
	assert_false(state_head(s, &head));
	state_set(s, view, &first);
	assert_true(state_head(s, &head));
	assert_int_equal(head.heartbeat, 5);
	/* No new issuers: the former stay; a borrowed view outlives a change.
	 */
	first.heartbeat = 6;
	state_set(s, NULL, &first);
	got = state_view(s);
	assert_ptr_equal(got, view);
	state_set(s, state_view(r->state), &first);
	assert_int_equal(view_n_issuers(got), 2);
	view_free(got);
	state_free(s);
	state_free(NULL);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
