#include <openssl/pem.h>

#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/android.h"

/* A chain that a telephone made (tests/golden/attest/android.pem). */

#define MARCH_2023 1678276800 /* 2023-03-08 12:00 UTC */

static STACK_OF(X509) *
chain(void)
{
	FILE *f = fopen("tests/golden/attest/android.pem", "r");
	STACK_OF(X509) *list = sk_X509_new_null();
	X509 *cert;

	assert_non_null(f);
	while ((cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
		sk_X509_push(list, cert);
	ERR_clear_error();
	fclose(f);
	assert_int_equal(sk_X509_num(list), 5);
	return list;
}

static int
judge(const char *challenge, time_t now, long patch, struct attest_facts *facts)
{
	static const unsigned char empty[] = { 0x30, 0x00 };
	struct attest_statement s = { ATTEST_KIND_ANDROID, { empty, 2 } };
	STACK_OF(X509) *certs = chain(), *anchors = sk_X509_new_null();
	struct attest_policy policy = { .formats = 1U << ATTEST_ANDROID,
		.android = { .trust.anchors = anchors, .level_min = 1,
		    .status = text_of("{\"entries\":{}}"), .status_time = now,
		    .status_max_age = 1, .os_patch_min = patch } };
	struct attest_input in = { .certs = certs, .nonce = text_of(challenge),
		.now = now, .policy = &policy };
	int ok;

	sk_X509_push(anchors, sk_X509_value(certs, 4));
	in.spki = spki_of(X509_get0_pubkey(sk_X509_value(certs, 0)));
	ok = attest_appraise(&s, &in, facts);
	sk_X509_free(anchors);
	sk_X509_pop_free(certs, X509_free);
	return ok;
}

static void
real(void **state)
{
	struct attest_facts *f = attest_facts_new();

	(void)state;
	if (!judge("challenge", MARCH_2023, 202301, f))
		assert_rule("nothing");
	assert_string_equal(attest_facts_get(f, "android.level"), "tee");
	assert_string_equal(attest_facts_get(f, "android.boot"), "verified");
	assert_string_equal(attest_facts_get(f, "android.os.version"), "130000");
	assert_string_equal(attest_facts_get(f, "android.os.patch"), "202302");
	assert_string_equal(
	    attest_facts_get(f, "android.boot.patch"), "20230205");
	attest_facts_free(f);
}

static void
refused(void **state)
{
	struct attest_facts *f = attest_facts_new();

	(void)state;
	assert_false(judge("challenges", MARCH_2023, 0, f));
	assert_rule("attest.android.nonce");
	assert_false(judge("challenge", NOW, 0, f));
	assert_rule("attest.android.path");
	assert_false(judge("challenge", MARCH_2023, 202303, f));
	assert_rule("attest.android.patch");
	attest_facts_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real), cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
