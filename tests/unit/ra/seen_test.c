#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ra/seen.h"

static int64_t
count_of(const WIRE_FIELDS *args, const char *what)
{
	size_t i, n = field_count(args, "what");

	for (i = 0; i < n; i++)
		if (strcmp(field_get_text(field_find(args, "what", i)),
			what) == 0)
			return field_get_int(field_find(args, "count", i));
	return 0;
}

static void
counts(void **state)
{
	struct seen *s = seen_new();
	WIRE_FIELDS *args;

	(void)state;
	assert_null(seen_take(s));
	seen_note(s, "", "curl", "request");
	seen_note(s, "", "curl", "crlf");
	seen_note(s, "", "curl", "request");
	seen_note(s, "x", "curl", "request");
	seen_note(s, "", "wget", "refused:media.type");
	assert_int_equal(seen_n(s), 4);
	args = seen_take(s);
	assert_non_null(args);
	assert_int_equal(field_count(args, "label"), 4);
	assert_int_equal(field_count(args, "client"), 4);
	assert_int_equal(count_of(args, "request"), 2);
	assert_int_equal(count_of(args, "crlf"), 1);
	assert_int_equal(count_of(args, "refused:media.type"), 1);
	field_list_free(args);
	assert_int_equal(seen_n(s), 0);
	seen_free(s);
}

/* Whatever is sent: no more is kept, and it goes in messages of a bounded
   length. */
static void
bounded(void **state)
{
	struct seen *s = seen_new();
	char agent[300];
	WIRE_FIELDS *args;
	int i, parts = 0;

	(void)state;
	memset(agent, 'x', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	for (i = 0; i < 1000; i++) {
		snprintf(agent, 5, "%04d", i);
		agent[4] = 'x';
		seen_note(s, "fleet", agent, "request");
	}
	assert_int_equal(seen_n(s), SEEN_MAX);
	while ((args = seen_take(s)) != NULL) {
		assert_true(field_count(args, "what") <= SEEN_PART);
		assert_int_equal(
		    strlen(field_text(args, "client", "")), SEEN_AGENT_MAX);
		assert_true(sk_WIRE_FIELD_num(args) <= FIELDS_MAX);
		field_list_free(args);
		parts++;
	}
	assert_int_equal(parts, (SEEN_MAX + SEEN_PART - 1) / SEEN_PART);
	seen_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts),
	    cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests_name("seen", tests, NULL, NULL);
}
