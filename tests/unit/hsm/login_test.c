#include "token.h"
#include <sys/wait.h>
#include "hsm/private.h"

/*
 * A wrong PIN reaches the token once. C_Login is counted by a table of our
 * own, laid over the module's before the token is opened.
 */
static struct token tok;
static CK_FUNCTION_LIST spy;
static struct hsm_module *module;
static int logins;
static CK_RV answer;
static CK_FLAGS more_flags;

static CK_RV
login(CK_SESSION_HANDLE s, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
	logins++;
	if (answer != CKR_OK)
		return answer;
	return module->managed->C_Login(s, user, pin, len);
}

static CK_RV
token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *out)
{
	CK_RV rv = module->managed->C_GetTokenInfo(slot, out);

	if (rv == CKR_OK && (out->flags & CKF_TOKEN_INITIALIZED))
		out->flags |= more_flags;
	return rv;
}

static int
setup(void **state)
{
	struct hsm *hsm;

	(void)state;
	token_make(&tok, "pin", URI("pin"));
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	module = hsm->module;
	hsm_close(hsm);
	spy = *module->managed;
	spy.C_Login = login;
	spy.C_GetTokenInfo = token_info;
	module->fn = &spy;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	token_remove(&tok);
	return 0;
}

static int
opens(void)
{
	struct hsm *hsm = hsm_open(&tok.cfg);

	if (hsm == NULL)
		return 0;
	hsm_close(hsm);
	return 1;
}

static void
refuses(int reason, int want_logins)
{
	logins = 0;
	assert_int_equal(opens(), 0);
	assert_reason(reason);
	assert_int_equal(logins, want_logins);
}

/* A process that begins anew: what it tried is its exit status. */
static int
restart(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		logins = 0;
		execl("/proc/self/exe", "login_test", "--child", tok.dir, NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_wrong_pin_is_tried_once(void **state)
{
	(void)state;
	write_file(tok.pin, "000000\n", 0600);
	refuses(HSM_E_PIN, 1);
	refuses(HSM_E_PIN, 0);
	refuses(HSM_E_PIN, 0);
	assert_int_equal(restart(), 10);
	assert_int_equal(restart(), 10);
	/* Another wrong one: once more. */
	write_file(tok.pin, "111111\n", 0600);
	refuses(HSM_E_PIN, 1);
	refuses(HSM_E_PIN, 0);
	assert_int_equal(restart(), 10);
	/* The right one opens: nothing has been locked. */
	write_file(tok.pin, PIN "\n", 0600);
	logins = 0;
	must(opens());
	assert_int_equal(logins, 1);
	assert_int_equal(restart(), 21);
}

static void
test_first_try_in_another_process(void **state)
{
	(void)state;
	write_file(tok.pin, "222222\n", 0600);
	assert_int_equal(restart(), 11);
	assert_int_equal(restart(), 10);
	refuses(HSM_E_PIN, 0);
	write_file(tok.pin, PIN "\n", 0600);
	must(opens());
}

static void
test_locked(void **state)
{
	(void)state;
	answer = CKR_PIN_LOCKED;
	refuses(HSM_E_PIN, 1);
	/* The PIN was not refused: unlocked, it is tried again. */
	answer = CKR_OK;
	must(opens());
	more_flags = CKF_USER_PIN_LOCKED;
	refuses(HSM_E_PIN, 0);
	more_flags = CKF_USER_PIN_FINAL_TRY;
	refuses(HSM_E_PIN, 0);
	more_flags = CKF_USER_PIN_TO_BE_CHANGED;
	refuses(HSM_E_PIN, 0);
	more_flags = 0;
	must(opens());
}

static void
test_other_answers(void **state)
{
	(void)state;
	answer = CKR_USER_PIN_NOT_INITIALIZED;
	refuses(HSM_E_NOTOKEN, 1);
	answer = CKR_DEVICE_ERROR;
	refuses(HSM_E_TOKEN, 1);
	answer = CKR_OK;
	must(opens());
}

static void
test_unreadable_pin(void **state)
{
	(void)state;
	write_file(tok.pin, PIN "\n", 0644);
	refuses(HSM_E_PIN, 0);
	write_file(tok.pin, PIN "\n", 0600);
	must(opens());
}

/* 10 or 20 for refused or opened, and the number of logins. */
static int
child(const char *dir)
{
	struct hsm *hsm;
	int rc;

	token_paths(&tok, dir);
	tok.cfg.uri = URI("pin");
	/* Find the module without a login, to lay the table over it. */
	module = hsm_module_open(tok.cfg.module, tok.conf);
	if (module == NULL)
		return 98;
	spy = *module->managed;
	spy.C_Login = login;
	spy.C_GetTokenInfo = token_info;
	module->fn = &spy;
	hsm = hsm_open(&tok.cfg);
	rc = (hsm != NULL ? 20 : 10) + logins;
	if (hsm == NULL && last_reason(NULL, 0) != HSM_E_PIN)
		rc = 97;
	hsm_close(hsm);
	hsm_module_close(module);
	return rc;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wrong_pin_is_tried_once),
	    cmocka_unit_test(test_first_try_in_another_process),
	    cmocka_unit_test(test_locked),
	    cmocka_unit_test(test_other_answers),
	    cmocka_unit_test(test_unreadable_pin),
	};

	REQUIRE_SOFTHSM();
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		return child(argv[2]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
