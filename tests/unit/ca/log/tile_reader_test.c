#include "rig.h"
#include "ca/log/tile.h"

#define LEAVES 66100	/* three levels of tiles */

static struct log_hash leaves[LEAVES];
static unsigned fetched, cut;

/* The root over a complete subtree, by the definition. */
static struct log_hash
mth(uint64_t start, uint64_t n)
{
	struct log_hash out, l, r;

	if (n == 1)
		return leaves[start];
	l = mth(start, n / 2);
	r = mth(start + n / 2, n / 2);
	assert_int_equal(log_node_hash(&l, &r, &out), 1);
	return out;
}

static int
fetch(const struct log_tile *t, unsigned char *buf, size_t *len, void *arg)
{
	uint64_t each = (uint64_t)1 << 8 * t->level, i;
	struct log_hash h;

	(void)arg;
	fetched++;
	for (i = 0; i < t->width; i++) {
		h = mth((t->index * LOG_TILE_WIDTH + i) * each, each);
		memcpy(buf + i * LOG_HASH, h.b, LOG_HASH);
	}
	*len = t->width * LOG_HASH - cut;
	return 1;
}

static int
setup(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < LEAVES; i++)
		if (!log_leaf_hash(&i, sizeof(i), &leaves[i]))
			return 1;
	return 0;
}

static void
gives_every_hash(void **state)
{
	struct log_tile_reader *r = log_tile_reader_new(LEAVES, fetch, NULL);
	struct log_hash got, want;
	unsigned level;
	uint64_t last;

	(void)state;
	for (level = 0; level <= 16; level++) {
		last = (LEAVES >> level) - 1;
		assert_int_equal(log_tile_hash(level, last, &got, r), 1);
		want = mth(last << level, (uint64_t)1 << level);
		assert_memory_equal(got.b, want.b, LOG_HASH);
		assert_int_equal(log_tile_hash(level, last + 1, &got, r), 0);
		assert_refused("has no hash");
	}
	log_tile_reader_free(r);
}

static void
proves_with_few_fetches(void **state)
{
	struct log_tile_reader *r = log_tile_reader_new(LEAVES, fetch, NULL);
	struct log_frontier f = {0};
	struct log_hash root, got;
	struct log_path p;
	size_t i;

	(void)state;
	for (i = 0; i < LEAVES; i++)
		assert_int_equal(log_frontier_add(&f, &leaves[i]), 1);
	assert_int_equal(log_frontier_root(&f, &root), 1);
	fetched = 0;
	assert_int_equal(log_root(LEAVES, log_tile_hash, r, &got), 1);
	assert_memory_equal(got.b, root.b, LOG_HASH);
	assert_int_equal(log_prove_inclusion(300, LEAVES, log_tile_hash, r, &p),
	    1);
	assert_true(fetched <= 6);
	assert_int_equal(log_check_inclusion(&leaves[300], 300, LEAVES, &p,
	    &root), 1);
	assert_int_equal(log_check_inclusion(&leaves[301], 300, LEAVES, &p,
	    &root), 0);
	assert_refused("log.inclusion: ");
	log_tile_reader_free(r);
	log_tile_reader_free(NULL);
}

static void
refuses_a_cut_tile(void **state)
{
	struct log_tile_reader *r = log_tile_reader_new(LEAVES, fetch, NULL);
	struct log_hash got;

	(void)state;
	cut = 1;
	assert_int_equal(log_tile_hash(0, LEAVES - 1, &got, r), 0);
	assert_refused("log.tile: tile/0/258.p/52 has 1663 octets, not 1664");
	cut = 0;
	assert_int_equal(log_tile_hash(0, LEAVES - 1, &got, r), 1);
	log_tile_reader_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_every_hash),
	    cmocka_unit_test(proves_with_few_fetches),
	    cmocka_unit_test(refuses_a_cut_tile),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
