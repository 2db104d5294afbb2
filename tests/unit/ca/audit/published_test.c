#include "alone.h"

static uint64_t
read_from(struct rig *r, uint64_t from, uint64_t size)
{
	struct source *s = source_open(r->pub);
	struct published *p = published_new(alone_begin(), s, from, size);
	struct published_leaf leaf;
	uint64_t n = 0;
	int more;

	while ((more = published_next(p, &leaf)) == 1) {
		assert_int_equal(leaf.index, from + n);
		if (leaf.known)
			assert_int_equal(leaf.leaf.index, leaf.index);
		if (leaf.hashed)
			assert_memory_equal(leaf.hash.b, r->hash[leaf.index].b,
			    LOG_HASH);
		n++;
	}
	assert_int_equal(more, 0);
	published_free(p);
	source_free(s);
	return n;
}

static void
run_in(struct rig *r, const char *text)
{
	char cmd[800];

	snprintf(cmd, sizeof(cmd), "cd %s && %s", r->pub, text);
	assert_int_equal(system(cmd), 0);
}

static void
reads_from_anywhere(void **state)
{
	struct rig *r = *state;
	static const uint64_t from[] = {0, 1, 255, 256, 257, 511, 599, 600};
	size_t i;

	rig_add(r, 0, 300);
	rig_publish(r);
	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		assert_int_equal(read_from(r, from[i], 600), 600 - from[i]);
		assert_found("");
	}
}

/* Of a size whose partial files are gone: the full ones have them. */
static void
reads_an_earlier_size(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 140);
	rig_publish(r);
	assert_int_equal(read_from(r, 0, 100), 100);
	assert_found("");
}

static void
goes_by_tiles_without_bundles(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 140);
	rig_publish(r);
	run_in(r, "rm tile/entries/000");
	assert_int_equal(read_from(r, 0, 280), 280);
	assert_found("missing -1 : tile/entries/000: the file is not there\n");
	run_in(r, "rm tile/0/001.p/24");
	assert_int_equal(read_from(r, 256, 280), 24);
	assert_found("missing -1 : tile/0/001.p/24: the file is not there\n");
}

/* The first two leaves, one in the other's place. */
static void
names_a_leaf_of_another_place(void **state)
{
	struct rig *r = *state;
	struct published_leaf leaf;
	struct published *p;
	struct source *s;
	char cmd[200];
	size_t n;

	rig_add(r, 0, 2);
	rig_publish(r);
	n = 2 + (unsigned char)r->leaf[0][1];
	assert_int_equal(r->leaf[0][1], r->leaf[1][1]);
	snprintf(cmd, sizeof(cmd), "f=tile/entries/000.p/4; head -c %zu $f >x;"
	    " head -c %zu $f | tail -c %zu >y; tail -c +%zu $f >z;"
	    " cat y x z >$f", n, 2 * n, n, 2 * n + 1);
	run_in(r, cmd);
	s = source_open(r->pub);
	p = published_new(alone_begin(), s, 0, 4);
	while (published_next(p, &leaf) == 1)
		assert_int_equal(leaf.hashed, 1);
	published_free(p);
	source_free(s);
	assert_found("re-ordered 0 : the leaf published here is that of entry 1\n"
	    "changed 0 : its leaf in the bundle is not the one of the tree: "
	    "issue.recorded\n"
	    "re-ordered 1 : the leaf published here is that of entry 0\n"
	    "changed 1 : its leaf in the bundle is not the one of the tree: "
	    "issue.reserved\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(reads_from_anywhere),
	    TEST(reads_an_earlier_size),
	    TEST(goes_by_tiles_without_bundles),
	    TEST(names_a_leaf_of_another_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
