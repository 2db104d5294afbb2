#include "tests/unit/profiles/profile_case.h"

#define EC (SPKI_EC_P256 | SPKI_EC_P384)
#define RSA_ANY (SPKI_RSA_2048 | SPKI_RSA_3072 | SPKI_RSA_4096)
#define BAD(types, ku, ca, want)                                               \
	do {                                                                   \
		assert_int_equal(profile_key_usage_ok(types, ku, ca), 0);      \
		assert_raised(PROFILE_E_REFUSED, want);                        \
	} while (0)

static void
ec(void **state)
{
	(void)state;
	assert_true(profile_key_usage_ok(EC,
	    KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_AGREEMENT, 0));
	assert_true(
	    profile_key_usage_ok(EC, KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY, 0));
	BAD(EC, KU_KEY_ENCIPHERMENT, 0, "RFC 8813");
	BAD(EC, KU_DIGITAL_SIGNATURE | KU_DATA_ENCIPHERMENT, 0, "RFC 8813");
	BAD(EC | SPKI_RSA_2048, KU_KEY_ENCIPHERMENT, 0, "RFC 8813");
}

static void
rsa(void **state)
{
	(void)state;
	assert_true(profile_key_usage_ok(RSA_ANY,
	    KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT,
	    0));
	BAD(RSA_ANY, KU_KEY_AGREEMENT, 0, "RFC 3279");
}

static void
ed25519(void **state)
{
	(void)state;
	assert_true(profile_key_usage_ok(
	    SPKI_ED25519, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, 0));
	BAD(SPKI_ED25519, KU_KEY_AGREEMENT, 0, "RFC 9295");
	BAD(SPKI_ED25519, KU_KEY_ENCIPHERMENT, 0, "RFC 9295");
	BAD(SPKI_ED25519, KU_DATA_ENCIPHERMENT, 0, "RFC 9295");
}

static void
ca(void **state)
{
	(void)state;
	assert_true(
	    profile_key_usage_ok(EC, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 1));
	assert_true(profile_key_usage_ok(SPKI_ED25519, KU_KEY_CERT_SIGN, 1));
	BAD(EC, KU_CRL_SIGN, 1, "a CA needs keyCertSign");
	BAD(EC, KU_KEY_CERT_SIGN, 0, "are for CAs");
	BAD(EC, KU_CRL_SIGN, 0, "are for CAs");
	BAD(EC, KU_DIGITAL_SIGNATURE | KU_ENCIPHER_ONLY, 0, "keyAgreement");
}

static void
held_when_a_profile_is_loaded(void **state)
{
	(void)state;
	refused(BASE, "\"digitalSignature\"",
	    "\"digitalSignature\", \"keyEncipherment\"",
	    "p.conf:8: key_usage: an EC key must not have");
	accepted("name = \"r\"; class = \"ldevid\"; issued_by = [ \"est\" ];"
		 "issuer = \"d\"; key_types = [ \"rsa-2048\" ];"
		 "validity: { duration = \"1d\"; };"
		 "subject = ( { attribute = \"CN\"; value = \"x\"; } );"
		 "key_usage: { bits = [ \"digitalSignature\", "
		 "\"keyEncipherment\" ]; };",
	    NULL, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ec),
	    cmocka_unit_test(rsa),
	    cmocka_unit_test(ed25519),
	    cmocka_unit_test(ca),
	    cmocka_unit_test(held_when_a_profile_is_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
