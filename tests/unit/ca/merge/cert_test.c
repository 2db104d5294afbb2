#include "rig.h"

static char found[400];

static struct merge_request
with_certs(void)
{
	mr_path(found, "found");
	return (struct merge_request){.certs = found};
}

static int
key_lost_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	return sql_conn_exec(tx->conn, "UPDATE certs SET device = 'twin' "
	    "WHERE serial = x'0a'");
}

static void
knows_it_again(void **state)
{
	struct cert_row row;

	(void)state;
	mr_issue(20, 1);
	rig_publish(mr.r);
	mr_old();
	mr_merged(with_certs(), 1);
	assert_int_equal(mr.res.certs, 1);
	assert_int_equal(mr.res.known, 1);	/* dev-10, of before */
	assert_int_equal(mr.res.unexplained, 0);
	row = mr_row(20);
	assert_int_equal(row.state, CERT_VALID);
	assert_string_equal(row.subject, "CN=dev-20");
	assert_int_equal(row.not_after, NOW + 86400);
	assert_true(row.change > 0);
	/* All of them have one key: whose it is, the others say. */
	assert_string_equal(row.fleet, "demo");
	assert_string_equal(row.profile, "device-ldevid");
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	mr_merged(with_certs(), 1);
	assert_false(merge_changes(&mr.res));
	assert_int_equal(mr.res.known, 2);
}

static int
registry_tx(struct store_tx *tx, void *arg)
{
	struct device_row d = {.fleet = "demo", .name = "dev-20",
	    .state = DEVICE_ENABLED, .created = NOW};

	(void)arg;
	return sql_conn_exec(tx->conn, "UPDATE certs SET spki_sha256 = "
	    "zeroblob(32), device = ''") && devices_add(tx, &d);
}

static void
asks_the_registry(void **state)
{
	(void)state;
	mr_old();
	RUN(mr.r->t, registry_tx, NULL);
	mr_write("found/a.der", mr.ca_cert, 1);	/* the CA's own: passed over */
	{
		X509 *x = mr_cert("dev-20", 20, "CA", mr.ca);
		X509 *y = mr_cert("nobody", 21, "CA", mr.ca);

		mr_write("found/b.der", x, 1);
		mr_write("found/a2.pem", y, 0);
		X509_free(x);
		X509_free(y);
	}
	mr_merged(with_certs(), 0);
	assert_int_equal(mr.res.certs, 2);
	assert_int_equal(mr.res.unattributed, 1);
	assert_string_equal(mr_row(20).device, "dev-20");
	assert_string_equal(mr_row(21).device, "");
	assert_non_null(strstr(mr.told, "a2.pem: CN=nobody: it cannot be told"));
}

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row;
	X509 *x = arg;
	unsigned char *tbs = NULL;
	int n;

	temp_row(mr.r->t, &row, 0);
	row.serial[0] = 20;
	row.serial_len = 1;
	n = i2d_re_X509_tbs(x, &tbs);
	EVP_Digest(tbs, (size_t)n, row.tbs_sha256, NULL, EVP_sha256(), NULL);
	OPENSSL_free(tbs);
	return certs_reserve(tx, &row) &&
	    rig_entry(tx, "issue.reserved", &row, NULL);
}

/* The backup was made between reserving and recording. */
static void
completes_a_reservation(void **state)
{
	X509 *x = mr_cert("dev-20", 20, "CA", mr.ca);
	X509 *other = mr_cert("dev-21", 20, "CA", mr.ca);

	(void)state;
	mr_old();
	WRITE(mr.r->t, reserve_tx, x);
	mr_write("found/x.pem", other, 0);
	mr_refused(with_certs(), 0, "merge.duplicate: ");
	mr_write("found/x.pem", x, 0);
	mr_merged(with_certs(), 0);
	assert_int_equal(mr.res.completed, 1);
	assert_int_equal(mr_row(20).state, CERT_VALID);
	rig_is_well(mr.r, OF_STORE);
	X509_free(x);
	X509_free(other);
}

static void
refuses_what_is_not_ours(void **state)
{
	EVP_PKEY *k = mr_key();
	X509 *x = mr_cert("dev-20", 20, "another", k);
	X509 *y = mr_cert("dev-20", 20, "CA", k);
	X509 *z = mr_cert("twin", 10, "CA", mr.ca);

	(void)state;
	mr_old();
	WRITE(mr.r->t, key_lost_tx, NULL);
	mr_write("found/x.pem", x, 0);
	mr_refused(with_certs(), 0, "merge.foreign: ");
	mr_write("found/x.pem", y, 0);
	mr_refused(with_certs(), 0, "merge.signature: ");
	mr_write("found/x.pem", z, 0);
	mr_refused(with_certs(), 0, "merge.duplicate: ");
	X509_free(x);
	X509_free(y);
	X509_free(z);
	EVP_PKEY_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(knows_it_again),
	    MR_TEST(asks_the_registry),
	    MR_TEST(completes_a_reservation),
	    MR_TEST(refuses_what_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
