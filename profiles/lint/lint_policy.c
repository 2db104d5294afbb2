#include "profiles/lint/lint_part.h"

/* Rules on policies and on what constrains paths. */

#define QT_CPS PKIX "\x02\x01"
#define QT_NOTICE PKIX "\x02\x02"
#define EXPLICIT_MAX 200 /* characters */

/* The takers below leave what they cannot read at the front of the list. */

/* One PolicyInformation off the front; ${quals} empty when there are none. */
static int
take_policy(struct der *list, struct der *oid, struct der *quals, int *has)
{
	struct der rest = *list, one;

	*quals = (struct der){NULL, 0};
	if (!lint_take(&rest, DER_SEQUENCE, &one) ||
	    !lint_take(&one, DER_OID, oid))
		return 0;
	*has = lint_take(&one, DER_SEQUENCE, quals);
	if (one.len > 0)
		return 0;
	*list = rest;
	return 1;
}

static int
take_qualifier(struct der *quals, struct der *oid, struct der *value)
{
	struct der rest = *quals, one;

	if (!lint_take(&rest, DER_SEQUENCE, &one) ||
	    !lint_take(&one, DER_OID, oid) ||
	    !lint_take_any(&one, NULL, NULL, value) || one.len > 0)
		return 0;
	*quals = rest;
	return 1;
}

static void
policies_form(struct lint_view *v)
{
	struct der list, oid, quals, type, value;
	int has;

	if (!v->x[LINT_X_POLICIES])
		return;
	if (!lint_ext_open(v, LINT_X_POLICIES, DER_SEQUENCE, &list) ||
	    list.len == 0) {
		lint_say(v, "not a SEQUENCE of one policy or more");
		return;
	}
	while (list.len > 0) {
		if (!take_policy(&list, &oid, &quals, &has)) {
			lint_say(v, "a policy is not OID and qualifiers");
			return;
		}
		if (has && quals.len == 0)
			lint_say(v, "a list of qualifiers without one");
		while (take_qualifier(&quals, &type, &value))
			;
		if (quals.len > 0)
			lint_say(v, "a qualifier is not OID and value");
	}
}

static void
policies_once(struct lint_view *v)
{
	struct der list, rest, oid, other, quals;
	int has, n = 0;

	if (!lint_ext_open(v, LINT_X_POLICIES, DER_SEQUENCE, &list))
		return;
	while (n++ < LINT_EXTS_MAX && take_policy(&list, &oid, &quals, &has)) {
		rest = list;
		while (take_policy(&rest, &other, &quals, &has))
			if (lint_same(&oid, &other)) {
				lint_say(v, "a policy is there twice");
				return;
			}
	}
}

struct qualifier {
	struct der policy, type, value;
};

/* Runs ${look} over every qualifier of every policy. */
static void
each(struct lint_view *v,
    void (*look)(struct lint_view *, const struct qualifier *))
{
	struct der list, quals;
	struct qualifier q;
	int has;

	if (!lint_ext_open(v, LINT_X_POLICIES, DER_SEQUENCE, &list))
		return;
	while (take_policy(&list, &q.policy, &quals, &has))
		while (take_qualifier(&quals, &q.type, &q.value))
			look(v, &q);
}

static int
qualifier_known(const struct qualifier *q)
{
	return OID_IS(q->type, QT_CPS) || OID_IS(q->type, QT_NOTICE);
}

static void
any_of(struct lint_view *v, const struct qualifier *q)
{
	if (OID_IS(q->policy, ANY_POLICY) && !qualifier_known(q))
		lint_say(v, "anyPolicy with a qualifier of another type");
}

static void
policies_any(struct lint_view *v)
{
	each(v, any_of);
}

static void
type_of(struct lint_view *v, const struct qualifier *q)
{
	if (!qualifier_known(q))
		lint_say(v, "a qualifier that is neither CPS nor user notice");
}

static void
policies_qualifier(struct lint_view *v)
{
	each(v, type_of);
}

static void
cps_of(struct lint_view *v, const struct qualifier *q)
{
	struct der uri;

	if (OID_IS(q->type, QT_CPS) &&
	    (!lint_only(q->value, DER_IA5, &uri) ||
		lint_general(DER_CONTEXT(6), &uri, 0)))
		lint_say(v, "the CPS qualifier is not a URI as IA5String");
}

static void
policies_cps(struct lint_view *v)
{
	each(v, cps_of);
}

/* UserNotice: noticeRef SEQUENCE, explicitText, both optional. */
static int
read_notice(
    const struct qualifier *q, int *has_ref, unsigned char *tag, struct der *text)
{
	struct der seq;

	*tag = 0;
	if (!OID_IS(q->type, QT_NOTICE))
		return 0;
	if (!lint_only(q->value, DER_SEQUENCE, &seq))
		return -1;
	*has_ref = lint_take(&seq, DER_SEQUENCE, NULL);
	if (seq.len > 0 && !lint_take_any(&seq, tag, text, NULL))
		return -1;
	return seq.len > 0 ? -1 : 1;
}

static void
notice_of(struct lint_view *v, const struct qualifier *q)
{
	unsigned char tag;
	struct der text;
	int has_ref = 0, r = read_notice(q, &has_ref, &tag, &text);

	if (r < 0)
		lint_say(v, "a user notice that cannot be read");
	else if (r > 0 && tag && tag != DER_UTF8 && tag != DER_IA5 &&
	    tag != LINT_VISIBLE && tag != LINT_BMP)
		lint_say(v, "explicitText is no DisplayText");
	else if (r > 0 && tag == DER_IA5)
		lint_say(v, "explicitText is IA5String");
}

static void
policies_notice(struct lint_view *v)
{
	each(v, notice_of);
}

static void
length_of(struct lint_view *v, const struct qualifier *q)
{
	unsigned char tag;
	struct der text;
	size_t i, n = 0;
	int has_ref;

	if (read_notice(q, &has_ref, &tag, &text) < 1 || !tag)
		return;
	for (i = 0; i < text.len; i++)
		n += tag != DER_UTF8 || (text.p[i] & 0xc0) != 0x80;
	if (tag == LINT_BMP)
		n /= 2;
	if (n == 0 || n > EXPLICIT_MAX)
		lint_say(v, "explicitText has %zu characters", n);
}

static void
policies_text(struct lint_view *v)
{
	each(v, length_of);
}

static void
utf8_of(struct lint_view *v, const struct qualifier *q)
{
	unsigned char tag;
	struct der text;
	int has_ref;

	if (read_notice(q, &has_ref, &tag, &text) == 1 &&
	    (tag == LINT_VISIBLE || tag == LINT_BMP))
		lint_say(v, "explicitText is not UTF8String");
}

static void
policies_utf8(struct lint_view *v)
{
	each(v, utf8_of);
}

static void
ref_of(struct lint_view *v, const struct qualifier *q)
{
	unsigned char tag;
	struct der text;
	int has_ref = 0;

	if (read_notice(q, &has_ref, &tag, &text) == 1 && has_ref)
		lint_say(v, "a user notice with noticeRef");
}

static void
policies_ref(struct lint_view *v)
{
	each(v, ref_of);
}

/* ---- policyMappings --------------------------------------------------- */

static int
take_mapping(struct der *list, struct der *from, struct der *to)
{
	struct der rest = *list, one;

	if (!lint_take(&rest, DER_SEQUENCE, &one) ||
	    !lint_take(&one, DER_OID, from) || !lint_take(&one, DER_OID, to) ||
	    one.len > 0)
		return 0;
	*list = rest;
	return 1;
}

static void
mappings_form(struct lint_view *v)
{
	struct der list, from, to;

	if (!v->x[LINT_X_MAPPINGS])
		return;
	if (!lint_ext_open(v, LINT_X_MAPPINGS, DER_SEQUENCE, &list) ||
	    list.len == 0) {
		lint_say(v, "not a SEQUENCE of one mapping or more");
		return;
	}
	while (take_mapping(&list, &from, &to))
		;
	if (list.len > 0)
		lint_say(v, "a mapping is not two OBJECT IDENTIFIERs");
}

static void
mappings_any(struct lint_view *v)
{
	struct der list, from, to;

	if (lint_ext_open(v, LINT_X_MAPPINGS, DER_SEQUENCE, &list))
		while (take_mapping(&list, &from, &to))
			if (OID_IS(from, ANY_POLICY) || OID_IS(to, ANY_POLICY))
				lint_say(v, "anyPolicy is mapped");
}

static int
asserts(const struct lint_view *v, const struct der *policy)
{
	struct der list, oid, quals;
	int has;

	if (lint_ext_open(v, LINT_X_POLICIES, DER_SEQUENCE, &list))
		while (take_policy(&list, &oid, &quals, &has))
			if (lint_same(&oid, policy) ||
			    OID_IS(oid, ANY_POLICY))
				return 1;
	return 0;
}

static void
mappings_policy(struct lint_view *v)
{
	struct der list, from, to;

	if (lint_ext_open(v, LINT_X_MAPPINGS, DER_SEQUENCE, &list))
		while (take_mapping(&list, &from, &to))
			if (!asserts(v, &from))
				lint_say(v, "a mapped policy is not among the "
					    "certificate's policies");
}

/* ---- constraints ------------------------------------------------------ */

/* policyConstraints: [0] and [1], INTEGERs that are not negative. */
static void
pc_form(struct lint_view *v)
{
	struct der seq, n;
	int i, ok = 1;

	if (!v->x[LINT_X_PC])
		return;
	if (!lint_ext_open(v, LINT_X_PC, DER_SEQUENCE, &seq)) {
		lint_say(v, "not a SEQUENCE");
		return;
	}
	for (i = 0; i < 2; i++)
		if (lint_take(&seq, DER_CONTEXT(i), &n))
			ok = ok && n.len > 0 && n.p[0] < 0x80;
	if (!ok || seq.len > 0)
		lint_say(v, "not numbers of certificates to skip");
}

static void
pc_some(struct lint_view *v)
{
	struct der seq;

	if (lint_ext_open(v, LINT_X_PC, DER_SEQUENCE, &seq) && seq.len == 0)
		lint_say(v, "an empty SEQUENCE");
}

static void
iap_form(struct lint_view *v)
{
	struct der n;

	if (v->x[LINT_X_IAP] &&
	    (!lint_ext_open(v, LINT_X_IAP, DER_INTEGER, &n) || n.len == 0 ||
		n.p[0] >= 0x80))
		lint_say(v, "not a number of certificates to skip");
}

/* GeneralSubtree: base, minimum [0] DEFAULT 0, maximum [1]. */
static const char *
check_subtrees(struct der list, int *bounds)
{
	struct der one, body;
	unsigned char tag;
	const char *why;

	if (list.len == 0)
		return "a list of subtrees without one";
	while (list.len > 0) {
		if (!lint_take(&list, DER_SEQUENCE, &one) ||
		    !lint_take_any(&one, &tag, &body, NULL))
			return "a subtree has no base";
		*bounds |= one.len > 0;
		if ((why = lint_general(tag, &body, 1)) != NULL)
			return why;
	}
	return NULL;
}

static const char *
check_nc(const struct lint_view *v, int *bounds)
{
	struct der seq, list;
	const char *why = NULL, *more;
	int i;

	*bounds = 0;
	if (!v->x[LINT_X_NC])
		return NULL;
	if (!lint_ext_open(v, LINT_X_NC, DER_SEQUENCE, &seq))
		return "not a SEQUENCE";
	for (i = 0; i < 2; i++)
		if (lint_take(&seq, DER_CONTEXT_CONS(i), &list)) {
			more = check_subtrees(list, bounds);
			why = why ? why : more;
		}
	return !why && seq.len > 0 ? "something else than subtrees" : why;
}

static void
nc_form(struct lint_view *v)
{
	int bounds;
	const char *why = check_nc(v, &bounds);

	if (why)
		lint_say(v, "%s", why);
}

static void
nc_some(struct lint_view *v)
{
	struct der seq;

	if (lint_ext_open(v, LINT_X_NC, DER_SEQUENCE, &seq) && seq.len == 0)
		lint_say(v, "neither permitted nor excluded subtrees");
}

static void
nc_bounds(struct lint_view *v)
{
	int bounds;

	check_nc(v, &bounds);
	if (bounds)
		lint_say(v, "minimum or maximum is encoded");
}

static void
ca_only(struct lint_view *v)
{
	static const enum lint_ext_id ids[] = {
	    LINT_X_NC, LINT_X_MAPPINGS, LINT_X_PC, LINT_X_IAP};
	size_t i;

	for (i = 0; i < N(ids); i++)
		if (v->x[ids[i]])
			lint_say(v, "%s in an end entity's certificate",
			    lint_ext_name(v->x[ids[i]]));
}

#define RULE(id, cite, sev, is, what, f)                                       \
	{{id, cite, sev, LINT_ON_CERT | (is), what}, f}

const struct lint_rule_fn lint_policy_rules[] = {
    RULE("policies.form", "RFC 5280 4.2.1.4", LINT_ERROR, 0,
	"certificatePolicies is one policy or more, with qualifiers",
	policies_form),
    RULE("policies.once", "RFC 5280 4.2.1.4", LINT_ERROR, 0,
	"each policy once", policies_once),
    RULE("policies.any", "RFC 5280 4.2.1.4", LINT_ERROR, 0,
	"anyPolicy has only CPS and user notice as qualifiers",
	policies_any),
    RULE("policies.qualifier", "RFC 5280 4.2.1.4", LINT_WARNING, 0,
	"qualifiers are CPS or user notice", policies_qualifier),
    RULE("policies.cps", "RFC 5280 4.2.1.4", LINT_ERROR, 0,
	"the CPS qualifier is a URI as IA5String", policies_cps),
    RULE("policies.notice", "RFC 6818 3", LINT_ERROR, 0,
	"explicitText is not IA5String", policies_notice),
    RULE("policies.text", "RFC 5280 4.2.1.4", LINT_ERROR, 0,
	"explicitText has 1 to 200 characters", policies_text),
    RULE("policies.utf8", "RFC 6818 3", LINT_WARNING, 0,
	"explicitText is UTF8String", policies_utf8),
    RULE("policies.notice_ref", "RFC 5280 4.2.1.4", LINT_WARNING, 0,
	"a user notice has no noticeRef", policies_ref),
    RULE("mappings.form", "RFC 5280 4.2.1.5", LINT_ERROR, 0,
	"policyMappings is one pair of policies or more", mappings_form),
    RULE("mappings.any", "RFC 5280 4.2.1.5", LINT_ERROR, 0,
	"anyPolicy is not mapped", mappings_any),
    RULE("mappings.policy", "RFC 5280 4.2.1.5", LINT_WARNING, 0,
	"a mapped policy is asserted too", mappings_policy),
    RULE("pc.form", "RFC 5280 4.2.1.11", LINT_ERROR, 0,
	"policyConstraints is numbers that are not negative", pc_form),
    RULE("pc.some", "RFC 5280 4.2.1.11", LINT_ERROR, 0,
	"policyConstraints is not empty", pc_some),
    RULE("iap.form", "RFC 5280 4.2.1.14", LINT_ERROR, 0,
	"inhibitAnyPolicy is a number that is not negative", iap_form),
    RULE("nc.form", "RFC 5280 4.2.1.10", LINT_ERROR, 0,
	"nameConstraints is subtrees with well-formed bases", nc_form),
    RULE("nc.some", "RFC 5280 4.2.1.10", LINT_ERROR, 0,
	"nameConstraints is not empty", nc_some),
    RULE("nc.bounds", "RFC 5280 4.2.1.10", LINT_ERROR, 0,
	"minimum is 0, so not encoded, and maximum is absent", nc_bounds),
    RULE("constraints.ca_only",
	"RFC 5280 4.2.1.5, 4.2.1.10, 4.2.1.11, 4.2.1.14", LINT_ERROR,
	LINT_IS_END,
	"nameConstraints, policyMappings, policyConstraints, "
	"inhibitAnyPolicy only in a CA",
	ca_only),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
