#include "rig.h"

static int
accept(void *object, EVP_PKEY *key)
{
	(void)key;
	return *(int *)object;
}

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct merge m = {.tx = tx};
	const struct merge_issuer *is;
	X509_NAME *name = X509_NAME_new();
	unsigned char md[32], none[32] = {0};
	int yes = 1, no = 0;

	(void)arg;
	mr_name(name, "nobody");
	assert_true(merge_issuers_load(&m));
	assert_int_equal(m.n_issuers, 1);
	is = merge_issuers_of(&m, X509_get_subject_name(mr.ca_cert), accept,
	    &yes, "CRL", "f");
	assert_non_null(is);
	assert_ptr_equal(merge_issuers_named(&m, "devices-g1"), is);
	assert_null(merge_issuers_named(&m, "devices"));
	assert_null(merge_issuers_of(&m, X509_get_subject_name(mr.ca_cert),
	    accept, &no, "CRL", "f"));
	assert_raised(CA_E_DENIED, "merge.signature: f: ");
	assert_null(merge_issuers_of(&m, name, accept, &yes, "CRL", "f"));
	assert_raised(CA_E_DENIED, "merge.foreign: f: ");
	assert_int_equal(X509_digest(is->cert, EVP_sha256(), md, NULL), 1);
	assert_int_equal(merge_issuers_have(&m, md), 1);
	assert_int_equal(merge_issuers_have(&m, none), 0);
	merge_issuers_clear(&m);
	X509_NAME_free(name);
	return 1;
}

static void
finds_by_name_and_key(void **state)
{
	(void)state;
	READ(mr.r->t, find_tx, NULL);
}

static int
broken_tx(struct store_tx *tx, void *arg)
{
	struct merge m = {.tx = tx};

	(void)arg;
	assert_false(merge_issuers_load(&m));
	merge_issuers_clear(&m);
	assert_raised(CA_E_STORE, "merge: the store's CAs");
	return 1;
}

static void
refuses_one_that_is_none(void **state)
{
	(void)state;
	rig_sql(mr.r, "UPDATE issuers SET cert = x'3000'");
	READ(mr.r->t, broken_tx, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(finds_by_name_and_key),
	    MR_TEST(refuses_one_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
