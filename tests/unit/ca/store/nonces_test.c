#include "tests/unit/ca/store/temp.h"
#include "ca/store/nonces.h"

static void
fill(struct nonce_row *row, unsigned char n)
{
	memset(row, 0, sizeof(*row));
	memset(row->hash, n, sizeof(row->hash));
	memset(row->tie, n, sizeof(row->tie));
	memset(row->sealed, 0x5a, 16);
	row->sealed_len = 16;
	strcpy(row->fleet, "f");
	row->mode = NONCE_PLAIN;
	row->issued = NOW;
	row->expires = NOW + 60;
}

static int
once(struct store_tx *tx, void *arg)
{
	unsigned char me[32] = {1}, other[32] = {2};
	struct nonce_row row, got;
	int64_t n = 9;

	(void)arg;
	fill(&row, 1);
	assert_true(nonces_add(tx, &row));
	assert_int_equal(nonces_by_tie(tx, row.tie, &got), 1);
	assert_memory_equal(got.hash, row.hash, 32);
	assert_int_equal(got.sealed_len, 16);
	assert_int_equal(got.used, 0);
	assert_false(got.has_client || got.has_ek);
	assert_true(nonces_count_open(tx, "f", NOW, &n));
	assert_int_equal(n, 1);
	assert_int_equal(nonces_use(tx, got.id, me, NOW + 1), 1);
	assert_int_equal(nonces_use(tx, got.id, other, NOW + 2), 0);
	nonce_row_clear(&got);
	assert_int_equal(nonces_by_tie(tx, row.tie, &got), 1);
	assert_int_equal(got.used, NOW + 1);
	assert_memory_equal(got.used_by, me, 32);
	nonce_row_clear(&got);
	assert_true(nonces_count_open(tx, "f", NOW, &n));
	assert_int_equal(n, 0);
	return 1;
}

static int
activation(struct store_tx *tx, void *arg)
{
	struct nonce_row row, got;
	int64_t n = 9;

	(void)arg;
	fill(&row, 2);
	row.mode = NONCE_ACTIVATION;
	row.has_client = row.has_ek = 1;
	memset(row.client, 3, 32);
	memset(row.ek_sha256, 4, 32);
	memset(row.ak_name, 5, row.ak_name_len = 34);
	memset(row.ak_public, 6, row.ak_public_len = 88);
	row.facts = (unsigned char *)"facts";
	row.facts_len = 5;
	assert_true(nonces_add(tx, &row));
	assert_int_equal(nonces_by_tie(tx, row.tie, &got), 1);
	assert_int_equal(got.mode, NONCE_ACTIVATION);
	assert_true(got.has_client && got.has_ek);
	assert_int_equal(got.ak_name_len, 34);
	assert_memory_equal(got.ak_public, row.ak_public, 88);
	assert_int_equal(got.facts_len, 5);
	nonce_row_clear(&got);
	assert_true(nonces_count_open(tx, "f", NOW, &n));
	assert_int_equal(n, 1);
	assert_true(nonces_count_open(tx, "f", NOW + 60, &n));
	assert_int_equal(n, 0);
	/* Neither twice, nor two for one session. */
	assert_false(nonces_add(tx, &row));
	ERR_clear_error();
	return 1;
}

static int
is_there(struct store_tx *tx, unsigned char n)
{
	unsigned char tie[32];
	struct nonce_row got;
	int found;

	memset(tie, n, sizeof(tie));
	found = nonces_by_tie(tx, tie, &got);
	nonce_row_clear(&got);
	return found;
}

static void
add(struct store_tx *tx, unsigned char n, int ek, int ak)
{
	struct nonce_row row;

	fill(&row, n);
	strcpy(row.fleet, "room");
	row.has_ek = ek != 0;
	memset(row.ek_sha256, ek, 32);
	memset(row.ak_name, ak, row.ak_name_len = ak != 0 ? 34 : 0);
	assert_true(nonces_add(tx, &row));
}

/* The oldest go, and none but of what was asked. */
static int
room(struct store_tx *tx, void *arg)
{
	struct nonce_row row = {.has_ek = 1, .ak_name_len = 34};

	(void)arg;
	add(tx, 10, 1, 1);
	add(tx, 11, 1, 2);
	add(tx, 12, 1, 1);
	add(tx, 13, 2, 1);
	memset(row.ek_sha256, 1, 32);
	memset(row.ak_name, 1, 34);
	assert_true(nonces_keep_keys(tx, &row, NOW, 2));
	assert_int_equal(is_there(tx, 10), 1);
	assert_true(nonces_keep_keys(tx, &row, NOW, 1));
	assert_int_equal(is_there(tx, 10), 0);
	assert_true(is_there(tx, 11) && is_there(tx, 12) && is_there(tx, 13));
	add(tx, 14, 0, 0);
	assert_true(nonces_keep_fleet(tx, "other", NOW, 0));
	assert_true(nonces_keep_fleet(tx, "room", NOW, 2));
	assert_true(is_there(tx, 13) && is_there(tx, 14));
	assert_false(is_there(tx, 11) || is_there(tx, 12));
	/* What is over is in nobody's way. */
	assert_true(nonces_keep_fleet(tx, "room", NOW + 60, 0));
	assert_true(is_there(tx, 13) && is_there(tx, 14));
	return 1;
}

static int
purged_unused(struct store_tx *tx, void *arg)
{
	unsigned char me[32] = {1};
	struct nonce_row row, used, got;

	(void)arg;
	fill(&row, 20);
	strcpy(row.fleet, "unused");
	assert_true(nonces_add(tx, &row));
	fill(&used, 21);
	strcpy(used.fleet, "unused");
	assert_true(nonces_add(tx, &used));
	assert_int_equal(nonces_by_tie(tx, used.tie, &got), 1);
	assert_int_equal(nonces_use(tx, got.id, me, NOW), 1);
	nonce_row_clear(&got);
	assert_true(nonces_purge_unused(tx, "unused", row.expires, 10));
	assert_int_equal(is_there(tx, 20), 1);
	assert_true(nonces_purge_unused(tx, "else", row.expires + 1, 10));
	assert_int_equal(is_there(tx, 20), 1);
	assert_true(nonces_purge_unused(tx, "unused", row.expires + 1, 10));
	assert_int_equal(is_there(tx, 20), 0);
	assert_int_equal(is_there(tx, 21), 1);
	return 1;
}

static int
purged(struct store_tx *tx, void *arg)
{
	struct nonce_row row, got;

	(void)arg;
	fill(&row, 7);
	assert_true(nonces_add(tx, &row));
	assert_true(nonces_purge(tx, row.expires, 10));
	assert_int_equal(nonces_by_tie(tx, row.tie, &got), 1);
	nonce_row_clear(&got);
	assert_true(nonces_purge(tx, row.expires + 1, 10));
	assert_int_equal(nonces_by_tie(tx, row.tie, &got), 0);
	return 1;
}

static void
nonces(void **state)
{
	struct temp *t = *state;

	WRITE(t, once, t);
	WRITE(t, activation, t);
	WRITE(t, purged, t);
	WRITE(t, room, t);
	WRITE(t, purged_unused, t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nonces, temp_make, temp_remove)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
