#include "tests/unit/hsm/token.h"
#include "tests/unit/ocsp/pki.h"

#include "ocsp/error.h"
#include "ocsp/initkeys.h"
#include "ocsp/keys.h"

static struct token token;
static struct hsm *hsm;
static struct settings set;
static char csr[2][512];

static int
setup(void **state)
{
	int i;

	(void)state;
	token_make(&token, "ocsp", URI("ocsp"));
	hsm = hsm_open(&token.cfg);
	must(hsm != NULL);
	memset(&set, 0, sizeof(set));
	set.n_delegates = 2;
	for (i = 0; i < 2; i++) {
		snprintf(csr[i], sizeof(csr[i]), "%s/%d.csr", token.dir, i);
		set.delegates[i].csr = csr[i];
		set.delegates[i].type = HSM_KEY_EC_P256;
	}
	set.delegates[0].issuer = "a";
	set.delegates[0].key = "pkcs11:object=ocsp-a";
	strcpy(set.delegates[0].label, "ocsp-a");
	set.delegates[1].issuer = "b";
	set.delegates[1].key = "pkcs11:object=ocsp-b";
	strcpy(set.delegates[1].label, "ocsp-b");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_close(hsm);
	token_remove(&token);
	return 0;
}

static X509_REQ *
read_request(const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	X509_REQ *req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(req);
	return req;
}

static void
test_made_once(void **state)
{
	X509_REQ *req, *again;
	EVP_PKEY *key;

	(void)state;
	must(initkeys_run(&set, hsm));
	assert_int_equal(keys_have(hsm, "ocsp-a"), 1);
	assert_int_equal(keys_have(hsm, "ocsp-b"), 1);
	req = read_request(csr[0]);
	key = keys_match(hsm, "ocsp-a", X509_REQ_get0_pubkey(req));
	must(key != NULL);
	EVP_PKEY_free(key);
	assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
	/* Again: nothing new; a lost request is written for the same key. */
	must(initkeys_run(&set, hsm));
	assert_int_equal(unlink(csr[0]), 0);
	must(initkeys_run(&set, hsm));
	again = read_request(csr[0]);
	assert_int_equal(
	    EVP_PKEY_eq(X509_REQ_get0_pubkey(req), X509_REQ_get0_pubkey(again)),
	    1);
	X509_REQ_free(req);
	X509_REQ_free(again);
}

static void
test_refused(void **state)
{
	(void)state;
	strcpy(set.delegates[1].label, "ocsp-c");
	set.delegates[1].key = "pkcs11:object=ocsp-c";
	set.delegates[1].csr = NULL;
	assert_false(initkeys_run(&set, hsm));
	assert_true(queue_says("csr is missing"));
	assert_int_equal(keys_have(hsm, "ocsp-c"), 0);
	set.delegates[1].csr = "/nonexistent/x.csr";
	assert_false(initkeys_run(&set, hsm));
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_made_once),
	    cmocka_unit_test(test_refused),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
