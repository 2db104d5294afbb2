#include "profiles/lint/lint_part.h"

/* A certificate or CRL taken apart (RFC 5280 4.1, 5.1). */

/* Name: RDNs of AttributeTypeAndValue. */
static int
read_rdn(struct lint_name *name, struct der rdn, unsigned number)
{
	struct der one;
	struct lint_attr *a;

	if (rdn.len == 0)
		return 0;
	while (rdn.len > 0) {
		if (name->n == LINT_ATTRS_MAX) {
			name->bad = "more attributes than are looked at";
			return 1;
		}
		a = &name->attr[name->n];
		if (!lint_take(&rdn, DER_SEQUENCE, &one) ||
		    !lint_take(&one, DER_OID, &a->type) ||
		    !lint_take_any(&one, &a->tag, &a->value, NULL) ||
		    one.len > 0)
			return 0;
		a->rdn = number;
		name->n++;
	}
	return 1;
}

void
lint_read_name(struct lint_view *v, struct lint_name *name)
{
	struct der list, rdn;
	unsigned number = 0;

	(void)v;
	if (!lint_only(name->whole, DER_SEQUENCE, &list)) {
		name->bad = "not a SEQUENCE";
		return;
	}
	for (; list.len > 0; number++)
		if (!lint_take(&list, DER_SET, &rdn) ||
		    !read_rdn(name, rdn, number)) {
			name->bad = "not sets of type and value";
			return;
		}
}

static const struct {
	const char *oid;
	size_t len;
	enum lint_key key;
} keys[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9, LINT_K_RSA},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9, LINT_K_PSS},
    {"\x2a\x86\x48\xce\x3d\x02\x01", 7, LINT_K_EC},
    {"\x2b\x65\x6e", 3, LINT_K_X},
    {"\x2b\x65\x6f", 3, LINT_K_X},
    {"\x2b\x65\x70", 3, LINT_K_ED},
    {"\x2b\x65\x71", 3, LINT_K_ED},
};

/* 2.16.840.1.101.3.4.3.17 to .31: ML-DSA and SLH-DSA; ….4.4.1 to 3: ML-KEM. */
static enum lint_key
key_of(const struct der *oid)
{
	static const unsigned char nist[] = {
	    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04};
	struct der arc = {oid->p, sizeof(nist)};
	size_t i;

	for (i = 0; i < N(keys); i++)
		if (der_equal(oid, (const unsigned char *)keys[i].oid,
			keys[i].len))
			return keys[i].key;
	if (oid->len != sizeof(nist) + 2 ||
	    !der_equal(&arc, nist, sizeof(nist)))
		return LINT_K_UNKNOWN;
	if (oid->p[7] == 3 && oid->p[8] >= 17 && oid->p[8] <= 31)
		return LINT_K_PQ_SIGN;
	return oid->p[7] == 4 && oid->p[8] >= 1 && oid->p[8] <= 3
	    ? LINT_K_PQ_KEM
	    : LINT_K_UNKNOWN;
}

static void
read_key(struct lint_view *v)
{
	struct der spki, alg;

	if (!lint_only(v->spki, DER_SEQUENCE, &spki) ||
	    !lint_take(&spki, DER_SEQUENCE, &alg) ||
	    !lint_take(&alg, DER_OID, &v->key_alg) ||
	    !lint_only(spki, DER_BIT_STRING, &v->key_bits) ||
	    v->key_bits.len < 2)
		return;
	v->key_params = alg;
	v->key = key_of(&v->key_alg);
	v->key_ok = 1;
}

/* Certificate or CertificateList: what is signed, algorithm, signature. */
static int
open_signed(struct lint_view *v, struct der in, struct der *tbs)
{
	struct der all;

	if (!lint_take_any(&in, NULL, NULL, &v->whole) ||
	    !lint_only(v->whole, DER_SEQUENCE, &all) ||
	    !lint_take_whole(&all, DER_SEQUENCE, tbs) ||
	    !lint_take_whole(&all, DER_SEQUENCE, &v->outer) ||
	    !lint_take(&all, DER_BIT_STRING, &v->signature) || all.len > 0) {
		v->broken = "not a SEQUENCE of what is signed, algorithm and "
			    "signature";
		return 0;
	}
	v->trailing = in.len > 0;
	v->signed_ = 1;
	return 1;
}

static int
read_validity(struct lint_view *v, struct der validity)
{
	return lint_time_take(&validity, &v->time[0]) &&
	    lint_time_take(&validity, &v->time[1]) && validity.len == 0;
}

static const char *
read_tbs(struct lint_view *v, struct der tbs)
{
	struct der outer, validity;

	if (lint_take(&tbs, DER_CONTEXT_CONS(0), &outer)) {
		v->has_version = 1;
		if (!lint_only(outer, DER_INTEGER, &v->version))
			return "version is not an INTEGER";
	}
	if (!lint_take(&tbs, DER_INTEGER, &v->serial))
		return "no serialNumber where it must be";
	if (!lint_take_whole(&tbs, DER_SEQUENCE, &v->alg) ||
	    !lint_take_whole(&tbs, DER_SEQUENCE, &v->issuer.whole))
		return "no signature and issuer where they must be";
	if (!lint_take(&tbs, DER_SEQUENCE, &validity))
		return "no validity where it must be";
	v->validity_bad = !read_validity(v, validity);
	if (!lint_take_whole(&tbs, DER_SEQUENCE, &v->subject.whole) ||
	    !lint_take_whole(&tbs, DER_SEQUENCE, &v->spki))
		return "no subject and key where they must be";
	v->has_uid = lint_take(&tbs, DER_CONTEXT(1), NULL);
	v->has_uid |= lint_take(&tbs, DER_CONTEXT(2), NULL);
	if (lint_take(&tbs, DER_CONTEXT_CONS(3), &outer)) {
		v->has_exts = 1;
		if (!lint_only(outer, DER_SEQUENCE, &v->exts))
			return "extensions are not one SEQUENCE";
	}
	return tbs.len > 0 ? "something after the last field" : NULL;
}

void
lint_read_cert(struct lint_view *v, struct der in, int only_tbs)
{
	struct der tbs = in, body;

	v->issuer.what = "issuer";
	v->subject.what = "subject";
	v->faults.base = in.p;
	if (in.len > LINT_CERT_MAX) {
		v->broken = "more octets than are looked at";
		return;
	}
	if (!only_tbs && !open_signed(v, in, &tbs))
		return;
	if (only_tbs)
		v->whole = in;
	if (!lint_only(tbs, DER_SEQUENCE, &body)) {
		v->broken = "what is signed is not one SEQUENCE";
		return;
	}
	lint_der_walk(&v->faults, v->whole);
	if ((v->broken = read_tbs(v, body)) != NULL)
		return;
	lint_read_name(v, &v->issuer);
	lint_read_name(v, &v->subject);
	read_key(v);
	lint_read_exts(v);
	lint_read_classes(v);
}

static const char *
read_list(struct lint_view *v, struct der tbs)
{
	struct der outer;

	v->has_version = lint_take(&tbs, DER_INTEGER, &v->version);
	if (!lint_take_whole(&tbs, DER_SEQUENCE, &v->alg) ||
	    !lint_take_whole(&tbs, DER_SEQUENCE, &v->issuer.whole))
		return "no signature and issuer where they must be";
	if (!lint_time_take(&tbs, &v->time[0]))
		return "no thisUpdate where it must be";
	lint_time_take(&tbs, &v->time[1]);
	if (der_next_is(&tbs, DER_SEQUENCE))
		v->has_revoked = lint_take(&tbs, DER_SEQUENCE, &v->revoked);
	if (lint_take(&tbs, DER_CONTEXT_CONS(0), &outer)) {
		v->has_exts = 1;
		if (!lint_only(outer, DER_SEQUENCE, &v->exts))
			return "crlExtensions are not one SEQUENCE";
	}
	return tbs.len > 0 ? "something after the last field" : NULL;
}

void
lint_read_crl(struct lint_view *v, struct der in)
{
	struct der tbs, body;

	v->issuer.what = "issuer";
	v->faults.base = in.p;
	if (in.len > LINT_CRL_MAX) {
		v->broken = "more octets than are looked at";
		return;
	}
	if (!open_signed(v, in, &tbs))
		return;
	if (!lint_only(tbs, DER_SEQUENCE, &body)) {
		v->broken = "what is signed is not one SEQUENCE";
		return;
	}
	lint_der_walk(&v->faults, v->whole);
	if ((v->broken = read_list(v, body)) != NULL)
		return;
	lint_read_name(v, &v->issuer);
	lint_read_exts(v);
	if (v->x[LINT_X_DELTA])
		v->classes |= LINT_IS_DELTA;
}
