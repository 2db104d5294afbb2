#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include "profiles/conform_rule.h"

/*
 * What a class demands whatever its profile says, from the standards alone: a
 * profile that was compiled wrongly must not get through by being followed.
 */

#define DELEGATE_MAX ((int64_t)30 * 86400)
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

const struct conform_rule conform_class_rules[] = {
    {"class.ca", "RFC 5280 4.1.2.6, 4.2.1.3, 4.2.1.9", check_ca},
    {"class.idevid", "IEEE 802.1AR-2018 8", check_idevid},
    {"class.ldevid", "IEEE 802.1AR-2018 8", check_ldevid},
    {"class.ocsp", "RFC 6960 4.2.2.2", check_ocsp},
    {"class.est", "RFC 7030 3.6.1, RFC 6402 2.10", check_est},
    {"class.code", "RFC 5280 4.2.1.12", check_code},
    {"class.attestation", "TCG EK credential profile, AK certificates",
	check_attestation},
    {NULL, NULL, NULL}};
