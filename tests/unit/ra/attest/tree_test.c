#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/tree.h"

/* CBOR that is refused before or after libcbor has seen it. */

static cbor_item_t *
read_hex(const char *hex)
{
	static unsigned char in[4096];
	size_t len = unhex(hex, in, sizeof(in));

	return tree_read("eat.claims", "in", octets_of(in, len));
}

static void
refused(void **state)
{
	static const char *const bad[] = {
		"",
		"a1",		/* the end is missing */
		"a10102ff",	/* octets left over */
		"9f0102ff",	/* indefinite lengths */
		"5f4101ff",
		"bf0102ff",
		"1c",		/* reserved */
		"42aa",		/* longer than what is there */
		"5bffffffffffffffff00",
		"9bffffffffffffffff00",
		"ba7fffffff0000",
		"a201020103",	/* a key twice */
		"a2616101616102",
		"a20102180103", /* the same key, written longer */
		"a1f50102",	/* octets left over; and a key that is no key */
		"a141aa01",	/* a byte string as key */
		"8181818181818181818100", /* ten levels */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(read_hex(bad[i]));
		assert_rule("attest.eat.claims");
	}
}

static void
many_items(void **state)
{
	static unsigned char in[3 + TREE_ITEMS_MAX];
	cbor_item_t *it;

	(void)state;
	in[0] = 0x99; /* an array of many zeros, and its own head */
	in[1] = (TREE_ITEMS_MAX - 1) >> 8;
	in[2] = (TREE_ITEMS_MAX - 1) & 0xff;
	it = tree_read("eat.claims", "in", octets_of(in, 3 + TREE_ITEMS_MAX - 1));
	assert_non_null(it);
	assert_int_equal(tree_count(it), TREE_ITEMS_MAX - 1);
	cbor_decref(&it);
	in[1] = TREE_ITEMS_MAX >> 8;
	in[2] = TREE_ITEMS_MAX & 0xff;
	assert_null(
	    tree_read("eat.claims", "in", octets_of(in, 3 + TREE_ITEMS_MAX)));
	assert_rule("attest.eat.claims");
}

static void
truth(void **state)
{
	/* false, null, and 1.0 in two sizes: a question about a float ended the
	   process once. */
	static const char *const in[] = {"f4", "f6", "f93c00", "fa3f800000"};
	cbor_item_t *it;
	int flag = 1;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		assert_non_null(it = read_hex(in[i]));
		assert_int_equal(tree_bool(it, &flag), i == 0);
		assert_false(flag);
		cbor_decref(&it);
	}
}

static void
questions(void **state)
{
	/* {1: -2, "a": h'aabb', 3: [true, "x"], -4: tag 4096 0} */
	cbor_item_t *it = read_hex("a40121616142aabb0382f561782" "3d9100000");
	struct attest_octets o;
	int64_t n;
	int flag;

	(void)state;
	assert_non_null(it);
	assert_true(tree_int(tree_int_key(it, 1), &n));
	assert_int_equal(n, -2);
	assert_true(tree_bytes(tree_text_key(it, "a"), &o));
	assert_true(octets_equal(o, (const unsigned char *)"\xaa\xbb", 2));
	assert_false(tree_bytes(tree_text_key(it, "b"), &o));
	assert_false(tree_text(tree_text_key(it, "a"), &o));
	assert_true(tree_bool(tree_at(tree_int_key(it, 3), 0), &flag));
	assert_true(flag);
	assert_true(tree_text(tree_at(tree_int_key(it, 3), 1), &o));
	assert_null(tree_at(tree_int_key(it, 3), 2));
	assert_true(tree_int(tree_tagged(tree_int_key(it, -4), 4096), &n));
	assert_null(tree_tagged(tree_int_key(it, -4), 4097));
	assert_null(tree_int_key(tree_int_key(it, 3), 1));
	cbor_decref(&it);
}

static void
first(void **state)
{
	static const unsigned char in[] = { 0x82, 0x01, 0x02, 0xff };
	size_t used = 0;
	cbor_item_t *it = tree_read_first(
	    "eat.claims", "in", octets_of(in, sizeof(in)), &used);

	(void)state;
	assert_non_null(it);
	assert_int_equal(used, 3);
	cbor_decref(&it);
}

static void
heads(void **state)
{
	unsigned char out[9];

	(void)state;
	assert_int_equal(tree_head(out, 0x40, 23), 1);
	assert_int_equal(out[0], 0x57);
	assert_int_equal(tree_head(out, 0x40, 24), 2);
	assert_memory_equal(out, "\x58\x18", 2);
	assert_int_equal(tree_head(out, 0x60, 256), 3);
	assert_memory_equal(out, "\x79\x01\x00", 3);
	assert_int_equal(tree_head(out, 0x40, 70000), 5);
	assert_memory_equal(out, "\x5a\x00\x01\x11\x70", 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused), cmocka_unit_test(many_items),
		cmocka_unit_test(questions), cmocka_unit_test(truth),
		cmocka_unit_test(first),
		cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
