#include <openssl/x509v3.h>
#include "profiles/lint/lint_part.h"

/* Rules on extensions as such, their criticality, and key identifiers. */

#define BOTH (LINT_ON_CERT | LINT_ON_CRL)

static void
list_empty(struct lint_view *v)
{
	if (v->has_exts && v->exts.len == 0)
		lint_say(v, "a list of extensions without one");
}

static void
form(struct lint_view *v)
{
	if (v->ext_bad)
		lint_say(v, "an extension is %s", v->ext_bad);
}

static void
once(struct lint_view *v)
{
	size_t i, k;

	for (i = 0; i < v->n_exts; i++)
		for (k = 0; k < i; k++)
			if (lint_same(&v->ext[i].oid, &v->ext[k].oid)) {
				lint_say(v, "%s is there twice",
				    lint_ext_name(&v->ext[i]));
				break;
			}
}

static void
default_said(struct lint_view *v)
{
	size_t i;

	for (i = 0; i < v->n_exts; i++)
		if (v->ext[i].said && !v->ext[i].critical)
			lint_say(v, "%s: critical FALSE is encoded",
			    lint_ext_name(&v->ext[i]));
}

static void
value_der(struct lint_view *v)
{
	struct der in;
	size_t i;

	for (i = 0; i < v->n_exts; i++) {
		in = v->ext[i].value;
		if (!lint_take_any(&in, NULL, NULL, NULL) || in.len > 0)
			lint_say(v, "%s: its value is not one element",
			    lint_ext_name(&v->ext[i]));
	}
}

static void
critical_unknown(struct lint_view *v)
{
	size_t i;

	for (i = 0; i < v->n_exts; i++)
		if (v->ext[i].critical && v->ext[i].id == LINT_X_N)
			lint_say(v, "critical, and unknown here: who does not "
				    "know it must refuse");
}

static const unsigned char crl_only[] = {
    LINT_X_CRL_NUMBER, LINT_X_DELTA, LINT_X_IDP, LINT_X_EXPIRED};
static const unsigned char cert_only[] = {LINT_X_SDA, LINT_X_SKI, LINT_X_KU,
    LINT_X_SAN, LINT_X_BC, LINT_X_NC, LINT_X_CRLDP, LINT_X_POLICIES,
    LINT_X_MAPPINGS, LINT_X_PC, LINT_X_EKU, LINT_X_IAP, LINT_X_NOREV,
    LINT_X_SIA, LINT_X_NOCHECK};

static void
misplaced(struct lint_view *v)
{
	const unsigned char *ids = v->on == LINT_ON_CRL ? cert_only : crl_only;
	size_t i, n =
	    v->on == LINT_ON_CRL ? sizeof(cert_only) : sizeof(crl_only);

	for (i = 0; i < n; i++)
		if (v->x[ids[i]])
			lint_say(v, "%s has no meaning in a %s",
			    lint_ext_name(v->x[ids[i]]),
			    v->on == LINT_ON_CRL ? "CRL" : "certificate");
}

/* ---- criticality: tables of what must and must not -------------------- */

static void
criticality(struct lint_view *v, const unsigned char *ids, size_t n, int must)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v->x[ids[i]] && v->x[ids[i]]->critical != must)
			lint_say(v, "%s is %scritical",
			    lint_ext_name(v->x[ids[i]]), must ? "not " : "");
}

static void
critical_must(struct lint_view *v)
{
	static const unsigned char ids[] = {LINT_X_NC, LINT_X_PC, LINT_X_IAP};

	criticality(v, ids, sizeof(ids), 1);
}

static void
critical_never(struct lint_view *v)
{
	static const unsigned char ids[] = {LINT_X_AKI, LINT_X_SKI, LINT_X_SDA,
	    LINT_X_FRESHEST, LINT_X_AIA, LINT_X_SIA, LINT_X_NOREV,
	    LINT_X_AAGUID};

	criticality(v, ids, sizeof(ids), 0);
}

static void
critical_should(struct lint_view *v)
{
	static const unsigned char ids[] = {LINT_X_KU, LINT_X_MAPPINGS};

	criticality(v, ids, sizeof(ids), 1);
}

static void
critical_should_not(struct lint_view *v)
{
	static const unsigned char ids[] = {LINT_X_IAN, LINT_X_CRLDP,
	    LINT_X_NOCHECK, LINT_X_TLS_FEATURE, LINT_X_MUD, LINT_X_MASA,
	    LINT_X_CMW};

	criticality(v, ids, sizeof(ids), 0);
}

static void
critical_bc(struct lint_view *v)
{
	if (!v->x[LINT_X_BC]->critical &&
	    (!v->x[LINT_X_KU] || (v->ku & KU_KEY_CERT_SIGN)))
		lint_say(v, "cA in a basicConstraints that is not critical");
}

static void
critical_san(struct lint_view *v)
{
	if (v->subject.n > 0 && v->x[LINT_X_SAN] && v->x[LINT_X_SAN]->critical)
		lint_say(v, "subjectAltName is critical beside a subject");
}

static void
critical_any_eku(struct lint_view *v)
{
	if ((v->eku & EKU_ANY) && v->x[LINT_X_EKU]->critical)
		lint_say(v, "anyExtendedKeyUsage in a critical extension");
}

/* ---- key identifiers -------------------------------------------------- */

struct aki {
	int has_id, has_issuer, has_serial;
	struct der id;
};

static int
read_aki(const struct lint_view *v, struct aki *a)
{
	struct der seq, names;

	*a = (struct aki){0};
	if (!lint_ext_open(v, LINT_X_AKI, DER_SEQUENCE, &seq))
		return 0;
	a->has_id = lint_take(&seq, DER_CONTEXT(0), &a->id);
	a->has_issuer = lint_take(&seq, DER_CONTEXT_CONS(1), &names);
	a->has_serial = lint_take(&seq, DER_CONTEXT(2), NULL);
	return seq.len == 0 && !(a->has_id && a->id.len == 0) &&
	    !(a->has_issuer && lint_generals(names));
}

static void
aki_form(struct lint_view *v)
{
	struct aki a;

	if (v->x[LINT_X_AKI] && !read_aki(v, &a))
		lint_say(v, "not a SEQUENCE of key identifier, issuer, serial");
}

static void
aki_pair(struct lint_view *v)
{
	struct aki a;

	if (read_aki(v, &a) && a.has_issuer != a.has_serial)
		lint_say(v, "issuer and serial number are not both there");
}

/* Only a self-signed certificate may do without (4.2.1.1). Without its issuer's
   key, a self-issued one is taken for that. */
static void
aki_present(struct lint_view *v)
{
	struct aki a;

	if (v->has_exts && !(v->classes & LINT_IS_SELF) &&
	    (!v->x[LINT_X_AKI] || (read_aki(v, &a) && !a.has_id)))
		lint_say(v, "no key identifier of the issuer");
}

/* Of a self-signed certificate they are one. A CA's new key that its old one
   signs (RFC 4210 4.4) is self-issued too: there they differ, rightly. */
static void
aki_self(struct lint_view *v)
{
	struct der ski;
	struct aki a;

	if (read_aki(v, &a) && a.has_id &&
	    lint_ext_open(v, LINT_X_SKI, DER_OCTET_STRING, &ski) &&
	    !lint_same(&a.id, &ski))
		lint_say(v, "issuer is subject, but the key identifiers "
			    "differ: another key signed");
}

static void
ski_form(struct lint_view *v)
{
	struct der id;

	if (v->x[LINT_X_SKI] &&
	    (!lint_ext_open(v, LINT_X_SKI, DER_OCTET_STRING, &id) ||
		id.len == 0))
		lint_say(v, "not an OCTET STRING with contents");
}

static void
ski_ca(struct lint_view *v)
{
	if (!v->x[LINT_X_SKI])
		lint_say(v, "a CA without a subjectKeyIdentifier");
}

/* RFC 5280 wants one, IEEE 802.1AR rather none in a device's. */
static void
ski_end(struct lint_view *v)
{
	if (v->has_exts && !v->x[LINT_X_SKI] &&
	    !(v->classes & LINT_IS_DEVICE))
		lint_say(v, "no subjectKeyIdentifier");
}

#define EXT(id, cite, sev, on, what, f)                                        \
	{{"extension." id, cite, sev, on, what}, f}
#define CRIT(id, cite, sev, on, what, f)                                       \
	{{"critical." id, cite, sev, on, what}, f}

const struct lint_rule_fn lint_ext_rules[] = {
    EXT("list", "RFC 5280 4.1, 5.1", LINT_ERROR, BOTH,
	"the list of extensions is absent or has one", list_empty),
    EXT("form", "RFC 5280 4.1", LINT_ERROR, BOTH,
	"an extension is OID, critical flag, OCTET STRING", form),
    EXT("once", "RFC 5280 4.2, 5.2", LINT_ERROR, BOTH,
	"each extension once", once),
    EXT("default", "X.690 11.5", LINT_ERROR, BOTH,
	"critical FALSE is not encoded", default_said),
    EXT("value", "RFC 5280 4.1, 4.2", LINT_ERROR, BOTH,
	"the OCTET STRING holds exactly one element", value_der),
    EXT("critical_unknown", "RFC 5280 4.2, 5.2", LINT_WARNING, BOTH,
	"no critical extension that is unknown here", critical_unknown),
    EXT("misplaced", "RFC 5280 4.2, 5.2", LINT_WARNING, BOTH,
	"no extension of a CRL in a certificate, nor the other way",
	misplaced),
    CRIT("must", "RFC 5280 4.2.1.10, 4.2.1.11, 4.2.1.14", LINT_ERROR,
	LINT_ON_CERT,
	"nameConstraints, policyConstraints, inhibitAnyPolicy are critical",
	critical_must),
    CRIT("never",
	"RFC 5280 4.2.1.1, 4.2.1.2, 4.2.1.8, 4.2.1.15, 4.2.2, 5.2.6, 5.2.7; "
	"RFC 9608 2; WebAuthn 8.2.1",
	LINT_ERROR, BOTH,
	"AKI, SKI, subjectDirectoryAttributes, freshestCRL, AIA, SIA, "
	"noRevAvail, AAGUID are not critical",
	critical_never),
    CRIT("should", "RFC 5280 4.2.1.3, 4.2.1.5", LINT_WARNING, LINT_ON_CERT,
	"keyUsage and policyMappings are critical", critical_should),
    CRIT("should_not",
	"RFC 5280 4.2.1.7, 4.2.1.13; RFC 6960 4.2.2.2.1; RFC 7633 4; RFC 8520 "
	"11; RFC 8995 2.3.2; RFC 9999 4.4",
	LINT_WARNING, BOTH,
	"issuerAltName, cRLDistributionPoints, ocsp-nocheck, TLS feature, "
	"MUD, MASA, CMW are not critical",
	critical_should_not),
    CRIT("ca", "RFC 5280 4.2.1.9", LINT_ERROR, LINT_ON_CERT | LINT_IS_CA,
	"basicConstraints of a CA that signs certificates is critical",
	critical_bc),
    CRIT("san", "RFC 5280 4.2.1.6", LINT_WARNING, LINT_ON_CERT,
	"subjectAltName beside a subject is not critical", critical_san),
    CRIT("any_eku", "RFC 5280 4.2.1.12", LINT_WARNING, LINT_ON_CERT,
	"anyExtendedKeyUsage is not in a critical extension",
	critical_any_eku),
    {{"aki.form", "RFC 5280 4.2.1.1", LINT_ERROR, BOTH,
	 "AKI is key identifier, issuer and serial number"},
	aki_form},
    {{"aki.pair", "RFC 5280 A.2", LINT_ERROR, BOTH,
	 "AKI has issuer and serial number, or neither"},
	aki_pair},
    {{"aki.present", "RFC 5280 4.2.1.1", LINT_ERROR, LINT_ON_CERT,
	 "AKI with a key identifier in all but the self-signed"},
	aki_present},
    {{"aki.self", "RFC 5280 4.2.1.1; RFC 4210 4.4", LINT_NOTICE,
	 LINT_ON_CERT | LINT_IS_SELF,
	 "AKI of a self-issued one is its SKI, unless its CA changed keys"},
	aki_self},
    {{"ski.form", "RFC 5280 4.2.1.2", LINT_ERROR, LINT_ON_CERT,
	 "SKI is an OCTET STRING with contents"},
	ski_form},
    {{"ski.ca", "RFC 5280 4.2.1.2", LINT_ERROR, LINT_ON_CERT | LINT_IS_CA,
	 "a CA has SKI"},
	ski_ca},
    {{"ski.end", "RFC 5280 4.2.1.2; IEEE 802.1AR-2018 8.10.2", LINT_NOTICE,
	 LINT_ON_CERT | LINT_IS_END, "an end entity but a device has SKI"},
	ski_end},
    {{NULL, NULL, 0, 0, NULL}, NULL}};
