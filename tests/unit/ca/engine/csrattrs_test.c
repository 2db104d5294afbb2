#include "tests/unit/ca/engine/admit_change.h"

/* The fleet's answer, compared octet by octet. */
static void
is(struct profile *p, enum fleet_pop_link pop, unsigned types,
    const unsigned char *want, size_t want_len)
{
	struct fleet f = {.compiled = p, .pop_link = pop};
	unsigned char *der = NULL;
	size_t len = 0;

	p->key_types = types;
	assert_int_equal(policy_csrattrs(&f, &der, &len), 1);
	assert_int_equal(len, want_len);
	assert_memory_equal(der, want, len);
	OPENSSL_free(der);
}

static void
key_attributes(void **state)
{
	static const unsigned char p256[] = {0x30, 0x17, 0x30, 0x15, 0x06, 0x07,
	    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x31, 0x0a, 0x06, 0x08,
	    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	static const unsigned char p384[] = {0x30, 0x14, 0x30, 0x12, 0x06, 0x07,
	    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x31, 0x07, 0x06, 0x05,
	    0x2b, 0x81, 0x04, 0x00, 0x22};
	static const unsigned char rsa[] = {0x30, 0x13, 0x30, 0x11, 0x06, 0x09,
	    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x31, 0x04,
	    0x02, 0x02, 0x0c, 0x00};
	static const unsigned char ed[] = {
	    0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
	struct profile *p = calloc(1, sizeof(*p));

	(void)state;
	is(p, FLEET_POP_OFF, SPKI_EC_P256, p256, sizeof(p256));
	is(p, FLEET_POP_OFF, SPKI_EC_P384, p384, sizeof(p384));
	is(p, FLEET_POP_OFF, SPKI_RSA_3072, rsa, sizeof(rsa));
	is(p, FLEET_POP_OFF, SPKI_ED25519, ed, sizeof(ed));
	/* Of several the one that we like best. */
	is(p, FLEET_POP_OFF, SPKI_EC_P256 | SPKI_RSA_2048 | SPKI_ED25519, p256,
	    sizeof(p256));
	is(p, FLEET_POP_OFF, SPKI_RSA_2048 | SPKI_RSA_3072, rsa, sizeof(rsa));
	free(p);
}

/* RFC 7030 3.5: a server that looks at the link says so. */
static void
challenge_password(void **state)
{
	static const unsigned char with[] = {0x30, 0x10, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07, 0x06, 0x03, 0x2b, 0x65,
	    0x70};
	static const unsigned char without[] = {
	    0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
	struct profile *p = calloc(1, sizeof(*p));

	(void)state;
	is(p, FLEET_POP_REQUIRED, SPKI_ED25519, with, sizeof(with));
	is(p, FLEET_POP_IF_PRESENT, SPKI_ED25519, with, sizeof(with));
	is(p, FLEET_POP_OFF, SPKI_ED25519, without, sizeof(without));
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(key_attributes),
	    cmocka_unit_test(challenge_password)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
