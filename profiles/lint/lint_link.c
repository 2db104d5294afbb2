#include "profiles/lint/lint_part.h"

/* Rules on where status, CRLs and issuers are found. */

#define AD_OCSP PKIX "\x30\x01"
#define AD_ISSUERS PKIX "\x30\x02"

/* One AccessDescription off the front of ${list}. */
static int
take_access(struct der *list, struct der *method, unsigned char *tag,
    struct der *where)
{
	struct der one;

	return lint_take(list, DER_SEQUENCE, &one) &&
	    lint_take(&one, DER_OID, method) &&
	    lint_take_any(&one, tag, where, NULL) && one.len == 0;
}

static void
access_form(struct lint_view *v, enum lint_ext_id id)
{
	struct der list, method, where;
	unsigned char tag;
	const char *why;

	if (!v->x[id])
		return;
	if (!lint_ext_open(v, id, DER_SEQUENCE, &list) || list.len == 0) {
		lint_say(v, "not a SEQUENCE of one access or more");
		return;
	}
	while (list.len > 0) {
		if (!take_access(&list, &method, &tag, &where)) {
			lint_say(v, "an access is not OID and name");
			return;
		}
		if ((why = lint_general(tag, &where, 0)) != NULL)
			lint_say(v, "%s", why);
	}
}

static void
aia_form(struct lint_view *v)
{
	access_form(v, LINT_X_AIA);
}

static void
sia_form(struct lint_view *v)
{
	access_form(v, LINT_X_SIA);
}

static void
aia_ocsp(struct lint_view *v)
{
	struct der list, method, where;
	unsigned char tag;

	if (!lint_ext_open(v, LINT_X_AIA, DER_SEQUENCE, &list))
		return;
	while (take_access(&list, &method, &tag, &where))
		if (OID_IS(method, AD_OCSP) &&
		    (tag != DER_CONTEXT(6) ||
			(!lint_uri_has(&where, "http") &&
			    !lint_uri_has(&where, "https"))))
			lint_say(v, "OCSP at what is no http address");
}

struct schemes {
	int all, plain, circles; /* http or ldap; https or ldaps */
};

static void
count_scheme(unsigned char tag, const struct der *uri, struct schemes *n)
{
	n->all++;
	if (tag != DER_CONTEXT(6))
		return;
	n->plain += lint_uri_has(uri, "http") || lint_uri_has(uri, "ldap");
	n->circles += lint_uri_has(uri, "https") || lint_uri_has(uri, "ldaps");
}

/* One at least that everybody can fetch, and none that needs the validation for
   which it is fetched (RFC 5280 8). Others, as ftp, may stand beside it. */
static void
say_schemes(struct lint_view *v, const struct schemes *n, const char *what)
{
	if (n->circles > 0)
		lint_say(v, "%s at https or ldaps", what);
	else if (n->plain == 0)
		lint_say(v, "%s at no http or ldap address", what);
}

static void
aia_issuers(struct lint_view *v)
{
	struct schemes n = {0, 0, 0};
	struct der list, method, where;
	unsigned char tag;

	if (!lint_ext_open(v, LINT_X_AIA, DER_SEQUENCE, &list))
		return;
	while (take_access(&list, &method, &tag, &where))
		if (OID_IS(method, AD_ISSUERS))
			count_scheme(tag, &where, &n);
	if (n.all > 0)
		say_schemes(v, &n, "caIssuers");
}

/* ---- distribution points ---------------------------------------------- */

struct point {
	int has_name, has_reasons, has_issuer;
	struct der names;	/* contents of fullName, when there is one */
	const char *bad;
};

static const char *
read_point_name(struct der in, struct point *p)
{
	struct der rdn;

	if (lint_only(in, DER_CONTEXT_CONS(0), &p->names))
		return lint_generals(p->names);
	p->names = (struct der){NULL, 0};
	return lint_only(in, DER_CONTEXT_CONS(1), &rdn) && rdn.len > 0
	    ? NULL
	    : "a point's name is neither full nor relative";
}

static void
read_point(struct der one, struct point *p)
{
	struct der in, names;

	*p = (struct point){0};
	p->has_name = lint_take(&one, DER_CONTEXT_CONS(0), &in);
	if (p->has_name)
		p->bad = read_point_name(in, p);
	p->has_reasons = lint_take(&one, DER_CONTEXT(1), NULL);
	p->has_issuer = lint_take(&one, DER_CONTEXT_CONS(2), &names);
	if (p->has_issuer && !p->bad)
		p->bad = lint_generals(names);
	if (one.len > 0)
		p->bad = "something else in a point";
}

static void
points_form(struct lint_view *v, enum lint_ext_id id)
{
	struct der list, one;
	struct point p;

	if (!v->x[id])
		return;
	if (!lint_ext_open(v, id, DER_SEQUENCE, &list) || list.len == 0) {
		lint_say(v, "not a SEQUENCE of one point or more");
		return;
	}
	while (list.len > 0) {
		if (!lint_take(&list, DER_SEQUENCE, &one)) {
			lint_say(v, "a point is not a SEQUENCE");
			return;
		}
		read_point(one, &p);
		if (p.bad)
			lint_say(v, "%s", p.bad);
	}
}

static void
crldp_form(struct lint_view *v)
{
	points_form(v, LINT_X_CRLDP);
}

static void
freshest_form(struct lint_view *v)
{
	points_form(v, LINT_X_FRESHEST);
}

/* Runs ${look} over the points of both extensions. */
static void
each(struct lint_view *v,
    void (*look)(struct lint_view *, const struct point *))
{
	static const enum lint_ext_id ids[] = {LINT_X_CRLDP, LINT_X_FRESHEST};
	struct der list, one;
	struct point p;
	size_t i;

	for (i = 0; i < N(ids); i++) {
		if (!lint_ext_open(v, ids[i], DER_SEQUENCE, &list))
			continue;
		while (lint_take(&list, DER_SEQUENCE, &one)) {
			read_point(one, &p);
			look(v, &p);
		}
	}
}

static void
where_of(struct lint_view *v, const struct point *p)
{
	if (!p->has_name && !p->has_issuer)
		lint_say(v, "a point with neither name nor cRLIssuer");
}

static void
crldp_where(struct lint_view *v)
{
	each(v, where_of);
}

static void
fetch_of(struct lint_view *v, const struct point *p)
{
	struct schemes n = {0, 0, 0};
	struct der names = p->names, body;
	unsigned char tag;

	while (lint_take_any(&names, &tag, &body, NULL))
		count_scheme(tag, &body, &n);
	if (n.all > 0)
		say_schemes(v, &n, "a point");
}

static void
crldp_fetch(struct lint_view *v)
{
	each(v, fetch_of);
}

static void
all_reasons(struct lint_view *v)
{
	struct der list, one;
	struct point p;
	int n = 0, all = 0;

	if (!lint_ext_open(v, LINT_X_CRLDP, DER_SEQUENCE, &list))
		return;
	for (; lint_take(&list, DER_SEQUENCE, &one); n++) {
		read_point(one, &p);
		all += !p.has_reasons;
	}
	if (n > 0 && all == 0)
		lint_say(v, "no point is for all reasons");
}

static int
has_ocsp(const struct lint_view *v)
{
	struct der list, method, where;
	unsigned char tag;

	if (lint_ext_open(v, LINT_X_AIA, DER_SEQUENCE, &list))
		while (take_access(&list, &method, &tag, &where))
			if (OID_IS(method, AD_OCSP))
				return 1;
	return 0;
}

static void
status_none(struct lint_view *v)
{
	if (v->has_exts && !(v->classes & LINT_IS_SELF) &&
	    !v->x[LINT_X_CRLDP] && !v->x[LINT_X_NOREV] &&
	    !v->x[LINT_X_NOCHECK] && !has_ocsp(v))
		lint_say(v, "neither CRL nor OCSP address, nor noRevAvail");
}

/* ---- noRevAvail (RFC 9608) and ocsp-nocheck --------------------------- */

static void
null_value(struct lint_view *v, enum lint_ext_id id)
{
	struct der null;

	if (v->x[id] && (!lint_ext_open(v, id, DER_NULL, &null) || null.len))
		lint_say(v, "the value is not NULL");
}

static void
norev_value(struct lint_view *v)
{
	null_value(v, LINT_X_NOREV);
}

static void
norev_ca(struct lint_view *v)
{
	if (v->x[LINT_X_NOREV])
		lint_say(v, "noRevAvail in a CA's certificate");
}

static void
norev_mix(struct lint_view *v)
{
	if (v->x[LINT_X_CRLDP] || v->x[LINT_X_FRESHEST] || has_ocsp(v))
		lint_say(v, "noRevAvail beside an address for CRL or OCSP");
}

static void
nocheck_value(struct lint_view *v)
{
	null_value(v, LINT_X_NOCHECK);
}

static void
nocheck_only(struct lint_view *v)
{
	if (v->x[LINT_X_NOCHECK] && !(v->classes & LINT_IS_OCSP))
		lint_say(v, "ocsp-nocheck in what is no delegated responder");
}

static void
ocsp_address(struct lint_view *v)
{
	if (v->x[LINT_X_NOCHECK] && (v->x[LINT_X_CRLDP] || has_ocsp(v)))
		lint_say(v, "ocsp-nocheck beside an address for its status");
}

/* TLS feature (RFC 7633 4): a SEQUENCE of INTEGERs. */
static void
tls_feature(struct lint_view *v)
{
	struct der list, n;

	if (!v->x[LINT_X_TLS_FEATURE])
		return;
	if (!lint_ext_open(v, LINT_X_TLS_FEATURE, DER_SEQUENCE, &list) ||
	    list.len == 0) {
		lint_say(v, "not a SEQUENCE of one feature or more");
		return;
	}
	while (lint_take(&list, DER_INTEGER, &n))
		if (n.len == 0 || n.len > 3 || n.p[0] >= 0x80)
			lint_say(v, "a feature is not 0..65535");
	if (list.len > 0)
		lint_say(v, "a feature is not an INTEGER");
}

#define RULE(id, cite, sev, on, what, f)                                       \
	{{id, cite, sev, LINT_ON_CERT | (on), what}, f}

const struct lint_rule_fn lint_link_rules[] = {
    RULE("aia.form", "RFC 5280 4.2.2.1, 5.2.7", LINT_ERROR, LINT_ON_CRL,
	"authorityInfoAccess is one method and well-formed name or more",
	aia_form),
    RULE("sia.form", "RFC 5280 4.2.2.2", LINT_ERROR, 0,
	"subjectInfoAccess is one method and well-formed name or more",
	sia_form),
    RULE("aia.ocsp", "RFC 6960 3.1, A.1", LINT_WARNING, 0,
	"OCSP is at an http address", aia_ocsp),
    RULE("aia.issuers", "RFC 5280 4.2.2.1, 5.2.7, 8", LINT_WARNING, LINT_ON_CRL,
	"caIssuers is at http or ldap, not https (it leads in circles)",
	aia_issuers),
    RULE("crldp.form", "RFC 5280 4.2.1.13", LINT_ERROR, 0,
	"cRLDistributionPoints is one point or more with well-formed names",
	crldp_form),
    RULE("freshest.form", "RFC 5280 4.2.1.15, 5.2.6", LINT_ERROR, LINT_ON_CRL,
	"freshestCRL is one point or more with well-formed names",
	freshest_form),
    RULE("crldp.where", "RFC 5280 4.2.1.13", LINT_ERROR, LINT_ON_CRL,
	"a point has a name or a cRLIssuer, not reasons alone",
	crldp_where),
    RULE("crldp.fetch", "RFC 5280 4.2.1.13, 8", LINT_WARNING, LINT_ON_CRL,
	"a point is at http or ldap, not https (it leads in circles)",
	crldp_fetch),
    RULE("crldp.reasons", "RFC 5280 4.2.1.13", LINT_ERROR, 0,
	"one point is for all reasons", all_reasons),
    RULE("status.none", "RFC 5280 3.3; RFC 9608", LINT_NOTICE, LINT_IS_END,
	"status can be learnt, or noRevAvail says that there is none",
	status_none),
    RULE("norev.value", "RFC 9608 2", LINT_ERROR, 0, "noRevAvail is NULL",
	norev_value),
    RULE("norev.ca", "RFC 9608 2, 3", LINT_ERROR, LINT_IS_CA,
	"no noRevAvail in a CA", norev_ca),
    RULE("norev.mix", "RFC 9608 3", LINT_ERROR, LINT_IS_NOREV,
	"noRevAvail without CRL and OCSP addresses", norev_mix),
    RULE("nocheck.value", "RFC 6960 4.2.2.2.1", LINT_ERROR, 0,
	"ocsp-nocheck is NULL", nocheck_value),
    RULE("nocheck.only", "RFC 6960 4.2.2.2.1; RFC 9608 1", LINT_WARNING, 0,
	"ocsp-nocheck only in a delegated responder", nocheck_only),
    RULE("nocheck.address", "RFC 6960 4.2.2.2.1; RFC 9919", LINT_WARNING,
	LINT_IS_OCSP, "ocsp-nocheck without an address for its status",
	ocsp_address),
    RULE("tls_feature.form", "RFC 7633 4", LINT_ERROR, 0,
	"TLS feature is one INTEGER of 0..65535 or more", tls_feature),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
