#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ra/error.h"
#include "ra/keyfile.h"
#include "ra/request.h"

static char folder[64], key_path[96], csr_path[96];

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/inkan-keyfile-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(key_path, sizeof(key_path), "%s/est.key", folder);
	snprintf(csr_path, sizeof(csr_path), "%s/est.csr", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(key_path);
	unlink(csr_path);
	rmdir(folder); /* fails when something was left behind */
	assert_int_not_equal(access(folder, F_OK), 0);
	ERR_clear_error();
	return 0;
}

static void
written_and_read(void **state)
{
	EVP_PKEY *key = keyfile_new(), *again;
	struct stat st;

	(void)state;
	umask(0);
	assert_true(keyfile_write(key_path, key));
	assert_int_equal(stat(key_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	again = keyfile_read(key_path);
	assert_int_equal(EVP_PKEY_eq(key, again), 1);
	EVP_PKEY_free(again);
	EVP_PKEY_free(key);
}

static void
open_modes_are_refused(void **state)
{
	static const mode_t bad[] = {0640, 0604, 0660, 0620, 0610, 0601};
	EVP_PKEY *key = keyfile_new();
	size_t i;

	(void)state;
	assert_true(keyfile_write(key_path, key));
	EVP_PKEY_free(key);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		chmod(key_path, bad[i]);
		assert_null(keyfile_read(key_path));
	}
	chmod(key_path, 0400);
	key = keyfile_read(key_path);
	assert_non_null(key);
	EVP_PKEY_free(key);
}

static void
what_is_no_key_is_refused(void **state)
{
	EVP_PKEY *key = keyfile_new();
	FILE *f;

	(void)state;
	assert_null(keyfile_read(key_path)); /* not there */
	assert_null(keyfile_read(folder));
	f = fopen(key_path, "w");
	fchmod(fileno(f), 0600);
	fputs("no key\n", f);
	fclose(f);
	assert_null(keyfile_read(key_path));
	f = fopen(key_path, "w");
	PEM_write_PKCS8PrivateKey(
	    f, key, EVP_aes_128_cbc(), "pass", 4, NULL, NULL);
	fclose(f);
	assert_null(keyfile_read(key_path)); /* encrypted: no question */
	EVP_PKEY_free(key);
}

static X509_REQ *
read_csr(void)
{
	FILE *f = fopen(csr_path, "r");
	X509_REQ *req;

	assert_non_null(f);
	req = PEM_read_X509_REQ(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(req);
	return req;
}

static void
init_keys_makes_and_keeps(void **state)
{
	char *names[] = {"localhost", "127.0.0.1", "::1"};
	EVP_PKEY *key;
	X509_REQ *req;
	STACK_OF(X509_EXTENSION) * exts;
	GENERAL_NAMES *san;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_true(
		    keyfile_init(key_path, csr_path, "CN=a, O=b c", names, 3));
		key = keyfile_read(key_path);
		req = read_csr();
		/* The second round finds the key of the first. */
		assert_int_equal(
		    EVP_PKEY_eq(X509_REQ_get0_pubkey(req), key), 1);
		assert_int_equal(X509_REQ_verify(req, key), 1);
		EVP_PKEY_free(key);
		exts = X509_REQ_get_extensions(req);
		san = X509V3_get_d2i(exts, NID_subject_alt_name, NULL, NULL);
		assert_int_equal(sk_GENERAL_NAME_num(san), 3);
		assert_int_equal(sk_GENERAL_NAME_value(san, 0)->type, GEN_DNS);
		assert_int_equal(
		    sk_GENERAL_NAME_value(san, 2)->type, GEN_IPADD);
		GENERAL_NAMES_free(san);
		sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
		assert_int_equal(
		    X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 2);
		X509_REQ_free(req);
	}
}

static void
bad_subjects_are_refused(void **state)
{
	static const char *const bad[] = {
	    "", "CN", "CN=", "=x", "XX=y", "CN=a,", "CN=a,,O=b"};
	EVP_PKEY *key = keyfile_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(request_make(key, bad[i], NULL, 0));
	EVP_PKEY_free(key);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(written_and_read),
	    t(open_modes_are_refused),
	    t(what_is_no_key_is_refused),
	    t(init_keys_makes_and_keeps),
	    t(bad_subjects_are_refused),
	};

	return cmocka_run_group_tests_name("keyfile", tests, NULL, NULL);
}
