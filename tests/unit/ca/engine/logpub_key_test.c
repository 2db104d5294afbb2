#include "hsm/error.h"
#include "tests/unit/ca/engine/logpub.h"

static void
made_by_the_ceremony(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	char type[16];

	assert_true(logpub_key_ensure(l, w->now));
	assert_non_null(l->key);
	logpub_key_type(&l->vkey, type, sizeof(type));
	assert_string_equal(type, "ed25519");
	/* Not looked for each time, but from time to time. */
	strcpy(w->settings->log.key, "another");
	assert_true(logpub_key_ensure(l, w->now + 29));
	assert_false(logpub_key_ensure(l, w->now + 30));
	world_raised(HSM_E_NOKEY, "another");
	assert_null(l->key);
	strcpy(w->settings->log.key, "inkan-log");
	assert_true(logpub_key_ensure(l, w->now + 30));
}

/* Another key of that name signs nothing. */
static void
of_another(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;

	strcpy(w->settings->log.key, "inkan-code-g1");
	l->probed = 0;
	assert_false(logpub_key_ensure(l, w->now));
	world_raised(CA_E_SIGN, "log.key: ");
	strcpy(w->settings->log.key, "inkan-log");
}

static void
types(void **state)
{
	struct world *w = *state;
	struct hsm *hsm = w->ca->tokens[0].hsm;
	struct note_key k;
	EVP_PKEY *key;
	char type[16];

	key = logpub_key_make(hsm, "log-p256", HSM_KEY_EC_P256);
	assert_non_null(key);
	assert_true(note_key_set(&k, "x", key, 0));
	logpub_key_type(&k, type, sizeof(type));
	assert_string_equal(type, "ec-p256");
	note_key_clear(&k);
	EVP_PKEY_free(key);
	key = logpub_key_make(hsm, "log-p384", HSM_KEY_EC_P384);
	assert_non_null(key);
	assert_true(note_key_set(&k, "x", key, 0));
	logpub_key_type(&k, type, sizeof(type));
	assert_string_equal(type, "ec-p384");
	note_key_clear(&k);
	EVP_PKEY_free(key);
	logpub_key_type(&k, type, sizeof(type));
	assert_string_equal(type, "none");
	/* The name is taken. */
	assert_null(logpub_key_make(hsm, "log-p256", 0));
	world_raised(HSM_E_CONFIG, "log-p256");
}

static void
found_or_made(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	EVP_PKEY *a, *b;

	strcpy(w->settings->log.key, "fresh");
	assert_null(logpub_key_find(l, w->now, 0));
	world_raised(HSM_E_NOKEY, "fresh");
	a = logpub_key_find(l, w->now, 1);
	assert_non_null(a);
	b = logpub_key_find(l, w->now, 1);
	assert_int_equal(EVP_PKEY_eq(a, b), 1);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	strcpy(w->settings->log.token, "none");
	assert_null(logpub_key_find(l, w->now, 1));
	world_raised(CA_E_CONFIG, "token.unknown");
	w->settings->log.token[0] = '\0';
	strcpy(w->settings->log.key, "inkan-log");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(made_by_the_ceremony),
	    cmocka_unit_test(of_another),
	    cmocka_unit_test(types),
	    cmocka_unit_test(found_or_made),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
