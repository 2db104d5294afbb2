#include "token.h"
#include "hsm/scratch.h"

/* Throw-away tokens. */

static char dir[64], conf[128];

static int
setup(void **state)
{
	char text[256];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-scratch-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	snprintf(text, sizeof(text), "directories.tokendir = %s\n"
	    "objectstore.backend = file\nlog.level = ERROR\n", dir);
	write_file(conf, text, 0600);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	run("rm -r %s", dir);
	return 0;
}

static void
made_and_used(void **state)
{
	struct hsm_config cfg = {.module = module_path(),
	    .softhsm_conf = conf};
	char uri[256], pin[128], label[64];
	EVP_PKEY *key;
	struct hsm *hsm;

	(void)state;
	assert_true(hsm_scratch_make(module_path(), conf, "a token; 1",
	    "secret77"));
	assert_true(hsm_uri_of_label("a token; 1", uri, sizeof(uri)));
	assert_string_equal(uri, "pkcs11:token=a%20token%3B%201");
	assert_true(hsm_uri_label(uri, label, sizeof(label)));
	assert_string_equal(label, "a token; 1");
	snprintf(pin, sizeof(pin), "%s/pin", dir);
	write_file(pin, "secret77\n", 0600);
	cfg.uri = uri;
	cfg.pin.kind = HSM_PIN_FILE;
	cfg.pin.name = pin;
	hsm = hsm_open(&cfg);
	must(hsm != NULL);
	key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "k");
	must(key != NULL);
	EVP_PKEY_free(key);
	hsm_close(hsm);
}

static void
refused(void **state)
{
	char out[64];

	(void)state;
	/* Without a configuration of its own it might be anybody's token. */
	assert_false(hsm_scratch_make(module_path(), NULL, "x", "1234"));
	assert_reason(HSM_E_CONFIG);
	assert_false(hsm_scratch_make("/nowhere.so", conf, "x", "1234"));
	ERR_clear_error();
	assert_false(hsm_scratch_make(module_path(), conf,
	    "a label of more than thirty-two octets", "1234"));
	ERR_clear_error();
	assert_false(hsm_uri_label("http://x", out, sizeof(out)));
	ERR_clear_error();
	assert_true(hsm_uri_label("pkcs11:serial=77", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_false(hsm_uri_of_label("much too long for it", out, 20));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(made_and_used),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
