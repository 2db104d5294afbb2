#include <openssl/x509v3.h>
#include "profiles/lint/lint_part.h"

/* Rules on keyUsage, basicConstraints and extKeyUsage. */

#define KU_ENC (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT)
#define KU_ONLY (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)
#define KU_SIGN                                                                \
	(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_CERT_SIGN |        \
	    KU_CRL_SIGN)

static int
ku_bits(const struct lint_view *v, struct der *b)
{
	return lint_ext_open(v, LINT_X_KU, DER_BIT_STRING, b) && b->len > 0;
}

static void
ku_form(struct lint_view *v)
{
	struct der b;

	if (!v->x[LINT_X_KU])
		return;
	if (!ku_bits(v, &b))
		lint_say(v, "not a BIT STRING");
	else if (b.len > 3 || (b.len == 3 && (b.p[2] & 0x7f)))
		lint_say(v, "bits that are not defined");
}

static void
ku_some(struct lint_view *v)
{
	struct der b;

	if (ku_bits(v, &b) && v->ku == 0)
		lint_say(v, "no usage at all");
}

/* A named bit list: the last bit that is counted is one (X.690 11.2.2). */
static void
ku_trailing(struct lint_view *v)
{
	struct der b;

	if (ku_bits(v, &b) && b.len > 1 && b.p[0] < 8 &&
	    !(b.p[b.len - 1] & 1u << b.p[0]))
		lint_say(v, "trailing zero bits");
}

static void
ku_cert_sign(struct lint_view *v)
{
	if ((v->ku & KU_KEY_CERT_SIGN) && !(v->classes & LINT_IS_CA))
		lint_say(v, "keyCertSign without cA");
}

static void
ku_ca(struct lint_view *v)
{
	if (!v->x[LINT_X_KU])
		lint_say(v, "a CA without keyUsage");
}

/* cA without keyCertSign may be (4.2.1.9): a key for CRLs alone. It is rather
   a mistake. */
static void
ku_ca_sign(struct lint_view *v)
{
	if (v->x[LINT_X_KU] && !(v->ku & KU_KEY_CERT_SIGN))
		lint_say(v, "a CA that may not sign certificates");
}

static void
ku_crl_sign(struct lint_view *v)
{
	if (v->x[LINT_X_KU] && !(v->ku & KU_CRL_SIGN))
		lint_say(v, "a CA that may not sign its CRLs");
}

static void
ku_only(struct lint_view *v)
{
	if ((v->ku & KU_ONLY) && !(v->ku & KU_KEY_AGREEMENT))
		lint_say(v, "encipherOnly or decipherOnly without keyAgreement");
	else if ((v->ku & KU_ONLY) == KU_ONLY)
		lint_say(v, "encipherOnly and decipherOnly");
}

static void
never(struct lint_view *v, unsigned bits)
{
	if (v->ku & bits)
		lint_say(v, "usage %04x must not be with this key",
		    v->ku & bits);
}

static void
ku_ec(struct lint_view *v)
{
	if (v->key == LINT_K_EC)
		never(v, KU_ENC);
}

static void
ku_ed(struct lint_view *v)
{
	if (v->key == LINT_K_ED)
		never(v, KU_ENC | KU_KEY_AGREEMENT | KU_ONLY);
}

static void
ku_x(struct lint_view *v)
{
	if (v->key != LINT_K_X || !v->x[LINT_X_KU])
		return;
	if (!(v->ku & KU_KEY_AGREEMENT))
		lint_say(v, "X25519 or X448 without keyAgreement");
	never(v, KU_ENC | KU_SIGN);
}

static void
ku_rsa(struct lint_view *v)
{
	if (v->key == LINT_K_RSA)
		never(v, KU_KEY_AGREEMENT | KU_ONLY);
	if (v->key == LINT_K_PSS)
		never(v, KU_ENC | KU_KEY_AGREEMENT | KU_ONLY);
}

static void
ku_pq(struct lint_view *v)
{
	if (v->key == LINT_K_PQ_SIGN)
		never(v, KU_ENC | KU_KEY_AGREEMENT | KU_ONLY);
	if (v->key == LINT_K_PQ_KEM && v->x[LINT_X_KU] &&
	    v->ku != KU_KEY_ENCIPHERMENT)
		lint_say(v, "ML-KEM is for keyEncipherment alone");
}

/* ---- basicConstraints ------------------------------------------------- */

static void
bc_form(struct lint_view *v)
{
	int is_ca;
	long path;

	if (!lint_bc(v, &is_ca, &path))
		lint_say(v, "not a SEQUENCE of cA and a path length");
}

static void
bc_default(struct lint_view *v)
{
	struct der seq, flag;

	if (lint_ext_open(v, LINT_X_BC, DER_SEQUENCE, &seq) &&
	    lint_take(&seq, DER_BOOLEAN, &flag) && flag.len == 1 &&
	    flag.p[0] == 0)
		lint_say(v, "cA FALSE is encoded");
}

static void
bc_path(struct lint_view *v)
{
	int is_ca;
	long path;

	if (!lint_bc(v, &is_ca, &path) || path < 0)
		return;
	if (!is_ca)
		lint_say(v, "a path length without cA");
	else if (!(v->ku & KU_KEY_CERT_SIGN))
		lint_say(v, "a path length without keyCertSign");
}

/* ---- extKeyUsage ------------------------------------------------------ */

static void
eku_form(struct lint_view *v)
{
	struct der list, oid;

	if (!v->x[LINT_X_EKU])
		return;
	if (!lint_ext_open(v, LINT_X_EKU, DER_SEQUENCE, &list) ||
	    list.len == 0) {
		lint_say(v, "not a SEQUENCE of one purpose or more");
		return;
	}
	while (lint_take(&list, DER_OID, &oid))
		;
	if (list.len > 0)
		lint_say(v, "a purpose is not an OBJECT IDENTIFIER");
}

static void
eku_once(struct lint_view *v)
{
	struct der list, rest, oid, other;

	if (!lint_ext_open(v, LINT_X_EKU, DER_SEQUENCE, &list) ||
	    v->n_eku > LINT_EXTS_MAX)
		return;
	while (lint_take(&list, DER_OID, &oid)) {
		rest = list;
		while (lint_take(&rest, DER_OID, &other))
			if (lint_same(&oid, &other)) {
				lint_say(v, "a purpose is there twice");
				return;
			}
	}
}

/* Purposes and the usages of which they need one (4.2.1.12). */
static void
eku_usage(struct lint_view *v)
{
	static const struct {
		unsigned eku, ku;
		const char *name;
	} all[] = {
	    {EKU_SERVER,
		KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT,
		"serverAuth"},
	    {EKU_CLIENT, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT,
		"clientAuth"},
	    {EKU_CODE, KU_DIGITAL_SIGNATURE, "codeSigning"},
	    {EKU_EMAIL,
		KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION |
		    KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT,
		"emailProtection"},
	    {EKU_TSA, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION,
		"timeStamping"},
	    {EKU_OCSP, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION,
		"OCSPSigning"}};
	size_t i;

	for (i = 0; v->x[LINT_X_KU] && i < N(all); i++)
		if ((v->eku & all[i].eku) && !(v->ku & all[i].ku))
			lint_say(v, "%s without a usage that it needs",
			    all[i].name);
}

#define RULE(id, cite, sev, is, what, f)                                       \
	{{id, cite, sev, LINT_ON_CERT | (is), what}, f}

const struct lint_rule_fn lint_usage_rules[] = {
    RULE("ku.form", "RFC 5280 4.2.1.3", LINT_ERROR, 0,
	"keyUsage is a BIT STRING of the nine defined bits", ku_form),
    RULE("ku.some", "RFC 5280 4.2.1.3", LINT_ERROR, 0,
	"keyUsage has one bit or more", ku_some),
    RULE("ku.trailing", "X.690 11.2.2", LINT_ERROR, 0,
	"keyUsage has no trailing zero bits", ku_trailing),
    RULE("ku.cert_sign", "RFC 5280 4.2.1.3, 4.2.1.9", LINT_ERROR, 0,
	"keyCertSign only in a CA", ku_cert_sign),
    RULE("ku.ca", "RFC 5280 4.2.1.3", LINT_ERROR, LINT_IS_CA,
	"a CA has keyUsage", ku_ca),
    RULE("ku.ca_sign", "RFC 5280 4.2.1.3, 4.2.1.9", LINT_WARNING, LINT_IS_CA,
	"a CA's keyUsage has keyCertSign", ku_ca_sign),
    RULE("ku.crl_sign", "RFC 5280 4.2.1.3", LINT_NOTICE, LINT_IS_CA,
	"a CA has cRLSign", ku_crl_sign),
    RULE("ku.only", "RFC 5280 4.2.1.3", LINT_WARNING, 0,
	"encipherOnly or decipherOnly goes with keyAgreement", ku_only),
    RULE("ku.ec", "RFC 8813 3", LINT_ERROR, 0,
	"EC keys have neither keyEncipherment nor dataEncipherment", ku_ec),
    RULE("ku.ed", "RFC 9295 3", LINT_ERROR, 0,
	"Ed25519 and Ed448 only sign", ku_ed),
    RULE("ku.x", "RFC 9295 3", LINT_ERROR, 0,
	"X25519 and X448 have keyAgreement and sign nothing", ku_x),
    RULE("ku.rsa", "RFC 3279 2.3.1, RFC 4055 1.2", LINT_ERROR, 0,
	"RSA keys agree on nothing; RSASSA-PSS keys only sign", ku_rsa),
    RULE("ku.pq", "RFC 9881 5, RFC 9909 6, RFC 9935 5", LINT_ERROR, 0,
	"ML-DSA and SLH-DSA only sign, ML-KEM has keyEncipherment alone",
	ku_pq),
    RULE("bc.form", "RFC 5280 4.2.1.9", LINT_ERROR, 0,
	"basicConstraints is cA and a path length that is not negative",
	bc_form),
    RULE("bc.default", "X.690 11.5", LINT_ERROR, 0,
	"cA FALSE is not encoded", bc_default),
    RULE("bc.path", "RFC 5280 4.2.1.9", LINT_ERROR, 0,
	"a path length goes with cA and keyCertSign", bc_path),
    RULE("eku.form", "RFC 5280 4.2.1.12", LINT_ERROR, 0,
	"extKeyUsage is one OBJECT IDENTIFIER or more", eku_form),
    RULE("eku.once", "RFC 5280 4.2.1.12", LINT_WARNING, 0,
	"each purpose once", eku_once),
    RULE("eku.usage", "RFC 5280 4.2.1.12", LINT_WARNING, LINT_IS_END,
	"each purpose has a key usage with which it can be", eku_usage),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
