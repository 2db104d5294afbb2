#include "tests/unit/ca/engine/foreign.h"
#include "tests/unit/ca/engine/weak.h"

/* Keys of CAs to be: safe, and none left over. */

static int
count(const struct hsm_key_info *info, void *arg)
{
	(void)info;
	++*(int *)arg;
	return 1;
}

static int
keys(struct ca_token *t)
{
	int n = 0;

	assert_true(hsm_key_list(t->hsm, count, &n));
	return n;
}

/* What a crash left is destroyed when the next one is made. */
static void
left_over(void **state)
{
	struct world *w = *state;
	struct ca_token *t = &w->ca->tokens[0];
	EVP_PKEY *a, *b;

	a = subca_key_make(w->ca, t, HSM_KEY_EC_P256, "inkan-a-g1");
	assert_non_null(a);
	assert_int_equal(keys(t), 5);
	EVP_PKEY_free(a);
	b = subca_key_make(w->ca, t, HSM_KEY_EC_P256, "inkan-b-g1");
	assert_non_null(b);
	assert_int_equal(keys(t), 5);
	EVP_PKEY_free(b);
	/* Also one of the same label. */
	b = subca_key_make(w->ca, t, HSM_KEY_EC_P256, "inkan-b-g1");
	assert_non_null(b);
	EVP_PKEY_free(b);
	assert_int_equal(keys(t), 5);
}

static int
unclaim_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	return subca_key_unclaim(tx, "");
}

/* What is in use, and what was never ours, stays. */
static void
kept(void **state)
{
	struct world *w = *state;
	struct ca_token *t = &w->ca->tokens[0];
	EVP_PKEY *a;

	assert_true(store_write(w->ca->store, unclaim_tx, NULL, 0));
	assert_null(subca_key_make(w->ca, t, HSM_KEY_EC_P256, "inkan-b-g1"));
	world_raised(CA_E_DENIED, "token.key: the token has a key");
	assert_null(
	    subca_key_make(w->ca, t, HSM_KEY_EC_P256, "inkan-code-g1"));
	world_raised(CA_E_DENIED, "token.key: the token has a key");
	a = subca_key_make(w->ca, t, HSM_KEY_EC_P256, "inkan-c-g1");
	assert_non_null(a);
	EVP_PKEY_free(a);
	assert_int_equal(keys(t), 6);
	a = subca_key_find(t, "pkcs11:object=inkan-b-g1");
	assert_non_null(a);
	EVP_PKEY_free(a);
}

static void
not_safe(void **state)
{
	struct world *w = *state;
	struct ca_token *t = &w->ca->tokens[0];

	weak_key(t->hsm, "weak");
	assert_null(subca_key_find(t, "pkcs11:object=weak"));
	world_raised(CA_E_DENIED, "token.key: pkcs11:object=weak: key: CKA_");
	assert_null(subca_key_find(t, "pkcs11:object=nobody"));
	world_raised(CA_E_DENIED, "token.key: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(left_over),
	    cmocka_unit_test(kept),
	    cmocka_unit_test(not_safe),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
