#include "profiles/lint/lint_part.h"

/* Extensions, and what a certificate is because of them. */

static const struct known {
	const char *name, *oid;
	size_t len;
} known[LINT_X_N] = {
#define KNOWN(id, name, oid) [id] = {name, oid, sizeof(oid) - 1}
    KNOWN(LINT_X_SDA, "subjectDirectoryAttributes", CE "\x09"),
    KNOWN(LINT_X_SKI, "subjectKeyIdentifier", CE "\x0e"),
    KNOWN(LINT_X_KU, "keyUsage", CE "\x0f"),
    KNOWN(LINT_X_SAN, "subjectAltName", CE "\x11"),
    KNOWN(LINT_X_IAN, "issuerAltName", CE "\x12"),
    KNOWN(LINT_X_BC, "basicConstraints", CE "\x13"),
    KNOWN(LINT_X_CRL_NUMBER, "cRLNumber", CE "\x14"),
    KNOWN(LINT_X_DELTA, "deltaCRLIndicator", CE "\x1b"),
    KNOWN(LINT_X_IDP, "issuingDistributionPoint", CE "\x1c"),
    KNOWN(LINT_X_NC, "nameConstraints", CE "\x1e"),
    KNOWN(LINT_X_CRLDP, "cRLDistributionPoints", CE "\x1f"),
    KNOWN(LINT_X_POLICIES, "certificatePolicies", CE "\x20"),
    KNOWN(LINT_X_MAPPINGS, "policyMappings", CE "\x21"),
    KNOWN(LINT_X_AKI, "authorityKeyIdentifier", CE "\x23"),
    KNOWN(LINT_X_PC, "policyConstraints", CE "\x24"),
    KNOWN(LINT_X_EKU, "extKeyUsage", CE "\x25"),
    KNOWN(LINT_X_FRESHEST, "freshestCRL", CE "\x2e"),
    KNOWN(LINT_X_IAP, "inhibitAnyPolicy", CE "\x36"),
    KNOWN(LINT_X_NOREV, "noRevAvail", CE "\x38"),
    KNOWN(LINT_X_EXPIRED, "expiredCertsOnCRL", CE "\x3c"),
    KNOWN(LINT_X_AIA, "authorityInfoAccess", PKIX "\x01\x01"),
    KNOWN(LINT_X_SIA, "subjectInfoAccess", PKIX "\x01\x0b"),
    KNOWN(LINT_X_NOCHECK, "ocsp-nocheck", PKIX "\x30\x01\x05"),
    KNOWN(LINT_X_TLS_FEATURE, "TLS feature", PKIX "\x01\x18"),
    KNOWN(LINT_X_MUD, "MUD URL", PKIX "\x01\x19"),
    KNOWN(LINT_X_MASA, "MASA URL", PKIX "\x01\x20"),
    KNOWN(LINT_X_CMW, "CMW", PKIX "\x01\x23"),
    KNOWN(LINT_X_QC, "qcStatements", PKIX "\x01\x03"),
    KNOWN(LINT_X_AAGUID, "FIDO AAGUID",
	"\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x04"),
    KNOWN(LINT_X_TCB, "DICE TcbInfo", TCG "\x05\x04\x01"),
    KNOWN(LINT_X_UEID, "DICE UEID", TCG "\x05\x04\x04"),
    KNOWN(LINT_X_MULTI_TCB, "DICE MultiTcbInfo", TCG "\x05\x04\x05"),
};

const char *
lint_ext_name(const struct lint_ext *ext)
{
	return ext->id == LINT_X_N ? "an extension unknown here"
				   : known[ext->id].name;
}

static enum lint_ext_id
id_of(const struct der *oid)
{
	size_t i;

	for (i = 0; i < LINT_X_N; i++)
		if (der_equal(oid, (const unsigned char *)known[i].oid,
			known[i].len))
			break;
	return (enum lint_ext_id)i;
}

int
lint_ext_read(struct der in, struct lint_ext *ext)
{
	struct der flag;

	ext->critical = ext->said = 0;
	if (!lint_take(&in, DER_OID, &ext->oid))
		return 0;
	if (lint_take(&in, DER_BOOLEAN, &flag)) {
		ext->said = 1;
		ext->critical = flag.len == 1 && flag.p[0] != 0;
	}
	ext->id = id_of(&ext->oid);
	return lint_only(in, DER_OCTET_STRING, &ext->value);
}

void
lint_read_exts(struct lint_view *v)
{
	struct der list = v->exts, one;
	struct lint_ext *ext;

	while (list.len > 0) {
		if (v->n_exts == LINT_EXTS_MAX) {
			v->limit = "more extensions than are looked at";
			return;
		}
		ext = &v->ext[v->n_exts];
		if (!lint_take(&list, DER_SEQUENCE, &one)) {
			v->ext_bad = "something that is not a SEQUENCE";
			return;
		}
		if (!lint_ext_read(one, ext)) {
			v->ext_bad = "not OID, critical flag, OCTET STRING";
			continue;
		}
		v->n_exts++;
		if (ext->id < LINT_X_N && !v->x[ext->id])
			v->x[ext->id] = ext;
		/* The value of one that is unknown may not be DER at all. */
		if (ext->id < LINT_X_N)
			lint_der_walk(&v->faults, ext->value);
	}
}

int
lint_ext_open(const struct lint_view *v, enum lint_ext_id id,
    unsigned char tag, struct der *body)
{
	return v->x[id] && lint_only(v->x[id]->value, tag, body);
}

int
lint_bc(const struct lint_view *v, int *is_ca, long *path)
{
	struct der seq, flag, n;
	size_t i;

	*is_ca = 0;
	*path = -1;
	if (!v->x[LINT_X_BC])
		return 1;
	if (!lint_ext_open(v, LINT_X_BC, DER_SEQUENCE, &seq))
		return 0;
	if (lint_take(&seq, DER_BOOLEAN, &flag))
		*is_ca = flag.len == 1 && flag.p[0] != 0;
	if (lint_take(&seq, DER_INTEGER, &n)) {
		if (n.len == 0 || n.len > 3 || n.p[0] > 0x7f)
			return 0;
		for (i = 0, *path = 0; i < n.len; i++)
			*path = *path << 8 | n.p[i];
	}
	return seq.len == 0;
}

/* Bits as KU_*: the first octet low, the second high. */
static void
read_ku(struct lint_view *v)
{
	struct der b;

	if (lint_ext_open(v, LINT_X_KU, DER_BIT_STRING, &b) && b.len > 1)
		v->ku = b.p[1] | (b.len > 2 ? (unsigned)b.p[2] << 8 : 0);
}

static void
read_eku(struct lint_view *v)
{
	static const struct {
		const char *oid;
		size_t len;
		unsigned bit;
	} all[] = {{PKIX "\x03\x01", 8, EKU_SERVER},
	    {PKIX "\x03\x02", 8, EKU_CLIENT}, {PKIX "\x03\x03", 8, EKU_CODE},
	    {PKIX "\x03\x04", 8, EKU_EMAIL}, {PKIX "\x03\x08", 8, EKU_TSA},
	    {PKIX "\x03\x09", 8, EKU_OCSP}, {PKIX "\x03\x1c", 8, EKU_CMC_RA},
	    {CE "\x25\x00", 4, EKU_ANY}, {TCG "\x08\x01", 5, EKU_EK},
	    {TCG "\x08\x03", 5, EKU_AK}};
	struct der list, oid;
	size_t i;

	if (!lint_ext_open(v, LINT_X_EKU, DER_SEQUENCE, &list))
		return;
	for (; lint_take(&list, DER_OID, &oid); v->n_eku++) {
		for (i = 0; i < N(all); i++)
			if (der_equal(&oid, (const unsigned char *)all[i].oid,
				all[i].len))
				break;
		v->eku |= i < N(all) ? all[i].bit : EKU_OTHER;
	}
}

/* A subjectAltName with hardwareModuleName makes a device of it. */
static int
names_hardware(const struct lint_view *v)
{
	struct der list, body, value;
	unsigned char tag;

	if (!lint_ext_open(v, LINT_X_SAN, DER_SEQUENCE, &list))
		return 0;
	while (lint_take_any(&list, &tag, &body, NULL))
		if (tag == DER_CONTEXT_CONS(0) &&
		    lint_other_name(&body, PKIX "\x08\x04", 8, &value))
			return 1;
	return 0;
}

void
lint_read_classes(struct lint_view *v)
{
	static const struct {
		unsigned eku, class;
	} ends[] = {{EKU_OCSP, LINT_IS_OCSP}, {EKU_TSA, LINT_IS_TSA},
	    {EKU_CODE, LINT_IS_CODE}, {EKU_SERVER, LINT_IS_SERVER},
	    {EKU_AK, LINT_IS_AK}, {EKU_EK, LINT_IS_EK}};
	int is_ca;
	long path;
	size_t i;

	read_ku(v);
	read_eku(v);
	lint_bc(v, &is_ca, &path);
	v->classes = is_ca ? LINT_IS_CA : LINT_IS_END;
	if (v->subject.n > 0 && lint_same(&v->issuer.whole, &v->subject.whole))
		v->classes |= LINT_IS_SELF;
	if (v->x[LINT_X_NOREV])
		v->classes |= LINT_IS_NOREV;
	for (i = 0; !is_ca && i < N(ends); i++)
		if (v->eku & ends[i].eku)
			v->classes |= ends[i].class;
	if (!is_ca && names_hardware(v))
		v->classes |= LINT_IS_DEVICE;
}
