#include <openssl/x509v3.h>

#include "profiles/error.h"
#include "profiles/profile_part.h"

static const char *const names[] = {"digitalSignature", "nonRepudiation",
    "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign",
    "cRLSign", "encipherOnly", "decipherOnly", NULL};

static const unsigned bits[] = {KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION,
    KU_KEY_ENCIPHERMENT, KU_DATA_ENCIPHERMENT, KU_KEY_AGREEMENT,
    KU_KEY_CERT_SIGN, KU_CRL_SIGN, KU_ENCIPHER_ONLY, KU_DECIPHER_ONLY};

const char *const *
profile_ku_names(void)
{
	return names;
}

unsigned
profile_ku_bit(int number)
{
	return bits[number];
}

/* What a key type must not be used for, and who says so. */
static const struct matrix_row {
	unsigned types;
	unsigned must_not;
	const char *rule;
} matrix[] = {
    {SPKI_EC_P256 | SPKI_EC_P384, KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT,
	"an EC key must not have keyEncipherment or dataEncipherment (RFC 8813 "
	"3)"},
    {SPKI_ED25519,
	KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT |
	    KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY,
	"an Ed25519 key signs only (RFC 9295 3)"},
    {SPKI_RSA_2048 | SPKI_RSA_3072 | SPKI_RSA_4096,
	KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY,
	"an RSA key must not have keyAgreement (RFC 3279 2.3.1)"},
};

const char *
profile_ku_breach(unsigned types, unsigned ku, int is_ca)
{
	size_t i;

	for (i = 0; i < N(matrix); i++)
		if ((types & matrix[i].types) != 0 &&
		    (ku & matrix[i].must_not) != 0)
			return matrix[i].rule;
	if ((ku & (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)) != 0 &&
	    !(ku & KU_KEY_AGREEMENT))
		return "encipherOnly and decipherOnly mean nothing without "
		       "keyAgreement (RFC 5280 4.2.1.3)";
	if (!is_ca && (ku & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0)
		return "keyCertSign and cRLSign are for CAs (RFC 5280 4.2.1.3)";
	if (is_ca && !(ku & KU_KEY_CERT_SIGN))
		return "a CA needs keyCertSign (RFC 5280 4.2.1.9)";
	return NULL;
}

int
profile_key_usage_ok(unsigned types, unsigned ku, int is_ca)
{
	const char *what = profile_ku_breach(types, ku, is_ca);

	if (what != NULL)
		profile_raise(PROFILE_E_REFUSED, "key_usage: %s", what);
	return what == NULL;
}
