#include <ctype.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "ra/attest/ek.h"

/* What an EK's certificate says of the TPM: in its SAN's directoryName. */

#define AT_MAKER "2.23.133.2.1"
#define AT_MODEL "2.23.133.2.2"
#define AT_VERSION "2.23.133.2.3"

/*
 * Vendor identifiers of the TCG's registry, and how their TPMs are built. This is
 * what the makers are known for, not what a certificate says: a maker of chips
 * who sells firmware too is filed under chips. Policies that must be sure list
 * anchors of one series only.
 */
static const struct {
	const char *id, *name;
	unsigned class;
} makers[] = {
	{ "id:414D4400", "AMD", ATTEST_TPM_FIRMWARE },
	{ "id:41544D4C", "Atmel", ATTEST_TPM_DISCRETE },
	{ "id:4252434D", "Broadcom", ATTEST_TPM_DISCRETE },
	{ "id:474F4F47", "Google", ATTEST_TPM_VIRTUAL },
	{ "id:48495349", "Huawei", ATTEST_TPM_FIRMWARE },
	{ "id:00001014", "IBM software TPM", ATTEST_TPM_VIRTUAL },
	{ "id:49424D00", "IBM", ATTEST_TPM_DISCRETE },
	{ "id:49465800", "Infineon", ATTEST_TPM_DISCRETE },
	{ "id:494E5443", "Intel", ATTEST_TPM_FIRMWARE },
	{ "id:4D534654", "Microsoft", ATTEST_TPM_VIRTUAL },
	{ "id:4E534D20", "National Semiconductor", ATTEST_TPM_DISCRETE },
	{ "id:4E544300", "Nuvoton", ATTEST_TPM_DISCRETE },
	{ "id:4E545A00", "Nationz", ATTEST_TPM_DISCRETE },
	{ "id:51434F4D", "Qualcomm", ATTEST_TPM_FIRMWARE },
	{ "id:534D534E", "Samsung", ATTEST_TPM_FIRMWARE },
	{ "id:534E5300", "Sinosun", ATTEST_TPM_DISCRETE },
	{ "id:53544D20", "STMicroelectronics", ATTEST_TPM_DISCRETE },
	{ "id:54584E00", "Texas Instruments", ATTEST_TPM_DISCRETE },
	{ "id:564D5700", "VMware", ATTEST_TPM_VIRTUAL },
	{ "id:57454300", "Winbond", ATTEST_TPM_DISCRETE },
};
#define N_MAKERS (sizeof(makers) / sizeof(makers[0]))

static size_t
find_maker(const char *id)
{
	size_t i = 0;

	while (i < N_MAKERS && OPENSSL_strcasecmp(makers[i].id, id) != 0)
		i++;
	return i;
}

unsigned
ek_class(const char *id)
{
	size_t i = find_maker(id);

	return i < N_MAKERS ? makers[i].class : ATTEST_TPM_UNKNOWN;
}

static const char *
class_name(unsigned class)
{
	switch (class) {
	case ATTEST_TPM_DISCRETE:
		return "discrete";
	case ATTEST_TPM_FIRMWARE:
		return "firmware";
	case ATTEST_TPM_VIRTUAL:
		return "virtual";
	default:
		return "unknown";
	}
}

/* Attribute ${oid} of a directoryName, whichever RDN it stands in: 1 found once,
   0 absent, -1 twice or not short text. */
static int
attribute(const X509_NAME *name, const char *oid, char *out, size_t size)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	const ASN1_STRING *s;
	int at, len, found = -1;

	if (obj == NULL)
		return -1;
	at = X509_NAME_get_index_by_OBJ(name, obj, -1);
	if (at < 0) {
		found = 0;
	} else if (X509_NAME_get_index_by_OBJ(name, obj, at) < 0) {
		s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
		len = ASN1_STRING_length(s);
		if (len > 0 && (size_t)len < size &&
		    memchr(ASN1_STRING_get0_data(s), 0, (size_t)len) == NULL) {
			memcpy(out, ASN1_STRING_get0_data(s), (size_t)len);
			out[len] = '\0';
			found = 1;
		}
	}
	ASN1_OBJECT_free(obj);
	return found;
}

/* "id:" and eight hex digits. */
static int
is_id(const char *s)
{
	size_t i;

	if (strncmp(s, "id:", 3) != 0 || strlen(s) != 11)
		return 0;
	for (i = 3; i < 11; i++)
		if (!isxdigit((unsigned char)s[i]))
			return 0;
	return 1;
}

static int
note(const char *rule, const char *maker, const char *model, const char *version,
    const struct attest_policy *policy, struct attest_facts *facts)
{
	size_t i = find_maker(maker);
	unsigned class = ek_class(maker);

	if (!(policy->tpm.classes & class))
		return attest_refuse(rule, "policy.classes",
		    "a TPM of class %s is not accepted", class_name(class));
	return facts_string(facts, "tpm.class", class_name(class)) &&
	    facts_string(facts, "tpm.maker",
		i < N_MAKERS ? makers[i].name : "unknown") &&
	    facts_string(facts, "tpm.maker.id", maker) &&
	    facts_string(facts, "tpm.model", model) &&
	    facts_string(facts, "tpm.version", version);
}

static const X509_NAME *
directory_name(const GENERAL_NAMES *san)
{
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		const GENERAL_NAME *gen = sk_GENERAL_NAME_value(san, i);
		int type;
		void *value = GENERAL_NAME_get0_value(gen, &type);

		if (type == GEN_DIRNAME)
			return value;
	}
	return NULL;
}

int
ek_maker_check(const struct ek_rules *rules, const X509 *cert,
    const struct attest_policy *policy, struct attest_facts *facts)
{
	GENERAL_NAMES *san =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const X509_NAME *name = directory_name(san);
	char maker[16] = "", model[128], version[64];
	int ok = 0;

	if (name == NULL && (policy->quirks & ATTEST_QUIRK_EK_NO_SAN)) {
		if (policy->tpm.classes & ATTEST_TPM_UNKNOWN)
			ok = facts_string(facts, "tpm.class", "unknown");
		else
			attest_refuse(rules->class, "policy.classes",
			    "a TPM of class unknown is not accepted");
	} else if (name == NULL ||
	    attribute(name, AT_MAKER, maker, sizeof(maker)) != 1 ||
	    attribute(name, AT_MODEL, model, sizeof(model)) != 1 ||
	    attribute(name, AT_VERSION, version, sizeof(version)) != 1 ||
	    !is_id(maker))
		attest_refuse(rules->san, "certificate.subjectAltName",
		    "not one directoryName with maker, model and version");
	else
		ok = note(rules->class, maker, model, version, policy, facts);
	GENERAL_NAMES_free(san);
	return ok;
}
