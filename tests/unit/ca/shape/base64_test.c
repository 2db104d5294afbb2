#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ca/shape/base64.h"

/* Every length to 300 there and back, and the same text as OpenSSL's. */
static void
there_and_back(void **state)
{
	unsigned char in[300], out[BASE64_DECODED_MAX(500)];
	unsigned char theirs[512];
	char *text;
	size_t len, n, i;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 37 + 11);
	for (len = 0; len < sizeof(in); len++) {
		text = base64_encode(in, len, 0);
		assert_non_null(text);
		assert_int_equal(strlen(text), base64_encoded_len(len, 0));
		EVP_EncodeBlock(theirs, in, (int)len);
		assert_memory_equal(text, theirs, strlen((char *)theirs));
		assert_int_equal(
		    base64_decode(text, strlen(text) - 1, 0, out, &n),
		    BASE64_OK);
		assert_int_equal(n, len);
		assert_memory_equal(out, in, len);
		OPENSSL_free(text);
	}
}

static void
wrapped(void **state)
{
	unsigned char in[192], out[BASE64_DECODED_MAX(300)];
	size_t len, n;
	char *text;

	(void)state;
	memset(in, 0xa5, sizeof(in));
	for (len = 1; len < sizeof(in); len++) {
		text = base64_encode(in, len, 64);
		assert_int_equal(strlen(text), base64_encoded_len(len, 64));
		assert_true(strcspn(text, "\n") <= 64);
		assert_int_equal(text[strlen(text) - 1], '\n');
		assert_null(strstr(text, "\n\n"));
		assert_int_equal(
		    base64_decode(text, strlen(text), 1, out, &n), BASE64_OK);
		assert_int_equal(n, len);
		OPENSSL_free(text);
	}
}

static void
refused(void **state)
{
	static const struct {
		const char *text;
		enum base64_result result;
	} cases[] = {
	    {"QQ==", BASE64_OK},
	    {"", BASE64_OK},
	    {"QR==", BASE64_PADDING},
	    {"QUJ=", BASE64_PADDING},
	    {"Q===", BASE64_PADDING},
	    {"QQ=A", BASE64_PADDING},
	    {"QQ==QQ==", BASE64_PADDING},
	    {"QQ", BASE64_LENGTH},
	    {"QQ=", BASE64_LENGTH},
	    {"Q Q=", BASE64_CHARACTER},
	    {"QQ==\n", BASE64_CHARACTER},
	    {"Q\xc3==", BASE64_CHARACTER},
	};
	unsigned char out[16];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(base64_decode(cases[i].text,
				     strlen(cases[i].text), 0, out, &n),
		    cases[i].result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(wrapped),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
