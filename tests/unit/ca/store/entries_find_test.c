#include "ca/log/leaf.h"
#include "ca/log/tree.h"
#include "ca/store/adopt.h"
#include "tests/unit/ca/store/temp.h"

#define ENTRIES 40

static int
fill_tx(struct store_tx *tx, void *arg)
{
	char serial[16];
	WIRE_FIELDS *l;
	int i, ok = 1;

	(void)arg;
	for (i = 0; ok && i < ENTRIES; i++) {
		snprintf(serial, sizeof(serial), "4100%02x", i / 2);
		l = field_list_new();
		ok = field_add_text(l, "issuer", i < 30 ? "a-g1" : "b-g1") &&
		    field_add_text(l, "serial", serial) &&
		    entries_append(tx, i % 2 ? "issue.recorded"
			    : "issue.reserved", NOW + 10 * i, l, NULL);
		field_list_free(l);
	}
	return ok;
}

static int64_t
find(struct store_tx *tx, const char *issuer, const char *serial, int64_t when)
{
	struct entry_row e;
	int64_t index = -1;
	int found;

	found = entries_about(tx, "issue.recorded", issuer, serial, when, &e);
	assert_true(found >= 0);
	if (found == 1) {
		assert_true(entries_check(&e));
		index = e.index;
	}
	entries_row_clear(&e);
	return index;
}

static int
find_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	assert_int_equal(find(tx, "a-g1", "410005", NOW + 110), 11);
	assert_int_equal(find(tx, "a-g1", "410005", NOW + 111), 11);
	assert_int_equal(find(tx, "a-g1", "410000", NOW + 10), 1);
	assert_int_equal(find(tx, "b-g1", "410013", NOW + 390), 39);
	/* The time is wrong, or not known: all are read. */
	assert_int_equal(find(tx, "a-g1", "410005", NOW + 300), 11);
	assert_int_equal(find(tx, "a-g1", "410005", NOW + 99999), 11);
	assert_int_equal(find(tx, "a-g1", "410005", 1), 11);
	assert_int_equal(find(tx, "a-g1", "410005", 0), 11);
	assert_int_equal(find(tx, "b-g1", "410005", NOW + 110), -1);
	assert_int_equal(find(tx, "a-g1", "41000", NOW + 110), -1);
	assert_int_equal(find(tx, "a-g1", "4100ff", 0), -1);
	return 1;
}

static void
finds_what_tells_of_a_certificate(void **state)
{
	struct temp *t = *state;

	WRITE(t, fill_tx, NULL);
	READ(t, find_tx, NULL);
}

/* An entry of that kind whose detail nobody has, before what is looked for. */
static int
lost_tx(struct store_tx *tx, void *arg)
{
	struct log_leaf leaf = {.index = 0, .time = NOW};
	unsigned char *der = NULL;
	size_t len = 0;
	int ok;

	(void)arg;
	snprintf(leaf.kind, sizeof(leaf.kind), "issue.recorded");
	ok = log_leaf_encode(&leaf, &der, &len) &&
	    entries_adopt(tx, der, len);
	OPENSSL_free(der);
	return ok;
}

static int
find_behind_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	assert_int_equal(find(tx, "a-g1", "410005", 0), 12);
	assert_int_equal(find(tx, "a-g1", "", 0), -1);
	return 1;
}

static void
passes_what_is_lost(void **state)
{
	struct temp *t = *state;

	WRITE(t, lost_tx, NULL);
	WRITE(t, fill_tx, NULL);
	READ(t, find_behind_tx, NULL);
}

static int
add(struct store_tx *tx, const char *kind, const char *serial)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = field_add_text(l, "issuer", "a-g1") &&
	    field_add_text(l, "serial", serial) &&
	    entries_append(tx, kind, NOW + 400, l, NULL);
	field_list_free(l);
	return ok;
}

static int
states_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	return add(tx, "hold", "410005") && add(tx, "release", "410005") &&
	    add(tx, "revoke", "410006");
}

/* The kind of the last one; "" none. */
static const char *
last(struct store_tx *tx, int64_t from, const char *serial)
{
	static struct entry_row e;
	int found = entries_last_state(tx, from, "a-g1", serial, &e);

	assert_true(found >= 0);
	entries_row_clear(&e);
	return found == 1 ? e.kind : "";
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	int64_t at = 0;

	(void)arg;
	assert_string_equal(last(tx, 0, "410005"), "release");
	assert_string_equal(last(tx, ENTRIES + 1, "410005"), "release");
	assert_string_equal(last(tx, ENTRIES + 2, "410005"), "");
	assert_string_equal(last(tx, 0, "410006"), "revoke");
	assert_string_equal(last(tx, 0, "410007"), "");
	assert_true(entries_at(tx, NOW + 391, &at));
	assert_int_equal(at, ENTRIES);
	assert_true(entries_at(tx, NOW + 401, &at));
	assert_int_equal(at, ENTRIES + 3);
	return 1;
}

static void
finds_the_last_state(void **state)
{
	struct temp *t = *state;

	WRITE(t, fill_tx, NULL);
	WRITE(t, states_tx, NULL);
	READ(t, last_tx, NULL);
}

static int
hash_tx(struct store_tx *tx, void *arg)
{
	struct log_hash a, b, c, d;

	(void)arg;
	assert_int_equal(entries_hash(0, 2, &a, tx), 1);
	assert_int_equal(entries_hash(0, 3, &b, tx), 1);
	assert_int_equal(entries_hash(1, 1, &c, tx), 1);
	assert_true(log_node_hash(&a, &b, &d));
	assert_memory_equal(c.b, d.b, LOG_HASH);
	assert_int_equal(entries_hash(3, 4, &a, tx), 1);
	assert_int_equal(entries_hash(3, 5, &a, tx), 0);
	assert_raised(CA_E_STORE, "log: entries from 40 on are not all there");
	assert_int_equal(entries_hash(62, 4, &a, tx), 0);
	assert_raised(CA_E_STORE, "log: entries from ");
	return 1;
}

static void
hashes_subtrees(void **state)
{
	struct temp *t = *state;

	WRITE(t, fill_tx, NULL);
	READ(t, hash_tx, NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(finds_what_tells_of_a_certificate),
	    TEST(passes_what_is_lost),
	    TEST(finds_the_last_state),
	    TEST(hashes_subtrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
