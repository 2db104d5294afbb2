#include "faults.h"
#include "calls.h"

/* What does not come back: nobody waits for it, whatever was asked, and what it
   does at last does no harm. */

static struct token tok;
static struct hsm *hsm;
static EVP_PKEY *key;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "late", URI("late"));
	faults_use(&tok);
	tok.cfg.call_limit = 2;
	tok.cfg.sessions = 2;
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

/* ${call} is what is late: 24 times a limit that suits the rest would be long. */
#define IS_LATE(call)                                                          \
	do {                                                                   \
		hsm->limit /= 20;                                              \
		is_late(call);                                                 \
		hsm->limit *= 20;                                              \
	} while (0)

static void
is_late(int rc)
{
	assert_int_equal(rc, 0);
	assert_true(queue_says("no answer within"));
	assert_int_equal(late_calls(hsm), 1);
	ERR_clear_error();
}

static void
comes_back(void)
{
	faults_set("");
	WAIT_FOR(late_calls(hsm) == 0);
	recovered_after(key);
}

static int
count(const struct hsm_key_info *info, void *arg)
{
	(void)info;
	++*(int *)arg;
	return 1;
}

static void
test_list(void **state)
{
	int n = 0;

	(void)state;
	faults_set("C_FindObjectsInit block\n");
	IS_LATE(hsm_key_list(hsm, count, &n));
	assert_int_equal(n, 0);
	comes_back();
	must(hsm_key_list(hsm, count, &n));
	assert_int_equal(n, 1);
}

static void
test_info(void **state)
{
	struct hsm_key_info info = {.label = "untouched"};
	EVP_PKEY *other;

	(void)state;
	must((other = hsm_key_find(hsm, "pkcs11:object=k")) != NULL);
	faults_set("C_GetAttributeValue block\n");
	IS_LATE(hsm_key_info(other, &info));
	assert_string_equal(info.label, "untouched");
	EVP_PKEY_free(other);	/* the call has a reference of its own */
	comes_back();
	must(hsm_key_info(key, &info));
	assert_string_equal(info.label, "k");
}

static int
see(const unsigned char *data, size_t len, void *arg)
{
	strncat(arg, (const char *)data, len);
	return 1;
}

static void
test_data_get(void **state)
{
	char got[64] = "";

	(void)state;
	must(hsm_data_set(hsm, "d", "text", 4));
	faults_set("C_FindObjectsInit block\n");
	IS_LATE(hsm_data_get(hsm, "d", see, got));
	assert_string_equal(got, "");
	comes_back();
	must(hsm_data_get(hsm, "d", see, got));
	assert_string_equal(got, "text");
}

/* What was written meanwhile stays. */
static void
test_data_set(void **state)
{
	char got[64] = "";

	(void)state;
	must(hsm_data_set(hsm, "e", "old", 3));
	faults_set("C_CreateObject block count=1\n");
	IS_LATE(hsm_data_set(hsm, "e", "late", 4));
	recovered_after(key);
	must(hsm_data_set(hsm, "e", "newer", 5));
	comes_back();
	must(hsm_data_get(hsm, "e", see, got));
	assert_string_equal(got, "newer");
	must(hsm_data_set(hsm, "e", NULL, 0));
}

static void
test_data_remove(void **state)
{
	char got[64] = "";

	(void)state;
	must(hsm_data_set(hsm, "f", "old", 3));
	faults_set("C_FindObjectsInit block count=1\n");
	IS_LATE(hsm_data_set(hsm, "f", NULL, 0));
	recovered_after(key);
	must(hsm_data_set(hsm, "f", "newer", 5));
	comes_back();
	must(hsm_data_get(hsm, "f", see, got));
	assert_string_equal(got, "newer");
}

/* A key that was made under that label meanwhile stays. */
static void
test_destroy(void **state)
{
	EVP_PKEY *other;

	(void)state;
	must((other = hsm_key_generate(hsm, HSM_KEY_EC_P256, "x")) != NULL);
	EVP_PKEY_free(other);
	faults_set("C_FindObjectsInit block count=1\n");
	IS_LATE(hsm_key_destroy(hsm, "x"));
	recovered_after(key);
	must(hsm_key_destroy(hsm, "x"));
	must((other = hsm_key_generate(hsm, HSM_KEY_EC_P256, "x")) != NULL);
	EVP_PKEY_free(other);
	comes_back();
	must((other = hsm_key_find(hsm, "pkcs11:object=x")) != NULL);
	EVP_PKEY_free(other);
	must(hsm_key_destroy(hsm, "x"));
	assert_null(hsm_key_find(hsm, "pkcs11:object=x"));
	assert_reason(HSM_E_NOKEY);
	ERR_clear_error();
}

/* One that nobody waits for any more does not stand in the way of the next. */
static void
test_make(void **state)
{
	EVP_PKEY *made;

	(void)state;
	faults_set("C_GenerateKeyPair block count=1\n");
	IS_LATE(hsm_key_generate(hsm, HSM_KEY_EC_P256, "m") != NULL);
	comes_back();
	must((made = hsm_key_generate(hsm, HSM_KEY_EC_P256, "m")) != NULL);
	EVP_PKEY_free(made);
	must(hsm_key_destroy(hsm, "m"));
}

static void
test_wrap(void **state)
{
	unsigned char *out = NULL;
	size_t len = 0;

	(void)state;
	faults_set("C_FindObjectsInit block\n");
	IS_LATE(hsm_key_wrap(hsm, "k", "under", &out, &len));
	assert_null(out);
	comes_back();
	assert_int_equal(hsm_key_wrap(hsm, "k", "under", &out, &len), 0);
	assert_reason(HSM_E_NOKEY);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_info),
	    cmocka_unit_test(test_data_get),
	    cmocka_unit_test(test_data_set),
	    cmocka_unit_test(test_data_remove),
	    cmocka_unit_test(test_destroy),
	    cmocka_unit_test(test_make),
	    cmocka_unit_test(test_wrap),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
