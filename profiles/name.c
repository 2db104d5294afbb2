#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include "profiles/text.h"
#include "profiles/name.h"

#define UTF8 V_ASN1_UTF8STRING
#define PRINTABLE V_ASN1_PRINTABLESTRING
#define IA5 V_ASN1_IA5STRING

/* clang-format off */
static const struct name_attr attrs[] = {
	{"CN", NID_commonName, UTF8, 1, 64},
	{"serialNumber", NID_serialNumber, PRINTABLE, 1, 64},
	{"C", NID_countryName, PRINTABLE, 2, 2},
	{"O", NID_organizationName, UTF8, 1, 64},
	{"OU", NID_organizationalUnitName, UTF8, 1, 64},
	{"L", NID_localityName, UTF8, 1, 128},
	{"ST", NID_stateOrProvinceName, UTF8, 1, 128},
	{"street", NID_streetAddress, UTF8, 1, 128},
	{"title", NID_title, UTF8, 1, 64},
	{"dnQualifier", NID_dnQualifier, PRINTABLE, 1, 64},
	{"pseudonym", NID_pseudonym, UTF8, 1, 128},
	{"UID", NID_userId, UTF8, 1, 256},
	{"DC", NID_domainComponent, IA5, 1, 63},
	{"emailAddress", NID_pkcs9_emailAddress, IA5, 1, 255},
	{"organizationIdentifier", NID_organizationIdentifier, UTF8, 1, 256},
};

static const char *const names[] = {"CN", "serialNumber", "C", "O", "OU", "L",
	"ST", "street", "title", "dnQualifier", "pseudonym", "UID", "DC",
	"emailAddress", "organizationIdentifier"};
/* clang-format on */

#define N_ATTRS (sizeof(attrs) / sizeof(attrs[0]))

const struct name_attr *
name_find(const char *name)
{
	size_t i;

	for (i = 0; i < N_ATTRS; i++)
		if (strcmp(attrs[i].name, name) == 0)
			return &attrs[i];
	return NULL;
}

const struct name_attr *
name_of(int nid)
{
	size_t i;

	for (i = 0; i < N_ATTRS; i++)
		if (attrs[i].nid == nid)
			return &attrs[i];
	return NULL;
}

const char *const *
name_list(size_t *n)
{
	*n = sizeof(names) / sizeof(names[0]);
	return names;
}

/* Upper bounds count characters, not octets (X.520). */
static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

const char *
name_breach(const struct name_attr *a, const char *value)
{
	size_t len = strlen(value), n = characters(value);

	if (!text_is_utf8(value, len) || text_has_control(value, len))
		return "is not UTF-8 text without control characters";
	if (n < a->min)
		return "is shorter than X.520 allows";
	if (n > a->max)
		return "is longer than X.520 allows";
	if (value[0] == ' ' || value[len - 1] == ' ')
		return "begins or ends with a space";
	if (a->type == PRINTABLE && !text_is_printable(value, len))
		return "has characters that PrintableString has not";
	if (a->type == IA5 && !text_is_ascii(value, len))
		return "has characters that IA5String has not";
	if (a->nid == NID_countryName &&
	    strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
		return "is not a country code of two capitals (ISO 3166)";
	if (a->nid == NID_pkcs9_emailAddress && !text_is_email(value, len))
		return "is not a mail address";
	if (a->nid == NID_domainComponent && !text_is_dns(value, len, 0))
		return "is not a DNS label";
	return NULL;
}
