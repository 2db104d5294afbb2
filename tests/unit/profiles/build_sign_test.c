#include "tests/unit/profiles/build_case.h"

static void
every_issuer_key_signs(void **state)
{
	static const struct {
		const char *key;
		int pss;
		const char *alg;
	} keys[] = {{"issuer-ed25519", 0, "ED25519"},
	    {"issuer-rsa", 0, "sha256WithRSAEncryption"},
	    {"issuer-rsa", 1, "rsassaPss"},
	    {"issuer-p256", 0, "ecdsa-with-SHA256"},
	    {"device-p384", 0, "ecdsa-with-SHA384"}};
	const X509_ALGOR *alg;
	struct job j;
	size_t i;
	X509 *x;

	(void)state;
	for (i = 0; i < 5; i++) {
		job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
		rig_ca_clear(&j.ca);
		rig_ca_init(&j.ca, keys[i].key, keys[i].pss);
		j.ca.issuer.name = issuer_name;
		j.ca.issuer.name_len = sizeof(issuer_name);
		job_builds(&j);
		x = job_x509(&j);
		assert_int_equal(X509_verify(x, j.ca.key), 1);
		X509_get0_signature(NULL, &alg, x);
		assert_string_equal(OBJ_nid2sn(X509_get_signature_nid(x)),
		    OBJ_nid2sn(OBJ_txt2nid(keys[i].alg)));
		X509_free(x);
		job_close(&j);
	}
}

/* A signature that ends with zero bits keeps them. */
static void
trailing_zeros_are_kept(void **state)
{
	struct job j;
	int i, zeros = 0;
	unsigned char serial[BUILD_SERIAL_LEN];
	const ASN1_BIT_STRING *sig;
	X509 *x;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	rig_ca_clear(&j.ca);
	rig_ca_init(&j.ca, "issuer-rsa", 0);
	j.ca.issuer.name = issuer_name;
	j.ca.issuer.name_len = sizeof(issuer_name);
	memcpy(serial, rig_serial, sizeof(serial));
	j.req.serial = serial;
	for (i = 0; i < 64; i++) {
		serial[19] = (unsigned char)i;
		OPENSSL_free(j.tbs);
		assert_int_equal(
		    build_tbs(&j.req, &j.tbs, &j.tbs_len, NULL), 1);
		x = job_x509(&j);
		X509_get0_signature(&sig, NULL, x);
		assert_int_equal(ASN1_STRING_length(sig), 256);
		zeros += (ASN1_STRING_get0_data(sig)[255] & 1) == 0;
		assert_int_equal(X509_verify(x, j.ca.key), 1);
		X509_free(x);
	}
	assert_true(zeros > 0);
	job_close(&j);
}

static void
wrong_keys_and_octets_are_refused(void **state)
{
	EVP_PKEY *rsa = rig_key("issuer-rsa");
	unsigned char *cert;
	struct job j;
	size_t len;

	(void)state;
	job_open(&j, compiles(BASE, NULL, ""), "CN=dev1", NULL);
	job_builds(&j);
	assert_int_equal(build_sign(j.tbs, j.tbs_len, rsa, &cert, &len), 0);
	assert_null(cert);
	assert_raised(PROFILE_E_INTERNAL, "sign: the key");
	assert_int_equal(
	    build_sign(j.tbs, j.tbs_len - 1, j.ca.key, &cert, &len), 0);
	assert_raised(PROFILE_E_INTERNAL, "sign: not a TBSCertificate");
	assert_int_equal(build_sign(j.tbs, 3, j.ca.key, &cert, &len), 0);
	assert_raised(PROFILE_E_INTERNAL, "sign: not a TBSCertificate");
	EVP_PKEY_free(rsa);
	job_close(&j);
}

static void
unfit_keys_have_no_algorithm(void **state)
{
	EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_PKEY *p521 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
	unsigned char *der;
	size_t len;

	(void)state;
	assert_int_equal(build_sigalg(x25519, 0, &der, &len), 0);
	assert_raised(PROFILE_E_INTERNAL, "sign: no algorithm");
	assert_int_equal(build_sigalg(p521, 0, &der, &len), 0);
	assert_raised(PROFILE_E_INTERNAL, "sign: no algorithm");
	EVP_PKEY_free(x25519);
	EVP_PKEY_free(p521);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_issuer_key_signs),
	    cmocka_unit_test(trailing_zeros_are_kept),
	    cmocka_unit_test(wrong_keys_and_octets_are_refused),
	    cmocka_unit_test(unfit_keys_have_no_algorithm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
