#include "alone.h"

/* Entries are known by letters: what the store has, what was published. */
static void
tell(const char *own, const char *pub)
{
	struct log_leaf a = {.kind = "k", .time = NOW}, b = a;
	struct shifts s = {0};
	size_t i, n = strlen(own) > strlen(pub) ? strlen(own) : strlen(pub);

	for (i = 0; i < n; i++) {
		if (i < strlen(own) && i < strlen(pub) && own[i] == pub[i])
			continue;
		memset(a.commitment, own[i < strlen(own) ? i : 0],
		    LEAF_COMMITMENT);
		memset(b.commitment, pub[i < strlen(pub) ? i : 0],
		    LEAF_COMMITMENT);
		assert_true(shifts_add(&s, i < strlen(own) ? &a : NULL, NULL,
		    i < strlen(pub) ? &b : NULL, (int64_t)i));
	}
	shifts_tell(alone_begin(), &s);
	shifts_clear(&s);
}

static void
tells_moves_from_changes(void **state)
{
	(void)state;
	tell("abc", "abc");
	assert_found("");
	tell("abd", "abc");
	assert_non_null(strstr(alone.found, "changed 2 : k: was published as "
	    "another entry (k, 2026-11-18T11:06:40Z)"));
	tell("acb", "abc");
	assert_found("re-ordered 1 : k: was published as entry 2\n"
	    "re-ordered 2 : k: was published as entry 1\n");
	tell("acd", "abcd");
	assert_found("re-ordered 1 : k: was published as entry 2\n"
	    "re-ordered 2 : k: was published as entry 3\n"
	    "missing 1 : k of 2026-11-18T11:06:40Z: published, but not in the "
	    "store\n");
	tell("axbc", "abc");
	assert_found("extra 1 : k: was never published\n"
	    "re-ordered 2 : k: was published as entry 1\n"
	    "re-ordered 3 : k: was published as entry 2\n");
}

static void
counts_what_is_too_much(void **state)
{
	struct log_leaf a = {.kind = "k"};
	struct shifts s = {0};
	int64_t i;

	(void)state;
	for (i = 0; i < SHIFTS_MAX + 3; i++) {
		memcpy(a.commitment, &i, sizeof(i));
		assert_true(shifts_add(&s, &a, NULL, NULL, i));
	}
	shifts_tell(alone_begin(), &s);
	assert_int_equal(alone.result.findings, SHIFTS_MAX + 1);
	shifts_clear(&s);
	shifts_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_moves_from_changes),
	    cmocka_unit_test(counts_what_is_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
