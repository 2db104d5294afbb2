#include "token.h"
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "hsm/private.h"

/* On a context alone: no token is needed. */

static struct hsm_sig sig;
static EVP_PKEY *rsa, *ec;

static int
setup(void **state)
{
	(void)state;
	rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	return rsa == NULL || ec == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	return 0;
}

static void
begin(int type)
{
	memset(&sig, 0, sizeof(sig));
	sig.type = type;
	sig.key = hsm_key_new(NULL, type == EVP_PKEY_EC ? ec : rsa);
	sig.padding = RSA_PKCS1_PADDING;
	sig.salt_len = RSA_PSS_SALTLEN_DIGEST;
}

static void
end(void)
{
	hsm_key_free(sig.key);
	EVP_MD_free(sig.md);
	EVP_MD_free(sig.mgf1);
	ERR_clear_error();
}

static int
set_text(const char *name, const char *value)
{
	OSSL_PARAM p[2] = {
	    OSSL_PARAM_construct_utf8_string(name, (char *)value, 0),
	    OSSL_PARAM_construct_end()};

	return hsm_sig_set_params(&sig, p);
}

static int
set_int(const char *name, int value)
{
	OSSL_PARAM p[2] = {
	    OSSL_PARAM_construct_int(name, &value), OSSL_PARAM_construct_end()};

	return hsm_sig_set_params(&sig, p);
}

static const char *
get_text(const char *name)
{
	static char text[64];
	OSSL_PARAM p[2] = {
	    OSSL_PARAM_construct_utf8_string(name, text, sizeof(text)),
	    OSSL_PARAM_construct_end()};

	must(hsm_sig_get_params(&sig, p));
	return text;
}

static int
get_int(const char *name)
{
	int value = 12345;
	OSSL_PARAM p[2] = {
	    OSSL_PARAM_construct_int(name, &value), OSSL_PARAM_construct_end()};

	must(hsm_sig_get_params(&sig, p));
	return value;
}

static int
salt(void)
{
	struct hsm_sign_how how;

	hsm_sig_how(&sig, &how);
	return how.salt_len;
}

static void
test_padding(void **state)
{
	(void)state;
	begin(EVP_PKEY_RSA);
	assert_string_equal(get_text("pad-mode"), "pkcs1");
	must(set_text("pad-mode", "pss"));
	assert_int_equal(get_int("pad-mode"), RSA_PKCS1_PSS_PADDING);
	must(set_int("pad-mode", RSA_PKCS1_PADDING));
	assert_string_equal(get_text("pad-mode"), "pkcs1");
	assert_int_equal(set_text("pad-mode", "none"), 0);
	assert_int_equal(set_text("pad-mode", "oaep"), 0);
	assert_int_equal(set_int("pad-mode", RSA_NO_PADDING), 0);
	assert_int_equal(set_int("pad-mode", 0), 0);
	assert_string_equal(get_text("pad-mode"), "pkcs1");
	must(hsm_sig_set_params(&sig, NULL));
	end();
}

static void
test_salt(void **state)
{
	(void)state;
	begin(EVP_PKEY_RSA);
	must(set_text("pad-mode", "pss"));
	must(set_text("digest", "SHA256"));
	assert_int_equal(salt(), 32);
	must(set_text("saltlen", "max"));
	assert_int_equal(salt(), 256 - 32 - 2);
	assert_int_equal(get_int("saltlen"), RSA_PSS_SALTLEN_MAX);
	must(set_text("saltlen", "auto"));
	assert_int_equal(salt(), 32);
	assert_string_equal(get_text("saltlen"), "auto");
	must(set_int("saltlen", 20));
	assert_int_equal(salt(), 20);
	assert_string_equal(get_text("saltlen"), "20");
	must(set_text("saltlen", "24"));
	assert_int_equal(salt(), 24);
	must(set_int("saltlen", RSA_PSS_SALTLEN_DIGEST));
	assert_string_equal(get_text("saltlen"), "digest");
	assert_int_equal(set_int("saltlen", -5), 0);
	assert_int_equal(set_text("saltlen", "-5"), 0);
	assert_int_equal(set_text("saltlen", "much"), 0);
	assert_int_equal(set_text("saltlen", "24x"), 0);
	assert_string_equal(get_text("saltlen"), "digest");
	end();
}

static void
test_digests(void **state)
{
	(void)state;
	begin(EVP_PKEY_RSA);
	assert_string_equal(get_text("digest"), "");
	must(set_text("digest", "SHA2-384"));
	assert_true(EVP_MD_is_a(sig.md, "SHA384"));
	assert_string_equal(get_text("mgf1-digest"), get_text("digest"));
	must(set_text("mgf1-digest", "SHA1"));
	assert_string_equal(get_text("mgf1-digest"), "SHA1");
	assert_int_equal(set_text("digest", "no such"), 0);
	assert_true(EVP_MD_is_a(sig.md, "SHA384"));
	end();
}

static void
check_algorithm(const char *hex)
{
	unsigned char *der = NULL;
	char *text = NULL;
	int len = hsm_sig_algorithm(&sig, &der);

	must(len > 0);
	text = OPENSSL_buf2hexstr(der, len);
	assert_string_equal(text, hex);
	OPENSSL_free(text);
	OPENSSL_free(der);
}

static void
test_algorithm(void **state)
{
	unsigned char *der = NULL;

	(void)state;
	begin(EVP_PKEY_EC);
	assert_int_equal(hsm_sig_algorithm(&sig, &der), 0);
	must(set_text("digest", "SHA256"));
	/* ecdsa-with-SHA256, no parameters (RFC 5758, 3.2). */
	check_algorithm("30:0A:06:08:2A:86:48:CE:3D:04:03:02");
	end();
	begin(EVP_PKEY_ED25519);
	check_algorithm("30:05:06:03:2B:65:70");
	end();
	begin(EVP_PKEY_RSA);
	must(set_text("digest", "SHA256"));
	check_algorithm("30:0D:06:09:2A:86:48:86:F7:0D:01:01:0B:05:00");
	must(set_text("pad-mode", "pss"));
	/* RFC 4055, 3.1: hash, mask, salt, all unlike their defaults. */
	check_algorithm(
	    "30:41:06:09:2A:86:48:86:F7:0D:01:01:0A:30:34:"
	    "A0:0F:30:0D:06:09:60:86:48:01:65:03:04:02:01:05:00:"
	    "A1:1C:30:1A:06:09:2A:86:48:86:F7:0D:01:01:08:"
	    "30:0D:06:09:60:86:48:01:65:03:04:02:01:05:00:A2:03:02:01:20");
	must(set_text("digest", "SHA1"));
	must(set_int("saltlen", 20));
	check_algorithm("30:0D:06:09:2A:86:48:86:F7:0D:01:01:0A:30:00");
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_padding),
	    cmocka_unit_test(test_salt),
	    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_algorithm),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
