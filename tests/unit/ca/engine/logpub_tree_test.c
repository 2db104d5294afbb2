#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "ca/engine/logpub_tree.h"

/* Tiles of a tree, kept by name; the other way to its root is tree.c's. */

#define MAX 1024

static struct {
	struct log_tile t;
	unsigned char *data;
	size_t len;
} kept[MAX];
static size_t n_kept;

static int
keep(const struct log_tile *t, const unsigned char *data, size_t len, void *arg)
{
	(void)arg;
	assert_true(n_kept < MAX);
	kept[n_kept].t = *t;
	kept[n_kept].data = OPENSSL_memdup(data, len);
	kept[n_kept++].len = len;
	return 1;
}

static void
forget(void)
{
	while (n_kept > 0)
		OPENSSL_free(kept[--n_kept].data);
}

static int
is_same(const struct log_tile *a, const struct log_tile *b)
{
	return a->level == b->level && a->index == b->index &&
	    a->width == b->width;
}

static int
fetch(const struct log_tile *t, unsigned char *buf, size_t *len, void *arg)
{
	size_t i;

	(void)arg;
	for (i = 0; i < n_kept; i++)
		if (is_same(&kept[i].t, t)) {
			memcpy(buf, kept[i].data, kept[i].len);
			*len = kept[i].len;
			return 1;
		}
	return 0;
}

static size_t
leaf(uint64_t i, unsigned char *out)
{
	return (size_t)sprintf((char *)out, "leaf %llu", (unsigned long long)i);
}

static void
add(struct logpub_tree *t, struct log_frontier *f, uint64_t upto)
{
	unsigned char text[40];
	struct log_hash h;
	size_t len;

	while (t->size < upto) {
		len = leaf(t->size, text);
		assert_true(log_leaf_hash(text, len, &h));
		assert_true(log_frontier_add(f, &h));
		assert_true(logpub_tree_add(t, text, len));
	}
}

static void
check_root(const struct logpub_tree *t, const struct log_frontier *f)
{
	struct log_hash a, b;

	assert_true(log_frontier_root(f, &a));
	assert_true(logpub_tree_root(t, &b));
	assert_memory_equal(&a, &b, sizeof(a));
}

/* Also the proofs from its tiles hold. */
static void
check_tiles(const struct logpub_tree *t)
{
	struct log_tile_reader *r;
	struct log_hash root, h;
	struct log_path path;
	unsigned char text[40];
	uint64_t i;

	assert_true(logpub_tree_partial(t, keep, NULL));
	r = log_tile_reader_new(t->size, fetch, NULL);
	assert_non_null(r);
	assert_true(logpub_tree_root(t, &root));
	for (i = 0; i < t->size; i += 1 + t->size / 7) {
		assert_true(log_leaf_hash(text, leaf(i, text), &h));
		assert_true(log_prove_inclusion(i, t->size, log_tile_hash, r,
		    &path));
		assert_true(log_check_inclusion(&h, i, t->size, &path, &root));
	}
	log_tile_reader_free(r);
}

static void
grows(void **state)
{
	static const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 511, 512,
	    65535, 65536, 65537, 66000};
	struct logpub_tree *t = logpub_tree_new(keep, NULL);
	struct log_frontier f = {0};
	size_t i;

	(void)state;
	assert_non_null(t);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		add(t, &f, sizes[i]);
		check_root(t, &f);
		check_tiles(t);
	}
	logpub_tree_free(t);
	forget();
}

static void
gives_bundles(void **state)
{
	struct logpub_tree *t = logpub_tree_new(keep, NULL);
	struct log_frontier f = {0};
	const unsigned char *p;
	size_t len;

	(void)state;
	add(t, &f, 258);
	/* Of what is full the bundle first, then the tile. */
	assert_int_equal(n_kept, 2);
	assert_int_equal(kept[0].t.level, LOG_LEVEL_ENTRIES);
	assert_int_equal(kept[0].t.width, 256);
	assert_int_equal(kept[1].t.level, 0);
	assert_int_equal(kept[1].len, LOG_TILE_OCTETS);
	assert_true(log_bundle_leaf(kept[0].data, kept[0].len, 255, &p, &len));
	assert_int_equal(len, 8);
	assert_memory_equal(p, "leaf 255", 8);
	assert_ptr_equal(p + len, kept[0].data + kept[0].len);
	forget();
	assert_true(logpub_tree_partial(t, keep, NULL));
	assert_int_equal(n_kept, 3);
	assert_int_equal(kept[0].t.width, 2);
	assert_true(log_bundle_leaf(kept[0].data, kept[0].len, 1, &p, &len));
	assert_memory_equal(p, "leaf 257", 8);
	assert_int_equal(kept[1].t.index, 1);
	assert_int_equal(kept[2].t.level, 1);
	assert_int_equal(kept[2].t.width, 1);
	logpub_tree_free(t);
	forget();
}

/* Loaded from its tiles it goes on as if it had never been away. */
static void
loads(void **state)
{
	struct logpub_tree *t = logpub_tree_new(keep, NULL), *u;
	struct log_frontier f = {0};
	unsigned char text[40];
	uint64_t i;

	(void)state;
	add(t, &f, 66001);
	assert_true(logpub_tree_partial(t, keep, NULL));
	u = logpub_tree_new(keep, NULL);
	assert_true(logpub_tree_load(u, t->size, fetch, NULL));
	check_root(u, &f);
	for (i = t->size - t->size % 256; i < t->size; i++)
		assert_true(logpub_tree_refill(u, i, text, leaf(i, text)));
	assert_int_equal(u->bundle_len, t->bundle_len);
	assert_memory_equal(u->bundle, t->bundle, t->bundle_len);
	assert_true(logpub_tree_refill(u, i, text, 3));
	assert_int_equal(u->bundle_len, t->bundle_len);
	add(u, &f, 66100);
	check_root(u, &f);
	check_tiles(u);
	logpub_tree_free(u);
	logpub_tree_free(t);
	forget();
}

static int
cut(const struct log_tile *t, unsigned char *buf, size_t *len, void *arg)
{
	if (!fetch(t, buf, len, arg))
		return 0;
	(*len)--;
	return 1;
}

static void
refuses(void **state)
{
	struct logpub_tree *t = logpub_tree_new(keep, NULL), *u;
	struct log_frontier f = {0};
	unsigned char *large = calloc(1, LOG_LEAF_MAX + 1);

	(void)state;
	add(t, &f, 300);
	assert_true(logpub_tree_partial(t, keep, NULL));
	u = logpub_tree_new(NULL, NULL);
	assert_false(logpub_tree_load(u, 299, fetch, NULL));
	logpub_tree_free(u);
	u = logpub_tree_new(NULL, NULL);
	assert_false(logpub_tree_load(u, 300, cut, NULL));
	logpub_tree_free(u);
	u = logpub_tree_new(NULL, NULL);
	assert_true(logpub_tree_load(u, 300, fetch, NULL));
	assert_false(logpub_tree_refill(u, 256, (unsigned char *)"leaf 257",
	    8));
	assert_false(logpub_tree_add(u, large, LOG_LEAF_MAX + 1));
	logpub_tree_free(u);
	logpub_tree_free(t);
	free(large);
	forget();
	ERR_clear_error();
}

static int
no(const struct log_tile *t, const unsigned char *data, size_t len, void *arg)
{
	(void)t;
	(void)data;
	(void)len;
	(void)arg;
	return 0;
}

static void
tells_of_failure(void **state)
{
	struct logpub_tree *t = logpub_tree_new(no, NULL);
	struct log_frontier f = {0};

	(void)state;
	add(t, &f, 255);
	assert_false(logpub_tree_add(t, (unsigned char *)"x", 1));
	logpub_tree_free(t);
	logpub_tree_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grows),
	    cmocka_unit_test(gives_bundles),
	    cmocka_unit_test(loads),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(tells_of_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
