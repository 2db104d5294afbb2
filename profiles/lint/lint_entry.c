#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "profiles/lint/lint_part.h"

/*
 * Rules on the entries of a CRL. There may be a million: one pass takes each
 * entry apart once and asks every rule; a rule tells how many entries broke it
 * and what was wrong with the first.
 */

#define REASON_REMOVE 8
#define REASON_LAST 10

struct entry {
	int broken;
	struct der serial;
	struct lint_time time;
	int has_exts, list_empty, ext_bad, said_false, twice, value_bad;
	int unknown_critical;
	int has_reason, reason_critical, reason; /* reason -1: unreadable */
	int has_date, date_critical, date_bad;
	int has_issuer, issuer_critical, issuer_bad;
};

static void
read_reason(struct entry *e, const struct lint_ext *x)
{
	struct der b;

	e->twice |= e->has_reason;
	e->has_reason = 1;
	e->reason_critical = x->critical;
	e->reason =
	    lint_only(x->value, DER_ENUMERATED, &b) && b.len == 1 ? b.p[0]
								    : -1;
}

static void
read_date(struct entry *e, const struct lint_ext *x)
{
	struct lint_time t = {.tag = DER_GENERALIZEDTIME};

	e->twice |= e->has_date;
	e->has_date = 1;
	e->date_critical = x->critical;
	if (lint_only(x->value, DER_GENERALIZEDTIME, &t.body))
		lint_time_read(&t);
	e->date_bad = !t.ok;
}

static void
read_issuer(struct entry *e, const struct lint_ext *x)
{
	struct der names;

	e->twice |= e->has_issuer;
	e->has_issuer = 1;
	e->issuer_critical = x->critical;
	e->issuer_bad = !lint_only(x->value, DER_SEQUENCE, &names) ||
	    lint_generals(names) != NULL;
}

static void
read_ext(struct entry *e, const struct lint_ext *x)
{
	struct der in = x->value;

	e->said_false |= x->said && !x->critical;
	e->value_bad |= !lint_take_any(&in, NULL, NULL, NULL) || in.len > 0;
	if (OID_IS(x->oid, CE "\x15"))
		read_reason(e, x);
	else if (OID_IS(x->oid, CE "\x18"))
		read_date(e, x);
	else if (OID_IS(x->oid, CE "\x1d"))
		read_issuer(e, x);
	else
		e->unknown_critical |= x->critical;
}

static void
read_exts(struct entry *e, struct der list)
{
	struct lint_ext x;
	struct der one;

	e->list_empty = list.len == 0;
	while (list.len > 0 && !e->ext_bad)
		if (!lint_take(&list, DER_SEQUENCE, &one) ||
		    !lint_ext_read(one, &x))
			e->ext_bad = 1;
		else
			read_ext(e, &x);
}

static void
read_entry(struct entry *e, struct der one)
{
	struct der exts;

	*e = (struct entry){0};
	if (!lint_take(&one, DER_INTEGER, &e->serial) ||
	    !lint_time_take(&one, &e->time)) {
		e->broken = 1;
		return;
	}
	e->has_exts = lint_take(&one, DER_SEQUENCE, &exts);
	if (e->has_exts)
		read_exts(e, exts);
	e->broken = one.len > 0;
}

/* ---- the rules: NULL, or what is wrong -------------------------------- */

static const char *
form(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->broken ? "not serial number, date, extensions" : NULL;
}

static const char *
serial(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	if (e->broken)
		return NULL;
	return e->serial.len == 0 || e->serial.p[0] >= 0x80 ||
		(e->serial.len == 1 && e->serial.p[0] == 0)
	    ? "a serial number that is not positive"
	    : NULL;
}

static const char *
serial_length(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->serial.len > 20 ? "a serial number of more than 20 octets"
				  : NULL;
}

/* Filled by once_over(). */
static const char *
once(const struct lint_view *v, const struct entry *e)
{
	(void)v, (void)e;
	return NULL;
}

static const char *
time_type(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->time.tag == DER_GENERALIZEDTIME && e->time.ok &&
		e->time.seconds < (int64_t)2524608000
	    ? "a date before 2050 as GeneralizedTime"
	    : NULL;
}

static const char *
time_value(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->time.tag && !e->time.ok ? "a date that is none" : NULL;
}

static const char *
future(const struct lint_view *v, const struct entry *e)
{
	return e->time.ok && v->time[0].ok &&
		e->time.seconds > v->time[0].seconds
	    ? "revoked after thisUpdate"
	    : NULL;
}

static const char *
entry_version(const struct lint_view *v, const struct entry *e)
{
	return e->has_exts && !v->has_version ? "extensions in a v1 CRL" : NULL;
}

static const char *
extensions(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->list_empty ? "a list of extensions without one" : NULL;
}

static const char *
extension_form(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->ext_bad ? "an extension that cannot be read" : NULL;
}

static const char *
extension_once(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->twice ? "an extension twice" : NULL;
}

static const char *
extension_default(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->said_false ? "critical FALSE is encoded" : NULL;
}

static const char *
extension_value(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->value_bad ? "a value that is not one element" : NULL;
}

static const char *
critical_unknown(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->unknown_critical ? "critical, and unknown here" : NULL;
}

static const char *
reason_value(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->has_reason &&
		(e->reason < 0 || e->reason == 7 || e->reason > REASON_LAST)
	    ? "a reason that does not exist"
	    : NULL;
}

static const char *
reason_unspecified(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->has_reason && e->reason == 0 ? "unspecified is encoded"
						: NULL;
}

static const char *
reason_remove(const struct lint_view *v, const struct entry *e)
{
	return e->has_reason && e->reason == REASON_REMOVE &&
		!(v->classes & LINT_IS_DELTA)
	    ? "removeFromCRL in a complete CRL"
	    : NULL;
}

static const char *
critical(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return (e->has_reason && e->reason_critical) ||
		(e->has_date && e->date_critical)
	    ? "reasonCode or invalidityDate is critical"
	    : NULL;
}

static const char *
invalidity(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->date_bad ? "invalidityDate is not a GeneralizedTime" : NULL;
}

static const char *
issuer_form(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->issuer_bad ? "certificateIssuer is not names" : NULL;
}

static const char *
issuer_critical(const struct lint_view *v, const struct entry *e)
{
	(void)v;
	return e->has_issuer && !e->issuer_critical
	    ? "certificateIssuer is not critical"
	    : NULL;
}

static int
is_indirect(const struct lint_view *v)
{
	struct lint_idp idp;

	return lint_idp(v, &idp) && idp.flag[2];
}

static const char *
issuer_indirect(const struct lint_view *v, const struct entry *e)
{
	return e->has_issuer && !is_indirect(v)
	    ? "certificateIssuer in a CRL that is not indirect"
	    : NULL;
}

/* By the number of the rule in lint_entry_rules. */
static const char *(*const asks[])(
    const struct lint_view *, const struct entry *) = {form, serial,
    serial_length, once, time_type, time_value, future, entry_version,
    extensions, extension_form, extension_once, extension_default,
    extension_value, critical_unknown, reason_value, reason_unspecified,
    reason_remove, critical, invalidity, issuer_form, issuer_critical,
    issuer_indirect};
#define ASK_ONCE 3

static void
hit(struct lint_hits *h, size_t number, const char *why)
{
	if (h->n++ > 0)
		return;
	h->first = number;
	h->why = why;
}

/* ---- no serial number twice ------------------------------------------- */

static int
order(const struct der *a, const struct der *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->len ? memcmp(a->p, b->p, a->len) : 0;
}

static int
by_serial(const void *a, const void *b)
{
	return order(a, b);
}

static size_t
serials(struct der list, struct der *out)
{
	struct der one, s;
	size_t n = 0;

	while (lint_take(&list, DER_SEQUENCE, &one))
		if (lint_take(&one, DER_INTEGER, &s)) {
			if (out)
				out[n] = s;
			n++;
		}
	return n;
}

/* Entries that are not in order: sorted in a list of their own. */
static void
once_sorted(struct lint_view *v)
{
	size_t i, n = serials(v->revoked, NULL);
	struct der *all = n ? malloc(n * sizeof(*all)) : NULL;

	if (!all) {
		v->no_memory = n > 0;
		return;
	}
	serials(v->revoked, all);
	qsort(all, n, sizeof(*all), by_serial);
	for (i = 1; i < n; i++)
		if (order(&all[i - 1], &all[i]) == 0)
			hit(&v->hits[ASK_ONCE], 0, "a serial number twice");
	free(all);
}

/* Sorted by serial number, up or down, neighbours are enough. In an indirect
   CRL a serial number may come again under another issuer. */
static void
once_over(struct lint_view *v)
{
	struct der list = v->revoked, one, s, before = {NULL, 0};
	size_t number = 0;
	int c, up = 0, down = 0;

	if (is_indirect(v))
		return;
	while (lint_take(&list, DER_SEQUENCE, &one)) {
		number++;
		if (!lint_take(&one, DER_INTEGER, &s))
			continue;
		c = before.p ? order(&before, &s) : -1;
		if (before.p) {
			up |= c < 0;
			down |= c > 0;
		}
		if (c == 0)
			hit(&v->hits[ASK_ONCE], number, "a serial number twice");
		before = s;
	}
	if (up && down) {
		v->hits[ASK_ONCE] = (struct lint_hits){0};
		once_sorted(v);
	}
}

static void
pass(struct lint_view *v)
{
	struct der list = v->revoked, one;
	size_t i, number = 0;
	struct entry e;
	const char *why;

	v->entries_read = 1;
	while (list.len > 0) {
		number++;
		if (!lint_take(&list, DER_SEQUENCE, &one)) {
			hit(&v->hits[0], number, "not a SEQUENCE");
			break;
		}
		read_entry(&e, one);
		for (i = 0; i < N(asks); i++)
			if ((why = asks[i](v, &e)) != NULL)
				hit(&v->hits[i], number, why);
	}
	once_over(v);
}

static void
result(struct lint_view *v)
{
	const struct lint_rule_fn *r = (const struct lint_rule_fn *)v->rule;
	const struct lint_hits *h = &v->hits[r - lint_entry_rules];

	if (!v->entries_read)
		pass(v);
	if (h->n > 0 && h->first == 0)
		lint_say(v, "%zu entries: %s", h->n, h->why);
	else if (h->n == 1)
		lint_say(v, "entry %zu: %s", h->first, h->why);
	else if (h->n > 1)
		lint_say(v, "%zu entries, the first is %zu: %s", h->n,
		    h->first, h->why);
}

#define ENTRY(id, cite, sev, what)                                             \
	{{"entry." id, cite, sev, LINT_ON_CRL, what}, result}

/* In the order of asks[]. */
const struct lint_rule_fn lint_entry_rules[] = {
    ENTRY("form", "RFC 5280 5.1.2.6", LINT_ERROR,
	"an entry is serial number, date, extensions"),
    ENTRY("serial", "RFC 5280 4.1.2.2, 5.1.2.6", LINT_ERROR,
	"serial numbers are positive"),
    ENTRY("serial_length", "RFC 5280 4.1.2.2", LINT_ERROR,
	"serial numbers have 20 octets or fewer"),
    ENTRY("once", "RFC 5280 5.1.2.6", LINT_ERROR,
	"each serial number once (but in an indirect CRL)"),
    ENTRY("time_type", "RFC 5280 5.1.2.6", LINT_ERROR,
	"UTCTime through 2049, GeneralizedTime from 2050"),
    ENTRY("time_value", "RFC 5280 5.1.2.6", LINT_ERROR,
	"the date is one of the calendar"),
    ENTRY("future", "RFC 5280 5.1.2.6", LINT_WARNING,
	"the date is not after thisUpdate"),
    ENTRY("version", "RFC 5280 5.1.2.1", LINT_ERROR,
	"entries have extensions only in v2"),
    ENTRY("extensions", "RFC 5280 5.1", LINT_ERROR,
	"an entry's list of extensions is absent or has one"),
    ENTRY("extension_form", "RFC 5280 4.1, 5.3", LINT_ERROR,
	"an extension is OID, critical flag, OCTET STRING"),
    ENTRY("extension_once", "RFC 5280 4.2, 5.3", LINT_ERROR,
	"each extension once"),
    ENTRY("extension_default", "X.690 11.5", LINT_ERROR,
	"critical FALSE is not encoded"),
    ENTRY("extension_value", "RFC 5280 4.1, 5.3", LINT_ERROR,
	"the OCTET STRING holds exactly one element"),
    ENTRY("critical_unknown", "RFC 5280 5.3", LINT_WARNING,
	"no critical extension that is unknown here"),
    ENTRY("reason_value", "RFC 5280 5.3.1", LINT_ERROR,
	"reasonCode is an ENUMERATED of 0 to 6 or 8 to 10"),
    ENTRY("reason_unspecified", "RFC 5280 5.3.1", LINT_WARNING,
	"reasonCode is absent instead of unspecified (0)"),
    ENTRY("reason_remove", "RFC 5280 5.3.1", LINT_ERROR,
	"removeFromCRL (8) only in a delta"),
    ENTRY("critical", "RFC 5280 5.3.1, 5.3.2", LINT_ERROR,
	"reasonCode and invalidityDate are not critical"),
    ENTRY("invalidity_date", "RFC 5280 5.3.2", LINT_ERROR,
	"invalidityDate is a GeneralizedTime"),
    ENTRY("issuer_form", "RFC 5280 5.3.3", LINT_ERROR,
	"certificateIssuer is names"),
    ENTRY("issuer_critical", "RFC 5280 5.3.3", LINT_ERROR,
	"certificateIssuer is critical"),
    ENTRY("issuer_indirect", "RFC 5280 5.2.5, 5.3.3", LINT_ERROR,
	"certificateIssuer only in an indirect CRL"),
    {{NULL, NULL, 0, 0, NULL}, NULL}};

static_assert(sizeof(asks) / sizeof(asks[0]) + 1 == N(lint_entry_rules),
    "a question for each rule");
static_assert(N(lint_entry_rules) <= LINT_ENTRY_RULES_MAX + 1,
    "room for what each finds");
