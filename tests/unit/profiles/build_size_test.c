#include "tests/unit/profiles/build_case.h"

/* What a certificate of the base profile can be at most under this issuer. */
static size_t
size_under(const char *key, size_t sig_max)
{
	struct job j;
	unsigned char *alg = NULL;
	EVP_PKEY *signer = rig_key(key);
	char text[512];
	size_t most = 0, lo = 128, hi = 4096, mid;
	int ok;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		snprintf(text, sizeof(text), "max_der_bytes = %zu;\n", mid);
		job_open(&j, compiles(BASE, NULL, text), "CN=dev1", NULL);
		assert_true(
		    build_sigalg(signer, 0, &alg, &j.ca.issuer.sigalg_len));
		j.ca.issuer.sigalg = alg;
		j.ca.issuer.sig_max = sig_max;
		ok = build_tbs(&j.req, &j.tbs, &j.tbs_len, NULL);
		if (!ok)
			assert_raised(PROFILE_E_REFUSED,
			    "size.budget: a certificate of up to");
		ERR_clear_error();
		if (ok)
			hi = most = mid;
		else
			lo = mid + 1;
		OPENSSL_free(alg);
		alg = NULL;
		job_close(&j);
	}
	EVP_PKEY_free(signer);
	return most;
}

/* Signed so often that the longest form of an ECDSA signature has come up. */
static size_t
longest(const char *key)
{
	EVP_PKEY *signer = rig_key(key);
	unsigned char *alg = NULL, *cert;
	size_t len, max = 0;
	struct job j;
	int i;

	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	assert_true(build_sigalg(signer, 0, &alg, &j.ca.issuer.sigalg_len));
	j.ca.issuer.sigalg = alg;
	assert_true(build_tbs(&j.req, &j.tbs, &j.tbs_len, NULL));
	for (i = 0; i < 200; i++) {
		assert_true(build_sign(j.tbs, j.tbs_len, signer, &cert, &len));
		max = len > max ? len : max;
		OPENSSL_free(cert);
	}
	OPENSSL_free(alg);
	EVP_PKEY_free(signer);
	job_close(&j);
	return max;
}

static void
the_bound_is_what_signatures_reach(void **state)
{
	(void)state;
	assert_int_equal(
	    size_under("issuer-ed25519", 0), longest("issuer-ed25519"));
	assert_int_equal(size_under("issuer-p256", 0), longest("issuer-p256"));
	assert_int_equal(size_under("issuer-p256", 72), longest("issuer-p256"));
	/* Without the key's size the largest of its kind counts. */
	assert_true(size_under("issuer-rsa", 0) > longest("issuer-rsa"));
}

static void
addresses_and_names_have_budgets(void **state)
{
	struct job j;

	(void)state;
	job_open(&j,
	    compiles(BASE, NULL,
		"crl_distribution_point = true; max_crl_url_bytes = 37;\n"),
	    "CN=dev1", NULL);
	job_builds(&j);
	j.ca.issuer.crl_url = RIG_CRL "x";
	job_refused(&j, PROFILE_E_REFUSED,
	    "size.budget: a CRL address of up to 38 octets, the profile "
	    "allows 37");
	job_close(&j);
	job_open(&j, compiles(BASE, NULL, "max_issuer_bytes = 15;\n"),
	    "CN=dev1", NULL);
	job_builds(&j);
	j.p->max_issuer = 14;
	job_refused(
	    &j, PROFILE_E_REFUSED, "size.budget: an issuer's name of up to 15");
	job_close(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_bound_is_what_signatures_reach),
	    cmocka_unit_test(addresses_and_names_have_budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
