#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "profiles/conform_rule.h"
#include "profiles/error.h"
#include "profiles/lint/lint.h"
#include "profiles/conform.h"

static const struct conform_rule *const tables[] = {conform_base_rules,
    conform_key_rules, conform_time_rules, conform_name_rules,
    conform_ext_rules, conform_usage_rules, conform_link_rules,
    conform_san_rules, conform_class_rules, conform_cross_rules,
    conform_tree_rules, conform_size_rules};

int
conform_breach(const struct conform_view *v, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	profile_raise(PROFILE_E_NONCONFORM, "conform.%s: %s: %s", v->rule->name,
	    v->rule->citation, text);
	return 0;
}

static int
check_der(struct conform_view *v)
{
	const char *why;

	if (v->tbs.len > BUILD_TBS_MAX)
		return conform_breach(
		    v, "%zu octets, more than %d", v->tbs.len, BUILD_TBS_MAX);
	why = der_strict(v->tbs);
	return why ? conform_breach(v, "%s", why) : 1;
}

/* Takes the TBSCertificate apart (RFC 5280 4.1). A version that is absent is
   left empty here and judged by the next rule. */
static int
check_structure(struct conform_view *v)
{
	struct der tbs, validity, outer;

	if (!der_only(v->tbs, DER_SEQUENCE, &tbs))
		return conform_breach(v, "not exactly one SEQUENCE");
	if (der_take(&tbs, DER_CONTEXT_CONS(0), &outer) &&
	    !der_only(outer, DER_INTEGER, &v->version))
		return conform_breach(v, "version is not an INTEGER");
	if (!der_take(&tbs, DER_INTEGER, &v->serial) ||
	    !der_take_whole(&tbs, DER_SEQUENCE, &v->sigalg) ||
	    !der_take_whole(&tbs, DER_SEQUENCE, &v->issuer) ||
	    !der_take(&tbs, DER_SEQUENCE, &validity) ||
	    !der_take_whole(&tbs, DER_SEQUENCE, &v->subject) ||
	    !der_take_whole(&tbs, DER_SEQUENCE, &v->spki))
		return conform_breach(v, "a field is missing or misplaced");
	if (!der_take_any(&validity, NULL, NULL, &v->not_before) ||
	    !der_take_any(&validity, NULL, NULL, &v->not_after) ||
	    validity.len > 0)
		return conform_breach(v, "validity is not two times");
	if (der_next_is(&tbs, DER_CONTEXT(1)) ||
	    der_next_is(&tbs, DER_CONTEXT(2)))
		return conform_breach(v, "a unique identifier is there");
	if (!der_take(&tbs, DER_CONTEXT_CONS(3), &outer) || tbs.len > 0)
		return conform_breach(v, "extensions missing, or not last");
	if (!der_only(outer, DER_SEQUENCE, &v->extensions))
		return conform_breach(v, "extensions are not one SEQUENCE");
	return 1;
}

static int
check_version(struct conform_view *v)
{
	static const unsigned char v3[] = {2};

	return der_equal(&v->version, v3, sizeof(v3))
	    ? 1
	    : conform_breach(v, "version is not v3");
}

static int
check_serial_form(struct conform_view *v)
{
	if (v->serial.p[0] >= 0x80)
		return conform_breach(v, "serial number is negative");
	if (v->serial.len == 1 && v->serial.p[0] == 0)
		return conform_breach(v, "serial number is zero");
	if (v->serial.len > 20)
		return conform_breach(
		    v, "serial number has %zu octets", v->serial.len);
	return 1;
}

/* The serial number that was reserved is what a crash leaves in the store. */
static int
check_serial_reserved(struct conform_view *v)
{
	if (v->serial.len != BUILD_SERIAL_LEN || v->serial.p[0] < 0x40)
		return conform_breach(v,
		    "%zu octets from %02x, not 20 from 40 to 7f", v->serial.len,
		    v->serial.p[0]);
	if (!der_equal(&v->serial, v->ctx->serial, BUILD_SERIAL_LEN))
		return conform_breach(v, "not the reserved serial number");
	return 1;
}

/* Only a CA signs for itself, and only when its profile names no issuer. */
static int
check_issuer(struct conform_view *v)
{
	const struct build_issuer *issuer = v->ctx->issuer;
	const struct profile *p = v->ctx->profile;
	int may = p->class == PROFILE_CA && p->issuer[0] == '\0';

	if (v->issuer.len <= 2)
		return conform_breach(v, "issuer is empty");
	if (v->self_signed != may)
		return conform_breach(v,
		    may ? "the profile is self-signed, an issuer is given"
			: "self-signed, but the profile is not");
	if (v->self_signed)
		return der_equal(&v->issuer, v->subject.p, v->subject.len)
		    ? 1
		    : conform_breach(v, "self-signed: issuer is not subject");
	if (!der_equal(&v->issuer, issuer->name, issuer->name_len))
		return conform_breach(
		    v, "not octet by octet the subject of the CA");
	return 1;
}

const struct conform_rule conform_base_rules[] = {
    {"der", "RFC 5280 4.1, X.690 10 and 11", check_der},
    {"structure", "RFC 5280 4.1", check_structure},
    {"version", "RFC 5280 4.1.2.1", check_version},
    {"serial.form", "RFC 5280 4.1.2.2", check_serial_form},
    {"serial.reserved", "profile", check_serial_reserved},
    {"issuer", "RFC 5280 4.1.2.4, 6.1.3", check_issuer}, {NULL, NULL, NULL}};

struct lint_result {
	int breached;
};

/* The first error is raised; what is less is not for a refusal. */
static void
on_finding(void *arg, const struct lint_rule *rule, const char *text)
{
	struct lint_result *r = arg;

	if (rule->severity < LINT_ERROR || r->breached)
		return;
	r->breached = 1;
	profile_raise(PROFILE_E_NONCONFORM, "lint.%s: %s: %s", rule->id,
	    rule->citation, text);
}

/* A second judgement, by rules that know of no profile: what is wrong with any
   certificate is wrong with ours. */
static int
passes_lint(const struct conform_view *v)
{
	struct lint_result r = {0};

	return lint_tbs(v->tbs.p, v->tbs.len, on_finding, &r) && !r.breached;
}

int
conform_tbs(
    const struct conform_context *ctx, const unsigned char *tbs, size_t tbs_len)
{
	struct conform_view v;
	const struct conform_rule *r;
	size_t i;

	assert(ctx->profile && ctx->issuer && ctx->serial && ctx->spki);
	memset(&v, 0, sizeof(v));
	v.ctx = ctx;
	v.self_signed = ctx->issuer->name == NULL;
	v.tbs = (struct der){tbs, tbs_len};
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (r = tables[i]; r->name; r++) {
			v.rule = r;
			if (!r->check(&v))
				return 0;
		}
	return passes_lint(&v);
}
