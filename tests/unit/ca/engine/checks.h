#ifndef INKAN_TESTS_CHECKS_H
#define INKAN_TESTS_CHECKS_H

#include "tests/unit/ca/engine/world.h"

/* What operation "status" finds. */

static const char *__attribute__((unused))
level_of(WIRE_ANSWER *a, const char *check)
{
	static const char *const order[] = {"fail", "warn", "ok"};
	const WIRE_FIELDS *row;
	size_t i, k;

	for (k = 0; k < 3; k++)
		for (i = 0; i < message_n_rows(a); i++) {
			row = message_row(a, i);
			if (strcmp(field_text(row, "check", ""), check) == 0 &&
			    strcmp(field_text(row, "level", ""), order[k]) == 0)
				return order[k];
		}
	return "absent";
}

/* ${check} has ${level}, and the whole is no better. */
static void __attribute__((unused))
expect(struct world *w, const char *check, const char *level)
{
	WIRE_ANSWER *a = world_admin(w, "status", "");
	const char *all;

	world_is(a, WIRE_OK);
	if (strcmp(level_of(a, check), level) != 0)
		fail_msg("%s is %s, not %s", check, level_of(a, check), level);
	all = field_text(a->values, "level", "");
	if (strcmp(level, "fail") == 0)
		assert_string_equal(all, "fail");
	if (strcmp(level, "warn") == 0)
		assert_string_not_equal(all, "ok");
	WIRE_ANSWER_free(a);
}

#endif
