#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/fleet.h"
#include "ca/engine/maker_crls.h"
#include "ca/engine/stage.h"
#include "ca/report/report.h"
#include "profiles/san.h"
#include "profiles/spki.h"

/*
 * A manufacturer's certificate: by its chain to what the fleet names, by the
 * rules for its names, and by the manufacturer's CRLs where the fleet asks
 * them.
 */

#define RETRY_CRL 300 /* seconds, until somebody has put a CRL there */

/* Every value that the name has of the attribute matches, and there is one. */
static int
name_fits(const struct fleet_name_rule *r, const X509_NAME *name)
{
	unsigned char *text = NULL;
	int at = -1, n, fits, found = 0;
	size_t i;

	while ((at = X509_NAME_get_index_by_NID(name, r->nid, at)) >= 0) {
		n = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
		fits = 0;
		for (i = 0; n > 0 && i < r->n_match; i++)
			fits |= strlen((char *)text) == (size_t)n &&
			    fleet_match(r->match[i], (char *)text);
		OPENSSL_free(text);
		text = NULL;
		if (!fits)
			return 0;
		found = 1;
	}
	return found;
}

/* The rule that the certificate does not keep; NULL: none. */
static const struct fleet_name_rule *
broken_rule(const struct fleet_maker *m, const X509 *leaf)
{
	size_t i;

	for (i = 0; i < m->n_rules; i++)
		if (!name_fits(&m->rules[i],
			m->rules[i].of_issuer ? X509_get_issuer_name(leaf)
					      : X509_get_subject_name(leaf)))
			return &m->rules[i];
	return NULL;
}

struct search {			/* why nobody was found */
	int expired, other;
	const struct fleet_maker *maker;	/* of the names that do not fit */
	const struct fleet_name_rule *rule;
};

static void
refuse_search(struct admitting *t, const struct search *s)
{
	const char *what;
	char field[64];

	if (s->rule != NULL) {
		what = s->rule->of_issuer ? "issuer" : "subject";
		snprintf(field, sizeof(field), "tls.certificate.%s.%s", what,
		    OBJ_nid2sn(s->rule->nid));
		stage_refuse(t, WIRE_DENIED,
		    s->rule->of_issuer ? "maker.issuer" : "maker.subject",
		    field, "%s of the %s is not what fleet %s takes of %s",
		    OBJ_nid2sn(s->rule->nid), what, t->fleet->name,
		    s->maker->name);
	} else if (s->expired)
		stage_refuse(t, WIRE_DENIED, "certificate.expired",
		    "tls.certificate",
		    "a certificate of the chain is expired or not valid yet");
	else
		stage_refuse(t, WIRE_DENIED, "certificate.unknown-maker",
		    "tls.certificate",
		    "the certificate is of no manufacturer that fleet %s "
		    "trusts%s%s%s",
		    t->fleet->name, s->other ? " (" : "",
		    s->other ? X509_verify_cert_error_string(s->other) : "",
		    s->other ? ")" : "");
}

static int
is_other(int err)
{
	return err != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY &&
	    err != X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT &&
	    err != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN &&
	    err != X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

/* Does ${m} vouch for the leaf? Where not, ${s} learns why. */
static int
vouches(struct admitting *t, const struct fleet_maker *m, X509 *leaf,
    STACK_OF(X509) * rest, struct search *s)
{
	const struct fleet_name_rule *r;
	int err = auth_verify(t, m->anchors, m->depth, leaf, rest);

	if (err == X509_V_ERR_CERT_HAS_EXPIRED ||
	    err == X509_V_ERR_CERT_NOT_YET_VALID)
		s->expired = 1;
	else if (err != X509_V_OK)
		s->other = is_other(err) ? err : s->other;
	if (err != X509_V_OK)
		return 0;
	if ((r = broken_rule(m, leaf)) == NULL)
		return 1;
	s->maker = m;
	s->rule = r;
	return 0;
}

/* The maker that vouches for the leaf; NULL refused. Two makers may have the
   same anchors and differ in the names. */
static const struct fleet_maker *
find_maker(struct admitting *t, X509 *leaf, STACK_OF(X509) * rest)
{
	struct search s = {.expired = 0};
	const struct fleet_maker *found = NULL;
	size_t i;

	ERR_set_mark();
	for (i = 0; found == NULL && i < t->fleet->n_makers; i++)
		if (vouches(t, &t->fleet->makers[i], leaf, rest, &s))
			found = &t->fleet->makers[i];
	ERR_pop_to_mark();
	if (found == NULL)
		refuse_search(t, &s);
	return found;
}

/* ---- revocation -------------------------------------------------------- */

/* No CRL that counts: what the fleet says of that. */
static int
not_covered(struct admitting *t, const struct auth_outsider *x, const char *why)
{
	if (x->revocation->missing == FLEET_MISSING_REFUSE) {
		stage_refuse_detail(t, WIRE_UNAVAILABLE, "maker.crl",
		    "tls.certificate", why,
		    "whether the certificate of %s %s is revoked cannot be "
		    "told now",
		    x->what, x->name);
		t->o->retry_after = RETRY_CRL;
		return 0;
	}
	if (!t->env->explain)
		report_event(REPORT_WARN, "maker.crl.missing", "fleet",
		    t->fleet->name, x->what, x->name, "why", why, NULL);
	stage_note(t, "no CRL of %s %s: %s", x->what, x->name, why);
	return 1;
}

int
auth_not_revoked(struct admitting *t, const struct auth_outsider *x, X509 *leaf,
    STACK_OF(X509) * rest)
{
	char why[MAKER_CRLS_WHY_MAX];

	if (!x->revocation->crls)
		return 1;
	switch (maker_crls_check(t->env->maker_crls, x->anchors, x->depth, leaf,
	    rest, t->env->now, why)) {
	case MAKER_CRLS_GOOD:
		return 1;
	case MAKER_CRLS_REVOKED:
		return stage_refuse(t, WIRE_DENIED, "maker.revoked",
		    "tls.certificate",
		    "a certificate of the chain of %s %s is revoked", x->what,
		    x->name);
	case MAKER_CRLS_UNKNOWN:
		break;
	}
	return not_covered(t, x, why);
}

static int
not_revoked(struct admitting *t, const struct fleet_maker *m, X509 *leaf,
    STACK_OF(X509) * rest)
{
	struct auth_outsider x = {
	    "manufacturer", m->name, m->anchors, m->depth, &m->revocation};

	return auth_not_revoked(t, &x, leaf, rest);
}

/* ---- who it is --------------------------------------------------------- */

static int
no_name(struct admitting *t, const char *field, const char *what, int n)
{
	return stage_refuse(t, WIRE_DENIED, "certificate.name", field,
	    "the certificate has %s %s to name the device by",
	    n == 0 ? "no" : "more than one", what);
}

/* The only value of the subject's attribute. */
static int
subject_value(struct admitting *t, const X509 *leaf, int nid, char *out,
    size_t size)
{
	static const char FIELD[] = "tls.certificate.subject";
	const X509_NAME *subject = X509_get_subject_name(leaf);
	int i = X509_NAME_get_index_by_NID(subject, nid, -1), len, ok = 0;
	unsigned char *text = NULL;

	if (i < 0 || X509_NAME_get_index_by_NID(subject, nid, i) >= 0)
		return no_name(t, FIELD, OBJ_nid2ln(nid), i >= 0);
	len = ASN1_STRING_to_UTF8(
	    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
	if (len > 0 && (size_t)len < size &&
	    strlen((char *)text) == (size_t)len &&
	    stage_name_ok((char *)text)) {
		memcpy(out, text, (size_t)len + 1);
		ok = 1;
	}
	OPENSSL_free(text);
	return ok ||
	    stage_refuse(t, WIRE_DENIED, "certificate.name", FIELD,
		"%s of the subject must have 1 to 64 printable characters",
		OBJ_nid2ln(nid));
}

static int
is_hw_type(const struct fleet_maker *m, const char *oid)
{
	size_t i;

	for (i = 0; i < m->n_hw_types; i++)
		if (strcmp(m->hw_types[i], oid) == 0)
			return 1;
	return 0;
}

/* The only hwSerialNum of a make that the fleet names. */
static int
hardware_value(struct admitting *t, const struct fleet_maker *m,
    const X509 *leaf, char *out, size_t size)
{
	static const char FIELD[] = "tls.certificate.san";
	GENERAL_NAMES *san = X509_get_ext_d2i(
	    leaf, NID_subject_alt_name, NULL, NULL);
	char oid[SAN_OID_MAX], value[65], other[SAN_OID_MAX] = "";
	int i, n = 0;

	for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		if (!san_read_hardware(sk_GENERAL_NAME_value(san, i), oid,
			value, sizeof(value)))
			continue;
		if (is_hw_type(m, oid)) {
			snprintf(out, size, "%s", value);
			n++;
		} else
			memcpy(other, oid, sizeof(other));
	}
	GENERAL_NAMES_free(san);
	if (n == 0 && other[0] != '\0')
		return stage_refuse(t, WIRE_DENIED, "maker.hw-type", FIELD,
		    "fleet %s takes no hardware of type %s from %s",
		    t->fleet->name, other, m->name);
	if (n != 1)
		return no_name(t, FIELD, "hardware module name", n);
	return stage_name_ok(out) || no_name(t, FIELD, "printable name", 0);
}

static int
value_of(struct admitting *t, const struct fleet_maker *m, const X509 *leaf,
    int nid, char *out, size_t size)
{
	return nid == NID_undef ? hardware_value(t, m, leaf, out, size)
				: subject_value(t, leaf, nid, out, size);
}

static int
identify(struct admitting *t, const struct fleet_maker *m, const X509 *leaf)
{
	struct admission *a = t->a;

	a->serial_rule = m->serial;
	return value_of(t, m, leaf, m->serial_nid, a->serial,
		   sizeof(a->serial)) &&
	    value_of(t, m, leaf, m->name_nid, a->device, sizeof(a->device));
}

static int
accept_maker(struct admitting *t, const struct fleet_maker *m, X509 *leaf)
{
	struct admission *a = t->a;
	unsigned char *spki = NULL;
	int len, ok = 0;

	if (!auth_check_usage(t, leaf) || !identify(t, m, leaf))
		return 0;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &spki);
	if (len > 0)
		ok = spki_sha256(spki, (size_t)len, t->maker_key);
	OPENSSL_free(spki);
	if (!ok) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	t->party = PARTY_MAKER;
	stage_known(t, t->fleet->name, a->device);
	snprintf(a->auth, sizeof(a->auth), "manufacturer:%.48s", m->name);
	stage_say(t, "certificate of manufacturer %s for device %s", m->name,
	    a->device);
	return stage_field(a, "identity.device", a->device) &&
	    stage_field(a, "identity.serial", a->serial) &&
	    again_credential(t, leaf);
}

int
auth_maker(struct admitting *t)
{
	STACK_OF(X509) *rest = sk_X509_new_null();
	const struct fleet_maker *m;
	X509 *leaf = NULL;
	int ok = 0;

	if (rest == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		goto out;
	}
	ok = auth_decode_chain(t, &leaf, rest) &&
	    (m = find_maker(t, leaf, rest)) != NULL &&
	    not_revoked(t, m, leaf, rest) && accept_maker(t, m, leaf);
out:
	sk_X509_pop_free(rest, X509_free);
	X509_free(leaf);
	return ok;
}

/* Case counts, but not that of hexadecimal digits. */
int
auth_serial_same(const char *a, const char *b)
{
	return strncmp(a, "hex:", 4) == 0 ? strcasecmp(a, b) == 0
					  : strcmp(a, b) == 0;
}

int
auth_maker_serial(struct admitting *t)
{
	const struct admission *a = t->a;
	const char *have = t->has_device ? t->device.serial : "";
	char both[2 * 65 + 64];

	if (t->party != PARTY_MAKER || a->serial_rule == FLEET_SERIAL_IGNORED)
		return 1;
	if (have[0] == '\0')
		return a->serial_rule == FLEET_SERIAL_IF_KNOWN ||
		    stage_refuse(t, WIRE_DENIED, "device.serial-unknown",
			"device",
			"the registry has no serial number of device %s to hold "
			"the certificate's against",
			a->device);
	snprintf(both, sizeof(both), "%s in the certificate, %s in the registry",
	    a->serial, have);
	return auth_serial_same(have, a->serial) ||
	    stage_refuse_detail(t, WIRE_DENIED, "device.serial-mismatch",
		"tls.certificate", both,
		"the certificate has another serial number than the registry "
		"says of device %s",
		a->device);
}
