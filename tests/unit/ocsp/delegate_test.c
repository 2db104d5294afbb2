#include "tests/unit/hsm/token.h"
#include "tests/unit/ocsp/rig.h"

static struct token token;
static struct hsm *hsm;
static struct rig *rig;
static EVP_PKEY *key;
static char cert_path[512];

static int
setup(void **state)
{
	(void)state;
	token_make(&token, "ocsp", URI("ocsp"));
	hsm = hsm_open(&token.cfg);
	must(hsm != NULL);
	key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "ocsp-d");
	must(key != NULL);
	rig = rig_make();
	snprintf(cert_path, sizeof(cert_path), "%s/ocsp.pem", rig->dir);
	rig->set.delegates[0].certificate = cert_path;
	rig->set.delegates[0].key = "pkcs11:object=ocsp-d";
	strcpy(rig->set.delegates[0].label, "ocsp-d");
	delegates_free(rig->delegates);
	rig->delegates = delegates_new(&rig->set, hsm);
	rig->responder.delegates = rig->delegates;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	rig_free(rig);
	hsm_close(hsm);
	token_remove(&token);
	return 0;
}

static struct signer *
poll_at(time_t now, int force)
{
	struct view *view = state_view(rig->state);
	struct signer *signer;

	delegates_poll(rig->delegates, view, now, force);
	signer = delegates_signer(
	    rig->delegates, view_find_ident(view, "devices-g1"));
	view_free(view);
	return signer;
}

static void
write_cert(EVP_PKEY *pub, EVP_PKEY *by, long to)
{
	X509 *cert = pki_cert("OCSP", (const unsigned char *)"\x45", 1, pub,
	    rig->pki.ca, by, "OCSPSigning", -60, to);

	pki_write_pem(cert_path, cert);
	X509_free(cert);
}

/* Missing, unfit, then right: taken up without a restart. */
static void
test_taken_up(void **state)
{
	struct signer *a, *b;

	(void)state;
	assert_null(poll_at(1000, 0));
	write_cert(rig->pki.ocsp_key, rig->pki.ca_key, 3600);
	assert_null(poll_at(1001, 0));
	write_cert(key, rig->pki.root_key, 3600);
	assert_null(poll_at(1002, 0));
	write_cert(key, rig->pki.ca_key, 3600);
	a = poll_at(1003, 0);
	assert_non_null(a);
	b = poll_at(1004, 0);
	assert_ptr_equal(a, b);
	signer_free(b);
	write_cert(key, rig->pki.ca_key, 7200);
	b = poll_at(1005, 0);
	assert_true(b->not_after > a->not_after);
	signer_free(a);
	/* One that does not fit leaves the former in force. */
	pki_write(cert_path, "garbage", 7);
	a = poll_at(1006, 0);
	assert_ptr_equal(a, b);
	signer_free(a);
	signer_free(b);
}

/* A certificate that came before its key: it is tried again, though the file
   is the same and the former signs on. */
static void
test_key_later(void **state)
{
	EVP_PKEY *later = hsm_key_generate(hsm, HSM_KEY_EC_P256, "later");
	struct signer *a, *b;

	(void)state;
	assert_non_null(later);
	write_cert(key, rig->pki.ca_key, 3600);
	a = poll_at(1500, 1);
	assert_non_null(a);
	write_cert(later, rig->pki.ca_key, 7200);
	b = poll_at(1501, 0);
	assert_ptr_equal(a, b);
	signer_free(b);
	/* Now the token shows it. */
	strcpy(rig->set.delegates[0].label, "later");
	b = poll_at(1502, 0);
	assert_ptr_equal(a, b);
	signer_free(b);
	b = poll_at(1510, 0);
	assert_ptr_not_equal(a, b);
	assert_true(b->not_after > a->not_after);
	signer_free(a);
	a = poll_at(1520, 0);
	assert_ptr_equal(a, b);
	signer_free(a);
	signer_free(b);
	strcpy(rig->set.delegates[0].label, "ocsp-d");
	EVP_PKEY_free(later);
}

/* An answer that the token signs. */
static void
test_signs(void **state)
{
	unsigned char *der;
	OCSP_BASICRESP *basic;
	struct reply *reply;
	int n;

	(void)state;
	write_cert(key, rig->pki.ca_key, 3600);
	signer_free(poll_at(2000, 1));
	n = pki_request(rig->pki.ca, rig_good, 2, EVP_sha256(), 32, &der);
	reply = responder_answer(&rig->responder, der, (size_t)n, rig->now);
	basic = pki_verify(reply->data, reply->len, rig->pki.ca, rig->pki.root);
	assert_int_equal(pki_status(basic, 0, NULL), V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	OPENSSL_free(der);
	reply_free(reply);
}

/* Another CA under the same name: its answers are not this delegate's. */
static void
test_other_issuer(void **state)
{
	struct view_issuer other = {.ident = "devices-g1"};
	struct view_issuer stranger = {.ident = "code-g1"};

	(void)state;
	assert_null(delegates_signer(rig->delegates, &other));
	assert_null(delegates_signer(rig->delegates, &stranger));
	assert_true(delegates_configured(rig->delegates, "devices-g1"));
	assert_false(delegates_configured(rig->delegates, "code-g1"));
	delegates_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_taken_up),
	    cmocka_unit_test(test_key_later),
	    cmocka_unit_test(test_signs),
	    cmocka_unit_test(test_other_issuer),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
