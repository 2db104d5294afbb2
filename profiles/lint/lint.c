#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "profiles/lint/lint_part.h"

static const struct lint_rule_fn *const tables[] = {lint_base_rules,
    lint_name_rules, lint_sig_rules, lint_key_rules, lint_ext_rules,
    lint_usage_rules, lint_san_rules, lint_link_rules, lint_policy_rules,
    lint_class_rules, lint_device_rules, lint_crl_rules, lint_entry_rules};

static const char *const severities[] = {"notice", "warning", "error"};

void
lint_say(struct lint_view *v, const char *fmt, ...)
{
	char text[LINT_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->found(v->arg, v->rule, text);
}

const struct lint_rule *
lint_rule_at(size_t i)
{
	const struct lint_rule_fn *r;
	size_t k;

	for (k = 0; k < N(tables); k++)
		for (r = tables[k]; r->rule.id; r++)
			if (i-- == 0)
				return &r->rule;
	return NULL;
}

const char *
lint_severity_name(enum lint_severity severity)
{
	return severities[severity];
}

int
lint_severity_of(const char *name)
{
	size_t i;

	for (i = 0; i < N(severities); i++)
		if (strcmp(severities[i], name) == 0)
			return (int)i;
	return -1;
}

/* What cannot be read is judged by the first table alone. */
static void
run(struct lint_view *v)
{
	const struct lint_rule_fn *r;
	unsigned classes;
	size_t k;

	for (k = 0; k < N(tables) && !(v->broken && k > 0); k++)
		for (r = tables[k]; r->rule.id; r++) {
			classes = r->rule.applies &
			    ~(LINT_ON_CERT | LINT_ON_CRL);
			if (!(r->rule.applies & v->on) ||
			    (classes && !(classes & v->classes)))
				continue;
			v->rule = &r->rule;
			r->check(v);
		}
}

int
lint_cert(const unsigned char *der, size_t len, lint_found *found, void *arg)
{
	struct lint_view v = {
	    .found = found, .arg = arg, .on = LINT_ON_CERT};

	lint_read_cert(&v, (struct der){der, len}, 0);
	run(&v);
	return 1;
}

int
lint_tbs(const unsigned char *der, size_t len, lint_found *found, void *arg)
{
	struct lint_view v = {
	    .found = found, .arg = arg, .on = LINT_ON_CERT};

	lint_read_cert(&v, (struct der){der, len}, 1);
	run(&v);
	return 1;
}

int
lint_crl(const unsigned char *der, size_t len, lint_found *found, void *arg)
{
	struct lint_view v = {.found = found, .arg = arg, .on = LINT_ON_CRL};

	lint_read_crl(&v, (struct der){der, len});
	run(&v);
	return !v.no_memory;
}

unsigned
lint_cert_classes(const unsigned char *der, size_t len)
{
	struct lint_view v = {.on = LINT_ON_CERT};

	lint_read_cert(&v, (struct der){der, len}, 0);
	return v.broken ? 0 : v.classes;
}

/* tbsCertList: version, signature, issuer, then a time; tbsCertificate has no
   time before its validity, which is a SEQUENCE. */
int
lint_looks_like_crl(const unsigned char *der, size_t len)
{
	struct der in = {der, len}, all, tbs;

	if (!lint_take(&in, DER_SEQUENCE, &all) ||
	    !lint_take(&all, DER_SEQUENCE, &tbs))
		return 0;
	lint_take(&tbs, DER_INTEGER, NULL);
	return lint_take(&tbs, DER_SEQUENCE, NULL) &&
	    lint_take(&tbs, DER_SEQUENCE, NULL) &&
	    (der_next_is(&tbs, DER_UTCTIME) ||
		der_next_is(&tbs, DER_GENERALIZEDTIME));
}

const char *
lint_class_name(unsigned classes)
{
	static const struct {
		unsigned bits;
		const char *name;
	} all[] = {{LINT_IS_CA | LINT_IS_SELF, "root CA"}, {LINT_IS_CA, "CA"},
	    {LINT_IS_OCSP, "delegated OCSP responder"},
	    {LINT_IS_TSA, "time-stamping authority"},
	    {LINT_IS_CODE, "code signing"},
	    {LINT_IS_AK, "TCG attestation key"},
	    {LINT_IS_EK, "TCG endorsement key"},
	    {LINT_IS_DEVICE, "device (802.1AR)"},
	    {LINT_IS_SERVER, "server"}, {LINT_IS_END, "end entity"}};
	size_t i;

	for (i = 0; i < N(all); i++)
		if ((classes & all[i].bits) == all[i].bits)
			return all[i].name;
	return "unreadable";
}
