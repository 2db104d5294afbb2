#include "faults.h"
#include <pthread.h>
#include <stdatomic.h>

/* Who asks how a token is does not wait for another thread that is in the module,
   and may not come back from it. */

static struct token tok;
static struct hsm *hsm;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "waiting", URI("waiting"));
	faults_use(&tok);
	/* Nothing of it is late, however busy the machine. */
	tok.cfg.call_limit = 60;
	tok.cfg.sessions = 3;
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_close(hsm);
	token_remove(&tok);
	return 0;
}

static void
keep(void *arg)
{
	(void)arg;
}

static int
recovery_goes_on(void)
{
	if (pthread_mutex_trylock(&hsm->recover) != 0)
		return 1;
	pthread_mutex_unlock(&hsm->recover);
	return 0;
}

static atomic_int in_call, failed, info_got, n_lost;

static CK_RV
fail_beside(struct hsm_session *s, void *arg)
{
	(void)s;
	(void)arg;
	in_call = 1;
	while (!recovery_goes_on())
		wait_ms(1);
	return CKR_HOST_MEMORY;	/* no recovery of its own */
}

static void *
ask_beside(void *arg)
{
	(void)arg;
	failed = hsm_session_sign(hsm, fail_beside, NULL, keep) == 0 ? 1 : -1;
	ERR_clear_error();
	return NULL;
}

static CK_RV
lose(struct hsm_session *s, void *arg)
{
	(void)s;
	(void)arg;
	return n_lost++ == 0 ? CKR_DEVICE_ERROR : CKR_OK;
}

static void *
recover(void *arg)
{
	*(int *)arg = hsm_session_ask(hsm, "test", lose, NULL, keep);
	ERR_clear_error();
	return NULL;
}

/* One call fails while another's recovery hangs in the module. */
static void
test_failure_beside_recovery(void **state)
{
	pthread_t beside, other;
	int ok = 0, i;

	(void)state;
	faults_set("C_GetSlotList block\n");
	pthread_create(&beside, NULL, ask_beside, NULL);
	WAIT_FOR(in_call);
	pthread_create(&other, NULL, recover, &ok);
	for (i = 0; i < 2000 && !failed; i++)
		wait_ms(10);
	i = failed;
	faults_set("");
	pthread_join(beside, NULL);
	pthread_join(other, NULL);
	WAIT_FOR(hsm_healthy(hsm));
	ERR_clear_error();
	assert_int_equal(i, 1);
}

static void *
get_info(void *arg)
{
	struct hsm_token_info info;

	(void)arg;
	info_got = hsm_token_info(hsm, &info) && info.logged_in ? 1 : -1;
	return NULL;
}

static atomic_int has_module, give_back;

/* As who opens another token of the module. */
static void *
take_module(void *arg)
{
	(void)arg;
	pthread_rwlock_wrlock(&hsm->module->lock);
	has_module = 1;
	while (!give_back)
		wait_ms(1);
	pthread_rwlock_unlock(&hsm->module->lock);
	return NULL;
}

static int
someone_is_in_module(void)
{
	if (pthread_rwlock_trywrlock(&hsm->module->lock) != 0)
		return 1;
	pthread_rwlock_unlock(&hsm->module->lock);
	return 0;
}

static int
someone_waits_for_module(void)
{
	if (pthread_rwlock_tryrdlock(&hsm->module->lock) != 0)
		return 1;
	pthread_rwlock_unlock(&hsm->module->lock);
	return 0;
}

/* It has answered; then the module is taken. */
static void
test_info_beside_opening(void **state)
{
	pthread_t asks, takes;
	int i;

	(void)state;
	faults_set("C_GetTokenInfo block\n");
	pthread_create(&asks, NULL, get_info, NULL);
	WAIT_FOR(someone_is_in_module());
	pthread_create(&takes, NULL, take_module, NULL);
	WAIT_FOR(someone_waits_for_module());
	assert_int_equal(has_module, 0);
	faults_set("");
	WAIT_FOR(has_module);
	for (i = 0; i < 2000 && !info_got; i++)
		wait_ms(10);
	i = info_got;
	give_back = 1;
	pthread_join(asks, NULL);
	pthread_join(takes, NULL);
	assert_int_equal(i, 1);
}

static atomic_int key_found;

static void *
find_key(void *arg)
{
	EVP_PKEY *key = hsm_key_find(hsm, "pkcs11:object=k");

	(void)arg;
	key_found = key != NULL ? 1 : -1;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return NULL;
}

/* A search for a key is over within its limit, whoever has the module. */
static void
test_search_beside_opening(void **state)
{
	pthread_t seeks, takes;
	int i;

	(void)state;
	hsm->limit = 1000000000LL;
	give_back = has_module = 0;
	pthread_create(&takes, NULL, take_module, NULL);
	WAIT_FOR(has_module);
	pthread_create(&seeks, NULL, find_key, NULL);
	for (i = 0; i < 2000 && !key_found; i++)
		wait_ms(10);
	i = key_found;
	give_back = 1;
	pthread_join(seeks, NULL);
	pthread_join(takes, NULL);
	assert_int_equal(i, -1);
	WAIT_FOR(late_calls(hsm) == 0);
	WAIT_FOR(hsm_healthy(hsm));
	/* Another's token's key is not looked for. */
	hsm->limit = 60000000000LL;
	assert_null(hsm_key_find(hsm, "pkcs11:token=other;object=k"));
	assert_reason(HSM_E_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_failure_beside_recovery),
	    cmocka_unit_test(test_info_beside_opening),
	    cmocka_unit_test(test_search_beside_opening),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
