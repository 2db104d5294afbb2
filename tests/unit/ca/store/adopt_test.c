#include "temp.h"
#include "ca/store/adopt.h"

static const unsigned char detail[] = {0x30, 0x00};

static struct log_opening
opening(int salt)
{
	struct log_opening o = {.kind = "crl", .time = NOW};

	memset(o.salt, salt, sizeof(o.salt));
	o.detail = (unsigned char *)(uintptr_t)detail;
	o.detail_len = sizeof(detail);
	return o;
}

static int
adopt(struct store_tx *tx, int64_t index, int salt)
{
	struct log_opening o = opening(salt);
	unsigned char *leaf = NULL;
	size_t len = 0;
	int ok;

	assert_true(log_opening_leaf(&o, (uint64_t)index, &leaf, &len));
	ok = entries_adopt(tx, leaf, len);
	OPENSSL_free(leaf);
	return ok;
}

static int
count_kind(const char *kind, int64_t n, void *arg)
{
	assert_string_equal(kind, "crl");
	*(int64_t *)arg += n;
	return 1;
}

static int
adopt_tx(struct store_tx *tx, void *arg)
{
	struct log_opening o = opening(5), wrong = opening(6);
	struct entry_row row;
	int64_t n = 0, first = -1;

	(void)arg;
	assert_true(adopt(tx, 0, 5) && adopt(tx, 1, 5));
	assert_false(adopt(tx, 3, 5));
	assert_raised(CA_E_INTERNAL, "log: leaf 3 cannot be entry 2");
	assert_false(entries_adopt(tx, detail, sizeof(detail)));
	assert_raised(CA_E_BADREQUEST, "leaf.format: ");
	assert_true(entries_lost_kinds(tx, count_kind, &n));
	assert_int_equal(n, 2);
	assert_true(entries_lost_of(tx, "crl", &n, &first));
	assert_int_equal(n, 2);
	assert_int_equal(first, NOW);
	assert_true(entries_lost_of(tx, "issue.recorded", &n, &first));
	assert_int_equal(n, 0);
	assert_int_equal(first, 0);
	/* Back again: only what opens that leaf. */
	assert_int_equal(entries_open(tx, 1, &wrong), 0);
	assert_int_equal(entries_open(tx, 1, &o), 1);
	assert_int_equal(entries_open(tx, 1, &o), 0);
	assert_int_equal(entries_open(tx, 7, &o), 0);
	assert_int_equal(entries_next_lost(tx, 0, &row), 1);
	assert_int_equal(row.index, 0);
	assert_true(entries_is_lost(&row));
	entries_row_clear(&row);
	assert_int_equal(entries_next_lost(tx, 1, &row), 0);
	return 1;
}

static int
check_one(const struct entry_row *row, void *arg)
{
	(void)arg;
	assert_true(entries_check(row));
	return 1;
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	return entries_list(tx, 1, 1, check_one, arg);
}

static void
adopts_and_opens(void **state)
{
	struct temp *t = *state;

	RUN(t, adopt_tx, NULL);
	READ(t, list_tx, NULL);
}

static int
certs_tx(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	unsigned char md[32];
	struct cert_row row, is;

	memset(md, 7, sizeof(md));
	temp_row(t, &row, 1);
	row.device[0] = row.profile[0] = '\0';
	assert_true(certs_reserve(tx, &row));
	assert_true(certs_record_unseen(tx, row.id, md));
	assert_false(certs_record_unseen(tx, row.id, md));
	assert_raised(CA_E_DENIED, "state: only a reserved");
	assert_int_equal(certs_by_sha256(tx, md, &is), 1);
	assert_int_equal(is.state, CERT_VALID);
	assert_int_equal(is.recorded_at, 0);
	/* What is told fills what is empty, and no more. */
	snprintf(row.device, sizeof(row.device), "d");
	snprintf(row.subject, sizeof(row.subject), "CN=another");
	memset(row.tbs_sha256, 9, 32);
	assert_true(certs_told(tx, &row));
	assert_int_equal(certs_by_id(tx, row.id, &is), 1);
	assert_string_equal(is.device, "d");
	assert_string_equal(is.subject, "CN=device 1");
	assert_int_equal(is.tbs_sha256[0], 0x43);
	/* The certificate itself, once. */
	row.not_after = NOW + 7;
	assert_true(certs_complete(tx, &row, (const unsigned char *)"DER", 3,
	    NOW + 1));
	assert_false(certs_complete(tx, &row, (const unsigned char *)"DER", 3,
	    NOW + 1));
	assert_raised(CA_E_DENIED, "state: no certificate is missing");
	assert_int_equal(certs_by_id(tx, row.id, &is), 1);
	assert_int_equal(is.not_after, NOW + 7);
	assert_int_equal(is.recorded_at, NOW + 1);
	assert_true(is.change > 1);
	return 1;
}

static void
records_and_completes(void **state)
{
	RUN((struct temp *)*state, certs_tx, *state);
}

static int
revoked_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row, is;

	temp_row(arg, &row, 2);
	row.reason = 1;
	assert_true(certs_add_revoked(tx, &row));
	assert_true(certs_complete(tx, &row, (const unsigned char *)"D2", 2,
	    NOW));
	assert_int_equal(certs_by_id(tx, row.id, &is), 1);
	assert_int_equal(is.state, CERT_REVOKED);
	/* One that is aborted stays without. */
	temp_row(arg, &row, 3);
	assert_true(certs_reserve(tx, &row) &&
	    certs_set_state(tx, row.id, CERT_ABORTED, -1, NOW));
	assert_false(certs_complete(tx, &row, (const unsigned char *)"D3", 2,
	    NOW));
	assert_raised(CA_E_DENIED, "state: ");
	return 1;
}

static void
keeps_other_states(void **state)
{
	RUN((struct temp *)*state, revoked_tx, *state);
}

static int
renewal_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row[4], is;
	unsigned i;

	for (i = 0; i < 4; i++) {
		temp_row(arg, &row[i], i);
		assert_true(certs_reserve(tx, &row[i]));
	}
	assert_true(certs_told_renewal(tx, row[1].id, row[0].id));
	/* One successor; what was aborted is none. */
	assert_true(certs_told_renewal(tx, row[2].id, row[0].id));
	assert_int_equal(certs_by_id(tx, row[0].id, &is), 1);
	assert_int_equal(is.successor, row[1].id);
	assert_int_equal(certs_by_id(tx, row[2].id, &is), 1);
	assert_int_equal(is.predecessor, 0);
	assert_true(certs_set_state(tx, row[1].id, CERT_ABORTED, -1, NOW) &&
	    certs_told_renewal(tx, row[3].id, row[0].id));
	assert_int_equal(certs_by_id(tx, row[0].id, &is), 1);
	assert_int_equal(is.successor, row[3].id);
	assert_int_equal(certs_by_id(tx, row[3].id, &is), 1);
	assert_int_equal(is.predecessor, row[0].id);
	return 1;
}

static void
has_one_successor(void **state)
{
	RUN((struct temp *)*state, renewal_tx, *state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(adopts_and_opens),
	    TEST(records_and_completes),
	    TEST(keeps_other_states),
	    TEST(has_one_successor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
