#include <openssl/x509v3.h>
#include "profiles/lint/lint_part.h"

/* Rules for device identities: IEEE 802.1AR, MUD, BRSKI, FIDO, TCG, DICE. */

#define CN "\x55\x04\x03"
#define C "\x55\x04\x06"
#define O "\x55\x04\x0a"
#define OU "\x55\x04\x0b"

static int
subject_has(const struct lint_view *v, const char *oid, size_t len)
{
	size_t i;
	int n = 0;

	for (i = 0; i < v->subject.n; i++)
		n += der_equal(&v->subject.attr[i].type,
		    (const unsigned char *)oid, len);
	return n;
}

static void
device_serial(struct lint_view *v)
{
	if (subject_has(v, "\x55\x04\x05", 3) != 1)
		lint_say(v, "the subject has not exactly one serialNumber");
}

static void
device_usage(struct lint_view *v)
{
	if (!(v->ku & KU_DIGITAL_SIGNATURE) || !v->x[LINT_X_KU]->critical)
		lint_say(v, "no critical key usage with digitalSignature");
}

static void
device_end(struct lint_view *v)
{
	if (v->time[1].ok && v->time[1].seconds != (int64_t)253402300799)
		lint_say(v, "an end, as an owner sets it: an IDevID has none");
}

/* hardwareModuleName belongs to who made the device, not to a CA. */
static void
device_ca(struct lint_view *v)
{
	struct der list, body, value;
	unsigned char tag;

	if (lint_ext_open(v, LINT_X_SAN, DER_SEQUENCE, &list))
		while (lint_take_any(&list, &tag, &body, NULL))
			if (tag == DER_CONTEXT_CONS(0) &&
			    lint_other_name(&body, PKIX "\x08\x04", 8, &value))
				lint_say(v, "a CA with hardwareModuleName");
}

static void
mud_url(struct lint_view *v)
{
	struct der uri;

	if (v->x[LINT_X_MUD] &&
	    (!lint_ext_open(v, LINT_X_MUD, DER_IA5, &uri) ||
		lint_general(DER_CONTEXT(6), &uri, 0) ||
		!lint_uri_has(&uri, "https")))
		lint_say(v, "not an https URL as IA5String");
}

static void
masa_url(struct lint_view *v)
{
	struct der uri;

	if (v->x[LINT_X_MASA] &&
	    (!lint_ext_open(v, LINT_X_MASA, DER_IA5, &uri) || uri.len == 0))
		lint_say(v, "not an address as IA5String");
}

/* CMW (RFC 9999): json UTF8String or cbor OCTET STRING. */
static void
cmw_form(struct lint_view *v)
{
	struct der b;

	if (v->x[LINT_X_CMW] &&
	    !(lint_ext_open(v, LINT_X_CMW, DER_UTF8, &b) && b.len > 0) &&
	    !(lint_ext_open(v, LINT_X_CMW, DER_OCTET_STRING, &b) && b.len > 0))
		lint_say(v, "neither UTF8String nor OCTET STRING");
}

/* The AAGUID is wrapped twice: extnValue, and an OCTET STRING of 16. */
static void
fido_aaguid(struct lint_view *v)
{
	struct der id;

	if (v->x[LINT_X_AAGUID] &&
	    (!lint_ext_open(v, LINT_X_AAGUID, DER_OCTET_STRING, &id) ||
		id.len != 16))
		lint_say(v, "not an OCTET STRING of 16 octets");
}

static void
fido_subject(struct lint_view *v)
{
	static const char text[] = "Authenticator Attestation";
	const struct lint_attr *a = v->subject.attr;
	size_t i;
	int ou = 0;

	if (!v->x[LINT_X_AAGUID])
		return;
	for (i = 0; i < v->subject.n; i++)
		ou |= OID_IS(a[i].type, OU) && OID_IS(a[i].value, text);
	if (!ou)
		lint_say(v, "an AAGUID, and no OU \"%s\"", text);
	else if (!subject_has(v, C, 3) || !subject_has(v, O, 3) ||
	    !subject_has(v, CN, 3))
		lint_say(v, "an AAGUID, and not C, O and CN in the subject");
}

static void
fido_ca(struct lint_view *v)
{
	if (v->x[LINT_X_AAGUID])
		lint_say(v, "an AAGUID in a CA's certificate");
}

static void
ak_usage(struct lint_view *v)
{
	if (v->x[LINT_X_KU] && v->ku != KU_DIGITAL_SIGNATURE)
		lint_say(v, "usage %04x, not digitalSignature alone", v->ku);
}

static void
ek_usage(struct lint_view *v)
{
	unsigned want =
	    v->key == LINT_K_EC ? KU_KEY_AGREEMENT : KU_KEY_ENCIPHERMENT;

	if (v->x[LINT_X_KU] &&
	    (!(v->ku & want) || (v->ku & KU_DIGITAL_SIGNATURE)))
		lint_say(v, "usage %04x: an endorsement key only decrypts",
		    v->ku);
}

/* TPM manufacturer, model, version in a directoryName of the SAN. */
static void
ek_san(struct lint_view *v)
{
	struct der list, body;
	struct lint_name name;
	unsigned char tag, seen = 0;
	size_t i;

	if (!lint_ext_open(v, LINT_X_SAN, DER_SEQUENCE, &list))
		list.len = 0;
	while (lint_take_any(&list, &tag, &body, NULL)) {
		if (tag != DER_CONTEXT_CONS(4))
			continue;
		name = (struct lint_name){.whole = body};
		lint_read_name(v, &name);
		for (i = 0; i < name.n; i++) {
			seen |= OID_IS(name.attr[i].type, TCG "\x02\x01");
			seen |= OID_IS(name.attr[i].type, TCG "\x02\x02") << 1;
			seen |= OID_IS(name.attr[i].type, TCG "\x02\x03") << 2;
		}
	}
	if (seen != 7)
		lint_say(v, "no directoryName with TPM manufacturer, model "
			    "and version");
}

/* FWIDLIST: of OBJECT IDENTIFIER and OCTET STRING. */
static int
fwids_ok(struct der list)
{
	struct der one, digest;

	if (list.len == 0)
		return 0;
	while (list.len > 0)
		if (!lint_take(&list, DER_SEQUENCE, &one) ||
		    !lint_take(&one, DER_OID, NULL) ||
		    !lint_only(one, DER_OCTET_STRING, &digest) ||
		    digest.len == 0)
			return 0;
	return 1;
}

/* DiceTcbInfo: fields [0]..[10], IMPLICIT, each at most once and in order; [6]
   is the list of measurements. */
static const char *
check_tcb(struct der seq)
{
	struct der body;
	unsigned char tag;
	int n, before = -1;

	if (seq.len == 0)
		return "an empty TcbInfo";
	for (; seq.len > 0; before = n) {
		if (!lint_take_any(&seq, &tag, &body, NULL) ||
		    (tag & 0xc0) != 0x80)
			return "a field without its context tag";
		n = tag & 0x1f;
		if (n <= before)
			return "fields out of order, or twice";
		if (n <= 10 && (tag == DER_CONTEXT_CONS(6)) != (n == 6))
			return "fwids alone is constructed";
		if (n == 6 && !fwids_ok(body))
			return "fwids is not pairs of hash and digest";
	}
	return NULL;
}

static void
dice_tcb(struct lint_view *v)
{
	const char *why = "not a SEQUENCE";
	struct der seq;

	if (!v->x[LINT_X_TCB])
		return;
	if (lint_ext_open(v, LINT_X_TCB, DER_SEQUENCE, &seq))
		why = check_tcb(seq);
	if (why)
		lint_say(v, "%s", why);
}

static void
dice_multi(struct lint_view *v)
{
	struct der list, one;
	const char *why = NULL;

	if (!v->x[LINT_X_MULTI_TCB])
		return;
	if (!lint_ext_open(v, LINT_X_MULTI_TCB, DER_SEQUENCE, &list) ||
	    list.len == 0)
		why = "not a SEQUENCE of one TcbInfo or more";
	while (!why && list.len > 0)
		why = lint_take(&list, DER_SEQUENCE, &one)
		    ? check_tcb(one)
		    : "a TcbInfo is not a SEQUENCE";
	if (why)
		lint_say(v, "%s", why);
}

/* TcgUeid: SEQUENCE { OCTET STRING }; a UEID has 7 to 33 octets (RFC 9711). */
static void
dice_ueid(struct lint_view *v)
{
	struct der seq, id;

	if (v->x[LINT_X_UEID] &&
	    (!lint_ext_open(v, LINT_X_UEID, DER_SEQUENCE, &seq) ||
		!lint_only(seq, DER_OCTET_STRING, &id) || id.len < 7 ||
		id.len > 33))
		lint_say(v, "not a SEQUENCE of one OCTET STRING of 7 to 33");
}

/* SubjectDirectoryAttributes: Attributes with a set of values each. */
static void
sda_form(struct lint_view *v)
{
	struct der list, one, set;

	if (!v->x[LINT_X_SDA])
		return;
	if (!lint_ext_open(v, LINT_X_SDA, DER_SEQUENCE, &list) ||
	    list.len == 0) {
		lint_say(v, "not a SEQUENCE of one attribute or more");
		return;
	}
	while (list.len > 0)
		if (!lint_take(&list, DER_SEQUENCE, &one) ||
		    !lint_take(&one, DER_OID, NULL) ||
		    !lint_only(one, DER_SET, &set) || set.len == 0) {
			lint_say(v, "an attribute is not OID and values");
			return;
		}
}

/* QCStatements (RFC 3739 3.2.6): an OID each, and what belongs to it. */
static void
qc_form(struct lint_view *v)
{
	struct der list, one;

	if (!v->x[LINT_X_QC])
		return;
	if (!lint_ext_open(v, LINT_X_QC, DER_SEQUENCE, &list) ||
	    list.len == 0) {
		lint_say(v, "not a SEQUENCE of one statement or more");
		return;
	}
	while (list.len > 0)
		if (!lint_take(&list, DER_SEQUENCE, &one) ||
		    !lint_take(&one, DER_OID, NULL)) {
			lint_say(v, "a statement does not begin with an OID");
			return;
		}
}

#define RULE(id, cite, sev, is, what, f)                                       \
	{{id, cite, sev, LINT_ON_CERT | (is), what}, f}

const struct lint_rule_fn lint_device_rules[] = {
    RULE("device.serial", "IEEE 802.1AR-2018 8.6", LINT_WARNING,
	LINT_IS_DEVICE, "the subject has one serialNumber", device_serial),
    RULE("device.usage", "IEEE 802.1AR-2018 8.10.3", LINT_WARNING,
	LINT_IS_DEVICE, "critical key usage: digitalSignature",
	device_usage),
    RULE("device.end", "IEEE 802.1AR-2018 8.5; RFC 5280 4.1.2.5",
	LINT_NOTICE, LINT_IS_DEVICE, "notAfter is 99991231235959Z",
	device_end),
    RULE("device.ca", "IEEE 802.1AR-2018 8.10.4; RFC 4108 5", LINT_WARNING,
	LINT_IS_CA, "no hardwareModuleName in a CA", device_ca),
    RULE("mud.url", "RFC 8520 6, 11", LINT_ERROR, 0,
	"the MUD URL is https, as IA5String", mud_url),
    RULE("masa.url", "RFC 8995 2.3.2", LINT_ERROR, 0,
	"the MASA URL is IA5String", masa_url),
    RULE("cmw.form", "RFC 9999 4.4", LINT_ERROR, LINT_ON_CRL,
	"CMW is UTF8String or OCTET STRING", cmw_form),
    RULE("fido.aaguid", "WebAuthn 8.2.1", LINT_ERROR, 0,
	"the AAGUID is an OCTET STRING of 16 octets within extnValue",
	fido_aaguid),
    RULE("fido.subject", "WebAuthn 8.2.1", LINT_ERROR, 0,
	"with an AAGUID: C, O, OU \"Authenticator Attestation\", CN",
	fido_subject),
    RULE("fido.ca", "WebAuthn 8.2.1", LINT_ERROR, LINT_IS_CA,
	"no AAGUID in a CA", fido_ca),
    RULE("ak.usage", "TCG TPM 2.0 Keys for Device Identity and Attestation",
	LINT_WARNING, LINT_IS_AK,
	"an attestation key has digitalSignature alone", ak_usage),
    RULE("ek.usage", "TCG EK Credential Profile 3.2", LINT_WARNING,
	LINT_IS_EK, "an endorsement key only decrypts", ek_usage),
    RULE("ek.san", "TCG EK Credential Profile 3.2.9", LINT_ERROR,
	LINT_IS_EK, "an EK names TPM manufacturer, model and version",
	ek_san),
    RULE("dice.tcb_info", "TCG DICE Attestation Architecture 6.1",
	LINT_ERROR, 0, "TcbInfo is its fields in order, fwids in pairs",
	dice_tcb),
    RULE("dice.multi_tcb_info", "TCG DICE Attestation Architecture 6.1",
	LINT_ERROR, 0, "MultiTcbInfo is one TcbInfo or more", dice_multi),
    RULE("dice.ueid", "TCG DICE Attestation Architecture 6.1; RFC 9711 4.2.1",
	LINT_ERROR, 0, "UEID is an OCTET STRING of 7 to 33 octets",
	dice_ueid),
    RULE("sda.form", "RFC 5280 4.2.1.8", LINT_ERROR, 0,
	"subjectDirectoryAttributes is attributes with values", sda_form),
    RULE("qc.form", "RFC 3739 3.2.6", LINT_ERROR, 0,
	"qcStatements is statements that begin with an OID", qc_form),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
