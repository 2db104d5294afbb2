#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/err.h>
#include "ocsp/policy.h"

static const struct conf_key keys[] = {POLICY_KEYS};

static int
read_text(const char *text, const struct policy *dflt, struct policy *out)
{
	struct conf *conf = conf_read_text("t", text, strlen(text));
	int ok;

	ok = conf != NULL &&
	    conf_check(conf_root(conf), keys, sizeof(keys) / sizeof(keys[0])) &&
	    policy_read(conf_root(conf), dflt, out);
	conf_free(conf);
	ERR_clear_error();
	return ok;
}

static void
defaults(void **state)
{
	struct policy p;

	(void)state;
	assert_true(read_text("", NULL, &p));
	assert_int_equal(p.nonce, POLICY_NONCE_ACCEPT);
	assert_int_equal(p.not_issued, POLICY_UNKNOWN);
	assert_int_equal(p.sign_budget, POLICY_BUDGET_DEFAULT);
	assert_int_equal(p.both_hashes, POLICY_BOTH_DEFAULT);
	assert_int_equal(p.archive, 0);
}

static void
own_over_inherited(void **state)
{
	struct policy all, one;

	(void)state;
	assert_true(read_text("nonce = \"ignore\"; not_issued = \"revoked\"; "
			      "sign_budget = 7; both_hashes = \"1400\"; "
			      "archive = \"365d\";",
	    NULL, &all));
	assert_int_equal(all.nonce, POLICY_NONCE_IGNORE);
	assert_int_equal(all.not_issued, POLICY_REVOKED);
	assert_int_equal(all.both_hashes, 1400);
	assert_int_equal(all.archive, 365 * 86400);
	assert_true(read_text("nonce = \"require\"; "
			      "not_issued = \"unauthorized\";",
	    &all, &one));
	assert_int_equal(one.nonce, POLICY_NONCE_REQUIRE);
	assert_int_equal(one.not_issued, POLICY_UNAUTHORIZED);
	assert_int_equal(one.sign_budget, 7);
	assert_int_equal(one.archive, 365 * 86400);
}

static void
refused(void **state)
{
	static const char *const bad[] = {
	    "nonce = \"demand\";", "nonce = 1;", "not_issued = \"good\";",
	    "sign_budget = -1;", "sign_budget = 1000001;",
	    "both_hashes = \"1m\";", "archive = \"1 year\";"};
	struct policy p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(read_text(bad[i], NULL, &p));
}

static void
budget_by_the_second(void **state)
{
	struct budget b = {0};
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(budget_take(&b, 3, 1000));
	assert_false(budget_take(&b, 3, 1000));
	assert_false(budget_take(&b, 3, 1000));
	assert_true(budget_take(&b, 3, 1001));
	/* A clock that was set back does not stop it for ever. */
	assert_true(budget_take(&b, 3, 900));
	for (i = 0; i < 5000; i++)
		assert_true(budget_take(&b, 0, 900));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(own_over_inherited),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(budget_by_the_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
