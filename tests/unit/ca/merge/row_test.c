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
	struct merge_request q = {.who = "x", .now = NOW + 9, .told = stderr};
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

static int
sub_tx(struct store_tx *tx, void *arg)
{
	X509 *x = mr_cert("Sub", 30, "CA", mr.ca);
	struct issuer_row row = {.ident = "sub-g1", .name = "sub",
	    .generation = 1, .state = ISSUER_ACTIVE,
	    .key_uri = "pkcs11:object=sub", .crl_url = "http://c/s",
	    .crl_lifetime = 60, .crl_interval = 60};
	unsigned char *der = NULL;
	int ok;

	row.cert_len = (size_t)i2d_X509(x, &der);
	row.cert = der;
	ok = issuers_add(tx, &row);
	*(int64_t *)arg = row.id;
	OPENSSL_free(der);
	X509_free(x);
	return ok;
}

struct asking {
	int64_t id;
	enum issuer_state state;
};

static int
ask_one(const struct issuer_row *row, void *arg)
{
	struct asking *a = arg;

	if (row->id == a->id)
		a->state = row->state;
	return 1;
}

static int
ask_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, ask_one, arg);
}

static int
revoke_ca_tx(struct store_tx *tx, void *arg)
{
	struct merge_request q = {.who = "x", .now = NOW + 9, .told = stderr};
	struct merge m = {.tx = tx, .r = &res, .q = &q};
	struct merge_serial s;
	int ok;

	ok = merge_issuers_load(&m) &&
	    merge_serial_hex(&m, "devices-g1", "1e", &s) &&
	    merge_revoke(&m, &s, arg);
	merge_issuers_clear(&m);
	return ok;
}

/* Nobody looks at the row of a CA's certificate when it issues. */
static void
a_ca_that_is_revoked_issues_no_more(void **state)
{
	struct merge_revocation hold = {.reason = 6, .when = NOW},
	    lost = {.reason = 2, .when = NOW};
	struct asking a = {0, ISSUER_ROOT};

	(void)state;
	WRITE(mr.r->t, sub_tx, &a.id);
	WRITE(mr.r->t, revoke_tx, &lost);	/* another certificate */
	READ(mr.r->t, ask_tx, &a);
	assert_int_equal(a.state, ISSUER_ACTIVE);
	hold.weak = 1;
	WRITE(mr.r->t, revoke_ca_tx, &hold);
	READ(mr.r->t, ask_tx, &a);
	assert_int_equal(a.state, ISSUER_ACTIVE);
	WRITE(mr.r->t, revoke_ca_tx, &lost);
	READ(mr.r->t, ask_tx, &a);
	assert_int_equal(a.state, ISSUER_DISABLED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(takes_serial_numbers),
	    MR_TEST(revokes_holds_and_blocks),
	    MR_TEST(a_ca_that_is_revoked_issues_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
