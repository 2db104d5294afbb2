#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>
#include "ca/error.h"
#include "ca/log/tree.h"

#define LEAVES 70

/* The tree as RFC 9162, 2.1.1 defines it, written down once more. */
static struct log_hash leaves[LEAVES];

static struct log_hash
mth(uint64_t start, uint64_t n)
{
	struct log_hash out, l, r;
	uint64_t k = 1;

	if (n == 1)
		return leaves[start];
	while (2 * k < n)
		k *= 2;
	l = mth(start, k);
	r = mth(start + k, n - k);
	assert_int_equal(log_node_hash(&l, &r, &out), 1);
	return out;
}

static int
read_mth(unsigned level, uint64_t index, struct log_hash *out, void *arg)
{
	(void)arg;
	*out = mth(index << level, (uint64_t)1 << level);
	return 1;
}

static int
setup(void **state)
{
	unsigned char i;

	(void)state;
	for (i = 0; i < LEAVES; i++)
		if (!log_leaf_hash(&i, 1, &leaves[i]))
			return 1;
	return 0;
}

static void
assert_same(const struct log_hash *a, const struct log_hash *b)
{
	assert_memory_equal(a->b, b->b, LOG_HASH);
}

static void
assert_refused(const char *text)
{
	const char *data = NULL;
	int flags;

	ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	assert_non_null(data);
	assert_non_null(strstr(data, text));
	ERR_clear_error();
}

/* The values of RFC 6962's test tree: leaves "", 00, 10, 20 21, ... */
static void
has_known_hashes(void **state)
{
	static const unsigned char empty[] = {0xe3, 0xb0, 0xc4, 0x42};
	static const unsigned char leaf[] = {0x6e, 0x34, 0x0b, 0x9c};
	static const unsigned char two[] = {0xfa, 0xc5, 0x42, 0x03};
	struct log_frontier f = {0};
	struct log_hash h;

	(void)state;
	assert_int_equal(log_frontier_root(&f, &h), 1);
	assert_memory_equal(h.b, empty, 4);
	assert_int_equal(log_leaf_hash("", 0, &h), 1);
	assert_memory_equal(h.b, leaf, 4);
	assert_int_equal(log_frontier_add(&f, &h), 1);
	assert_int_equal(log_leaf_hash("", 1, &h), 1);
	assert_int_equal(log_frontier_add(&f, &h), 1);
	assert_int_equal(log_frontier_root(&f, &h), 1);
	assert_memory_equal(h.b, two, 4);
}

static void
grows_like_the_definition(void **state)
{
	struct log_frontier f = {0}, g;
	struct log_hash a, b;
	uint64_t n;

	(void)state;
	for (n = 1; n <= LEAVES; n++) {
		assert_int_equal(log_frontier_add(&f, &leaves[n - 1]), 1);
		assert_int_equal(f.size, n);
		assert_int_equal(log_frontier_root(&f, &a), 1);
		b = mth(0, n);
		assert_same(&a, &b);
		assert_int_equal(log_root(n, read_mth, NULL, &b), 1);
		assert_same(&a, &b);
		assert_int_equal(log_frontier_read(n, read_mth, NULL, &g), 1);
		assert_int_equal(f.n, g.n);
		assert_memory_equal(f.h, g.h, f.n * LOG_HASH);
	}
}

static void
proves_every_leaf(void **state)
{
	struct log_hash root, wrong;
	struct log_path p;
	uint64_t n, i;

	(void)state;
	for (n = 1; n <= LEAVES; n++) {
		root = mth(0, n);
		for (i = 0; i < n; i++) {
			assert_int_equal(log_prove_inclusion(i, n, read_mth,
			    NULL, &p), 1);
			assert_int_equal(log_check_inclusion(&leaves[i], i, n,
			    &p, &root), 1);
			wrong = leaves[(i + 1) % LEAVES];
			assert_int_equal(log_check_inclusion(&wrong, i, n, &p,
			    &root), 0);
			assert_refused("log.inclusion: the path does not lead");
		}
	}
}

static void
refuses_a_wrong_path(void **state)
{
	struct log_hash root = mth(0, 13);
	struct log_path p;

	(void)state;
	assert_int_equal(log_prove_inclusion(4, 13, read_mth, NULL, &p), 1);
	assert_int_equal(log_check_inclusion(&leaves[4], 5, 13, &p, &root), 0);
	assert_refused("does not lead");
	assert_int_equal(log_check_inclusion(&leaves[4], 13, 13, &p, &root), 0);
	assert_refused("not in the tree");
	p.n++;
	memset(&p.h[p.n - 1], 0, LOG_HASH);
	assert_int_equal(log_check_inclusion(&leaves[4], 4, 13, &p, &root), 0);
	assert_refused("too long");
	p.n -= 2;
	assert_int_equal(log_check_inclusion(&leaves[4], 4, 13, &p, &root), 0);
	assert_refused("too short");
	assert_int_equal(log_prove_inclusion(13, 13, read_mth, NULL, &p), 0);
	assert_refused("no leaf 13");
}

static void
proves_that_it_only_grew(void **state)
{
	struct log_hash a, b, wrong = leaves[0];
	struct log_path p;
	uint64_t m, n;

	(void)state;
	wrong.b[0] ^= 1;
	for (n = 1; n <= LEAVES; n++)
		for (m = 1; m <= n; m++) {
			a = mth(0, m);
			b = mth(0, n);
			assert_int_equal(log_prove_consistency(m, n, read_mth,
			    NULL, &p), 1);
			assert_int_equal(log_check_consistency(m, &a, n, &b,
			    &p), 1);
			assert_int_equal(log_check_consistency(m, &wrong, n,
			    &b, &p), 0);
			ERR_clear_error();
			assert_int_equal(log_check_consistency(m, &a, n,
			    &wrong, &p), 0);
			ERR_clear_error();
		}
}

static void
refuses_a_fork(void **state)
{
	struct log_hash a = mth(0, 9), b = mth(1, 9), c = mth(0, 20);
	struct log_path p = {0};

	(void)state;
	assert_int_equal(log_check_consistency(9, &a, 9, &b, &p), 0);
	assert_refused("the log was forked");
	assert_int_equal(log_check_consistency(20, &c, 9, &a, &p), 0);
	assert_refused("the log has shrunk");
	assert_int_equal(log_check_consistency(9, &a, 20, &c, &p), 0);
	assert_refused("too short");
	assert_int_equal(log_prove_consistency(9, 20, read_mth, NULL, &p), 1);
	p.h[1].b[3] ^= 1;
	assert_int_equal(log_check_consistency(9, &a, 20, &c, &p), 0);
	assert_refused("does not begin with");
	p.h[1].b[3] ^= 1;
	p.h[p.n] = p.h[0];
	p.n++;
	assert_int_equal(log_check_consistency(9, &a, 20, &c, &p), 0);
	assert_refused("too long");
	assert_int_equal(log_prove_consistency(21, 20, read_mth, NULL, &p), 0);
	assert_refused("no proof from 21");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_known_hashes),
	    cmocka_unit_test(grows_like_the_definition),
	    cmocka_unit_test(proves_every_leaf),
	    cmocka_unit_test(refuses_a_wrong_path),
	    cmocka_unit_test(proves_that_it_only_grew),
	    cmocka_unit_test(refuses_a_fork),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
