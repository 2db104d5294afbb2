#include "tests/unit/profiles/rig.h"

#include "profiles/sig.h"

static X509_ALGOR *
alg_of(const char *hex)
{
	unsigned char *der;
	const unsigned char *p;
	X509_ALGOR *alg;
	long len;

	p = der = OPENSSL_hexstr2buf(hex, &len);
	alg = d2i_X509_ALGOR(NULL, &p, len);
	assert_non_null(alg);
	assert_ptr_equal(p, der + len);
	OPENSSL_free(der);
	return alg;
}

/* Reads as expected and is written as it was. */
static void
both_ways(const char *hex, int key_nid, int md_nid, int pss, int salt_len)
{
	X509_ALGOR *alg = alg_of(hex), *again = X509_ALGOR_new();
	unsigned char *want = NULL, *got = NULL;
	struct sig sig;
	int n;

	assert_int_equal(sig_read(alg, "t", &sig), 1);
	assert_int_equal(sig.key_nid, key_nid);
	assert_int_equal(
	    sig.md != NULL ? EVP_MD_get_type(sig.md) : NID_undef, md_nid);
	assert_int_equal(sig.pss, pss);
	assert_int_equal(sig.salt_len, salt_len);
	assert_int_equal(sig_write(&sig, again), 1);
	n = i2d_X509_ALGOR(alg, &want);
	assert_int_equal(i2d_X509_ALGOR(again, &got), n);
	assert_memory_equal(got, want, n);
	OPENSSL_free(want);
	OPENSSL_free(got);
	X509_ALGOR_free(alg);
	X509_ALGOR_free(again);
}

#define SHA256_NULL "300d06096086480165030402010500"
#define PSS256                                                                 \
	"304106092a864886f70d01010a3034"                                       \
	"a00f" SHA256_NULL "a11c301a06092a864886f70d010108" SHA256_NULL        \
	"a203020120"

static void
algorithms_are_known(void **state)
{
	(void)state;
	both_ways("300a06082a8648ce3d040302", EVP_PKEY_EC, NID_sha256, 0, 0);
	both_ways("300a06082a8648ce3d040303", EVP_PKEY_EC, NID_sha384, 0, 0);
	both_ways(
	    "300d06092a864886f70d01010b0500", EVP_PKEY_RSA, NID_sha256, 0, 0);
	both_ways("300506032b6570", EVP_PKEY_ED25519, NID_undef, 0, 0);
	both_ways(PSS256, EVP_PKEY_RSA, NID_sha256, 1, 32);
}

static void
absent_rsa_parameters_are_read(void **state)
{
	X509_ALGOR *alg = alg_of("300b06092a864886f70d01010b");
	struct sig sig;

	(void)state;
	assert_int_equal(sig_read(alg, "t", &sig), 1);
	X509_ALGOR_free(alg);
}

static void
others_are_refused(void **state)
{
	static const char *const bad[] = {
	    "300d06092a864886f70d0101050500", /* sha1WithRSA */
	    "300906072a8648ce3d0401",	      /* ecdsa-with-SHA1 */
	    "300c06082a8648ce3d0403020500",   /* ECDSA with NULL */
	    "300706032b65700500",	      /* Ed25519 with NULL */
	    "300506032b6571",		      /* Ed448 */
	    "300b06092a864886f70d01010a",     /* PSS without parameters */
	    "300d06092a864886f70d01010a3000", /* PSS, SHA-1 by default */
	    "300d06092a864886f70d0101010500", /* rsaEncryption */
	};
	X509_ALGOR *alg;
	struct sig sig;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		alg = alg_of(bad[i]);
		if (sig_read(alg, "t", &sig))
			fail_msg("%s read", bad[i]);
		assert_raised(PROFILE_E_BADREQUEST, "t: algorithm");
		X509_ALGOR_free(alg);
	}
}

static void
keys_must_fit(void **state)
{
	struct sig sig = {.key_nid = EVP_PKEY_RSA, .md = EVP_sha256()};
	EVP_PKEY *rsa = rig_key("issuer-rsa"), *ec = rig_key("issuer-p256");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	(void)state;
	assert_int_equal(sig_sign_init(&sig, ctx, rsa), 1);
	assert_int_equal(sig_sign_init(&sig, ctx, ec), 0);
	assert_int_equal(sig_verify_init(&sig, ctx, rsa), 1);
	assert_int_equal(sig_verify_init(&sig, ctx, ec), 0);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(algorithms_are_known),
	    cmocka_unit_test(absent_rsa_parameters_are_read),
	    cmocka_unit_test(others_are_refused),
	    cmocka_unit_test(keys_must_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
