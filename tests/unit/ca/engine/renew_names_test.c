#include "tests/unit/ca/engine/admit_cert.h"
#include "ca/engine/renew_names.h"

static GENERAL_NAMES *
make_names(const char *text)
{
	X509_EXTENSION *e =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	GENERAL_NAMES *out = X509V3_EXT_d2i(e);

	assert_non_null(out);
	X509_EXTENSION_free(e);
	return out;
}

static void
entries(void **state)
{
	X509_NAME *a = make_name("O=x/CN=Caf\xc3\xa9/CN=two");
	X509_NAME *b = make_name("CN=two/O=x");
	X509_NAME *c = X509_NAME_new();
	const X509_NAME_ENTRY *e = names_missing(a, b);
	char type[32];

	(void)state;
	assert_non_null(e);
	names_attribute(e, type, sizeof(type));
	assert_string_equal(type, "CN");
	assert_null(names_missing(b, a));
	/* The string's type is no difference, its case is. */
	assert_int_equal(X509_NAME_add_entry_by_NID(c, NID_organizationName,
			     V_ASN1_PRINTABLESTRING,
			     (const unsigned char *)"x", -1, -1, 0),
	    1);
	assert_true(names_same_entry(
	    X509_NAME_get_entry(a, 0), X509_NAME_get_entry(c, 0)));
	assert_int_equal(X509_NAME_add_entry_by_NID(c, NID_organizationName,
			     V_ASN1_UTF8STRING, (const unsigned char *)"X", -1,
			     -1, 0),
	    1);
	assert_false(names_same_entry(
	    X509_NAME_get_entry(a, 0), X509_NAME_get_entry(c, 1)));
	X509_NAME_free(a);
	X509_NAME_free(b);
	X509_NAME_free(c);
}

static void
lists(void **state)
{
	GENERAL_NAMES *a = make_names("DNS:A.example,IP:192.0.2.1");
	GENERAL_NAMES *b = make_names("IP:192.0.2.1,DNS:b.example,DNS:a.EXAMPLE");
	GENERAL_NAMES *c = make_names("email:A.example");

	(void)state;
	assert_true(names_within(a, b));
	assert_false(names_within(b, a));
	assert_true(names_within(NULL, a));
	assert_false(names_within(a, NULL));
	assert_false(names_within(c, b));
	assert_true(names_have(b, sk_GENERAL_NAME_value(a, 0)));
	assert_false(names_have(NULL, sk_GENERAL_NAME_value(a, 0)));
	GENERAL_NAMES_free(a);
	GENERAL_NAMES_free(b);
	GENERAL_NAMES_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries), cmocka_unit_test(lists)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
