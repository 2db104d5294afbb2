#include "faults.h"
#include "calls.h"
#include <openssl/ec.h>

/* A key that two tokens hold, and what the second does for the first. */

static struct token tok;
static struct hsm *first, *twin;
static EVP_PKEY *key;

/* A clone, as a maker's tool makes it: label and serial number are its own. */
static void
clone_token(const char *serial)
{
	char other[17];

	/* SoftHSM makes the slot's number of its end. */
	snprintf(other, sizeof(other), "%s", serial);
	other[15] = other[15] == '0' ? '1' : '0';
	run("cd %s/tokens && d=$(dirname \"$(find . -name token.object | head "
	    "-1)\") && cp -r \"$d\" 11111111-2222-3333-4444-555555555555 && "
	    "LC_ALL=C sed -i 's/origin/cloned/;s/%s/%s/' "
	    "11111111-2222-3333-4444-555555555555/token.object",
	    tok.dir, serial, other);
}

static int
setup(void **state)
{
	struct hsm_token_info info;
	struct hsm_config cfg;

	(void)state;
	token_make(&tok, "origin", URI("origin"));
	faults_use(&tok);
	tok.cfg.call_limit = 1;
	tok.cfg.sessions = 1;
	must((first = hsm_open(&tok.cfg)) != NULL);
	must((key = hsm_key_generate(first, HSM_KEY_EC_P256, "k")) != NULL);
	must(hsm_token_info(first, &info));
	EVP_PKEY_free(key);
	hsm_close(first);
	clone_token(info.serial);
	token_add(&tok, "empty");
	must((first = hsm_open(&tok.cfg)) != NULL);
	must((key = hsm_key_find(first, "pkcs11:object=k")) != NULL);
	cfg = tok.cfg;
	cfg.uri = URI("cloned");
	cfg.pin.state = NULL;
	must((twin = hsm_open(&cfg)) != NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	hsm_close(first);
	hsm_close(twin);
	token_remove(&tok);
	return 0;
}

/* The pair "k" of a token gets the id of ours. */
static CK_RV
take_id(struct hsm_session *s, void *arg)
{
	const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY};
	struct hsm_key *ours = arg;
	CK_ATTRIBUTE id = {CKA_ID, ours->id, ours->id_len};
	CK_OBJECT_HANDLE o;
	size_t i, n;
	CK_RV rv = CKR_OK;

	for (i = 0; rv == CKR_OK && i < 2; i++) {
		rv = hsm_object_find(s, classes[i], "k", NULL, 0, &o, 1, &n);
		if (rv == CKR_OK)
			rv = s->fn->C_SetAttributeValue(s->h, o, &id, 1);
	}
	return rv;
}

static void
test_refused(void **state)
{
	struct hsm_config cfg = tok.cfg;
	struct hsm *empty;
	EVP_PKEY *other, *soft = EVP_EC_gen("P-256");

	(void)state;
	cfg.uri = URI("empty");
	must((empty = hsm_open(&cfg)) != NULL);
	assert_int_equal(hsm_key_add_spare(key, empty), 0);
	assert_reason(HSM_E_NOKEY);
	must((other = hsm_key_generate(empty, HSM_KEY_EC_P256, "k")) != NULL);
	EVP_PKEY_free(other);
	assert_int_equal(hsm_key_add_spare(key, empty), 0);
	assert_true(queue_says("lacks it"));
	must(session_run_rw(empty, take_id, hsm_provider_key(key)));
	assert_int_equal(hsm_key_add_spare(key, empty), 0);
	assert_true(queue_says("another key of that name"));
	assert_int_equal(hsm_key_add_spare(soft, twin), 0);
	assert_reason(HSM_E_NOKEY);
	EVP_PKEY_free(soft);
	hsm_close(empty);
}

static void
test_without(void **state)
{
	(void)state;
	faults_set("C_Sign CKR_DEVICE_ERROR token=origin\n");
	assert_int_equal(sign_with(key), 0);
	assert_reason(HSM_E_TOKEN);
	faults_set("");
	recovered_after(key);
}

/* One that hangs keeps nobody: the key signs without. */
static void
test_hangs(void **state)
{
	(void)state;
	faults_set("C_FindObjectsInit block token=cloned\n");
	assert_int_equal(hsm_key_add_spare(key, twin), 0);
	assert_true(queue_says("no answer within 1 s"));
	assert_int_equal(late_calls(twin), 1);
	must(sign_with(key));
	faults_set("");
	WAIT_FOR(late_calls(twin) == 0);
	WAIT_FOR(hsm_healthy(twin));
	ERR_clear_error();
}

static void
test_stands_in(void **state)
{
	struct hsm_health h;
	int i;

	(void)state;
	must(hsm_key_add_spare(key, first));
	assert_null(hsm_provider_key(key)->spare);
	must(hsm_key_add_spare(key, twin));
	must(sign_with(key));
	/* It stays, and is not looked for again. */
	faults_set("C_FindObjectsInit CKR_DEVICE_ERROR token=cloned\n");
	must(hsm_key_add_spare(key, twin));
	faults_set("C_Sign CKR_DEVICE_ERROR token=origin\n");
	for (i = 0; i < 20; i++)
		must(sign_with(key));
	assert_int_equal(ERR_peek_error(), 0);
	hsm_health(first, &h);
	assert_int_equal(h.state, HSM_AWAY);
	hsm_health(twin, &h);
	assert_int_equal(h.state, HSM_WELL);
	faults_set("C_Sign CKR_DEVICE_ERROR\n");
	assert_int_equal(sign_with(key), 0);
	assert_reason(HSM_E_TOKEN);
	faults_set("");
	recovered_after(key);
	/* The first is tried again when its pause is over. */
	WAIT_FOR(sign_with(key) &&
	    (hsm_health(first, &h), h.state == HSM_WELL));
}

/* A token that hangs costs one caller the limit, and no more. */
static void
test_stuck(void **state)
{
	(void)state;
	faults_set("C_Sign block token=origin\n");
	must(sign_with(key));
	assert_int_equal(late_calls(first), 1);
	must(sign_with(key));
	assert_int_equal(late_calls(first), 1);
	faults_set("");
	WAIT_FOR(late_calls(first) == 0);
	must(sign_with(key));
}

/* Which of the two is stopped: the one that signed wrongly. */
static void
test_wrong(void **state)
{
	struct hsm_health h;

	(void)state;
	faults_set("C_Sign wrong token=origin\n");
	must(sign_with(key));
	hsm_health(first, &h);
	assert_int_equal(h.state, HSM_STOPPED);
	hsm_health(twin, &h);
	assert_int_equal(h.state, HSM_WELL);
	/* The caller verifies: the twin's last signature was the wrong one. */
	hsm_key_caller_verifies(key);
	hsm_key_wrong(key, "test");
	hsm_health(twin, &h);
	assert_int_equal(h.state, HSM_STOPPED);
	assert_string_equal(h.why, "key k: test");
	assert_int_equal(sign_with(key), 0);
	assert_reason(HSM_E_WRONG);
	faults_set("");
	must(hsm_resume(first) && hsm_resume(twin));
	must(sign_with(key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_without),
	    cmocka_unit_test(test_hangs),
	    cmocka_unit_test(test_stands_in),
	    cmocka_unit_test(test_stuck),
	    cmocka_unit_test(test_wrong),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
