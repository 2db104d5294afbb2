#include "token.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "hsm/private.h"

static struct token tok;
static struct hsm *hsm, *second;
static EVP_PKEY *key, *key2;

static int
setup(void **state)
{
	struct hsm_config cfg;

	(void)state;
	token_make(&tok, "away", URI("away"));
	token_add(&tok, "second");
	/* A busy machine takes long to hash a PIN. */
	tok.cfg.call_limit = 60;
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	cfg = tok.cfg;
	cfg.uri = URI("second");
	must((second = hsm_open(&cfg)) != NULL);
	must((key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "k")) != NULL);
	must((key2 = hsm_key_generate(second, HSM_KEY_RSA_2048, "k2")) != NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	EVP_PKEY_free(key2);
	hsm_close(hsm);
	hsm_close(second);
	token_remove(&tok);
	return 0;
}

static int
try_sign(EVP_PKEY *k)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t len = sizeof(sig);
	int rc;

	rc = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)"x", 1) == 1;
	EVP_MD_CTX_free(ctx);
	return rc;
}

/* Restarts of the module are spaced: wait one gap at the most. */
static void
wait_gap(void)
{
	struct timespec ts = {0, 600000000};

	nanosleep(&ts, NULL);
}

static void
test_sessions_closed(void **state)
{
	EVP_PKEY *gone;

	(void)state;
	/* Another part of the process, or the token, closes them all. */
	must(hsm->module->fn->C_CloseAllSessions(hsm->slot) == CKR_OK);
	must(try_sign(key));
	assert_int_equal(ERR_peek_error(), 0);
	must(hsm->module->fn->C_CloseAllSessions(hsm->slot) == CKR_OK);
	must(hsm_healthy(hsm));
	must(hsm->module->fn->C_CloseAllSessions(hsm->slot) == CKR_OK);
	/* Nothing is «not there» only because nobody is logged in. */
	assert_null(hsm_key_generate(hsm, HSM_KEY_EC_P256, "k"));
	assert_reason(HSM_E_CONFIG);
	must(hsm->module->fn->C_CloseAllSessions(hsm->slot) == CKR_OK);
	must((gone = hsm_key_generate(hsm, HSM_KEY_EC_P256, "gone")) != NULL);
	EVP_PKEY_free(gone);
	must(hsm->module->fn->C_CloseAllSessions(hsm->slot) == CKR_OK);
	must(hsm_key_destroy(hsm, "gone"));
	assert_null(hsm_key_find(hsm, "pkcs11:object=gone"));
	assert_reason(HSM_E_NOKEY);
}

static void
test_logged_out(void **state)
{
	(void)state;
	must(hsm->module->fn->C_Logout(hsm->anchor) == CKR_OK);
	must(try_sign(key));
	must(hsm->module->fn->C_Logout(hsm->anchor) == CKR_OK);
	must(hsm_healthy(hsm));
	must(try_sign(key2));
}

static void
test_token_folder_away(void **state)
{
	(void)state;
	ERR_clear_error();
	run("mv %s/tokens %s/away", tok.dir, tok.dir);
	assert_int_equal(try_sign(key), 0);
	assert_reason(HSM_E_TOKEN);
	assert_int_equal(hsm_healthy(hsm), 0);
	assert_reason(HSM_E_TOKEN);
	assert_int_equal(hsm_healthy(second), 0);
	assert_reason(HSM_E_TOKEN);
	assert_int_equal(try_sign(key2), 0);
	assert_reason(HSM_E_TOKEN);
	/* The cause is told, also by who comes before the next attempt; what
	   the module left in OpenSSL's queue is not. */
	wait_gap();
	assert_int_equal(hsm_healthy(hsm), 0);
	assert_true(queue_says("cannot be initialised"));
	assert_int_equal(hsm_healthy(hsm), 0);
	assert_true(queue_says("; its configuration is "));
	assert_int_equal(hsm_healthy(hsm), 0);
	assert_false(queue_says("engine"));
	run("mv %s/away %s/tokens", tok.dir, tok.dir);
	wait_gap();
	must(try_sign(key));
	must(try_sign(key2));
	must(hsm_healthy(hsm));
	must(hsm_healthy(second));
	assert_int_equal(ERR_peek_error(), 0);
}

/* Also when nobody asked meanwhile. */
static void
test_token_folder_away_unnoticed(void **state)
{
	(void)state;
	run("mv %s/tokens %s/away", tok.dir, tok.dir);
	run("mv %s/away %s/tokens", tok.dir, tok.dir);
	must(try_sign(key));
	must(try_sign(key2));
}

static void
test_token_emptied(void **state)
{
	char text[512];

	(void)state;
	run("mkdir %s/away && mv %s/tokens/* %s/away", tok.dir, tok.dir,
	    tok.dir);
	assert_int_equal(try_sign(key), 0);
	assert_int_equal(last_reason(text, sizeof(text)), HSM_E_TOKEN);
	assert_non_null(strstr(text, "away"));
	assert_int_equal(hsm_healthy(hsm), 0);
	assert_reason(HSM_E_TOKEN);
	run("mv %s/away/* %s/tokens && rmdir %s/away", tok.dir, tok.dir,
	    tok.dir);
	wait_gap();
	must(try_sign(key));
	must(try_sign(key2));
}

static void
test_pin_changed_meanwhile(void **state)
{
	(void)state;
	write_file(tok.pin, "999999\n", 0600);
	must(hsm->module->fn->C_Logout(hsm->anchor) == CKR_OK);
	assert_int_equal(try_sign(key), 0);
	assert_reason(HSM_E_PIN);
	/* Not tried again, and no module restart makes it be. */
	assert_int_equal(try_sign(key), 0);
	assert_reason(HSM_E_PIN);
	write_file(tok.pin, PIN "\n", 0600);
	must(try_sign(key));
}

static CK_FUNCTION_LIST faulty;
static CK_RV fault;
static int faults;

static CK_RV
sign_init(CK_SESSION_HANDLE s, CK_MECHANISM *mech, CK_OBJECT_HANDLE o)
{
	if (faults > 0) {
		faults--;
		return fault;
	}
	return hsm->module->managed->C_SignInit(s, mech, o);
}

static void
check_fault(CK_RV rv, int times, int reason)
{
	fault = rv;
	faults = times;
	wait_gap();
	if (reason == 0)
		must(try_sign(key));
	else {
		assert_int_equal(try_sign(key), 0);
		assert_reason(reason);
	}
	faults = 0;
}

static void
test_faults(void **state)
{
	(void)state;
	faulty = *hsm->module->managed;
	faulty.C_SignInit = sign_init;
	hsm->module->fn = &faulty;
	check_fault(CKR_DEVICE_REMOVED, 1, 0);
	check_fault(CKR_DEVICE_REMOVED, 2, 0);
	check_fault(CKR_USER_NOT_LOGGED_IN, 1, 0);
	check_fault(CKR_SESSION_HANDLE_INVALID, 1, 0);
	check_fault(CKR_OPERATION_ACTIVE, 1, 0);
	check_fault(CKR_KEY_HANDLE_INVALID, 1, 0);
	/* What stays broken is told after three attempts. */
	check_fault(CKR_DEVICE_ERROR, 100, HSM_E_TOKEN);
	/* What no recovery can help is told at once. */
	wait_gap();
	fault = CKR_MECHANISM_INVALID;
	faults = 100;
	assert_int_equal(try_sign(key), 0);
	assert_int_equal(faults, 99);
	assert_reason(HSM_E_UNSUPPORTED);
	hsm->module->fn = hsm->module->managed;
	wait_gap();
	must(try_sign(key));
	must(try_sign(key2));
}

/* Another token of the same label is not taken for ours. */
static void
test_replaced_token(void **state)
{
	(void)state;
	run("mv %s/tokens %s/away && mkdir %s/tokens", tok.dir, tok.dir,
	    tok.dir);
	token_add(&tok, "away");
	wait_gap();
	assert_int_equal(try_sign(key), 0);
	assert_reason(HSM_E_TOKEN);
	run("rm -r %s/tokens && mv %s/away %s/tokens", tok.dir, tok.dir,
	    tok.dir);
	wait_gap();
	must(try_sign(key));
}

static atomic_int stop, signed_ok, signed_bad;

static void *
sign_on(void *arg)
{
	while (!stop) {
		if (try_sign(arg))
			signed_ok++;
		else
			signed_bad++;
		ERR_clear_error();
	}
	return NULL;
}

static void
disturb(int how)
{
	struct timespec ts = {0, 200000000};

	/* SoftHSM crashes when a session in use is closed. */
	pthread_rwlock_wrlock(&hsm->module->lock);
	if (how % 2 == 0)
		hsm->module->fn->C_CloseAllSessions(hsm->slot);
	else
		hsm->module->fn->C_Logout(hsm->anchor);
	pthread_rwlock_unlock(&hsm->module->lock);
	nanosleep(&ts, NULL);
}

/* Six threads on two tokens, while sessions, logins and folders vanish. */
static void
test_under_load(void **state)
{
	pthread_t t[6];
	int i;

	(void)state;
	for (i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&t[i], NULL, sign_on,
				     i % 2 == 0 ? key : key2),
		    0);
	for (i = 0; i < 6; i++)
		disturb(i);
	/* All that could be put right has been: nobody saw an error. */
	assert_int_equal(signed_bad, 0);
	for (i = 0; i < 3; i++) {
		run("mv %s/tokens %s/away", tok.dir, tok.dir);
		wait_gap();
		run("mv %s/away %s/tokens", tok.dir, tok.dir);
		wait_gap();
	}
	assert_true(signed_bad > 0);
	signed_ok = 0;
	wait_gap();
	assert_true(signed_ok > 0);
	stop = 1;
	for (i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	must(try_sign(key));
	must(try_sign(key2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sessions_closed),
	    cmocka_unit_test(test_logged_out),
	    cmocka_unit_test(test_token_folder_away),
	    cmocka_unit_test(test_token_folder_away_unnoticed),
	    cmocka_unit_test(test_token_emptied),
	    cmocka_unit_test(test_pin_changed_meanwhile),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_replaced_token),
	    cmocka_unit_test(test_under_load),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
