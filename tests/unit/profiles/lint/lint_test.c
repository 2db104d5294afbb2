#include "tests/unit/profiles/lint/samples.h"
#include "tests/unit/profiles/lint/base_samples.h"
#include "tests/unit/profiles/lint/name_samples.h"
#include "tests/unit/profiles/lint/sig_samples.h"
#include "tests/unit/profiles/lint/key_samples.h"
#include "tests/unit/profiles/lint/ext_samples.h"
#include "tests/unit/profiles/lint/usage_samples.h"
#include "tests/unit/profiles/lint/san_samples.h"
#include "tests/unit/profiles/lint/link_samples.h"
#include "tests/unit/profiles/lint/policy_samples.h"
#include "tests/unit/profiles/lint/class_samples.h"
#include "tests/unit/profiles/lint/device_samples.h"
#include "tests/unit/profiles/lint/crl_samples.h"
#include "tests/unit/profiles/lint/entry_samples.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const struct sample *samples;
	size_t n;
} all[] = {{base_samples, COUNT(base_samples)},
    {name_samples, COUNT(name_samples)}, {sig_samples, COUNT(sig_samples)},
    {key_samples, COUNT(key_samples)},
    {ext_samples, COUNT(ext_samples)}, {usage_samples, COUNT(usage_samples)},
    {san_samples, COUNT(san_samples)}, {link_samples, COUNT(link_samples)},
    {policy_samples, COUNT(policy_samples)},
    {class_samples, COUNT(class_samples)},
    {device_samples, COUNT(device_samples)}, {crl_samples, COUNT(crl_samples)},
    {entry_samples, COUNT(entry_samples)}};

static size_t
samples_of(const char *id)
{
	size_t i, k, n = 0;

	for (i = 0; i < COUNT(all); i++)
		for (k = 0; k < all[i].n; k++)
			n += strcmp(all[i].samples[k].rule, id) == 0;
	return n;
}

static int
rule_exists(const char *id)
{
	const struct lint_rule *r;
	size_t i;

	for (i = 0; (r = lint_rule_at(i)) != NULL; i++)
		if (strcmp(r->id, id) == 0)
			return 1;
	return 0;
}

/* A rule without a good and a bad sample (each row has both) is not done. */
static void
every_rule_has_samples(void **state)
{
	const struct lint_rule *r;
	size_t i, k;

	(void)state;
	for (i = 0; (r = lint_rule_at(i)) != NULL; i++)
		if (samples_of(r->id) == 0)
			fail_msg("%s has no sample", r->id);
	for (i = 0; i < COUNT(all); i++)
		for (k = 0; k < all[i].n; k++)
			assert_true(rule_exists(all[i].samples[k].rule));
}

static void
rules_are_complete(void **state)
{
	const struct lint_rule *r, *other;
	size_t i, k, certs = 0, crls = 0;

	(void)state;
	for (i = 0; (r = lint_rule_at(i)) != NULL; i++) {
		assert_true(r->citation[0] != '\0' && r->demand[0] != '\0');
		assert_true(r->applies & (LINT_ON_CERT | LINT_ON_CRL));
		assert_int_equal(lint_severity_of(lint_severity_name(
		    r->severity)), r->severity);
		certs += (r->applies & LINT_ON_CERT) != 0;
		crls += (r->applies & LINT_ON_CRL) != 0;
		for (k = 0; k < i; k++) {
			other = lint_rule_at(k);
			if (strcmp(other->id, r->id) == 0)
				fail_msg("%s twice", r->id);
		}
	}
	assert_true(certs >= 90 && crls >= 25);
	assert_int_equal(lint_severity_of("fatal"), -1);
}

/* OpenSSL reads each base to its last octet and writes it again the same. */
static void
real_cert(const char *base, const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509 *x = d2i_X509(NULL, &p, len);
	unsigned char *again = NULL;

	if (!x || p != der + len)
		fail_msg("%s: OpenSSL cannot read it", base);
	assert_int_equal(i2d_X509(x, &again), len);
	assert_memory_equal(again, der, len);
	assert_non_null(X509_get0_pubkey(x));
	assert_true(X509_get_extension_flags(x) != UINT32_MAX);
	assert_false(X509_get_extension_flags(x) & EXFLAG_INVALID);
	OPENSSL_free(again);
	X509_free(x);
}

static void
real_crl(const char *base, const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, len);

	if (!crl || p != der + len)
		fail_msg("%s: OpenSSL cannot read it", base);
	assert_int_equal(X509_CRL_get_version(crl), 1);
	X509_CRL_free(crl);
}

static void
bases_are_real_and_clean(void **state)
{
	unsigned char *der = malloc(SAMPLE_MAX);
	struct findings *f = malloc(sizeof(*f));
	const char *base;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(bases); i++) {
		base = bases[i].name;
		len = sample_make(base, NULL, is_crl(base) ? "$crl" : "$cert",
		    der);
		if (is_crl(base))
			real_crl(base, der, len);
		else
			real_cert(base, der, len);
		sample_lint(base, NULL, f);
		findings_none(f, LINT_NOTICE, base);
	}
	free(f);
	free(der);
}

static void
classes(void **state)
{
	static const struct {
		const char *base, *name;
	} all_of[] = {{"end", "end entity"}, {"ca", "CA"}, {"root", "root CA"},
	    {"ocsp", "delegated OCSP responder"},
	    {"tsa", "time-stamping authority"}, {"code", "code signing"},
	    {"server", "server"}, {"device", "device (802.1AR)"},
	    {"ak", "TCG attestation key"}, {"ek", "TCG endorsement key"}};
	unsigned char *der = malloc(SAMPLE_MAX);
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(all_of); i++) {
		len = sample_make(all_of[i].base, NULL, "$cert", der);
		assert_string_equal(
		    lint_class_name(lint_cert_classes(der, len)),
		    all_of[i].name);
		assert_int_equal(lint_cert_classes(der, len - 1), 0);
	}
	assert_string_equal(lint_class_name(0), "unreadable");
	free(der);
}

/* What is to be signed: the same rules, but those on the signature. */
static void
tbs_alone(void **state)
{
	unsigned char *der = malloc(SAMPLE_MAX);
	struct findings *f = malloc(sizeof(*f));
	size_t len;

	(void)state;
	f->n = 0;
	len = sample_make("end", NULL, "$tbs", der);
	assert_int_equal(lint_tbs(der, len, findings_add, f), 1);
	findings_none(f, LINT_NOTICE, "tbs");
	len = sample_make("end", "ser=020100", "$tbs", der);
	assert_int_equal(lint_tbs(der, len, findings_add, f), 1);
	assert_true(findings_have(f, "serial.positive"));
	f->n = 0;
	assert_int_equal(lint_tbs(der, len - 1, findings_add, f), 1);
	assert_true(findings_have(f, "der.structure"));
	free(f);
	free(der);
}

/* docs/lint.md has one line for each rule, as the code has it, and no other. */
static void
documented(void **state)
{
	char *text = calloc(1, 1 << 18), line[1024], *p;
	FILE *f = fopen("docs/lint.md", "r");
	const struct lint_rule *r;
	size_t i, n = 0;

	(void)state;
	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 18) - 1, f) > 0);
	fclose(f);
	for (i = 0; (r = lint_rule_at(i)) != NULL; i++) {
		snprintf(line, sizeof(line), "\n| `%s` | %s | %s | %s | %s |\n",
		    r->id, lint_severity_name(r->severity),
		    (r->applies & LINT_ON_CERT) && (r->applies & LINT_ON_CRL)
			? "both"
			: (r->applies & LINT_ON_CRL ? "CRL" : "certificate"),
		    r->demand, r->citation);
		if (strstr(text, line) == NULL)
			fail_msg("docs/lint.md lacks: %s", line + 1);
	}
	for (p = text; (p = strstr(p, "\n| `")) != NULL; p++)
		n++;
	assert_int_equal(n, i);
	free(text);
}

static void
kinds(void **state)
{
	unsigned char *der = malloc(SAMPLE_MAX);
	size_t len;

	(void)state;
	len = sample_make("crl", NULL, "$crl", der);
	assert_true(lint_looks_like_crl(der, len));
	assert_false(lint_looks_like_crl(der, 40));
	len = sample_make("crl", "cver=", "$crl", der);
	assert_true(lint_looks_like_crl(der, len));
	len = sample_make("end", NULL, "$cert", der);
	assert_false(lint_looks_like_crl(der, len));
	len = sample_make("end", "ver=;exts=", "$cert", der);
	assert_false(lint_looks_like_crl(der, len));
	free(der);
}

static void
count(void *arg, const struct lint_rule *rule, const char *text)
{
	(void)rule;
	*(size_t *)arg += text[0] != '\0';
}

/* Every prefix, and every octet changed: says something or nothing, and a
   sanitizer says whether it looked outside. */
static void
hostile(void **state)
{
	unsigned char *der = malloc(SAMPLE_MAX), *cut;
	static const char *const which[] = {"device", "ek", "crl"};
	size_t i, k, len, found = 0;

	(void)state;
	for (i = 0; i < COUNT(which); i++) {
		len = sample_make(which[i], NULL,
		    is_crl(which[i]) ? "$crl" : "$cert", der);
		for (k = 0; k < len; k++) {
			cut = malloc(k ? k : 1);
			memcpy(cut, der, k);
			lint_cert(cut, k, count, &found);
			lint_crl(cut, k, count, &found);
			free(cut);
			der[k] ^= 1u << k % 8;
			lint_cert(der, len, count, &found);
			lint_crl(der, len, count, &found);
			der[k] ^= 1u << k % 8;
		}
	}
	assert_true(found > 1000);
	free(der);
}

#define BIG 200000

/* A long CRL, entries out of order, the last serial number that of the first:
   found, in a time that a test does not notice. */
static void
long_crl(void **state)
{
	static const unsigned char entry[] = {0x30, 0x16, 0x02, 0x05, 0x41, 0,
	    0, 0, 0, 0x17, 0x0d, '2', '5', '1', '2', '0', '1', '0', '0', '0',
	    '0', '0', '0', 'Z'};
	unsigned char *der = malloc(SAMPLE_MAX), *big, *p;
	size_t head, tail, rest, i, n = sizeof(entry) * BIG, total;
	struct findings *f = malloc(sizeof(*f));

	(void)state;
	head = sample_make("crl", NULL, "$cver $alg $iss $this $next", der);
	tail = sample_make("crl", NULL, "$cexts", der + head);
	rest = sample_make("crl", NULL, "$out $sig", der + head + tail);
	big = p = malloc(n + 1000);
	total = head + 5 + n + tail;
#define LONG(len)                                                              \
	*p++ = 0x30, *p++ = 0x83, *p++ = (len) >> 16, *p++ = (len) >> 8 & 255,  \
	*p++ = (len) & 255
	LONG(total + 5 + rest);
	LONG(total);
	memcpy(p, der, head);
	p += head;
	LONG(n);
	for (i = 0; i < BIG; i++, p += sizeof(entry)) {
		uint32_t v = i == BIG - 1 ? 0 : (uint32_t)i * 2654435761u;

		memcpy(p, entry, sizeof(entry));
		p[5] = v >> 24, p[6] = v >> 16, p[7] = v >> 8, p[8] = v;
	}
	memcpy(p, der + head, tail + rest);
	p += tail + rest;
	f->n = 0;
	assert_int_equal(lint_crl(big, p - big, findings_add, f), 1);
	assert_int_equal(f->n, 1);
	assert_string_equal(f->one[0].rule->id, "entry.once");
	free(f);
	free(big);
	free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_rule_has_samples),
	    cmocka_unit_test(rules_are_complete),
	    cmocka_unit_test(bases_are_real_and_clean),
	    cmocka_unit_test(classes),
	    cmocka_unit_test(tbs_alone),
	    cmocka_unit_test(documented),
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(hostile),
	    cmocka_unit_test(long_crl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
