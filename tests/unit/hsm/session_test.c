#include "token.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "calls.h"

static struct token tok;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "pool", URI("pool"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	token_remove(&tok);
	return 0;
}

static atomic_int in_use, most;

/* Stay a while, to meet others. */
static CK_RV
stay(struct hsm_session *s, void *arg)
{
	struct timespec ts = {0, 2000000};
	int n = atomic_fetch_add(&in_use, 1) + 1;
	CK_SESSION_INFO info;
	CK_RV rv;

	(void)arg;
	if (n > most)
		most = n;
	rv = s->fn->C_GetSessionInfo(s->h, &info);
	nanosleep(&ts, NULL);
	atomic_fetch_sub(&in_use, 1);
	return rv;
}

static void *
work(void *arg)
{
	struct hsm *hsm = arg;
	size_t bad = 0;
	int i;

	for (i = 0; i < 20; i++)
		if (!session_run(hsm, stay, NULL))
			bad++;
	return (void *)bad;
}

static void
check_pool(size_t sessions, int want)
{
	struct hsm_config cfg = tok.cfg;
	struct hsm *hsm;
	pthread_t t[8];
	void *bad = NULL;
	int i;

	cfg.sessions = sessions;
	most = 0;
	must((hsm = hsm_open(&cfg)) != NULL);
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, hsm), 0);
	for (i = 0; i < 8; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(most, want);
	assert_int_equal(hsm->pool.n_idle, want);
	hsm_close(hsm);
}

static void
test_pool_is_the_limit(void **state)
{
	(void)state;
	check_pool(1, 1);
	check_pool(3, 3);
}

static CK_FUNCTION_LIST few;
static struct hsm_module *module;
static atomic_int sessions_left;

static CK_RV
open_few(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
    CK_SESSION_HANDLE *out)
{
	if (sessions_left-- <= 0)
		return CKR_SESSION_COUNT;
	return module->managed->C_OpenSession(slot, flags, app, notify, out);
}

/* A token that grants less than was asked for: the pool shrinks; and grows when
   it grants them again. */
static void
test_session_count(void **state)
{
	struct hsm_token_info info;
	struct hsm_config cfg = tok.cfg;
	struct hsm *hsm;
	pthread_t t[8];
	void *bad = NULL;
	int i;

	(void)state;
	cfg.sessions = 8;
	must((hsm = hsm_open(&cfg)) != NULL);
	module = hsm->module;
	few = *module->managed;
	few.C_OpenSession = open_few;
	sessions_left = 2;
	module->fn = &few;
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, hsm), 0);
	for (i = 0; i < 8; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	must(hsm_token_info(hsm, &info));
	assert_true(info.sessions >= 1 && info.sessions < 8);
	sessions_left = 0;
	hsm->pool.grow_at = 0;
	assert_null(work(hsm));
	must(hsm_token_info(hsm, &info));
	assert_true(info.sessions >= 1 && info.sessions < 8);
	sessions_left = 100;
	for (i = 0; i < 8; i++) {
		hsm->pool.grow_at = 0;
		assert_null(work(hsm));
	}
	must(hsm_token_info(hsm, &info));
	assert_int_equal(info.sessions, 8);
	module->fn = module->managed;
	hsm_close(hsm);
}

static int calls;

static CK_RV
fails(struct hsm_session *s, void *arg)
{
	(void)s;
	calls++;
	return *(CK_RV *)arg;
}

static void
check_answer(struct hsm *hsm, CK_RV rv, int want_calls, int reason)
{
	calls = 0;
	assert_int_equal(session_run(hsm, fails, &rv), 0);
	assert_int_equal(calls, want_calls);
	assert_reason(reason);
}

static void
test_answers(void **state)
{
	struct hsm *hsm = hsm_open(&tok.cfg);
	CK_RV rv = CKR_DEVICE_ERROR;

	(void)state;
	must(hsm != NULL);
	check_answer(hsm, CKR_MECHANISM_INVALID, 1, HSM_E_UNSUPPORTED);
	check_answer(hsm, CKR_DATA_LEN_RANGE, 1, HSM_E_TOKEN);
	check_answer(hsm, CKR_PIN_LOCKED, 1, HSM_E_PIN);
	check_answer(hsm, CKR_DEVICE_ERROR, 3, HSM_E_TOKEN);
	/* What writes is not done twice. Before, the circuit is to close. */
	while (hsm_monotonic_ns() <= hsm->health.retry_at)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	calls = 0;
	assert_int_equal(session_run_rw(hsm, fails, &rv), 0);
	assert_int_equal(calls, 1);
	assert_reason(HSM_E_TOKEN);
	must(hsm_healthy(hsm));
	hsm_close(hsm);
}

static CK_RV
mess(struct hsm_session *s, void *arg)
{
	int *n = arg;

	(void)s;
	hsm_raise(HSM_E_CONFIG, "left behind");
	return (*n)++ == 0 ? CKR_SESSION_HANDLE_INVALID : CKR_OK;
}

/* After a success the queue is as it was. */
static void
test_queue(void **state)
{
	struct hsm *hsm = hsm_open(&tok.cfg);
	int n = 0;

	(void)state;
	must(hsm != NULL);
	hsm_raise(HSM_E_PIN, "from before");
	must(session_run(hsm, mess, &n));
	assert_int_equal(n, 2);
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), HSM_E_PIN);
	assert_int_equal(ERR_get_error(), 0);
	hsm_close(hsm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pool_is_the_limit),
	    cmocka_unit_test(test_session_count),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_queue),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
