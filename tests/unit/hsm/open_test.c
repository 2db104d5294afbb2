#include "token.h"

static struct token tok;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "issuing", URI("issuing"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	token_remove(&tok);
	return 0;
}

static void
test_open(void **state)
{
	struct hsm_token_info info;
	struct hsm *hsm = hsm_open(&tok.cfg);

	(void)state;
	must(hsm != NULL);
	assert_int_equal(ERR_peek_error(), 0);
	must(hsm_token_info(hsm, &info));
	assert_string_equal(info.label, "issuing");
	assert_int_equal(info.logged_in, 1);
	assert_int_equal(info.sessions, 4);
	assert_int_equal(strlen(info.serial), 16);
	must(hsm_healthy(hsm));
	hsm_close(hsm);
}

static void
test_no_module(void **state)
{
	struct hsm_config cfg = tok.cfg;
	char text[512];

	(void)state;
	cfg.module = "/nonexistent/module.so";
	assert_null(hsm_open(&cfg));
	assert_int_equal(last_reason(text, sizeof(text)), HSM_E_NOMODULE);
	assert_non_null(strstr(text, "/nonexistent/module.so"));
	cfg.module = "/bin/true";
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_NOMODULE);
}

static void
test_no_token(void **state)
{
	struct hsm_config cfg = tok.cfg;

	(void)state;
	cfg.uri = URI("other");
	assert_null(hsm_open(&cfg));
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), HSM_E_NOTOKEN);
	assert_true(queue_says("\"issuing\""));
}

static void
test_ambiguous(void **state)
{
	struct hsm_config cfg = tok.cfg;

	(void)state;
	token_add(&tok, "second");
	cfg.uri = "pkcs11:manufacturer=SoftHSM%20project";
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_CONFIG);
}

static void
test_uninitialised(void **state)
{
	struct token blank;
	struct hsm_config cfg;

	(void)state;
	token_folder(&blank);
	cfg = tok.cfg;
	cfg.softhsm_conf = blank.conf;
	assert_null(hsm_open(&cfg));
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), HSM_E_NOTOKEN);
	assert_true(queue_says("uninitialised"));
	token_remove(&blank);
}

static void
test_two_tokens_of_one_module(void **state)
{
	struct hsm_config cfg = tok.cfg;
	struct hsm *a = hsm_open(&cfg), *b;
	struct hsm_token_info info;

	(void)state;
	cfg.uri = URI("second");
	must(a != NULL);
	must((b = hsm_open(&cfg)) != NULL);
	hsm_close(a);
	must(hsm_token_info(b, &info));
	assert_string_equal(info.label, "second");
	assert_true(info.logged_in);
	hsm_close(b);
}

/* SoftHSM looks for tokens in C_Initialize only, and "first" keeps it going. */
static void
test_a_second_token_that_comes_later(void **state)
{
	struct hsm_config cfg = tok.cfg;
	struct hsm *a = hsm_open(&cfg), *b;
	EVP_PKEY *key;

	(void)state;
	must(a != NULL);
	must((key = hsm_key_generate(a, HSM_KEY_EC_P256, "stays")) != NULL);
	cfg.uri = URI("late");
	assert_null(hsm_open(&cfg));
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), HSM_E_NOTOKEN);
	assert_true(queue_says("late"));
	ERR_clear_error();
	must(hsm_healthy(a));
	token_add(&tok, "late");
	must((b = hsm_open(&cfg)) != NULL);
	must(hsm_healthy(a) && hsm_healthy(b));
	EVP_PKEY_free(key);
	must(hsm_key_destroy(a, "stays"));
	hsm_close(b);
	hsm_close(a);
}

static void
test_same_token_twice(void **state)
{
	struct hsm *a = hsm_open(&tok.cfg), *b = hsm_open(&tok.cfg);

	(void)state;
	must(a != NULL && b != NULL);
	hsm_close(a);
	must(hsm_healthy(b));
	hsm_close(b);
}

static void
test_another_configuration(void **state)
{
	struct token other;
	struct hsm *hsm;

	(void)state;
	token_make(&other, "root", URI("root"));
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	/* Not while the first is open: SoftHSM would not read it. */
	assert_null(hsm_open(&other.cfg));
	assert_reason(HSM_E_CONFIG);
	hsm_close(hsm);
	must((hsm = hsm_open(&other.cfg)) != NULL);
	hsm_close(hsm);
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	hsm_close(hsm);
	token_remove(&other);
}

static void
test_bad_settings(void **state)
{
	struct hsm_config cfg = tok.cfg;

	(void)state;
	cfg.sessions = HSM_SESSIONS_MAX + 1;
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_CONFIG);
	cfg = tok.cfg;
	cfg.uri = "pkcs11:token=issuing?pin-value=" PIN;
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_CONFIG);
	cfg.uri = "pkcs11:token=issuing?pin-source=file:/etc/hostname";
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_CONFIG);
	cfg = tok.cfg;
	cfg.pin.name = NULL;
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_CONFIG);
	cfg = tok.cfg;
	cfg.pin.kind = HSM_PIN_NONE;
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_PIN);
	hsm_close(NULL);
}

static void
test_module_and_pin_in_uri(void **state)
{
	struct hsm_config cfg = tok.cfg;
	struct hsm *hsm;
	char uri[900];

	(void)state;
	snprintf(uri, sizeof(uri),
	    "pkcs11:token=issuing?pin-source=file:%s&module-path=%s", tok.pin,
	    module_path());
	cfg.uri = uri;
	cfg.module = NULL;
	cfg.pin.kind = HSM_PIN_NONE;
	must((hsm = hsm_open(&cfg)) != NULL);
	hsm_close(hsm);
}

static void
test_registered_module(void **state)
{
	struct hsm_config cfg = tok.cfg;
	struct hsm *hsm;

	(void)state;
	if (access("/usr/share/p11-kit/modules/softhsm2.module", R_OK) != 0)
		skip();
	cfg.module = NULL;
	must((hsm = hsm_open(&cfg)) != NULL);
	hsm_close(hsm);
	cfg.uri = "pkcs11:token=issuing?module-name=softhsm2";
	must((hsm = hsm_open(&cfg)) != NULL);
	hsm_close(hsm);
	cfg.uri = "pkcs11:token=issuing?module-name=nosuch";
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_NOMODULE);
	cfg.uri = URI("other");
	assert_null(hsm_open(&cfg));
	assert_reason(HSM_E_NOTOKEN);
}

/* A key outlives its token's handle without harm, and is of no use then. */
static void
test_close_before_key(void **state)
{
	struct hsm *hsm = hsm_open(&tok.cfg);
	struct hsm_key_info info;
	EVP_PKEY *key;

	(void)state;
	must(hsm != NULL);
	must((key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "late")) != NULL);
	must(hsm_key_destroy(hsm, "late"));
	hsm_close(hsm);
	assert_int_equal(hsm_key_info(key, &info), 0);
	assert_reason(HSM_E_TOKEN);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_no_module),
	    cmocka_unit_test(test_no_token),
	    cmocka_unit_test(test_ambiguous),
	    cmocka_unit_test(test_uninitialised),
	    cmocka_unit_test(test_two_tokens_of_one_module),
	    cmocka_unit_test(test_a_second_token_that_comes_later),
	    cmocka_unit_test(test_same_token_twice),
	    cmocka_unit_test(test_another_configuration),
	    cmocka_unit_test(test_bad_settings),
	    cmocka_unit_test(test_module_and_pin_in_uri),
	    cmocka_unit_test(test_registered_module),
	    cmocka_unit_test(test_close_before_key),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
