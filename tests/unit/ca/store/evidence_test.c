#include "tests/unit/ca/store/temp.h"
#include "ca/store/evidence.h"

static void
fill(struct evidence_row *row, unsigned char n)
{
	memset(row, 0, sizeof(*row));
	strcpy(row->fleet, "f");
	strcpy(row->device, "d");
	strcpy(row->format, "tpm");
	row->at = NOW;
	row->accepted = 1;
	row->policy_version = 3;
	memset(row->nonce, n, row->nonce_len = 32);
	memset(row->request_sha256, n, 32);
	memset(row->evidence_sha256, n, 32);
	row->evidence = (unsigned char *)"evidence";
	row->evidence_len = 8;
	row->facts = (unsigned char *)"facts";
	row->facts_len = 5;
}

static int
kept(struct store_tx *tx, void *arg)
{
	struct evidence_row row, got;

	(void)arg;
	fill(&row, 1);
	row.cert = 7;
	row.keep_until = NOW + 10;
	assert_true(evidence_add(tx, &row));
	assert_int_equal(evidence_by_cert(tx, 7, &got), 1);
	assert_int_equal(got.id, row.id);
	assert_string_equal(got.format, "tpm");
	assert_int_equal(got.evidence_len, 8);
	assert_memory_equal(got.facts, "facts", 5);
	evidence_row_clear(&got);
	assert_int_equal(evidence_by_cert(tx, 8, &got), 0);
	assert_int_equal(evidence_by_hash(tx, row.evidence_sha256, &got), 1);
	evidence_row_clear(&got);
	/* Its time is over: the hash stays. */
	assert_true(evidence_expire(tx, NOW + 10, 5));
	assert_int_equal(evidence_by_id(tx, row.id, &got), 1);
	assert_non_null(got.evidence);
	evidence_row_clear(&got);
	assert_true(evidence_expire(tx, NOW + 11, 5));
	assert_int_equal(evidence_by_id(tx, row.id, &got), 1);
	assert_null(got.evidence);
	assert_memory_equal(got.evidence_sha256, row.evidence_sha256, 32);
	evidence_row_clear(&got);
	return 1;
}

/* A refusal is no certificate's. */
static int
refused(struct store_tx *tx, void *arg)
{
	struct evidence_row row, got;

	(void)arg;
	fill(&row, 2);
	row.accepted = 0;
	strcpy(row.rule, "attest.key");
	row.evidence = NULL;
	row.evidence_len = 0;
	assert_true(evidence_add(tx, &row));
	assert_int_equal(evidence_by_cert(tx, 0, &got), 0);
	assert_int_equal(evidence_by_hash(tx, row.evidence_sha256, &got), 1);
	assert_string_equal(got.rule, "attest.key");
	assert_false(got.accepted);
	assert_null(got.evidence);
	evidence_row_clear(&got);
	row.evidence_len = EVIDENCE_MAX + 1;
	assert_false(evidence_add(tx, &row));
	assert_raised(CA_E_BADREQUEST, "attest.size");
	return 1;
}

static int
count(struct evidence_row *row, void *arg)
{
	int64_t *last = arg;

	assert_true(row->id < *last);
	*last = row->id;
	evidence_row_clear(row);
	return 1;
}

static int
listed(struct store_tx *tx, void *arg)
{
	int64_t last = INT64_MAX;

	(void)arg;
	assert_true(evidence_list(tx, "f", INT64_MAX, 10, count, &last));
	assert_int_equal(last, 1);
	last = INT64_MAX;
	assert_true(evidence_list(tx, "g", INT64_MAX, 10, count, &last));
	assert_true(last == INT64_MAX);
	return 1;
}

static void
evidence(void **state)
{
	struct temp *t = *state;

	WRITE(t, kept, t);
	WRITE(t, refused, t);
	WRITE(t, listed, t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(evidence, temp_make, temp_remove)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
