#include "tests/unit/ca/engine/twin.h"

/* A token that stands in, or for which one does, may be away when the program
   starts, and come later. */

static int
setup(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	twin_token(*state);
	return 0;
}

static struct hsm_key *
key_of(struct world *w, const char *name)
{
	struct issuer *is = issuer_set_find(&w->ca->issuers, name);

	return is->key == NULL ? NULL : hsm_provider_key(is->key);
}

static int
signs(struct world *w, time_t now)
{
	struct issuer *is = ca_issuer_lock(w->ca, "devices", now);
	unsigned char sig[256];
	size_t len = sizeof(sig);
	EVP_MD_CTX *ctx;
	int ok;

	if (is == NULL)
		return 0;
	ctx = EVP_MD_CTX_new();
	ok = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, is->key) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, (const void *)"x", 1) == 1;
	EVP_MD_CTX_free(ctx);
	ca_issuer_unlock(w->ca, is);
	return ok;
}

/* Each CA's key signs in ${first}, and else in ${then}; NULL nowhere else. */
static void
assert_order(struct world *w, struct hsm *first, struct hsm *then)
{
	static const char *const names[] = {"devices", "attestation", "code"};
	struct hsm_key *key;
	size_t i;

	for (i = 0; i < 3; i++) {
		key = key_of(w, names[i]);
		assert_non_null(key);
		assert_ptr_equal(key->hsm, first);
		if (then == NULL)
			assert_null(key->spare);
		else
			assert_ptr_equal(key->spare->hsm, then);
	}
	assert_int_equal(w->ca->tokens[0].no_standby,
	    then == NULL && first == token_of(w, ""));
	assert_true(signs(w, w->now));
}

static void
both(void **state)
{
	struct world *w = *state;

	start_with(w, "first twin");
	assert_order(w, token_of(w, ""), token_of(w, "twin"));
	assert_string_equal(tokens_standby(w->ca, ""), "twin");
	assert_null(tokens_standby(w->ca, "twin"));
	assert_null(tokens_standby(w->ca, "none"));
	assert_ptr_equal(tokens_open(w->ca, "twin", w->now),
	    token_of(w, "twin"));
	assert_null(tokens_open(w->ca, "none", w->now));
	world_raised(CA_E_CONFIG, "token.unknown: ");
}

static void
standby_comes_later(void **state)
{
	struct world *w = *state;

	start_with(w, "first");
	assert_order(w, token_of(w, ""), NULL);
	tokens_standby_round(w->ca, w->now + 3);
	assert_order(w, token_of(w, ""), NULL);
	comes_back(w, "twin");
	tokens_standby_round(w->ca, w->now + 6);
	assert_non_null(token_of(w, "twin"));
	assert_order(w, token_of(w, ""), token_of(w, "twin"));
	/* Nothing changes when it is asked for once more. */
	tokens_standby_round(w->ca, w->now + 9);
	assert_order(w, token_of(w, ""), token_of(w, "twin"));
}

static void
first_comes_later(void **state)
{
	struct world *w = *state;

	start_with(w, "twin");
	assert_null(token_of(w, ""));
	assert_order(w, token_of(w, "twin"), NULL);
	tokens_standby_round(w->ca, w->now + 3);
	assert_order(w, token_of(w, "twin"), NULL);
	comes_back(w, "first");
	tokens_standby_round(w->ca, w->now + 6);
	assert_non_null(token_of(w, ""));
	assert_order(w, token_of(w, "twin"), token_of(w, ""));
	/* The next start has them in their order. */
	start_with(w, "first twin");
	assert_order(w, token_of(w, ""), token_of(w, "twin"));
}

static void
both_come_later(void **state)
{
	struct world *w = *state;

	start_with(w, "");
	assert_null(key_of(w, "devices"));
	assert_false(signs(w, w->now));
	ERR_clear_error();
	comes_back(w, "twin");
	tokens_standby_round(w->ca, w->now + 3);
	assert_order(w, token_of(w, "twin"), NULL);
	comes_back(w, "first");
	tokens_standby_round(w->ca, w->now + 6);
	assert_order(w, token_of(w, "twin"), token_of(w, ""));
}

/* One that lacks a key, or has another of that name, does not sign. */
static void
a_wrong_one(void **state)
{
	struct world *w = *state;
	char label[HSM_LABEL_MAX];
	EVP_PKEY *other;

	start_with(w, "first twin");
	strcpy(label, key_of(w, "devices")->label);
	assert_true(hsm_key_destroy(token_of(w, "twin"), label));
	start_with(w, "first twin");
	assert_null(key_of(w, "devices")->spare);
	assert_non_null(key_of(w, "code")->spare);
	assert_int_equal(w->ca->tokens[0].no_standby, 1);
	other = hsm_key_generate(token_of(w, "twin"), HSM_KEY_EC_P256, label);
	assert_non_null(other);
	EVP_PKEY_free(other);
	tokens_standby_round(w->ca, w->now + 3);
	assert_null(key_of(w, "devices")->spare);
	assert_int_equal(w->ca->tokens[0].no_standby, 1);
	start_with(w, "twin");
	assert_null(key_of(w, "devices"));
	assert_non_null(key_of(w, "code"));
	assert_false(signs(w, w->now));
	ERR_clear_error();
}

/* The first comes back without a key that is used: the other goes on alone. */
static void
first_lacks_one(void **state)
{
	struct world *w = *state;

	start_with(w, "first twin");
	assert_true(hsm_key_destroy(token_of(w, ""), key_of(w, "code")->label));
	start_with(w, "twin");
	comes_back(w, "first");
	tokens_standby_round(w->ca, w->now + 3);
	assert_non_null(token_of(w, ""));
	assert_ptr_equal(key_of(w, "code")->hsm, token_of(w, "twin"));
	assert_null(key_of(w, "code")->spare);
	assert_ptr_equal(key_of(w, "attestation")->spare->hsm, token_of(w, ""));
	assert_int_equal(w->ca->tokens[0].no_standby, 1);
	tokens_standby_round(w->ca, w->now + 6);
	assert_int_equal(w->ca->tokens[0].no_standby, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both),
	    cmocka_unit_test(standby_comes_later),
	    cmocka_unit_test(first_comes_later),
	    cmocka_unit_test(both_come_later),
	    cmocka_unit_test(a_wrong_one),
	    cmocka_unit_test(first_lacks_one),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
