#include "rig.h"

struct last {
	char kind[64], text[64], who[64];
	int64_t from, size, adopted, unexplained;
};

static int
take_last(const struct entry_row *e, void *arg)
{
	struct last *l = arg;
	WIRE_FIELDS *f = field_list_decode(e->detail, e->detail_len);

	assert_non_null(f);
	snprintf(l->kind, sizeof(l->kind), "%s", e->kind);
	snprintf(l->text, sizeof(l->text), "%s", field_text(f, "text", ""));
	snprintf(l->who, sizeof(l->who), "%s", field_text(f, "who", ""));
	l->from = field_int(f, "from", -1);
	l->size = field_int(f, "size", -1);
	l->unexplained = field_int(f, "unexplained", -1);
	field_list_free(f);
	return 1;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	int64_t n = 0;

	return entries_count(tx, &n) && entries_list(tx, n - 1, 1, take_last,
	    arg);
}

static void
sums_up_in_an_entry(void **state)
{
	struct last l = {.from = 0};

	(void)state;
	mr_issue(20, 0);
	mr_issue(21, 0);
	rig_publish(mr.r);
	mr_old();
	mr_merged((struct merge_request){.dry_run = 0}, 1);
	READ(mr.r->t, last_tx, &l);
	assert_string_equal(l.kind, "restore.merged");
	assert_string_equal(l.text, "a test");
	assert_string_equal(l.who, "restore:uid:0");
	assert_int_equal(l.from, 4);
	assert_int_equal(l.size, 8);
	assert_int_equal(l.unexplained, 2);
}

/* All of it or nothing: a CRL that is refused takes the log with it. */
static void
is_one_transaction(void **state)
{
	char crl[400];
	const char *crls[] = {crl};
	struct merge_request q = {.crls = crls, .n_crls = 1};
	EVP_PKEY *k = mr_key();

	(void)state;
	mr_issue(20, 0);
	rig_publish(mr.r);
	mr_old();
	mr_crl(crl, k, 7, 10, 1);
	mr_refused(q, 1, "merge.signature: ");
	mr_crl(crl, mr.ca, 7, 10, 1);
	mr_merged(q, 1);
	assert_int_equal(mr.res.adopted, 2);
	assert_int_equal(mr.res.revoked, 1);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	EVP_PKEY_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(sums_up_in_an_entry),
	    MR_TEST(is_one_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
