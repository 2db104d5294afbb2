#include "profiles/name.h"
#include "tests/unit/profiles/raised.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>

static void
attributes_are_found(void **state)
{
	const char *const *names;
	size_t n, i;

	(void)state;
	names = name_list(&n);
	assert_true(n >= 12);
	for (i = 0; i < n; i++) {
		assert_non_null(name_find(names[i]));
		assert_ptr_equal(
		    name_of(name_find(names[i])->nid), name_find(names[i]));
	}
	assert_null(name_find("cn"));
	assert_null(name_of(NID_sha256));
	assert_int_equal(name_find("C")->type, V_ASN1_PRINTABLESTRING);
	assert_int_equal(
	    name_find("serialNumber")->type, V_ASN1_PRINTABLESTRING);
	assert_int_equal(name_find("emailAddress")->type, V_ASN1_IA5STRING);
	assert_int_equal(name_find("DC")->type, V_ASN1_IA5STRING);
	assert_int_equal(name_find("O")->type, V_ASN1_UTF8STRING);
}

static void
bounds_count_characters(void **state)
{
	char text[200] = "";
	int i;

	(void)state;
	for (i = 0; i < 64; i++)
		strcat(text, "é");
	assert_null(name_breach(name_find("CN"), text));
	strcat(text, "é");
	assert_non_null(name_breach(name_find("CN"), text));
	memset(text, 'a', 129);
	text[128] = '\0';
	assert_null(name_breach(name_find("L"), text));
	text[128] = 'a';
	text[129] = '\0';
	assert_non_null(name_breach(name_find("L"), text));
}

static void
values_are_checked(void **state)
{
	static const struct {
		const char *name, *good, *bad;
	} v[] = {{"CN", "Gerät 1", ""}, {"CN", "a b", " a"}, {"CN", "a", "a "},
	    {"CN", "a", "a\nb"}, {"CN", "a", "\xff"},
	    {"serialNumber", "SN-1", "SN_1"}, {"C", "JP", "jp"},
	    {"C", "DE", "D1"}, {"emailAddress", "a@b.c", "a"},
	    {"DC", "example", "ex ample"}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		assert_null(name_breach(name_find(v[i].name), v[i].good));
		assert_non_null(name_breach(name_find(v[i].name), v[i].bad));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attributes_are_found),
	    cmocka_unit_test(bounds_count_characters),
	    cmocka_unit_test(values_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
