#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include "profiles/conform_rule.h"

/*
 * What a class demands whatever its profile says, from the standards alone: a
 * profile that was compiled wrongly must not get through by being followed.
 */

#define DELEGATE_MAX ((int64_t)30 * 86400)
#define SHORT_LIVED_MAX ((int64_t)7 * 86400)
#define AD_OCSP 1

static int
has_purpose(const struct conform_view *v, const char *dotted)
{
	int has;

	conform_usage_purposes(v, dotted, &has);
	return has;
}

static int
is_class(const struct conform_view *v, enum profile_class class)
{
	return v->ctx->profile->class == class;
}

/* Critical key usage with digitalSignature, and no cA: what every signing key
   at the end of a chain has. */
static int
signs_only(struct conform_view *v)
{
	if (conform_usage_is_ca(v))
		return conform_breach(v, "cA in an end entity's certificate");
	if (!v->ext[CONFORM_KU].critical ||
	    !(conform_usage_bits(v) & KU_DIGITAL_SIGNATURE))
		return conform_breach(
		    v, "no critical key usage with digitalSignature");
	return 1;
}

static int
check_ca(struct conform_view *v)
{
	int is_ca = is_class(v, PROFILE_CA) || is_class(v, PROFILE_CROSS);

	if (is_ca != conform_usage_is_ca(v))
		return conform_breach(v,
		    is_ca ? "a CA's class without cA" : "cA in another class");
	if (!is_ca)
		return 1;
	if (v->n_attrs == 0)
		return conform_breach(v, "a CA without a subject");
	if (!v->ext[CONFORM_KU].critical)
		return conform_breach(v, "a CA's key usage is not critical");
	return 1;
}

static int
check_idevid(struct conform_view *v)
{
	if (!is_class(v, PROFILE_IDEVID))
		return 1;
	if (!signs_only(v))
		return 0;
	if (conform_name_count(v, NID_serialNumber) != 1)
		return conform_breach(
		    v, "the subject has not exactly one serialNumber");
	if (v->ext[CONFORM_SAN].present && v->ext[CONFORM_SAN].critical)
		return conform_breach(
		    v, "subjectAltName critical beside a subject");
	return 1;
}

/* An owner's certificate ends: 802.1AR leaves "no end" to the maker's. */
static int
check_ldevid(struct conform_view *v)
{
	if (!is_class(v, PROFILE_LDEVID))
		return 1;
	if (v->to >= BUILD_NO_END)
		return conform_breach(v, "an LDevID without end");
	return signs_only(v);
}

/* A delegate cannot be revoked (nocheck), so it is short-lived and points to no
   status of its own. */
static int
check_ocsp(struct conform_view *v)
{
	if (!is_class(v, PROFILE_OCSP))
		return v->ext[CONFORM_NOCHECK].present
		    ? conform_breach(v, "ocsp-nocheck in another class")
		    : 1;
	if (!has_purpose(v, "1.3.6.1.5.5.7.3.9"))
		return conform_breach(v, "a delegate without OCSPSigning");
	if (!v->ext[CONFORM_NOCHECK].present)
		return conform_breach(v, "a delegate without ocsp-nocheck");
	if (v->ext[CONFORM_CRLDP].present ||
	    conform_link_has_access(v, AD_OCSP))
		return conform_breach(v, "a delegate with CRL or OCSP address");
	if (v->to - v->from + 1 > DELEGATE_MAX)
		return conform_breach(v, "a delegate for more than 30 days");
	return signs_only(v);
}

static int
check_est(struct conform_view *v)
{
	if (!is_class(v, PROFILE_EST_SERVER))
		return 1;
	if (!has_purpose(v, "1.3.6.1.5.5.7.3.1") ||
	    !has_purpose(v, "1.3.6.1.5.5.7.3.28"))
		return conform_breach(v, "not serverAuth and id-kp-cmcRA");
	if (!v->ext[CONFORM_SAN].present)
		return conform_breach(v, "a server without subjectAltName");
	return signs_only(v);
}

static int
check_code(struct conform_view *v)
{
	int has;

	if (!is_class(v, PROFILE_CODE_SIGNING))
		return 1;
	if (conform_usage_purposes(v, "1.3.6.1.5.5.7.3.3", &has) != 1 || !has)
		return conform_breach(v, "codeSigning is not the only purpose");
	return signs_only(v);
}

static int
check_attestation(struct conform_view *v)
{
	return is_class(v, PROFILE_ATTESTATION) ? signs_only(v) : 1;
}

static int
check_tls(struct conform_view *v)
{
	int server = has_purpose(v, "1.3.6.1.5.5.7.3.1");
	int client = has_purpose(v, "1.3.6.1.5.5.7.3.2");
	int ra = !server && client && has_purpose(v, "1.3.6.1.5.5.7.3.28");

	if (!is_class(v, PROFILE_TLS))
		return 1;
	if (!server && !client)
		return conform_breach(v, "neither serverAuth nor clientAuth");
	if (conform_usage_purposes(v, NULL, NULL) !=
	    (size_t)server + (size_t)client + (size_t)ra)
		return conform_breach(v, "a purpose that is not TLS's");
	if (server && !v->ext[CONFORM_SAN].present)
		return conform_breach(v, "a server without subjectAltName");
	return signs_only(v);
}

/* digitalSignature, nonRepudiation or both, critical, and nothing else. */
static int
signs_data(struct conform_view *v)
{
	unsigned bits = conform_usage_bits(v);

	if (conform_usage_is_ca(v))
		return conform_breach(v, "cA in an end entity's certificate");
	if (!v->ext[CONFORM_KU].critical || bits == 0 ||
	    (bits & ~(unsigned)(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
		return conform_breach(
		    v, "key usage is not signing alone, critical");
	return 1;
}

static int
check_time_stamping(struct conform_view *v)
{
	int has;

	if (!is_class(v, PROFILE_TIMESTAMPING))
		return 1;
	if (conform_usage_purposes(v, "1.3.6.1.5.5.7.3.8", &has) != 1 || !has ||
	    !v->ext[CONFORM_EKU].critical)
		return conform_breach(
		    v, "timeStamping is not alone and critical");
	return signs_data(v);
}

static int
check_signing(struct conform_view *v)
{
	static const char *const never[] = {"1.3.6.1.5.5.7.3.1",
	    "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.8",
	    "1.3.6.1.5.5.7.3.9"};
	size_t i;

	if (!is_class(v, PROFILE_SIGNING) && !is_class(v, PROFILE_SEAL))
		return 1;
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (has_purpose(v, never[i]))
			return conform_breach(
			    v, "purpose %s beside signing", never[i]);
	if (v->n_attrs == 0)
		return conform_breach(v, "a signer without a subject");
	return signs_data(v);
}

static int
check_seal(struct conform_view *v)
{
	static const int needed[] = {NID_countryName, NID_organizationName,
	    NID_organizationIdentifier, NID_commonName};
	size_t i;

	if (!is_class(v, PROFILE_SEAL))
		return 1;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (conform_name_count(v, needed[i]) == 0)
			return conform_breach(
			    v, "the subject has no %s", OBJ_nid2ln(needed[i]));
	return 1;
}

static int
check_short_lived(struct conform_view *v)
{
	if (!is_class(v, PROFILE_SHORT_LIVED))
		return 1;
	if (!v->ext[CONFORM_NO_REV_AVAIL].present)
		return conform_breach(v, "short-lived without noRevAvail");
	if (v->to - v->from + 1 > SHORT_LIVED_MAX)
		return conform_breach(v, "short-lived for more than 7 days");
	return signs_only(v);
}

const struct conform_rule conform_class_rules[] = {
    {"class.ca", "RFC 5280 4.1.2.6, 4.2.1.3, 4.2.1.9", check_ca},
    {"class.idevid", "IEEE 802.1AR-2018 8.6, 8.10.3", check_idevid},
    {"class.ldevid", "IEEE 802.1AR-2018 8.10.3", check_ldevid},
    {"class.ocsp", "RFC 6960 4.2.2.2", check_ocsp},
    {"class.est", "RFC 7030 3.6.1, RFC 6402 2.10", check_est},
    {"class.code", "RFC 5280 4.2.1.12", check_code},
    {"class.attestation",
	"TCG TPM 2.0 Keys for Device Identity and Attestation, WebAuthn 8.3.1",
	check_attestation},
    {"class.tls", "RFC 5280 4.2.1.12, RFC 9525 4.1", check_tls},
    {"class.timestamping", "RFC 3161 2.3", check_time_stamping},
    {"class.signing", "RFC 9336 3", check_signing},
    {"class.seal", "EN 319 412-3 4.2.1", check_seal},
    {"class.short-lived", "RFC 9608 2 and 3", check_short_lived},
    {NULL, NULL, NULL}};
