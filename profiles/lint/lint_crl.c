#include "profiles/lint/lint_part.h"

/* Rules on a CRL but its entries. */

static void
version(struct lint_view *v)
{
	if (!v->has_version || v->version.len != 1 || v->version.p[0] != 1)
		lint_say(v, "version is not v2");
}

static void
next_update(struct lint_view *v)
{
	if (!v->time[1].tag)
		lint_say(v, "no nextUpdate");
}

static void
order(struct lint_view *v)
{
	if (v->time[0].ok && v->time[1].ok &&
	    v->time[1].seconds <= v->time[0].seconds)
		lint_say(v, "nextUpdate is not after thisUpdate");
}

static void
revoked_empty(struct lint_view *v)
{
	if (v->has_revoked && v->revoked.len == 0)
		lint_say(v, "a list of entries without one");
}

static void
extensions(struct lint_view *v)
{
	if (!v->has_exts)
		lint_say(v, "no extensions: neither number nor AKI");
}

/* An INTEGER extension that counts CRLs. */
static int
number_of(const struct lint_view *v, enum lint_ext_id id, struct der *n)
{
	return lint_ext_open(v, id, DER_INTEGER, n) && n->len > 0 &&
	    n->p[0] < 0x80;
}

static void
number_present(struct lint_view *v)
{
	if (v->has_exts && !v->x[LINT_X_CRL_NUMBER])
		lint_say(v, "no cRLNumber");
}

static void
number_form(struct lint_view *v)
{
	struct der n;

	if (v->x[LINT_X_CRL_NUMBER] && !number_of(v, LINT_X_CRL_NUMBER, &n))
		lint_say(v, "not an INTEGER of 0 or more");
}

static void
number_length(struct lint_view *v)
{
	struct der n;

	if (number_of(v, LINT_X_CRL_NUMBER, &n) && n.len > 20)
		lint_say(v, "%zu octets", n.len);
}

static void
not_critical(struct lint_view *v, enum lint_ext_id id)
{
	if (v->x[id] && v->x[id]->critical)
		lint_say(v, "%s is critical", lint_ext_name(v->x[id]));
}

static void
number_critical(struct lint_view *v)
{
	not_critical(v, LINT_X_CRL_NUMBER);
}

static void
aki_present(struct lint_view *v)
{
	struct der seq;

	if (!lint_ext_open(v, LINT_X_AKI, DER_SEQUENCE, &seq) ||
	    !der_next_is(&seq, DER_CONTEXT(0)))
		lint_say(v, "no key identifier of the issuer");
}

/* ---- issuingDistributionPoint ----------------------------------------- */

int
lint_idp(const struct lint_view *v, struct lint_idp *idp)
{
	static const unsigned char tags[] = {1, 2, 4, 5};
	struct der seq, b;
	size_t i;

	*idp = (struct lint_idp){0};
	if (!v->x[LINT_X_IDP])
		return 1;
	if (!lint_ext_open(v, LINT_X_IDP, DER_SEQUENCE, &seq))
		return 0;
	idp->has_name = lint_take(&seq, DER_CONTEXT_CONS(0), &idp->name);
	for (i = 0; i < N(tags); i++) {
		if (tags[i] == 4)
			idp->has_reasons = lint_take(&seq, DER_CONTEXT(3), &b);
		if (!lint_take(&seq, DER_CONTEXT(tags[i]), &b))
			continue;
		if (b.len != 1)
			return 0;
		idp->flag[i] = b.p[0] != 0;
		idp->said_false |= b.p[0] == 0;
	}
	return seq.len == 0;
}

static void
idp_form(struct lint_view *v)
{
	struct lint_idp idp;
	struct der names;

	if (!lint_idp(v, &idp))
		lint_say(v, "not a SEQUENCE of its fields");
	else if (idp.has_name &&
	    lint_only(idp.name, DER_CONTEXT_CONS(0), &names) &&
	    lint_generals(names))
		lint_say(v, "%s", lint_generals(names));
}

static void
idp_empty(struct lint_view *v)
{
	struct der seq;

	if (lint_ext_open(v, LINT_X_IDP, DER_SEQUENCE, &seq) && seq.len == 0)
		lint_say(v, "an empty SEQUENCE");
}

static void
idp_critical(struct lint_view *v)
{
	if (v->x[LINT_X_IDP] && !v->x[LINT_X_IDP]->critical)
		lint_say(v, "issuingDistributionPoint is not critical");
}

static void
idp_default(struct lint_view *v)
{
	struct lint_idp idp;

	if (lint_idp(v, &idp) && idp.said_false)
		lint_say(v, "a flag that is FALSE is encoded");
}

static void
idp_scope(struct lint_view *v)
{
	struct lint_idp idp;

	if (lint_idp(v, &idp) && idp.flag[0] + idp.flag[1] + idp.flag[3] > 1)
		lint_say(v, "only user, only CA, only attribute certificates "
			    "at once");
	else if (lint_idp(v, &idp) && idp.flag[3])
		lint_say(v, "only attribute certificates");
}

/* ---- deltas ----------------------------------------------------------- */

static void
delta_critical(struct lint_view *v)
{
	if (!v->x[LINT_X_DELTA]->critical)
		lint_say(v, "deltaCRLIndicator is not critical");
}

static void
delta_form(struct lint_view *v)
{
	struct der n;

	if (!number_of(v, LINT_X_DELTA, &n))
		lint_say(v, "the base's number is not an INTEGER of 0 or more");
}

/* Numbers as octets, shortest form: longer is larger. */
static int
above(const struct der *a, const struct der *b)
{
	size_t i;

	if (a->len != b->len)
		return a->len > b->len;
	for (i = 0; i < a->len; i++)
		if (a->p[i] != b->p[i])
			return a->p[i] > b->p[i];
	return 0;
}

static void
delta_base(struct lint_view *v)
{
	struct der base, n;

	if (number_of(v, LINT_X_DELTA, &base) &&
	    number_of(v, LINT_X_CRL_NUMBER, &n) && !above(&n, &base))
		lint_say(v, "the base's number is not below the delta's own");
}

static void
delta_freshest(struct lint_view *v)
{
	if (v->x[LINT_X_FRESHEST])
		lint_say(v, "freshestCRL in a delta");
}

/* ---- others ----------------------------------------------------------- */

/* Where a delta is: names alone. */
static void
freshest_names(struct lint_view *v)
{
	struct der list, one;

	if (!lint_ext_open(v, LINT_X_FRESHEST, DER_SEQUENCE, &list))
		return;
	while (lint_take(&list, DER_SEQUENCE, &one)) {
		lint_take(&one, DER_CONTEXT_CONS(0), NULL);
		if (one.len > 0)
			lint_say(v, "freshestCRL with reasons or cRLIssuer");
	}
}

/* Who signed the CRL, and nothing else. */
static void
aia_alone(struct lint_view *v)
{
	struct der list, one, method;

	if (!lint_ext_open(v, LINT_X_AIA, DER_SEQUENCE, &list))
		return;
	while (lint_take(&list, DER_SEQUENCE, &one))
		if (lint_take(&one, DER_OID, &method) &&
		    !OID_IS(method, PKIX "\x30\x02")) {
			lint_say(v, "another access than caIssuers");
			return;
		}
}

static void
expired_form(struct lint_view *v)
{
	struct lint_time t = {.tag = DER_GENERALIZEDTIME};

	if (!v->x[LINT_X_EXPIRED])
		return;
	if (lint_ext_open(v, LINT_X_EXPIRED, DER_GENERALIZEDTIME, &t.body))
		lint_time_read(&t);
	if (!t.ok)
		lint_say(v, "expiredCertsOnCRL is not a GeneralizedTime");
}

static void
expired_critical(struct lint_view *v)
{
	not_critical(v, LINT_X_EXPIRED);
}

static void
expired_order(struct lint_view *v)
{
	struct lint_time t = {.tag = DER_GENERALIZEDTIME};

	if (lint_ext_open(v, LINT_X_EXPIRED, DER_GENERALIZEDTIME, &t.body))
		lint_time_read(&t);
	if (t.ok && v->time[0].ok && t.seconds > v->time[0].seconds)
		lint_say(v, "expiredCertsOnCRL lies after thisUpdate");
}

#define CRL(id, cite, sev, is, what, f)                                        \
	{{"crl." id, cite, sev, LINT_ON_CRL | (is), what}, f}

const struct lint_rule_fn lint_crl_rules[] = {
    CRL("version", "RFC 5280 5.1.2.1", LINT_ERROR, 0, "version is v2",
	version),
    CRL("next_update", "RFC 5280 5.1.2.5", LINT_ERROR, 0,
	"nextUpdate is there", next_update),
    CRL("order", "RFC 5280 5.1.2.4, 5.1.2.5", LINT_ERROR, 0,
	"nextUpdate is after thisUpdate", order),
    CRL("revoked", "RFC 5280 5.1.2.6", LINT_ERROR, 0,
	"revokedCertificates is absent or has an entry", revoked_empty),
    CRL("extensions", "RFC 5280 5.2", LINT_ERROR, 0,
	"a CRL has extensions", extensions),
    CRL("number", "RFC 5280 5.2.3", LINT_ERROR, 0, "cRLNumber is there",
	number_present),
    CRL("number_form", "RFC 5280 5.2.3", LINT_ERROR, 0,
	"cRLNumber is an INTEGER that is not negative", number_form),
    CRL("number_length", "RFC 5280 5.2.3", LINT_ERROR, 0,
	"cRLNumber has 20 octets or fewer", number_length),
    CRL("number_critical", "RFC 5280 5.2.3", LINT_ERROR, 0,
	"cRLNumber is not critical", number_critical),
    CRL("aki", "RFC 5280 5.2.1", LINT_ERROR, 0,
	"AKI with a key identifier", aki_present),
    CRL("idp_form", "RFC 5280 5.2.5", LINT_ERROR, 0,
	"issuingDistributionPoint is its fields, in order", idp_form),
    CRL("idp_empty", "RFC 5280 5.2.5", LINT_ERROR, 0,
	"issuingDistributionPoint is not empty", idp_empty),
    CRL("idp_critical", "RFC 5280 5.2.5", LINT_ERROR, 0,
	"issuingDistributionPoint is critical", idp_critical),
    CRL("idp_default", "X.690 11.5", LINT_ERROR, 0,
	"flags that are FALSE are not encoded", idp_default),
    CRL("idp_scope", "RFC 5280 5.2.5", LINT_ERROR, 0,
	"at most one scope, and not attribute certificates", idp_scope),
    CRL("delta_critical", "RFC 5280 5.2.4", LINT_ERROR, LINT_IS_DELTA,
	"deltaCRLIndicator is critical", delta_critical),
    CRL("delta_form", "RFC 5280 5.2.4", LINT_ERROR, LINT_IS_DELTA,
	"the base's number is an INTEGER that is not negative", delta_form),
    CRL("delta_base", "RFC 5280 5.2.4", LINT_ERROR, LINT_IS_DELTA,
	"the base's number is below cRLNumber", delta_base),
    CRL("delta_freshest", "RFC 5280 5.2.6", LINT_ERROR, LINT_IS_DELTA,
	"no freshestCRL in a delta", delta_freshest),
    CRL("freshest_names", "RFC 5280 5.2.6", LINT_ERROR, 0,
	"freshestCRL has neither reasons nor cRLIssuer", freshest_names),
    CRL("aia", "RFC 5280 5.2.7", LINT_ERROR, 0,
	"authorityInfoAccess is caIssuers alone", aia_alone),
    CRL("expired_form", "X.509, expiredCertsOnCRL", LINT_ERROR, 0,
	"expiredCertsOnCRL is a GeneralizedTime", expired_form),
    CRL("expired_critical", "X.509, expiredCertsOnCRL", LINT_ERROR, 0,
	"expiredCertsOnCRL is not critical", expired_critical),
    CRL("expired_order", "X.509, expiredCertsOnCRL", LINT_WARNING, 0,
	"expiredCertsOnCRL is not after thisUpdate", expired_order),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
