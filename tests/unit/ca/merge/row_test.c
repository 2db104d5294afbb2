#include "rig.h"

static struct merge_result res;

static int
serials_tx(struct store_tx *tx, void *arg)
{
	struct merge m = {.tx = tx, .r = &res};
	struct merge_serial s;
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	(void)arg;
	assert_true(merge_issuers_load(&m));
	assert_true(merge_serial_hex(&m, "devices-g1", "000a", &s));
	assert_int_equal(s.len, 1);
	assert_int_equal(s.serial[0], 10);
	assert_false(merge_serial_hex(&m, "devices-g2", "0a", &s));
	assert_false(merge_serial_hex(&m, "devices-g1", "x", &s));
	assert_false(merge_serial_hex(&m, "devices-g1", "", &s));
	assert_false(merge_serial_hex(&m, "devices-g1", "0102030405060708090a"
	    "0b0c0d0e0f101112131415", &s));	/* 21 octets */
	assert_true(ASN1_INTEGER_set(n, 10) &&
	    merge_serial_number(&m.issuer[0], n, &s));
	assert_int_equal(s.serial[0], 10);
	assert_true(ASN1_INTEGER_set(n, -10));
	assert_false(merge_serial_number(&m.issuer[0], n, &s));
	ASN1_INTEGER_free(n);
	merge_issuers_clear(&m);
	return 1;
}

static void
takes_serial_numbers(void **state)
{
	(void)state;
	READ(mr.r->t, serials_tx, NULL);
	assert_int_equal(ERR_peek_error(), 0);
}

static int
revoke_tx(struct store_tx *tx, void *arg)
{
	struct merge_request q = {.who = "x", .now = NOW + 9};
	struct merge m = {.tx = tx, .r = &res, .q = &q};
	struct merge_serial s;
	int ok;

	ok = merge_issuers_load(&m) &&
	    merge_serial_hex(&m, "devices-g1", "0a", &s) &&
	    merge_revoke(&m, &s, arg);
	merge_issuers_clear(&m);
	return ok;
}

static int
blocked_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row = mr_row(10);

	*(int *)arg = certs_key_blocked(tx, row.spki_sha256);
	return 1;
}

static void
revokes_holds_and_blocks(void **state)
{
	struct merge_revocation hold = {.reason = 6, .when = NOW, .weak = 1};
	struct merge_revocation lost = {.reason = 1, .when = NOW + 1,
	    .invalidity = NOW - 5, .note = "CRL 1"};
	int64_t n = mr_entries();
	int blocked = -1;

	(void)state;
	/* A hold that may be undone since does nothing. */
	WRITE(mr.r->t, revoke_tx, &hold);
	assert_int_equal(mr_row(10).state, CERT_VALID);
	hold.weak = 0;
	WRITE(mr.r->t, revoke_tx, &hold);
	assert_int_equal(mr_row(10).state, CERT_HELD);
	assert_int_equal(mr_entries(), n);	/* an entry told of it */
	READ(mr.r->t, blocked_tx, &blocked);
	assert_int_equal(blocked, 0);
	WRITE(mr.r->t, revoke_tx, &lost);
	assert_int_equal(mr_row(10).state, CERT_REVOKED);
	assert_int_equal(mr_row(10).invalidity, NOW - 5);
	assert_int_equal(mr_entries(), n + 1);
	READ(mr.r->t, blocked_tx, &blocked);
	assert_int_equal(blocked, 1);
	/* Again, and for a lesser reason: nothing. */
	WRITE(mr.r->t, revoke_tx, &lost);
	lost.reason = 4;
	WRITE(mr.r->t, revoke_tx, &lost);
	assert_int_equal(mr_row(10).reason, 1);
	assert_int_equal(mr_entries(), n + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(takes_serial_numbers),
	    MR_TEST(revokes_holds_and_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
