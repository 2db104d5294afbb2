#include "alone.h"

static struct log_hash hash[8];

static struct log_hash
root_of(size_t n)
{
	struct log_frontier f = {0};
	struct log_hash h;
	size_t i;

	for (i = 0; i < n; i++) {
		memset(hash[i].b, (int)i, LOG_HASH);
		assert_true(log_frontier_add(&f, &hash[i]));
	}
	assert_true(log_frontier_root(&f, &h));
	return h;
}

static void
add(struct marks *m, size_t size, size_t root_size)
{
	struct log_hash h = root_of(root_size);

	assert_true(marks_add(m, size, &h, "a note"));
}

static void
feed(struct audit *a, struct marks *m, size_t n)
{
	size_t i;

	assert_true(marks_begin(a, m));
	(void)root_of(8);
	for (i = 0; i < n; i++)
		assert_true(marks_leaf(a, m, &hash[i]));
	marks_end(a, m);
}

static void
agrees_whatever_their_order(void **state)
{
	struct audit *a = alone_begin();
	struct marks m = {.whose = "it"};

	(void)state;
	add(&m, 5, 5);
	add(&m, 0, 0);
	add(&m, 3, 3);
	add(&m, 5, 5);
	feed(a, &m, 8);
	assert_found("");
	assert_int_equal(m.agreed, 5);
	marks_clear(&m);
}

static void
names_where_it_parts(void **state)
{
	struct audit *a = alone_begin();
	struct marks m = {.whose = "it"};

	(void)state;
	add(&m, 3, 3);
	add(&m, 5, 4);
	add(&m, 6, 4);
	feed(a, &m, 8);
	assert_found("forked -1 : it does not have the root of a note over 5 "
	    "entries: one or more of entries 3 to 4 changed, moved, or put in "
	    "since\n");
	marks_clear(&m);
	m.whose = "it";
	add(&m, 0, 1);
	feed(a, &m, 8);
	assert_found("forked -1 : it does not have the root of a note over 0 "
	    "entries: entry 0 changed, moved, or put in since\n");
	marks_clear(&m);
}

static void
names_what_is_not_reached(void **state)
{
	struct audit *a = alone_begin();
	struct marks m = {.whose = "it"};

	(void)state;
	add(&m, 7, 7);
	feed(a, &m, 4);
	assert_found("missing 4 : it ends after 4 entries, but a note is over "
	    "7: it is older than what was signed of it\n");
	marks_clear(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees_whatever_their_order),
	    cmocka_unit_test(names_where_it_parts),
	    cmocka_unit_test(names_what_is_not_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
