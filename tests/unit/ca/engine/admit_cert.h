#ifndef TESTS_UNIT_CA_ENGINE_ADMIT_CERT_H
#define TESTS_UNIT_CA_ENGINE_ADMIT_CERT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/engine/policy.h"

/* Certificates and CSRs made by OpenSSL, and fleet files, for tests. */

#define NOW ((time_t)1800000000)
#define DAY 86400

struct make_spec {	     /* a certificate to be made */
	const char *subject; /* "serialNumber=x/CN=y" */
	X509 *issuer;	     /* NULL: self-signed */
	EVP_PKEY *issuer_key, *key;
	int64_t from, to;		 /* 0: NOW - 1 day, NOW + 90 days */
	const char *bc, *ku, *eku, *san; /* NULL: absent */
};

static inline X509_NAME *
make_name(const char *text)
{
	X509_NAME *n = X509_NAME_new();
	char copy[256], *p = copy, *part, *eq;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((part = strsep(&p, "/")) != NULL) {
		if ((eq = strchr(part, '=')) == NULL)
			continue;
		*eq = '\0';
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(n, part, MBSTRING_UTF8,
			(unsigned char *)eq + 1, -1, -1, 0),
		    1);
	}
	return n;
}

static inline void
add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static inline X509 *
make_cert(const struct make_spec *s, unsigned serial)
{
	X509_NAME *n = make_name(s->subject);
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)serial);
	X509_set_subject_name(cert, n);
	X509_set_issuer_name(
	    cert, s->issuer == NULL ? n : X509_get_subject_name(s->issuer));
	ASN1_TIME_set(
	    X509_getm_notBefore(cert), s->from != 0 ? s->from : NOW - DAY);
	ASN1_TIME_set(
	    X509_getm_notAfter(cert), s->to != 0 ? s->to : NOW + 90 * DAY);
	X509_set_pubkey(cert, s->key);
	add_ext(cert, s->issuer, NID_basic_constraints, s->bc);
	add_ext(cert, s->issuer, NID_key_usage, s->ku);
	add_ext(cert, s->issuer, NID_ext_key_usage, s->eku);
	add_ext(cert, s->issuer, NID_subject_alt_name, s->san);
	assert_true(X509_sign(cert, s->issuer_key, EVP_sha256()) > 0);
	X509_NAME_free(n);
	return cert;
}

static inline unsigned char *
make_der(X509 *cert, size_t *len)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);

	assert_true(n > 0);
	*len = (size_t)n;
	return der;
}

static inline unsigned char *
make_csr(EVP_PKEY *key, const char *subject, const char *san,
    const char *challenge, size_t *len)
{
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	X509_REQ *req = X509_REQ_new();
	X509_NAME *n = make_name(subject);
	unsigned char *der = NULL;
	int k;

	X509_REQ_set_version(req, 0);
	X509_REQ_set_subject_name(req, n);
	X509_REQ_set_pubkey(req, key);
	if (san != NULL) {
		sk_X509_EXTENSION_push(exts,
		    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san));
		X509_REQ_add_extensions(req, exts);
	}
	if (challenge != NULL)
		X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword,
		    MBSTRING_ASC, (const unsigned char *)challenge, -1);
	assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
	k = i2d_X509_REQ(req, &der);
	assert_true(k > 0);
	*len = (size_t)k;
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
	X509_NAME_free(n);
	return der;
}

static inline char *
make_pem(X509 *cert)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p, *out;
	long n;

	PEM_write_bio_X509(b, cert);
	n = BIO_get_mem_data(b, &p);
	out = OPENSSL_strndup(p, (size_t)n);
	BIO_free(b);
	return out;
}

static inline void
put_file(struct policy_file *f, const char *path, const char *text)
{
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->text = (char *)text;
	f->len = strlen(text);
}

/*
 * A fleet named ${name} with that label; ${rules} are further lines, and
 * replace the defaults below where they begin with the same word.
 */
static inline char *
fleet_text(const char *name, const char *rules)
{
	static const char *const dflt[] = {"profile = \"device-ldevid\";\n",
	    "authenticate: { manufacturers = ( { name = \"maker\"; anchors ="
	    " \"maker.pem\"; depth = 3; device_from = \"serialNumber\"; } );"
	    " basic = true; own_certificate = true; };\n",
	    "registration = \"just-in-time\";\n", "names = [ \"*\" ];\n",
	    "re_enrol = \"allow\";\n"};
	char *out = calloc(1, 4096), word[32];
	size_t i;

	snprintf(out, 4096, "name = \"%s\"; label = \"%s\";\n", name, name);
	for (i = 0; i < sizeof(dflt) / sizeof(dflt[0]); i++) {
		snprintf(word, sizeof(word), "%.*s",
		    (int)strcspn(dflt[i], " :"), dflt[i]);
		if (strstr(rules, word) == NULL)
			strcat(out, dflt[i]);
	}
	strcat(out, rules);
	return out;
}

#endif
