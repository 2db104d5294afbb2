#include "tests/unit/ca/store/temp.h"
#include "ca/store/blocked_keys.h"

static void
make(struct blocked_key *k, unsigned char first)
{
	memset(k, 0, sizeof(*k));
	k->md[0] = first;
	k->md[31] = 1;
	k->at = NOW + first;
	snprintf(k->why, sizeof(k->why), "list %u", first);
}

struct seen {
	unsigned char first[8];
	size_t n;
};

static int
see(const struct blocked_key *k, void *arg)
{
	struct seen *s = arg;

	s->first[s->n++] = k->md[0];
	return s->n < sizeof(s->first);
}

static int
life(struct store_tx *tx, void *arg)
{
	struct blocked_key k, got;
	struct seen s = {.n = 0};
	int64_t n;

	(void)arg;
	make(&k, 9);
	assert_int_equal(blocked_keys_add(tx, &k), 1);
	assert_int_equal(blocked_keys_add(tx, &k), 0);
	make(&k, 0);
	assert_int_equal(blocked_keys_add(tx, &k), 1);
	make(&k, 200);
	assert_int_equal(blocked_keys_add(tx, &k), 1);
	assert_int_equal(certs_key_blocked(tx, k.md), 1);
	assert_int_equal(blocked_keys_get(tx, k.md, &got), 1);
	assert_string_equal(got.why, "list 200");
	assert_int_equal(got.at, NOW + 200);
	/* In order of hash, also the one that begins with a zero. */
	assert_true(blocked_keys_list(tx, NULL, 10, see, &s));
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.first, "\0\11\310", 3);
	make(&k, 9);
	s.n = 0;
	assert_true(blocked_keys_list(tx, k.md, 10, see, &s));
	assert_int_equal(s.n, 1);
	assert_int_equal(s.first[0], 200);
	assert_true(blocked_keys_count(tx, &n));
	assert_int_equal(n, 3);
	assert_int_equal(blocked_keys_remove(tx, k.md), 1);
	assert_int_equal(blocked_keys_remove(tx, k.md), 0);
	assert_int_equal(blocked_keys_get(tx, k.md, &got), 0);
	assert_int_equal(certs_key_blocked(tx, k.md), 0);
	return 1;
}

static void
is_a_list(void **state)
{
	struct temp *t = *state;

	RUN(t, life, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(is_a_list, temp_make, temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
