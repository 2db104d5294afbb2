#include "tests/unit/ca/cli/canned.h"
#include <sys/stat.h>
#include <openssl/pem.h>
#include "ca/cli/own_key.h"
#include "hsm/scratch.h"

/* A person's key: in a file, or in a token. */

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

static void
in_a_file(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	FILE *f = fopen(canned_file("k"), "w");
	struct own_key own = {0};

	(void)state;
	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL,
	    NULL), 1);
	fclose(f);
	assert_true(own_key_open(&own, canned_file("k"), NULL));
	assert_int_equal(EVP_PKEY_eq(own.pkey, key), 1);
	assert_null(own.hsm);
	own_key_close(&own);
	own_key_close(&own);
	EVP_PKEY_free(key);
	canned_write("x", "not a key\n", 10);
	assert_false(own_key_open(&own, canned_file("x"), NULL));
	own_key_close(&own);
	ERR_clear_error();
}

static void
in_a_token(void **state)
{
	struct hsm_config cfg = {.uri = "pkcs11:token=mine",
	    .module = SOFTHSM};
	struct own_key own = {0};
	char conf[160], text[256], uri[400];
	EVP_PKEY *key;
	struct hsm *hsm;

	(void)state;
	snprintf(conf, sizeof(conf), "%s", canned_file("conf"));
	snprintf(text, sizeof(text), "directories.tokendir = %s\n"
	    "objectstore.backend = file\nlog.level = ERROR\n", canned.dir);
	canned_write("conf", text, strlen(text));
	canned_write("pin", "123456\n", 7);
	assert_int_equal(chmod(canned_file("pin"), 0600), 0);
	assert_true(hsm_scratch_make(SOFTHSM, conf, "mine", "123456"));
	snprintf(text, sizeof(text), "%s", canned_file("pin"));
	cfg.pin.kind = HSM_PIN_FILE;
	cfg.pin.name = text;
	cfg.softhsm_conf = conf;
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "k");
	assert_non_null(key);
	EVP_PKEY_free(key);
	hsm_close(hsm);
	snprintf(uri, sizeof(uri), "pkcs11:token=mine;object=k?pin-source="
	    "file:%s", text);
	assert_true(own_key_open(&own, uri, SOFTHSM));
	assert_non_null(own.pkey);
	own_key_close(&own);
	snprintf(uri, sizeof(uri), "pkcs11:token=mine;object=none?pin-source="
	    "file:%s", text);
	assert_false(own_key_open(&own, uri, SOFTHSM));
	own_key_close(&own);
	ERR_clear_error();
}

#define T(f) cmocka_unit_test_setup_teardown(f, canned_start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(in_a_file),
	    T(in_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
