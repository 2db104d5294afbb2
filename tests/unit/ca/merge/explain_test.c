#include "rig.h"

/* How many certificates were issued that nothing tells of: what cannot have been
   issued in the time that was lost explains none of them. */

static char crl[400], found[400], details[400];
static const char *const crls[] = {crl};

static struct merge_request
with_certs(void)
{
	mr_path(found, "found");
	return (struct merge_request){.certs = found};
}

static struct merge_request
with_crl(void)
{
	return (struct merge_request){.crls = crls, .n_crls = 1};
}

/* A certificate that no entry of the log tells of, valid from ${from}. */
static void
find_cert(int serial, int64_t from)
{
	X509 *x = mr_cert("dev-before", serial, "CA", mr.ca);

	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), from));
	assert_true(X509_sign(x, mr.ca, EVP_sha256()) > 0);
	mr_write("found/before.pem", x, 0);
	X509_free(x);
}

/* One certificate after the copy, of which nothing is left. */
static void
lose_one(void)
{
	mr_issue(20, 0);
	rig_publish(mr.r);
	mr_old();
}

#define DAY 86400

static void
not_by_an_older_certificate(void **state)
{
	(void)state;
	lose_one();
	find_cert(40, NOW - 3 * DAY);
	mr_merged(with_certs(), 1);
	assert_int_equal(mr.res.certs, 1);
	assert_int_equal(mr.res.unexplained, 1);
	mr_merged(with_certs(), 1);
	assert_false(merge_changes(&mr.res));
	assert_int_equal(mr.res.unexplained, 1);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
}

/* Back-dated as far as a profile may. */
static void
by_one_that_was_back_dated(void **state)
{
	(void)state;
	lose_one();
	find_cert(20, NOW - 2 * DAY);
	mr_merged(with_certs(), 1);
	assert_int_equal(mr.res.certs, 1);
	assert_int_equal(mr.res.unexplained, 0);
}

static void
not_by_an_older_revocation(void **state)
{
	(void)state;
	lose_one();
	mr_crl_at(crl, 7, 41, NOW - 1);
	mr_merged(with_crl(), 1);
	assert_int_equal(mr.res.unknown, 1);
	assert_int_equal(mr.res.unexplained, 1);
	mr_crl_at(crl, 8, 20, NOW);
	mr_merged(with_crl(), 0);
	assert_int_equal(mr.res.unknown, 1);
	assert_int_equal(mr.res.unexplained, 0);
}

/* «inkan revoke --unknown» tells of no certificate that the log has. */
static int
unknown_tx(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	(void)arg;
	ok = field_add_text(l, "issuer", "devices-g1") &&
	    field_add_text(l, "serial", "2a") &&
	    field_add_text(l, "reason", "superseded") &&
	    field_add_text(l, "who", "admin") &&
	    field_add_text(l, "note", "not in the store") &&
	    entries_append(tx, "revoke", NOW, l, NULL);
	field_list_free(l);
	return ok;
}

static void
merge_without(const char *cut, int log)
{
	char cmd[900], path[410];

	snprintf(path, sizeof(path), "%s.cut", details);
	snprintf(cmd, sizeof(cmd), "sed '/\"index\": \\(%s\\),/d' %s >%s", cut,
	    details, path);
	assert_int_equal(system(cmd), 0);
	mr_merged((struct merge_request){.details = path}, log);
}

static void
not_by_one_that_was_never_known(void **state)
{
	(void)state;
	mr_issue(20, 0);			/* 4, 5 */
	WRITE(mr.r->t, unknown_tx, NULL);	/* 6 */
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	merge_without("4\\|5", 1);
	assert_int_equal(mr.res.unknown, 1);
	assert_int_equal(mr_row(42).state, CERT_REVOKED);
	assert_int_equal(mr.res.unexplained, 1);
}

/* Nothing was lost when it was merged; it says nothing of what is lost later. */
static void
not_by_what_came_before(void **state)
{
	char path[400];

	(void)state;
	find_cert(43, NOW);
	mr_merged(with_certs(), 0);
	assert_int_equal(mr.res.certs, 1);
	rig_publish(mr.r);
	mr.had = mr_entries();
	mr_path(path, "old.db");
	assert_int_equal(unlink(path), 0);
	assert_true(store_backup(mr.r->t->store, path));
	lose_one();
	mr_merged((struct merge_request){.dry_run = 0}, 1);
	assert_int_equal(mr.res.adopted, 2);
	assert_int_equal(mr.res.unexplained, 1);
}

static int
revoke_unknown_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row;

	(void)arg;
	temp_row(mr.r->t, &row, 0);
	row.serial[0] = 20;
	row.serial_len = 1;
	row.not_before = 0;
	row.reason = 4;
	row.revoked_at = NOW + 200;
	strcpy(row.auth, "operator");
	return certs_add_revoked(tx, &row) &&
	    rig_entry(tx, "revoke", &row, "superseded");
}

/* An operator gave its serial number up before the export was found. What the
   found one explained is explained still. */
static void
once_where_an_operator_was_first(void **state)
{
	(void)state;
	mr_issue(20, 0);	/* 4, 5 */
	mr_issue(21, 1);
	mr_issue(22, 0);
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	mr_merged(with_certs(), 1);
	assert_int_equal(mr.res.unexplained, 2);
	WRITE(mr.r->t, revoke_unknown_tx, NULL);
	merge_without("6\\|7\\|8\\|9", 0);
	assert_int_equal(mr.res.opened, 2);
	assert_int_equal(mr.res.unexplained, 1);
	assert_int_equal(mr_row(20).state, CERT_REVOKED);
	merge_without("6\\|7", 0);
	assert_int_equal(mr.res.unexplained, 0);
}

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row;

	(void)arg;
	temp_row(mr.r->t, &row, 0);
	row.serial[0] = 20;
	row.serial_len = 1;
	memset(row.tbs_sha256, 0, sizeof(row.tbs_sha256));
	return certs_reserve(tx, &row);
}

static int
abort_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row = mr_row(20);

	(void)arg;
	return certs_set_state(tx, row.id, CERT_ABORTED, -1, NOW);
}

/* The reservation was in the copy, and inkan-ca closed it before the export was
   found. */
static void
once_where_it_was_taken_for_aborted(void **state)
{
	(void)state;
	mr_issue(20, 0);	/* 4, 5 */
	mr_issue(21, 1);
	mr_issue(22, 0);
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	WRITE(mr.r->t, reserve_tx, NULL);
	mr_merged(with_certs(), 1);
	assert_int_equal(mr.res.unexplained, 2);
	WRITE(mr.r->t, abort_tx, NULL);
	merge_without("6\\|7\\|8\\|9", 0);
	assert_int_equal(mr.res.opened, 2);
	assert_int_equal(mr.res.unexplained, 1);
	assert_non_null(strstr(mr.told, "entry 5: a certificate of CN="));
	assert_int_equal(mr_row(20).state, CERT_ABORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(not_by_an_older_certificate),
	    MR_TEST(by_one_that_was_back_dated),
	    MR_TEST(not_by_an_older_revocation),
	    MR_TEST(not_by_one_that_was_never_known),
	    MR_TEST(not_by_what_came_before),
	    MR_TEST(once_where_an_operator_was_first),
	    MR_TEST(once_where_it_was_taken_for_aborted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
