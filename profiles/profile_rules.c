#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "profiles/profile_part.h"

/* Classes that hold power over others are made in the open, or renewed by the
   service that holds them, and never by a request from outside. */
static int
check_class(const struct profile *p, const struct conf_group *g)
{
	unsigned ours = PROFILE_BY_SERVICE | PROFILE_BY_CEREMONY;

	switch (p->class) {
	case PROFILE_CA:
	case PROFILE_CROSS:
	case PROFILE_OCSP:
	case PROFILE_EST_SERVER:
		if (p->issued_by & ~ours)
			return conf_fail(g, "issued_by",
			    "class %s allows only ceremony and service",
			    profile_class_name(p->class));
		return 1;
	case PROFILE_CODE_SIGNING:
	case PROFILE_TIMESTAMPING:
	case PROFILE_SIGNING:
	case PROFILE_SEAL:
		if (p->issued_by & PROFILE_BY_EST)
			return conf_fail(g, "issued_by",
			    "class %s does not allow est",
			    profile_class_name(p->class));
		return 1;
	default:
		return 1;
	}
}

static int
check_issuer(const struct profile *p, const struct conf_group *g)
{
	switch (p->class) {
	case PROFILE_CA:
	case PROFILE_CROSS:
	case PROFILE_OCSP:
	case PROFILE_EST_SERVER:
		return 1;
	default:
		return p->issuer[0] != '\0'
		    ? 1
		    : conf_fail(g, NULL,
			  "missing key \"issuer\", the CA that issues");
	}
}

static int
check_validity(const struct profile *p, const struct conf_group *g)
{
	const struct conf_group *v = conf_subgroup(g, "validity");

	if (p->no_end && p->class != PROFILE_IDEVID && p->class != PROFILE_CA &&
	    p->class != PROFILE_CROSS &&
	    (p->class != PROFILE_ATTESTATION ||
		(p->issued_by & PROFILE_BY_EST)))
		return conf_fail(v, "not_after",
		    "no end is for class idevid, for CAs, and for attestation "
		    "keys that a maker gives (IEEE 802.1AR, TCG)");
	if (p->class == PROFILE_OCSP && p->duration > 30 * 86400)
		return conf_fail(v, "duration",
		    "at most 30d: an OCSP delegate cannot be revoked");
	if (p->backdate >= p->duration && !p->no_end)
		return conf_fail(v, "backdate", "not less than the duration");
	return 1;
}

static int
check_ca(const struct profile *p, const struct conf_group *g)
{
	int ca_class = p->class == PROFILE_CA || p->class == PROFILE_CROSS;

	if (ca_class != p->is_ca)
		return conf_fail(g, "basic_constraints", "class %s %s a CA",
		    profile_class_name(p->class),
		    ca_class ? "must be" : "must not be");
	if (p->is_ca && !(p->key_usage & KU_KEY_CERT_SIGN))
		return conf_fail(g, "key_usage",
		    "a CA needs keyCertSign (RFC 5280 4.2.1.9)");
	if (p->is_ca && !p->key_usage_critical)
		return conf_fail(conf_subgroup(g, "key_usage"), "critical",
		    "must be true for a CA (RFC 5280 4.2.1.3)");
	if (p->is_ca && !p->ski)
		return conf_fail(g, "subject_key_identifier",
		    "a CA needs it (RFC 5280 4.2.1.2)");
	if (!p->aki && !profile_is_self_signed(p))
		return conf_fail(g, "authority_key_identifier",
		    "needed but in a self-signed certificate (RFC 5280 "
		    "4.2.1.1)");
	return 1;
}

static int
check_key_usage(const struct profile *p, const struct conf_group *g)
{
	const char *what;

	what = profile_ku_breach(p->key_types, p->key_usage, p->is_ca);
	return what == NULL ? 1 : conf_fail(g, "key_usage", "%s", what);
}

static int
check_purposes(const struct profile *p, const struct conf_group *g)
{
	static const char key[] = "extended_key_usage";
	size_t n = p->n_eku + p->n_eku_attested;

	if (profile_has_eku(p, OID_OCSP_SIGNING) &&
	    (p->is_ca || p->class != PROFILE_OCSP))
		return conf_fail(g, key,
		    "OCSPSigning is for class ocsp alone (RFC 6960 4.2.2.2)");
	if (profile_has_eku(p, OID_TIME_STAMPING) &&
	    (n != 1 || !p->eku_critical))
		return conf_fail(g, key,
		    "timeStamping must be alone and critical (RFC 3161 2.3)");
	if (profile_has_eku(p, OID_CODE_SIGNING) &&
	    profile_has_eku(p, OID_SERVER_AUTH))
		return conf_fail(
		    g, key, "codeSigning must not stand beside serverAuth");
	return 1;
}

static int
check_ocsp(const struct profile *p, const struct conf_group *g)
{
	if (p->class != PROFILE_OCSP)
		return p->ocsp_nocheck
		    ? conf_fail(g, "ocsp_nocheck", "only in class ocsp")
		    : 1;
	if (p->n_eku != 1 || p->n_eku_attested != 0 ||
	    !profile_has_eku(p, OID_OCSP_SIGNING))
		return conf_fail(g, "extended_key_usage",
		    "class ocsp needs OCSPSigning alone (RFC 6960 4.2.2.2)");
	if (!p->ocsp_nocheck)
		return conf_fail(g, "ocsp_nocheck",
		    "class ocsp needs it (RFC 6960 4.2.2.2.1)");
	if (p->crl_dp)
		return conf_fail(
		    g, "crl_distribution_point", "not beside ocsp_nocheck");
	if (p->aia_ocsp)
		return conf_fail(
		    g, "authority_info_access", "ocsp not beside ocsp_nocheck");
	return 1;
}

static int
signs_critically(const struct profile *p, const struct conf_group *g)
{
	if (!(p->key_usage & KU_DIGITAL_SIGNATURE) || !p->key_usage_critical)
		return conf_fail(g, "key_usage",
		    "class %s needs digitalSignature, critical",
		    profile_class_name(p->class));
	return 1;
}

static int
names_serial(const struct profile *p)
{
	size_t i;

	for (i = 0; i < p->n_subject; i++)
		if (p->subject[i].nid == NID_serialNumber &&
		    !p->subject[i].optional)
			return 1;
	return 0;
}

static int
check_end_entity(const struct profile *p, const struct conf_group *g)
{
	switch (p->class) {
	case PROFILE_IDEVID:
		if (!names_serial(p))
			return conf_fail(g, "subject",
			    "class idevid needs serialNumber, not optional "
			    "(IEEE 802.1AR 8.6)");
		return signs_critically(p, g);
	case PROFILE_LDEVID:
		return signs_critically(p, g);
	case PROFILE_EST_SERVER:
		if (!profile_has_eku(p, OID_SERVER_AUTH) ||
		    !profile_has_eku(p, OID_CMC_RA))
			return conf_fail(g, "extended_key_usage",
			    "class est-server needs serverAuth and cmcRA "
			    "(RFC 7030 3.6.1)");
		return 1;
	case PROFILE_CODE_SIGNING:
		if (p->n_eku != 1 || p->n_eku_attested != 0 ||
		    !profile_has_eku(p, OID_CODE_SIGNING))
			return conf_fail(g, "extended_key_usage",
			    "class code-signing needs codeSigning alone");
		return signs_critically(p, g);
	default:
		return 1;
	}
}

static int
check_names(const struct profile *p, const struct conf_group *g)
{
	size_t i;

	if (p->self_issued)
		return 1; /* by the issuer's own name */
	if (p->n_subject == 0 && p->n_san == 0)
		return conf_fail(
		    g, NULL, "no subject and no san rule: nobody is named");
	if (!p->is_ca)
		return 1;
	for (i = 0; i < p->n_subject; i++)
		if (!p->subject[i].optional)
			return 1;
	return conf_fail(g, "subject",
	    "a CA needs a subject that is not optional (RFC 5280 4.1.2.6)");
}

/* RFC 9608: who has no revocation cannot point to it. */
static int
check_revocation(const struct profile *p, const struct conf_group *g)
{
	if (!p->no_rev_avail)
		return 1;
	if (p->is_ca)
		return conf_fail(g, "no_rev_avail",
		    "not in a CA's certificate (RFC 9608 3)");
	if (p->crl_dp || p->aia_ocsp)
		return conf_fail(g, "no_rev_avail",
		    "not beside a CRL or OCSP address (RFC 9608 3)");
	return 1;
}

int
profile_check(const struct profile *p, const struct conf_group *g)
{
	return check_class(p, g) && check_issuer(p, g) &&
	    check_validity(p, g) && check_ca(p, g) && check_key_usage(p, g) &&
	    check_purposes(p, g) && check_ocsp(p, g) &&
	    check_end_entity(p, g) && check_names(p, g) &&
	    check_revocation(p, g) && profile_check_cross(p, g) &&
	    profile_check_class(p, g);
}
