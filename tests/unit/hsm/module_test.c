#include "token.h"
#include "hsm/private.h"

static struct token tok;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "module", URI("module"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	token_remove(&tok);
	return 0;
}

static CK_ULONG
count_slots(struct hsm_module *m)
{
	CK_SLOT_ID list[16];
	CK_ULONG n = 16;

	assert_int_equal(m->fn->C_GetSlotList(CK_TRUE, list, &n), CKR_OK);
	return n;
}

/* One entry per module, finalised when the last user goes. */
static void
test_shared(void **state)
{
	struct hsm_module *a = hsm_module_open(tok.cfg.module, tok.conf);
	struct hsm_module *b = hsm_module_open(tok.cfg.module, NULL);
	CK_INFO info;

	(void)state;
	must(a != NULL && b != NULL);
	assert_ptr_equal(a, b);
	hsm_module_close(a);
	assert_int_equal(b->fn->C_GetInfo(&info), CKR_OK);
	hsm_module_close(b);
	assert_int_equal(b->fn->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	hsm_module_close(NULL);
}

static void
test_new_token_seen_after_reopening(void **state)
{
	struct hsm_module *m = hsm_module_open(tok.cfg.module, tok.conf);
	CK_ULONG n;

	(void)state;
	must(m != NULL);
	n = count_slots(m);
	hsm_module_close(m);
	token_add(&tok, "another");
	must((m = hsm_module_open(tok.cfg.module, tok.conf)) != NULL);
	assert_int_equal(count_slots(m), n + 1);
	hsm_module_close(m);
}

static void
test_restart(void **state)
{
	struct hsm_module *m = hsm_module_open(tok.cfg.module, tok.conf);
	unsigned long gen;

	(void)state;
	must(m != NULL);
	gen = m->gen;
	token_add(&tok, "third");
	pthread_rwlock_wrlock(&m->lock);
	assert_int_equal(hsm_module_restart(m), CKR_OK);
	pthread_rwlock_unlock(&m->lock);
	assert_int_equal(m->gen, gen + 1);
	assert_int_equal(count_slots(m), 4);
	/* A restart that fails can be tried again. */
	run("mv %s %s.away", tok.conf, tok.conf);
	pthread_rwlock_wrlock(&m->lock);
	assert_int_not_equal(hsm_module_restart(m), CKR_OK);
	assert_int_equal(m->running, 0);
	run("mv %s.away %s", tok.conf, tok.conf);
	assert_int_equal(hsm_module_restart(m), CKR_OK);
	pthread_rwlock_unlock(&m->lock);
	hsm_module_close(m);
}

static void
test_refused(void **state)
{
	struct hsm_module *m;
	char missing[400];

	(void)state;
	assert_null(hsm_module_open("/nonexistent.so", NULL));
	assert_reason(HSM_E_NOMODULE);
	assert_null(hsm_module_open("nonexistent.so", NULL));
	assert_reason(HSM_E_NOMODULE);
	/* A library, but no PKCS#11 module. */
	assert_null(hsm_module_open("/proc/self/exe", NULL));
	assert_reason(HSM_E_NOMODULE);
	/* A module that cannot start, since its configuration is missing. */
	snprintf(missing, sizeof(missing), "%s/missing.conf", tok.dir);
	assert_null(hsm_module_open(tok.cfg.module, missing));
	assert_reason(HSM_E_NOMODULE);
	must((m = hsm_module_open(tok.cfg.module, tok.conf)) != NULL);
	assert_null(hsm_module_open(tok.cfg.module, missing));
	assert_reason(HSM_E_CONFIG);
	hsm_module_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shared),
	    cmocka_unit_test(test_new_token_seen_after_reopening),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_refused),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
