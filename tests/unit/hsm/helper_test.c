#include "faults.h"
#include <stdatomic.h>

/* Calls in a thread of their own: what they raise, and what is left behind by
   those that come back too late. */

static struct token tok;
static struct hsm *hsm;
static atomic_int released, let_go;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "helped", URI("helped"));
	tok.cfg.call_limit = 1;
	tok.cfg.sessions = 2;
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
release(void *arg)
{
	released++;
	free(arg);
}

static CK_RV
fill(struct hsm_session *s, void *arg)
{
	assert_true(s->h != 0);
	strcpy(arg, "filled");
	return CKR_OK;
}

static CK_RV
refuse(struct hsm_session *s, void *arg)
{
	(void)s;
	ERR_raise_data(ERR_LIB_SYS, 2, "beneath");
	ERR_raise_data(ERR_LIB_RSA, 1, "the module's own");
	hsm_raise(HSM_E_NOKEY, "no key %s", (char *)arg);
	return HSM_RV_RAISED;
}

static CK_RV
sleep_on(struct hsm_session *s, void *arg)
{
	(void)s;
	while (!let_go)
		wait_ms(10);
	strcpy(arg, "late");
	return CKR_OK;
}

static void
test_in_time(void **state)
{
	char *arg = calloc(1, 32);

	(void)state;
	assert_int_equal(hsm_session_ask(hsm, "test", fill, arg, release), 1);
	assert_string_equal(arg, "filled");
	assert_int_equal(released, 0);
	assert_int_equal(ERR_peek_error(), 0);
	/* Errors come over, outermost last; a module's own do not. */
	assert_int_equal(hsm_session_ask(hsm, "test", refuse, arg, release), 0);
	assert_int_equal(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_SYS);
	assert_false(queue_says("the module's own"));
	assert_int_equal(hsm_session_ask(hsm, "test", refuse, arg, release), 0);
	assert_reason(HSM_E_NOKEY);
	assert_int_equal(released, 0);
	free(arg);
	/* It was no matter of the token's. */
	must(hsm_healthy(hsm));
}

static void
test_late(void **state)
{
	struct hsm_health h;
	char *arg = calloc(1, 32);

	(void)state;
	let_go = 0;
	assert_int_equal(
	    hsm_session_ask(hsm, "test", sleep_on, arg, release), -1);
	assert_reason(HSM_E_TOKEN);
	assert_int_equal(released, 0);
	hsm_health(hsm, &h);
	assert_int_equal(h.late, 1);
	assert_int_equal(h.state, HSM_STUCK);
	let_go = 1;
	WAIT_FOR(released == 1);
	WAIT_FOR(late_calls(hsm) == 0);
	must(hsm_healthy(hsm));
}

/* To close it does not wait for what does not come back. */
static void
test_close_while_late(void **state)
{
	struct hsm *other = hsm_open(&tok.cfg);
	char *arg = calloc(1, 32);

	(void)state;
	must(other != NULL);
	released = let_go = 0;
	assert_int_equal(
	    hsm_session_ask(other, "test", sleep_on, arg, release), -1);
	ERR_clear_error();
	hsm_close(other);
	assert_int_equal(released, 0);
	let_go = 1;
	WAIT_FOR(released == 1);
	must(hsm_healthy(hsm));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_time),
	    cmocka_unit_test(test_late),
	    cmocka_unit_test(test_close_while_late),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
