#include "rig.h"

static char crl[400];
static const char *const crls[] = {crl};

static struct merge_request
with_crl(void)
{
	return (struct merge_request){.crls = crls, .n_crls = 1};
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	return crls_last(tx, mr.r->t->issuer, 0, 0, arg) >= 0;
}

static int64_t
last_number(void)
{
	struct crl_row row = {.number = -1};

	READ(mr.r->t, last_tx, &row);
	return row.number;
}

static void
revokes_what_is_on_it(void **state)
{
	struct cert_row row;

	(void)state;
	mr_old();
	mr_crl(crl, mr.ca, 7, 10, 1);
	mr_merged(with_crl(), 0);
	assert_int_equal(mr.res.revoked, 1);
	assert_int_equal(mr.res.crls, 1);
	assert_int_equal(last_number(), 7);
	row = mr_row(10);
	assert_int_equal(row.state, CERT_REVOKED);
	assert_int_equal(row.reason, 1);
	assert_int_equal(row.revoked_at, NOW + 50);
	rig_is_well(mr.r, OF_STORE);
	mr_merged(with_crl(), 0);
	assert_false(merge_changes(&mr.res));
}

static void
keeps_unknown_serials(void **state)
{
	struct cert_row row;

	(void)state;
	mr_old();
	mr_crl(crl, mr.ca, 7, 77, 4);
	mr_merged(with_crl(), 0);
	assert_int_equal(mr.res.unknown, 1);
	row = mr_row(77);
	assert_int_equal(row.state, CERT_REVOKED);
	assert_int_equal(row.not_after, INT64_C(253402300799));
	rig_is_well(mr.r, OF_STORE);
	/* Its certificate turns up: revoked as it is. */
	{
		char found[400];
		struct merge_request q = {.certs = found};
		X509 *x = mr_cert("dev-77", 77, "CA", mr.ca);

		mr_path(found, "found");
		mr_write("found/x.pem", x, 0);
		X509_free(x);
		mr_merged(q, 0);
		assert_int_equal(mr.res.completed, 1);
		assert_int_equal(mr_row(77).state, CERT_REVOKED);
		rig_is_well(mr.r, OF_STORE);
	}
}

static int
release_tx(struct store_tx *tx, void *arg)
{
	const struct cert_row *row = arg;

	return certs_set_state(tx, row->id, CERT_VALID, CERT_REASON_NONE, 0) &&
	    rig_entry(tx, "release", row, NULL);
}

/* A hold is one also of what nobody knew: it can be taken back. */
static void
holds_unknown_serials(void **state)
{
	struct cert_row row;

	(void)state;
	mr_old();
	mr_crl(crl, mr.ca, 7, 77, 6);
	mr_merged(with_crl(), 0);
	assert_int_equal(mr.res.unknown, 1);
	row = mr_row(77);
	assert_int_equal(row.state, CERT_HELD);
	assert_int_equal(row.reason, 6);
	rig_is_well(mr.r, OF_STORE);
	WRITE(mr.r->t, release_tx, &row);
	assert_int_equal(mr_row(77).state, CERT_VALID);
	rig_is_well(mr.r, OF_STORE);
}

static void
holds_by_a_newer_one_only(void **state)
{
	(void)state;
	mr_old();
	mr_crl(crl, mr.ca, 7, 10, 6);
	mr_merged(with_crl(), 0);
	assert_int_equal(mr_row(10).state, CERT_HELD);
	mr_crl(crl, mr.ca, 5, 11, 6);
	mr_merged(with_crl(), 0);
	assert_int_equal(mr_row(11).state, CERT_VALID);
	assert_int_equal(last_number(), 7);
	/* A revocation is one whatever came later. */
	mr_crl(crl, mr.ca, 5, 11, 4);
	mr_merged(with_crl(), 0);
	assert_int_equal(mr_row(11).state, CERT_REVOKED);
	/* To keyCompromise it is raised. */
	mr_crl(crl, mr.ca, 8, 11, 1);
	mr_merged(with_crl(), 0);
	assert_int_equal(mr_row(11).reason, 1);
	assert_int_equal(mr_row(11).revoked_at, NOW + 50);
	rig_is_well(mr.r, OF_STORE);
}

static int
released_tx(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = field_add_text(l, "issuer", "devices-g1") &&
	    field_add_text(l, "serial", "0a") &&
	    entries_append(tx, "release", *(int64_t *)arg, l, NULL);
	field_list_free(l);
	return ok;
}

/* Certificate 10 was released at ${when}, by an export; a CRL of before the
   release, or of a hold behind it, has it as held since NOW + 50. */
static enum cert_state
state_after(int64_t when)
{
	char details[400];
	struct merge_request q = {.details = details, .crls = crls,
	    .n_crls = 1};

	WRITE(mr.r->t, released_tx, &when);
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	mr_crl(crl, mr.ca, 7, 10, 6);
	mr_merged(q, 1);
	assert_int_equal(last_number(), 7);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	return mr_row(10).state;
}

static void
leaves_what_was_released(void **state)
{
	(void)state;
	assert_int_equal(state_after(NOW + 51), CERT_VALID);
}

static void
holds_what_was_held_again(void **state)
{
	(void)state;
	assert_int_equal(state_after(NOW + 50), CERT_HELD);
}

static void
refuses_what_is_no_crl_of_ours(void **state)
{
	EVP_PKEY *k = mr_key();
	FILE *f;

	(void)state;
	mr_old();
	mr_crl(crl, k, 7, 10, 1);
	mr_refused(with_crl(), 0, "merge.signature: ");
	mr_crl(crl, mr.ca, -1, 10, 1);
	mr_refused(with_crl(), 0, "merge.crl: ");
	mr_crl(crl, mr.ca, 7, 10, 8);	/* removeFromCRL: of a delta */
	mr_refused(with_crl(), 0, "merge.crl: ");
	assert_non_null(f = fopen(crl, "w"));
	fputs("no CRL", f);
	fclose(f);
	mr_refused(with_crl(), 0, "merge.crl: ");
	assert_int_equal(mr_row(10).state, CERT_VALID);
	EVP_PKEY_free(k);
}

/* Of a CA with shards it must say which one it is. */
static void
asks_for_the_shard(void **state)
{
	(void)state;
	mr_old();
	rig_sql(mr.r, "UPDATE issuers SET crl_shards = 4");
	mr_crl(crl, mr.ca, 7, 10, 1);
	mr_refused(with_crl(), 0, "merge.crl: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(revokes_what_is_on_it),
	    MR_TEST(keeps_unknown_serials),
	    MR_TEST(holds_unknown_serials),
	    MR_TEST(holds_by_a_newer_one_only),
	    MR_TEST(leaves_what_was_released),
	    MR_TEST(holds_what_was_held_again),
	    MR_TEST(refuses_what_is_no_crl_of_ours),
	    MR_TEST(asks_for_the_shard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
