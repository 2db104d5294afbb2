#include "faults.h"
#include "calls.h"
#include <pthread.h>

/* A token that fails, over a real one: what the caller meets, and for how
   long. */

static struct token tok;
static struct hsm *hsm;
static EVP_PKEY *key;
static int told[HSM_EVENT_WRONG + 1];

static void
listen(enum hsm_event event, const char *why, void *arg)
{
	(void)why;
	assert_ptr_equal(arg, &tok);
	told[event]++;
}

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "faulty", URI("faulty"));
	faults_use(&tok);
	tok.cfg.call_limit = 1;
	tok.cfg.sessions = 2;
	tok.cfg.notify = listen;
	tok.cfg.notify_arg = &tok;
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	must((key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "k")) != NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	hsm_close(hsm);
	token_remove(&tok);
	return 0;
}

static enum hsm_health_state
state_now(void)
{
	struct hsm_health h;

	hsm_health(hsm, &h);
	assert_int_equal(h.state == HSM_WELL, h.why[0] == '\0');
	return h.state;
}

/* One failure is mended within the call; one that stays is told, and is over
   soon after it ends. */
static void
check_fault(const char *function, const char *fault)
{
	char line[128];

	memset(told, 0, sizeof(told));
	snprintf(line, sizeof(line), "%s %s count=1\n", function, fault);
	faults_set(line);
	must(sign_with(key));
	assert_int_equal(told[HSM_EVENT_AWAY], 0);
	snprintf(line, sizeof(line), "%s %s\n", function, fault);
	faults_set(line);
	must(hsm->module->fn->C_CloseAllSessions(hsm->slot) == CKR_OK);
	assert_int_equal(sign_with(key), 0);
	assert_reason(HSM_E_TOKEN);
	assert_int_equal(state_now(), HSM_AWAY);
	assert_int_equal(told[HSM_EVENT_AWAY], 1);
	/* Refused at once, without the token being asked. */
	assert_int_equal(sign_with(key), 0);
	assert_true(queue_says("is away"));
	/* That it answers does not say that it signs. */
	wait_ms(100);
	(void)hsm_healthy(hsm);
	ERR_clear_error();
	assert_int_equal(state_now(), HSM_AWAY);
	faults_set("");
	recovered_after(key);
	assert_int_equal(state_now(), HSM_WELL);
	assert_int_equal(told[HSM_EVENT_BACK], 1);
}

static void
test_every_answer(void **state)
{
	(void)state;
	check_fault("C_Sign", "CKR_DEVICE_ERROR");
	check_fault("C_Sign", "CKR_SESSION_HANDLE_INVALID");
	check_fault("C_Sign", "CKR_TOKEN_NOT_PRESENT");
	check_fault("C_Sign", "CKR_USER_NOT_LOGGED_IN");
	check_fault("C_Sign", "CKR_GENERAL_ERROR");
	check_fault("C_Sign", "CKR_DEVICE_MEMORY");
	check_fault("C_Sign", "CKR_OPERATION_NOT_INITIALIZED");
	check_fault("C_Sign", "CKR_VENDOR_DEFINED");
	check_fault("C_SignInit", "CKR_DEVICE_ERROR");
	check_fault("C_OpenSession", "CKR_DEVICE_ERROR");
	check_fault("any", "CKR_TOKEN_NOT_PRESENT");
}

static void
check_no_recovery(const char *fault, enum hsm_health_state want)
{
	char line[64];

	memset(told, 0, sizeof(told));
	snprintf(line, sizeof(line), "C_Sign %s count=1\n", fault);
	faults_set(line);
	assert_int_equal(sign_with(key), 0);
	ERR_clear_error();
	assert_int_equal(state_now(), want);
	assert_int_equal(told[HSM_EVENT_AWAY], want == HSM_AWAY);
	recovered_after(key);
}

/* What no new session helps against is the token's failure as well, unless it
   says that the request is wrong. */
static void
test_no_recovery(void **state)
{
	(void)state;
	check_no_recovery("CKR_HOST_MEMORY", HSM_AWAY);
	check_no_recovery("CKR_FUNCTION_CANCELED", HSM_AWAY);
	check_no_recovery("CKR_MECHANISM_INVALID", HSM_WELL);
}

/* The module's other forms: the second call only, and up to a moment. */
static void
test_skip_and_until(void **state)
{
	char line[96];

	(void)state;
	faults_set("C_Sign wrong skip=1 count=1\n");
	must(sign_with(key));
	assert_int_equal(sign_with(key), 0);
	assert_reason(HSM_E_WRONG);
	must(hsm_resume(hsm));
	must(sign_with(key));
	snprintf(line, sizeof(line), "C_Sign CKR_DEVICE_ERROR until=%lld\n",
	    (long long)time(NULL) + 2);
	faults_set(line);
	assert_int_equal(sign_with(key), 0);
	ERR_clear_error();
	recovered_after(key);
}

/* The circuit is broken for all callers, and one at a time tries. */
static void
test_one_tries(void **state)
{
	struct hsm_state *st = &hsm->health;
	int probe = 0, other = 0;

	(void)state;
	faults_set("C_Sign CKR_DEVICE_ERROR\n");
	assert_int_equal(sign_with(key), 0);
	ERR_clear_error();
	wait_ms(600);
	must(hsm_health_enter(hsm, &probe));
	assert_int_equal(probe, 1);
	assert_int_equal(hsm_health_enter(hsm, &other), 0);
	assert_int_equal(other, 0);
	assert_true(queue_says("is away"));
	/* What tells nothing of the token leaves it open for the next. */
	hsm_health_no_matter(hsm, probe);
	must(hsm_health_enter(hsm, &probe));
	hsm_health_failed(hsm, probe, 0, HSM_E_TOKEN, "test", 0);
	assert_int_equal(st->probing, 0);
	faults_set("");
	recovered_after(key);
}

/* A PIN's last try is never used up, and the token is back without a word once
   somebody has logged in by hand. */
static void
test_last_try(void **state)
{
	(void)state;
	faults_set("C_GetTokenInfo final-try\n");
	must(hsm->module->fn->C_Logout(hsm->anchor) == CKR_OK);
	assert_int_equal(sign_with(key), 0);
	assert_reason(HSM_E_PIN);
	assert_int_equal(sign_with(key), 0);
	assert_true(queue_says("one try of the PIN is left"));
	faults_set("");
	recovered_after(key);
}

static void *
sign_once(void *arg)
{
	*(int *)arg = sign_with(key);
	ERR_clear_error();
	return NULL;
}

/* Five callers, two sessions, a token that does not come back. */
static void
test_blocked(void **state)
{
	pthread_t t[5];
	int i, ok[5];

	(void)state;
	memset(told, 0, sizeof(told));
	faults_set("C_Sign block\n");
	for (i = 0; i < 5; i++)
		assert_int_equal(
		    pthread_create(&t[i], NULL, sign_once, &ok[i]), 0);
	for (i = 0; i < 5; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(ok[i], 0);
	}
	assert_int_equal(state_now(), HSM_STUCK);
	assert_int_equal(told[HSM_EVENT_STUCK], 1);
	/* Nobody tries with it: no more calls are late than there were. */
	assert_int_equal(late_calls(hsm), 2);
	assert_int_equal(sign_with(key), 0);
	assert_true(queue_says("no answer within 1 s"));
	assert_int_equal(hsm_healthy(hsm), 0);
	assert_reason(HSM_E_TOKEN);
	assert_int_equal(late_calls(hsm), 2);
	faults_set("");
	recovered_after(key);
	assert_int_equal(state_now(), HSM_WELL);
	assert_int_equal(told[HSM_EVENT_BACK], 1);
	WAIT_FOR(late_calls(hsm) == 0);
}

/* One session is stuck: the others go on. */
static void
test_one_blocked(void **state)
{
	(void)state;
	faults_set("C_Sign block count=1\n");
	assert_int_equal(sign_with(key), 0);
	ERR_clear_error();
	recovered_after(key);
	assert_int_equal(state_now(), HSM_WELL);
	assert_int_equal(late_calls(hsm), 1);
	faults_set("");
	WAIT_FOR(late_calls(hsm) == 0);
	must(sign_with(key));
}

static void
check_wrong(const char *fault)
{
	struct hsm *again;
	struct hsm_health h;
	char line[64];

	memset(told, 0, sizeof(told));
	snprintf(line, sizeof(line), "C_Sign %s count=1\n", fault);
	faults_set(line);
	assert_int_equal(sign_with(key), 0);
	assert_reason(HSM_E_WRONG);
	assert_int_equal(told[HSM_EVENT_WRONG], 1);
	assert_int_equal(state_now(), HSM_STOPPED);
	/* The token would sign rightly now, and is not asked. */
	assert_int_equal(sign_with(key), 0);
	assert_reason(HSM_E_WRONG);
	assert_int_equal(hsm_healthy(hsm), 0);
	assert_reason(HSM_E_WRONG);
	/* Not even after a restart. */
	must((again = hsm_open(&tok.cfg)) != NULL);
	hsm_health(again, &h);
	assert_int_equal(h.state, HSM_STOPPED);
	hsm_close(again);
}

static void
test_wrong_signature(void **state)
{
	(void)state;
	check_wrong("wrong");
	must(hsm_resume(hsm));
	must(sign_with(key));
	check_wrong("truncated");
	/* Who takes the file away has said it, too. */
	run("rm %s.*.stopped", tok.state);
	must(sign_with(key));
	must(hsm_healthy(hsm));
	must(hsm_resume(hsm));
}

static enum hsm_health_state
state_when_opened(const struct hsm_config *cfg, int resume)
{
	struct hsm *again = hsm_open(cfg);
	struct hsm_health h;

	must(again != NULL);
	hsm_health(again, &h);
	must(!resume || hsm_resume(again));
	hsm_close(again);
	return h.state;
}

/* Two tokens remember refused PINs in one file: a stop is one token's. */
static void
test_shared_state_file(void **state)
{
	struct hsm_config other = tok.cfg;

	(void)state;
	token_add(&tok, "other");
	other.uri = URI("other");
	hsm_key_wrong(key, "test");
	assert_int_equal(state_when_opened(&tok.cfg, 0), HSM_STOPPED);
	assert_int_equal(state_when_opened(&other, 1), HSM_WELL);
	assert_int_equal(state_when_opened(&tok.cfg, 0), HSM_STOPPED);
	must(hsm_resume(hsm));
	assert_int_equal(state_when_opened(&tok.cfg, 0), HSM_WELL);
	/* A file that names none stops both. */
	run("echo old >%s.stopped", tok.state);
	assert_int_equal(state_when_opened(&tok.cfg, 0), HSM_STOPPED);
	assert_int_equal(state_when_opened(&other, 1), HSM_STOPPED);
	assert_int_equal(state_when_opened(&tok.cfg, 0), HSM_WELL);
	/* So does one that cannot be read, until a person removes it. */
	run("ln -s loop.stopped %s.stopped && ln -s loop.stopped "
	    "$(dirname %s)/loop.stopped", tok.state, tok.state);
	assert_int_equal(state_when_opened(&tok.cfg, 0), HSM_STOPPED);
	assert_int_equal(state_when_opened(&tok.cfg, 1), HSM_STOPPED);
	assert_int_equal(state_when_opened(&tok.cfg, 0), HSM_WELL);
	recovered_after(key);
}

static atomic_int n_hanging, let_go;

static CK_RV
hang(struct hsm_session *s, void *arg)
{
	(void)s;
	(void)arg;
	n_hanging++;
	while (!let_go)
		wait_ms(10);
	n_hanging--;
	return CKR_OK;
}

static void *
run_hanging(void *arg)
{
	*(int *)arg = session_run(hsm, hang, NULL);
	ERR_clear_error();
	return NULL;
}

static atomic_int refused;

static void *
sign_beside(void *arg)
{
	(void)arg;
	refused = !sign_with(key) && queue_says("all sessions wait");
	return NULL;
}

/* As if those who have the sessions had taken longer than they may. */
static int
is_refused(void)
{
	size_t i;

	pthread_mutex_lock(&hsm->pool.lock);
	for (i = 0; i < HSM_SESSIONS_MAX; i++)
		if (hsm->pool.due[i] > 1)
			hsm->pool.due[i] = 1;
	pthread_mutex_unlock(&hsm->pool.lock);
	hsm_pool_wake(&hsm->pool);
	return refused;
}

static void
set_retry(long long ns)
{
	pthread_mutex_lock(&hsm->health.lock);
	hsm->health.retry_at = hsm_monotonic_ns() + ns;
	pthread_mutex_unlock(&hsm->health.lock);
}

/* What may take long is not what the others wait for to learn that the token is
   back; and for a session they wait as long as it may take. */
static void
test_takes_long(void **state)
{
	pthread_t t[3];
	int ok[2];

	(void)state;
	faults_set("C_Sign CKR_DEVICE_ERROR\n");
	assert_int_equal(sign_with(key), 0);
	/* Not while the token is refused, either. */
	set_retry(60000000000LL);
	assert_int_equal(session_run(hsm, hang, NULL), 0);
	assert_true(queue_says("is away"));
	set_retry(0);
	faults_set("");
	pthread_create(&t[0], NULL, run_hanging, &ok[0]);
	WAIT_FOR(n_hanging == 1);
	recovered_after(key);
	pthread_create(&t[1], NULL, run_hanging, &ok[1]);
	WAIT_FOR(n_hanging == 2);
	pthread_create(&t[2], NULL, sign_beside, NULL);
	WAIT_FOR(is_refused());
	let_go = 1;
	pthread_join(t[2], NULL);
	pthread_join(t[1], NULL);
	pthread_join(t[0], NULL);
	assert_true(ok[0] && ok[1]);
	must(sign_with(key));
}

/* With a call that does not come back nobody waits for the module alone: who
   opens another of its tokens is told, and the first goes on. */
static void
test_opened_beside_blocked(void **state)
{
	struct hsm_config other = tok.cfg;
	struct hsm *second;

	(void)state;
	other.uri = URI("other");
	faults_set("C_Sign block count=1\n");
	assert_int_equal(sign_with(key), 0);
	ERR_clear_error();
	assert_null(hsm_open(&other));
	assert_true(queue_says("a call in module"));
	recovered_after(key);
	assert_int_equal(late_calls(hsm), 1);
	faults_set("");
	WAIT_FOR(late_calls(hsm) == 0);
	must((second = hsm_open(&other)) != NULL);
	hsm_close(second);
	must(sign_with(key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_answer),
	    cmocka_unit_test(test_no_recovery),
	    cmocka_unit_test(test_skip_and_until),
	    cmocka_unit_test(test_one_tries),
	    cmocka_unit_test(test_last_try),
	    cmocka_unit_test(test_blocked),
	    cmocka_unit_test(test_one_blocked),
	    cmocka_unit_test(test_wrong_signature),
	    cmocka_unit_test(test_shared_state_file),
	    cmocka_unit_test(test_takes_long),
	    cmocka_unit_test(test_opened_beside_blocked),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
