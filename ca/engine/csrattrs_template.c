#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>

#include "profiles/name.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/csrattrs.h"

/*
 * What a fleet demands of a CSR, as a template. Of the subject: what the profile
 * takes from the CSR (the client fills it in), what the profile fixes (with its
 * value, so that a renewal asks for the subject that it has), and the CN that
 * names the device where HTTP Basic is a way in. Values that come from anywhere
 * else are no business of the client's.
 */

static void
rdn_free(CSRATTRS_RDN *rdn)
{
	sk_CSRATTRS_ATV_pop_free(rdn, CSRATTRS_ATV_free);
}

/* An RDN of one attribute; ${value} NULL: to be filled in. */
static int
push_rdn(STACK_OF(CSRATTRS_RDN) * subject, int nid, int type, const char *value)
{
	CSRATTRS_RDN *rdn = sk_CSRATTRS_ATV_new_null();
	CSRATTRS_ATV *atv = CSRATTRS_ATV_new();
	ASN1_STRING *s = NULL;

	if (rdn == NULL || atv == NULL)
		goto fail;
	atv->type = OBJ_nid2obj(nid);
	if (value != NULL) {
		s = ASN1_STRING_type_new(type);
		atv->value = ASN1_TYPE_new();
		if (s == NULL || atv->value == NULL ||
		    ASN1_STRING_set(s, value, -1) != 1)
			goto fail;
		ASN1_TYPE_set(atv->value, type, s);
		s = NULL;
	}
	if (sk_CSRATTRS_ATV_push(rdn, atv) <= 0)
		goto fail;
	atv = NULL;
	if (sk_CSRATTRS_RDN_push(subject, rdn) > 0)
		return 1;
fail:
	ASN1_STRING_free(s);
	CSRATTRS_ATV_free(atv);
	rdn_free(rdn);
	return 0;
}

/* Is the attribute one that the client fills in already? */
static int
demanded(const STACK_OF(CSRATTRS_RDN) * subject, int nid)
{
	const CSRATTRS_ATV *atv;
	int i;

	for (i = 0; i < sk_CSRATTRS_RDN_num(subject); i++) {
		atv = sk_CSRATTRS_ATV_value(
		    sk_CSRATTRS_RDN_value(subject, i), 0);
		if (OBJ_obj2nid(atv->type) == nid && atv->value == NULL)
			return 1;
	}
	return 0;
}

static int
demand(STACK_OF(CSRATTRS_RDN) * subject, int nid)
{
	return demanded(subject, nid) || push_rdn(subject, nid, 0, NULL);
}

static int
add_rule(const struct fleet *f, const struct profile_subject_rule *r,
    STACK_OF(CSRATTRS_RDN) * subject)
{
	const struct name_attr *a = name_of(r->nid);

	/* A CN of the CSR is the device's, whatever becomes of it. */
	if (f->basic && r->nid == NID_commonName)
		return demand(subject, NID_commonName);
	switch (r->kind) {
	case PROFILE_FROM_FIXED:
		return a == NULL || push_rdn(subject, a->nid, a->type, r->source);
	case PROFILE_FROM_CSR:
		a = name_find(r->source);
		return a == NULL || r->optional || demand(subject, a->nid);
	case PROFILE_FROM_FIELD:
		break;
	}
	return 1;
}

static int
add_subject(const struct fleet *f, CSRATTRS_CRI *cri)
{
	STACK_OF(CSRATTRS_RDN) *subject = sk_CSRATTRS_RDN_new_null();
	const struct profile *p = f->compiled;
	size_t i;
	int ok = subject != NULL;

	for (i = 0; ok && i < p->n_subject; i++)
		ok = add_rule(f, &p->subject[i], subject);
	if (ok && f->basic)
		ok = demand(subject, NID_commonName);
	/* Absent says «nothing demanded»; an empty one, an empty subject. */
	if (ok && sk_CSRATTRS_RDN_num(subject) > 0) {
		cri->subject = subject;
		subject = NULL;
	}
	sk_CSRATTRS_RDN_pop_free(subject, rdn_free);
	return ok;
}

/* A key of the right size that nobody has: 2^(bits-1) + 1 for a modulus. */
static ASN1_BIT_STRING *
placeholder(int bits)
{
	CSRATTRS_RSA *rsa = CSRATTRS_RSA_new();
	ASN1_BIT_STRING *out = ASN1_BIT_STRING_new();
	unsigned char *der = NULL;
	BIGNUM *n = BN_new();
	int len = 0;

	/* The last octet is the exponent's 0x01: no unused bits. */
	if (rsa != NULL && out != NULL && n != NULL &&
	    BN_set_bit(n, bits - 1) == 1 && BN_set_bit(n, 0) == 1 &&
	    BN_to_ASN1_INTEGER(n, rsa->modulus) != NULL &&
	    ASN1_INTEGER_set(rsa->exponent, 65537) == 1)
		len = i2d_CSRATTRS_RSA(rsa, &der);
	if (len <= 0 || ASN1_STRING_set(out, der, len) != 1) {
		ASN1_BIT_STRING_free(out);
		out = NULL;
	}
	OPENSSL_free(der);
	BN_free(n);
	CSRATTRS_RSA_free(rsa);
	return out;
}

static int
add_key(const struct fleet *f, CSRATTRS_CRI *cri)
{
	const struct csrattrs_key *k = csrattrs_key_of(f->compiled->key_types);
	int type = V_ASN1_UNDEF;
	void *value = NULL;

	if (k == NULL)
		return 1;
	if (k->curve != 0) {
		type = V_ASN1_OBJECT;
		value = OBJ_nid2obj(k->curve);
	} else if (k->bits != 0)
		type = V_ASN1_NULL;
	cri->spki = CSRATTRS_SPKI_new();
	if (cri->spki == NULL ||
	    X509_ALGOR_set0(
		cri->spki->algorithm, OBJ_nid2obj(k->alg), type, value) != 1)
		return 0;
	if (k->bits != 0)
		cri->spki->key = placeholder(k->bits);
	return k->bits == 0 || cri->spki->key != NULL;
}

static int
push_attribute(CSRATTRS_CRI *cri, X509_ATTRIBUTE *a)
{
	if (a != NULL && sk_X509_ATTRIBUTE_push(cri->attributes, a) > 0)
		return 1;
	X509_ATTRIBUTE_free(a);
	return 0;
}

/* An attribute with one opaque SEQUENCE, or without a value. */
static X509_ATTRIBUTE *
attribute(const char *oid, const unsigned char *der, int len)
{
	ASN1_OBJECT *type = OBJ_txt2obj(oid, 1);
	X509_ATTRIBUTE *a = X509_ATTRIBUTE_new();

	if (type == NULL || a == NULL ||
	    X509_ATTRIBUTE_set1_object(a, type) != 1 ||
	    (der != NULL &&
		X509_ATTRIBUTE_set1_data(a, V_ASN1_SEQUENCE, der, len) != 1)) {
		X509_ATTRIBUTE_free(a);
		a = NULL;
	}
	ASN1_OBJECT_free(type);
	return a;
}

/* The client fills the password in: the value is the connection's. */
static int
add_challenge(const struct fleet *f, CSRATTRS_CRI *cri)
{
	return f->pop_link == FLEET_POP_OFF ||
	    push_attribute(cri, attribute("1.2.840.113549.1.9.7", NULL, 0));
}

/* So does its evidence, which a fleet that demands some refuses to be without. */
static int
add_evidence(const struct fleet *f, CSRATTRS_CRI *cri)
{
	return f->evidence == NULL ||
	    push_attribute(cri, attribute(EVIDENCE_OID, NULL, 0));
}

static int
takes_names(const struct profile *p)
{
	size_t i;

	for (i = 0; i < p->n_san; i++)
		if (p->san[i].kind == PROFILE_FROM_CSR && !p->san[i].optional)
			return 1;
	return 0;
}

/* Names are the only extension that a profile takes from a CSR; everything else
   it decides alone, and refuses nobody for asking otherwise. */
static int
add_extensions(const struct fleet *f, CSRATTRS_CRI *cri)
{
	CSRATTRS_EXTS *exts = NULL;
	CSRATTRS_EXT *san = NULL;
	unsigned char *der = NULL;
	int len = 0, ok = 0;

	if (!takes_names(f->compiled))
		return 1;
	exts = sk_CSRATTRS_EXT_new_null();
	san = CSRATTRS_EXT_new();
	if (exts == NULL || san == NULL)
		goto out;
	san->id = OBJ_nid2obj(NID_subject_alt_name);
	san->critical =
	    f->compiled->san_critical || cri->subject == NULL ? 0xff : 0;
	if (sk_CSRATTRS_EXT_push(exts, san) <= 0)
		goto out;
	san = NULL;
	len = ASN1_item_i2d(
	    (ASN1_VALUE *)exts, &der, ASN1_ITEM_rptr(CSRATTRS_EXTS));
	ok = len > 0 &&
	    push_attribute(cri, attribute(CSRATTRS_OID_EXTENSIONS, der, len));
out:
	OPENSSL_free(der);
	CSRATTRS_EXT_free(san);
	sk_CSRATTRS_EXT_pop_free(exts, CSRATTRS_EXT_free);
	return ok;
}

X509_ATTRIBUTE *
csrattrs_template(const struct fleet *f)
{
	CSRATTRS_CRI *cri = CSRATTRS_CRI_new();
	X509_ATTRIBUTE *out = NULL;
	unsigned char *der = NULL;
	int len = 0;

	if (cri != NULL && ASN1_INTEGER_set(cri->version, 0) == 1 &&
	    add_subject(f, cri) && add_key(f, cri) && add_challenge(f, cri) &&
	    add_evidence(f, cri) && add_extensions(f, cri))
		len = i2d_CSRATTRS_CRI(cri, &der);
	if (len > 0)
		out = attribute(CSRATTRS_OID_TEMPLATE, der, len);
	OPENSSL_free(der);
	CSRATTRS_CRI_free(cri);
	return out;
}
