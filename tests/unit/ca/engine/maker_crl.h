#ifndef TESTS_UNIT_CA_ENGINE_MAKER_CRL_H
#define TESTS_UNIT_CA_ENGINE_MAKER_CRL_H

#include <openssl/x509v3.h>

#include "tests/unit/ca/engine/admit_cert.h"

/* CRLs of a manufacturer, made by OpenSSL, as files in a folder. */

struct crl_spec {
	X509 *issuer;
	EVP_PKEY *key;
	int64_t from, to;	/* 0: NOW - 1 hour, NOW + 1 day; to < 0: absent */
	long revoked[4];	/* serials; 0 ends them */
	int reason;		/* of them; 0: none said */
	const char *idp;	/* X509V3_EXT_conf text, critical */
	int delta;		/* a delta CRL */
	const char *critical;	/* an unknown critical extension: its OID */
	long number;
};

static inline void
crl_add_ext(X509_CRL *crl, int nid, int critical, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	X509_EXTENSION *c;

	assert_non_null(e);
	c = X509_EXTENSION_create_by_NID(
	    NULL, nid, critical, X509_EXTENSION_get_data(e));
	assert_int_equal(X509_CRL_add_ext(crl, c, -1), 1);
	X509_EXTENSION_free(e);
	X509_EXTENSION_free(c);
}

static inline void
crl_add_integer(X509_CRL *crl, int nid, int critical, long value)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	ASN1_INTEGER_set(n, value);
	assert_int_equal(X509_CRL_add1_ext_i2d(crl, nid, n, critical, 0), 1);
	ASN1_INTEGER_free(n);
}

static inline void
crl_add_unknown(X509_CRL *crl, const char *oid)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	ASN1_OCTET_STRING_set(v, (const unsigned char *)"\5\0", 2);
	e = X509_EXTENSION_create_by_OBJ(NULL, obj, 1, v);
	assert_int_equal(X509_CRL_add_ext(crl, e, -1), 1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(obj);
}

static inline X509_CRL *
make_crl(const struct crl_spec *s)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	ASN1_ENUMERATED *reason;
	X509_REVOKED *r;
	size_t i;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(s->issuer));
	ASN1_TIME_set(t, s->from != 0 ? s->from : NOW - 3600);
	X509_CRL_set1_lastUpdate(crl, t);
	if (s->to >= 0) {
		ASN1_TIME_set(t, s->to != 0 ? s->to : NOW + DAY);
		X509_CRL_set1_nextUpdate(crl, t);
	}
	for (i = 0; i < 4 && s->revoked[i] != 0; i++) {
		ASN1_INTEGER *n = ASN1_INTEGER_new();

		r = X509_REVOKED_new();
		ASN1_INTEGER_set(n, s->revoked[i]);
		X509_REVOKED_set_serialNumber(r, n);
		ASN1_TIME_set(t, NOW - 7200);
		X509_REVOKED_set_revocationDate(r, t);
		if (s->reason != 0) {
			reason = ASN1_ENUMERATED_new();
			ASN1_ENUMERATED_set(reason, s->reason);
			X509_REVOKED_add1_ext_i2d(
			    r, NID_crl_reason, reason, 0, 0);
			ASN1_ENUMERATED_free(reason);
		}
		assert_int_equal(X509_CRL_add0_revoked(crl, r), 1);
		ASN1_INTEGER_free(n);
	}
	crl_add_integer(
	    crl, NID_crl_number, 0, s->number != 0 ? s->number : 1);
	if (s->delta)
		crl_add_integer(crl, NID_delta_crl, 1, 1);
	if (s->idp != NULL)
		crl_add_ext(
		    crl, NID_issuing_distribution_point, 1, s->idp);
	if (s->critical != NULL)
		crl_add_unknown(crl, s->critical);
	assert_true(X509_CRL_sign(crl, s->key, EVP_sha256()) > 0);
	ASN1_TIME_free(t);
	return crl;
}

/* By rename, as whoever fetches them should do it. */
static inline void
put_crl(const char *dir, const char *name, X509_CRL *crl, int pem)
{
	char path[400], tmp[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(tmp, sizeof(tmp), "%s/.%s", dir, name);
	f = fopen(tmp, "w");
	assert_non_null(f);
	assert_int_equal(
	    pem ? PEM_write_X509_CRL(f, crl) : i2d_X509_CRL_fp(f, crl), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(tmp, path), 0);
}

static inline void
put_new_crl(const char *dir, const char *name, const struct crl_spec *s)
{
	X509_CRL *crl = make_crl(s);

	put_crl(dir, name, crl, 0);
	X509_CRL_free(crl);
}

#endif
