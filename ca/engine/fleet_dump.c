#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/fleet.h"
#include "ca/engine/fleet_attest.h"

/* A fleet as text: "key = value" lines, in a fixed order, for people, for
   `inkan fleet show` and for comparing versions. */

static void line(BIO *b, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
line(BIO *b, const char *key, const char *fmt, ...)
{
	va_list ap;

	BIO_printf(b, "%s = ", key);
	va_start(ap, fmt);
	BIO_vprintf(b, fmt, ap);
	va_end(ap);
	BIO_puts(b, "\n");
}

static const char *
yes(int flag)
{
	return flag ? "true" : "false";
}

void
fleet_dump_anchors(
    BIO *b, const char *key, const char *sub, X509_STORE *anchors)
{
	const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(anchors);
	X509 *cert;
	int i;

	for (i = 0; i < sk_X509_OBJECT_num(all); i++) {
		cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (cert == NULL)
			continue;
		BIO_printf(b, "%s.%s = ", key, sub);
		X509_NAME_print_ex(b, X509_get_subject_name(cert), 0,
		    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
		BIO_puts(b, "\n");
	}
}

static const char *
source(int nid)
{
	return nid == NID_undef ? "hardware-module-name" : OBJ_nid2sn(nid);
}

static void
dump_revocation(BIO *b, const char *key, const struct fleet_revocation *r)
{
	BIO_printf(b, "%s.revocation = %s\n", key, r->crls ? "crl" : "none");
	if (r->crls)
		BIO_printf(b, "%s.revocation_missing = %s\n", key,
		    r->missing == FLEET_MISSING_PASS ? "pass" : "refuse");
}

static void
dump_maker_rules(BIO *b, const char *key, const struct fleet_maker *m)
{
	static const char *const serial[] = {
	    "ignored", "if-known", "required"};
	const struct fleet_name_rule *r;
	size_t i, k;

	BIO_printf(b, "%s.device_from = %s\n", key, source(m->name_nid));
	BIO_printf(b, "%s.serial_from = %s\n", key, source(m->serial_nid));
	BIO_printf(b, "%s.registry_serial = %s\n", key, serial[m->serial]);
	for (i = 0; i < m->n_hw_types; i++)
		BIO_printf(b, "%s.hw_type = %s\n", key, m->hw_types[i]);
	for (i = 0; i < m->n_rules; i++) {
		r = &m->rules[i];
		for (k = 0; k < r->n_match; k++)
			BIO_printf(b, "%s.%s.%s = %s\n", key,
			    r->of_issuer ? "issuer" : "subject",
			    OBJ_nid2sn(r->nid), r->match[k]);
	}
	dump_revocation(b, key, &m->revocation);
}

static void
dump_station(BIO *b, const struct fleet_station *s)
{
	char key[128];

	snprintf(key, sizeof(key), "authenticate.station.%s", s->name);
	BIO_printf(b, "authenticate.station = %s\n", s->name);
	BIO_printf(b, "%s.device_from = %s\n", key, OBJ_nid2sn(s->name_nid));
	BIO_printf(b, "%s.per_shift = %lld\n", key, (long long)s->per_shift);
	BIO_printf(b, "%s.shift = %llds\n", key, (long long)s->shift);
	if (s->anchors == NULL)
		return;
	BIO_printf(b, "%s.depth = %d\n", key, s->depth);
	dump_revocation(b, key, &s->revocation);
	fleet_dump_anchors(b, key, "anchor", s->anchors);
}

static void
dump_authenticate(BIO *b, const struct fleet *f)
{
	const struct fleet_maker *m;
	char key[128];
	size_t i;

	for (i = 0; i < f->n_makers; i++) {
		m = &f->makers[i];
		BIO_printf(b, "authenticate.manufacturer = %s\n", m->name);
		snprintf(
		    key, sizeof(key), "authenticate.manufacturer.%s", m->name);
		BIO_printf(b, "%s.depth = %d\n", key, m->depth);
		dump_maker_rules(b, key, m);
		fleet_dump_anchors(b, key, "anchor", m->anchors);
	}
	for (i = 0; i < f->n_stations; i++)
		dump_station(b, &f->stations[i]);
	line(b, "authenticate.basic", "%s", yes(f->basic));
	line(b, "authenticate.own_certificate", "%s", yes(f->own));
}

static void
dump_keygen(BIO *b, const struct fleet *f)
{
	unsigned bit;

	if (!f->keygen)
		return;
	line(b, "serverkeygen.plain", "%s", yes(f->keygen_plain));
	for (bit = 1; bit <= SPKI_ED25519; bit <<= 1)
		if ((f->keygen_types & bit) != 0)
			line(b, "serverkeygen.key_types", "%s",
			    spki_type_name((enum spki_type)bit));
}

static void
dump_superseded(BIO *b, const struct fleet *f)
{
	static const char *const what[] = {
	    "keep", "revoke-after-first-use", "revoke-after"};

	line(b, "renewal.superseded", "%s", what[f->superseded]);
	if (f->superseded == FLEET_SUPERSEDED_AFTER)
		line(b, "renewal.superseded_after", "%llds",
		    (long long)f->superseded_after);
}

/* Only where it says something. */
static void
dump_approval(BIO *b, const struct fleet *f)
{
	static const char *const what[] = {"none", "first", "all"};
	const struct fleet_approval *a = &f->approval;

	if (f->retry_window != FLEET_RETRY_WINDOW)
		line(b, "retry_window", "%llds", (long long)f->retry_window);
	if (!fleet_parks(f))
		return;
	line(b, "approve", "%s", what[f->approve]);
	line(b, "approval.number", "%lld", (long long)a->number);
	line(b, "approval.lifetime", "%llds", (long long)a->lifetime);
	line(b, "approval.retry_after", "%llds", (long long)a->retry_after);
	line(b, "approval.max_waiting", "%lld", (long long)a->max_waiting);
	line(b, "approval.per_device_day", "%lld",
	    (long long)a->per_device_day);
}

static void
dump_late(BIO *b, const struct fleet *f)
{
	static const char *const key[] = {"any", "same", "new"};

	line(b, "renewal.identity_update", "%s", yes(f->identity_update));
	line(b, "renewal.after_expiry", "%llds", (long long)f->after_expiry);
	if (f->after_expiry == 0)
		return;
	line(b, "renewal.after_expiry_key", "%s", key[f->late_key]);
	line(b, "renewal.after_expiry_consent", "%s",
	    f->late_by_fleet ? "fleet" : "device");
}

static void
dump_rules(BIO *b, const struct fleet *f)
{
	static const char *const re[] = {"refuse", "approve", "allow"};
	static const char *const pop[] = {
	    "off", "verify-if-present", "required"};
	static const char *const attest[] = {"none", "pinned-key", "evidence"};
	size_t i;

	line(b, "registration", "%s",
	    f->registration == FLEET_JUST_IN_TIME ? "just-in-time"
						  : "pre-registered");
	for (i = 0; i < f->n_patterns; i++)
		line(b, "names", "%s", f->patterns[i]);
	line(b, "idevid_key_reuse", "%s", yes(f->idevid_key_reuse));
	line(b, "re_enrol", "%s", re[f->re_enrol]);
	if (f->window == FLEET_WINDOW_SECONDS)
		line(
		    b, "renewal.window", "%llds", (long long)f->window_seconds);
	else
		line(b, "renewal.window", "%s",
		    f->window == FLEET_WINDOW_LAST_THIRD ? "last-third"
							 : "whole");
	line(b, "renewal.san_optional", "%s", yes(f->san_optional));
	line(b, "renewal.san_subset", "%s", yes(f->san_subset));
	dump_superseded(b, f);
	dump_late(b, f);
	line(b, "pop_link", "%s", pop[f->pop_link]);
	line(b, "attest", "%s", attest[f->attest]);
	if (f->evidence != NULL)
		fleet_attest_dump(b, f->evidence);
	line(
	    b, "limits.per_device_hour", "%lld", (long long)f->per_device_hour);
	line(b, "limits.per_day", "%lld", (long long)f->per_day);
	line(b, "limits.per_address_minute", "%lld",
	    (long long)f->per_address_minute);
	line(b, "answer_wrap", "%s", f->answer_wrap);
	dump_keygen(b, f);
	dump_approval(b, f);
}

char *
policy_fleet_dump(const struct fleet *f)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *data, *out = NULL;
	long n;

	if (b != NULL) {
		line(b, "name", "%s", f->name);
		line(b, "label", "%s", f->label);
		line(b, "default", "%s", yes(f->is_default));
		line(b, "profile", "%s", f->profile);
		dump_authenticate(b, f);
		dump_rules(b, f);
		n = BIO_get_mem_data(b, &data);
		out = OPENSSL_strndup(data, (size_t)n);
	}
	if (out == NULL)
		ca_raise(CA_E_INTERNAL, "out of memory");
	BIO_free(b);
	return out;
}
