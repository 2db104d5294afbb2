#include "faults.h"

/* What has no limit of its own in the module: opening a token, searching for a
   key, making one. */

static struct token tok;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "slow", URI("slow"));
	faults_use(&tok);
	tok.cfg.call_limit = 1;
	tok.cfg.sessions = 2;
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
says(const char *text)
{
	char all[2048] = "";
	const char *data = NULL;
	int flags = 0;

	while (ERR_get_error_all(NULL, NULL, NULL, &data, &flags) != 0)
		if (flags & ERR_TXT_STRING)
			strncat(all, data, sizeof(all) - strlen(all) - 1);
	if (strstr(all, text) == NULL)
		fail_msg("no \"%s\" in \"%s\"", text, all);
}

/* Opens, when what was late has come back. */
static struct hsm *
open_at_last(void)
{
	struct hsm *hsm = NULL;
	int i;

	for (i = 0; hsm == NULL && i < 600; i++) {
		ERR_clear_error();
		if ((hsm = hsm_open(&tok.cfg)) == NULL)
			usleep(50000);
	}
	must(hsm != NULL);
	return hsm;
}

static void
check_opening(const char *fault)
{
	struct hsm *hsm;

	faults_set(fault);
	assert_null(hsm_open(&tok.cfg));
	says("opening: no answer within 4 s");
	/* Nobody gets stuck behind it. */
	assert_null(hsm_open(&tok.cfg));
	says("an earlier opening of it has not come back");
	faults_set("");
	hsm = open_at_last();
	must(hsm_healthy(hsm));
	hsm_close(hsm);
}

static void
test_opening(void **state)
{
	struct hsm *hsm;

	(void)state;
	check_opening("C_Login block\n");
	check_opening("C_GetTokenInfo block\n");
	/* What was refused comes back as it is. */
	faults_set("C_Login CKR_DEVICE_ERROR\n");
	assert_null(hsm_open(&tok.cfg));
	says("C_Login");
	faults_set("");
	hsm = open_at_last();
	hsm_close(hsm);
}

/* One module that does not come back from C_Initialize: others are opened, and
   closed. */
static void
test_other_module(void **state)
{
	struct hsm_config other = tok.cfg;
	struct hsm *hsm;

	(void)state;
	other.module = module_path();
	/* By another name: the late one is not tried under its own. */
	other.uri = URI("slow") ";manufacturer=SoftHSM%20project";
	faults_set("C_Initialize block\n");
	assert_null(hsm_open(&tok.cfg));
	says("opening: no answer within 4 s");
	must((hsm = hsm_open(&other)) != NULL);
	must(hsm_healthy(hsm));
	hsm_close(hsm);
	faults_set("");
	hsm = open_at_last();
	must(hsm_healthy(hsm));
	hsm_close(hsm);
}

static void
wait_well(struct hsm *hsm)
{
	int i;

	for (i = 0; i < 600 && !hsm_healthy(hsm); i++)
		usleep(50000);
	ERR_clear_error();
	must(hsm_healthy(hsm));
}

static void
test_search(void **state)
{
	struct hsm *hsm = open_at_last();
	EVP_PKEY *key;

	(void)state;
	must((key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "s")) != NULL);
	EVP_PKEY_free(key);
	faults_set("C_FindObjectsInit block\n");
	assert_null(hsm_key_find(hsm, "pkcs11:object=s"));
	says("search for a key: no answer within 1 s");
	faults_set("");
	wait_well(hsm);
	must((key = hsm_key_find(hsm, "pkcs11:object=s")) != NULL);
	EVP_PKEY_free(key);
	hsm_close(hsm);
}

static void
test_making(void **state)
{
	struct hsm *hsm = open_at_last();
	EVP_PKEY *key = NULL;
	int i;

	(void)state;
	hsm->limit = 40000000;	/* ns: times 24, about a second */
	faults_set("C_GenerateKeyPair block\n");
	assert_null(hsm_key_generate(hsm, HSM_KEY_EC_P256, "late"));
	says("generation of a key: no answer");
	/* Signing is tried again as soon as after a late signature. */
	assert_true(
	    hsm->health.retry_at - hsm_monotonic_ns() < 500000000);
	hsm->limit = 5000000000;
	faults_set("");
	wait_well(hsm);
	/* The late one is gone, or goes: its label is free. */
	for (i = 0; i < 600 && key == NULL; i++) {
		ERR_clear_error();
		key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "late");
		if (key == NULL)
			usleep(50000);
	}
	must(key != NULL);
	EVP_PKEY_free(key);
	hsm_close(hsm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opening),
	    cmocka_unit_test(test_other_module),
	    cmocka_unit_test(test_search),
	    cmocka_unit_test(test_making),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
