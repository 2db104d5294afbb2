#include "token.h"
#include "hsm/private.h"

static void
test_parts(void **state)
{
	struct hsm_uri uri;

	(void)state;
	must(hsm_uri_parse(&uri,
	    "pkcs11:token=a%20b?module-path=/x/y.so"
	    "&module-name=soft&pin-source=file:/run/pin"));
	assert_string_equal(uri.module_path, "/x/y.so");
	assert_string_equal(uri.module_name, "soft");
	assert_string_equal(uri.pin_path, "/run/pin");
	hsm_uri_clear(&uri);
	must(hsm_uri_parse(&uri, "pkcs11:token=a?pin-source=file:///run/pin"));
	assert_string_equal(uri.pin_path, "/run/pin");
	hsm_uri_clear(&uri);
	must(hsm_uri_parse(&uri, "pkcs11:"));
	assert_string_equal(uri.pin_path, "");
	hsm_uri_clear(&uri);
}

static void
refuse(const char *text)
{
	struct hsm_uri uri;
	char said[512];

	assert_int_equal(hsm_uri_parse(&uri, text), 0);
	assert_int_equal(last_reason(said, sizeof(said)), HSM_E_CONFIG);
	/* A PIN in the URI is not repeated in the error. */
	assert_null(strstr(said, "31337"));
}

static void
test_refused(void **state)
{
	char text[HSM_URI_MAX + 20];

	(void)state;
	refuse(NULL);
	refuse("");
	refuse("token=a");
	refuse("pkcs11:token=a;colour=red");
	refuse("pkcs11:token=a%2");
	refuse("pkcs11:token=a?pin-value=31337");
	refuse("pkcs11:token=a;zzz=1?pin-value=31337");
	refuse("pkcs11:token=a?pin-source=%7C/usr/bin/31337");
	refuse("pkcs11:token=a?pin-source=file:relative");
	refuse("pkcs11:token=a?pin-source=https://x/31337");
	memset(text, 'a', sizeof(text));
	memcpy(text, "pkcs11:token=", 13);
	text[HSM_URI_MAX] = '\0';
	refuse(text);
}

static void
fill(CK_TOKEN_INFO *token, const char *label)
{
	memset(token, ' ', sizeof(*token));
	memcpy(token->label, label, strlen(label));
}

static void
test_match(void **state)
{
	struct hsm_uri uri;
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;

	(void)state;
	memset(&slot, 0, sizeof(slot));
	fill(&token, "one");
	must(hsm_uri_parse(&uri, "pkcs11:token=one"));
	assert_int_equal(hsm_uri_matches_token(&uri, 7, &slot, &token), 1);
	fill(&token, "one more");
	assert_int_equal(hsm_uri_matches_token(&uri, 7, &slot, &token), 0);
	hsm_uri_clear(&uri);
	must(hsm_uri_parse(&uri, "pkcs11:slot-id=7"));
	assert_int_equal(hsm_uri_matches_token(&uri, 7, &slot, &token), 1);
	assert_int_equal(hsm_uri_matches_token(&uri, 8, &slot, &token), 0);
	hsm_uri_clear(&uri);
}

static void
test_texts(void **state)
{
	char out[9], list[40] = "";
	int i;

	(void)state;
	hsm_text_copy(out, (const unsigned char *)"ab c    ", 8);
	assert_string_equal(out, "ab c");
	hsm_text_copy(out, (const unsigned char *)"        ", 8);
	assert_string_equal(out, "");
	hsm_text_copy(out, (const unsigned char *)"abcdefgh", 8);
	assert_string_equal(out, "abcdefgh");
	for (i = 0; i < 20; i++)
		hsm_names_add(list, sizeof(list), "name");
	assert_string_equal(
	    list, "\"name\", \"name\", \"name\", \"name\", ...");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_match),
	    cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
