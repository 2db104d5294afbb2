#include <string.h>
#include "profiles/conform_rule.h"

/* What we can put into a certificate, and nothing else. */
static const struct known {
	const char *name;
	unsigned char oid[10];
	size_t len;
} known[CONFORM_N_EXTS] = {
    [CONFORM_SKI] = {"subjectKeyIdentifier", {0x55, 0x1d, 14}, 3},
    [CONFORM_KU] = {"keyUsage", {0x55, 0x1d, 15}, 3},
    [CONFORM_SAN] = {"subjectAltName", {0x55, 0x1d, 17}, 3},
    [CONFORM_BC] = {"basicConstraints", {0x55, 0x1d, 19}, 3},
    [CONFORM_CRLDP] = {"cRLDistributionPoints", {0x55, 0x1d, 31}, 3},
    [CONFORM_POLICIES] = {"certificatePolicies", {0x55, 0x1d, 32}, 3},
    [CONFORM_AKI] = {"authorityKeyIdentifier", {0x55, 0x1d, 35}, 3},
    [CONFORM_EKU] = {"extKeyUsage", {0x55, 0x1d, 37}, 3},
    [CONFORM_AIA] = {"authorityInfoAccess", {0x2b, 6, 1, 5, 5, 7, 1, 1}, 8},
    [CONFORM_NOCHECK] = {"ocsp-nocheck", {0x2b, 6, 1, 5, 5, 7, 48, 1, 5}, 9},
    [CONFORM_NO_REV_AVAIL] = {"noRevAvail", {0x55, 0x1d, 56}, 3},
    [CONFORM_MUD] = {"mud-url", {0x2b, 6, 1, 5, 5, 7, 1, 25}, 8},
    [CONFORM_NAME_CONSTRAINTS] = {"nameConstraints", {0x55, 0x1d, 30}, 3},
    [CONFORM_MAPPINGS] = {"policyMappings", {0x55, 0x1d, 33}, 3},
    [CONFORM_POLICY_CONSTRAINTS] = {"policyConstraints", {0x55, 0x1d, 36}, 3},
    [CONFORM_INHIBIT_ANY] = {"inhibitAnyPolicy", {0x55, 0x1d, 54}, 3},
};

/* One Extension: OID, critical only when it is TRUE (DER leaves out the
   default), and an OCTET STRING around exactly one element in DER. */
static int
read_extension(struct der ext, struct der *oid, struct conform_ext *out)
{
	static const unsigned char yes[] = {0xff};
	struct der flag, value;

	out->present = 1;
	out->critical = 0;
	if (!der_take(&ext, DER_OID, oid))
		return 0;
	if (der_take(&ext, DER_BOOLEAN, &flag)) {
		if (!der_equal(&flag, yes, sizeof(yes)))
			return 0;
		out->critical = 1;
	}
	if (!der_only(ext, DER_OCTET_STRING, &out->value) ||
	    der_strict(out->value))
		return 0;
	value = out->value;
	return der_take_any(&value, NULL, NULL, NULL) && value.len == 0;
}

static int
check_form(struct conform_view *v)
{
	struct der list = v->extensions, one, oid;
	struct conform_ext ext;

	if (list.len == 0)
		return conform_breach(v, "extensions without an extension");
	while (list.len > 0)
		if (!der_take(&list, DER_SEQUENCE, &one) ||
		    !read_extension(one, &oid, &ext))
			return conform_breach(
			    v, "an extension, or its contents, is not DER");
	return 1;
}

/* By OID, whether we know it or not. */
static int
check_once(struct conform_view *v)
{
	struct der list = v->extensions, rest, one, oid, other;
	struct conform_ext ext;

	while (der_take(&list, DER_SEQUENCE, &one)) {
		if (!read_extension(one, &oid, &ext))
			return conform_breach(v, "unreadable");
		rest = list;
		while (der_take(&rest, DER_SEQUENCE, &one))
			if (der_take(&one, DER_OID, &other) &&
			    der_equal(&other, oid.p, oid.len))
				return conform_breach(
				    v, "an extension is there twice");
	}
	return 1;
}

static int
check_known(struct conform_view *v)
{
	struct der list = v->extensions, one, oid;
	struct conform_ext ext;
	size_t i;

	while (der_take(&list, DER_SEQUENCE, &one)) {
		if (!read_extension(one, &oid, &ext))
			return conform_breach(v, "unreadable");
		for (i = 0; i < CONFORM_N_EXTS; i++)
			if (der_equal(&oid, known[i].oid, known[i].len))
				break;
		if (i < CONFORM_N_EXTS)
			v->ext[i] = ext;
		else if (!conform_tree_declares(v, &oid))
			return conform_breach(
			    v, "an extension that the profile does not name");
	}
	return 1;
}

static int
policies_wanted(const struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	size_t i;

	for (i = 0; i < p->n_policies; i++)
		if (v->ctx->attested ? !p->policies[i].unless_attested
				     : !p->policies[i].if_attested)
			return 1;
	return 0;
}

/* Must the extension be there? 1 yes, 0 no, -1 either. */
static int
wanted(const struct conform_view *v, enum conform_ext_id id)
{
	const struct profile *p = v->ctx->profile;
	const struct build_issuer *issuer = v->ctx->issuer;

	switch (id) {
	case CONFORM_SKI:
		return p->ski;
	case CONFORM_KU:
		return p->key_usage != 0;
	case CONFORM_SAN:
		return p->n_san ? -1 : 0;
	case CONFORM_BC:
		return p->has_basic_constraints;
	case CONFORM_CRLDP:
		return p->crl_dp && issuer->crl_url;
	case CONFORM_POLICIES:
		return policies_wanted(v);
	case CONFORM_AKI:
		return p->aki;
	case CONFORM_EKU:
		return p->n_eku + (v->ctx->attested ? p->n_eku_attested : 0) >
		    0;
	case CONFORM_AIA:
		return (p->aia_ocsp && issuer->ocsp_url) ||
		    (p->aia_issuers && issuer->issuer_url);
	case CONFORM_NOCHECK:
		return p->ocsp_nocheck;
	case CONFORM_NO_REV_AVAIL:
		return p->no_rev_avail;
	case CONFORM_MUD:
		return p->mud_url[0] != '\0';
	case CONFORM_NAME_CONSTRAINTS:
		return p->n_subtrees > 0;
	case CONFORM_MAPPINGS:
		return p->n_mappings > 0;
	case CONFORM_POLICY_CONSTRAINTS:
		return p->has_require_explicit || p->has_inhibit_mapping;
	case CONFORM_INHIBIT_ANY:
		return p->has_inhibit_any;
	default:
		return 0;
	}
}

static int
check_set(struct conform_view *v)
{
	size_t i;
	int want;

	for (i = 0; i < CONFORM_N_EXTS; i++) {
		want = wanted(v, i);
		if (want == 1 && !v->ext[i].present)
			return conform_breach(
			    v, "%s is missing", known[i].name);
		if (want == 0 && v->ext[i].present)
			return conform_breach(v,
			    "%s is there, the profile has none", known[i].name);
	}
	return 1;
}

/* What the profile says. Whatever it has no word for is never critical. */
static int
check_critical(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	const int critical[CONFORM_N_EXTS] = {
	    [CONFORM_KU] = p->key_usage_critical,
	    [CONFORM_EKU] = p->eku_critical,
	    [CONFORM_BC] = p->basic_constraints_critical,
	    [CONFORM_SAN] = p->san_critical || v->n_attrs == 0,
	    [CONFORM_NAME_CONSTRAINTS] = 1,
	    [CONFORM_MAPPINGS] = 1,
	    [CONFORM_POLICY_CONSTRAINTS] = 1,
	    [CONFORM_INHIBIT_ANY] = 1,
	};
	size_t i;

	for (i = 0; i < CONFORM_N_EXTS; i++)
		if (v->ext[i].present && v->ext[i].critical != !!critical[i])
			return conform_breach(v, "%s is %scritical",
			    known[i].name, v->ext[i].critical ? "" : "not ");
	return 1;
}

/* The same from the RFCs alone: a profile may have been compiled wrongly.
   SKI 4.2.1.2, AKI 4.2.1.1, AIA 4.2.2.1, CDP 4.2.1.13; RFC 9608 2. */
static int
check_critical_rfc(struct conform_view *v)
{
	static const int never[] = {CONFORM_SKI, CONFORM_AKI, CONFORM_AIA,
	    CONFORM_CRLDP, CONFORM_NO_REV_AVAIL, CONFORM_NOCHECK};
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (v->ext[never[i]].present && v->ext[never[i]].critical)
			return conform_breach(
			    v, "%s is critical", known[never[i]].name);
	if (v->n_attrs == 0 &&
	    (!v->ext[CONFORM_SAN].present || !v->ext[CONFORM_SAN].critical))
		return conform_breach(
		    v, "subject is empty, and no critical subjectAltName");
	return 1;
}

const struct conform_rule conform_ext_rules[] = {
    {"extension.form", "RFC 5280 4.2, X.690 11.5", check_form},
    {"extension.once", "RFC 5280 4.2", check_once},
    {"extension.known", "profile", check_known},
    {"extension.criticality", "RFC 5280 4.1.2.6, 4.2", check_critical_rfc},
    {"extension.set", "profile", check_set},
    {"extension.critical", "profile", check_critical}, {NULL, NULL, NULL}};
