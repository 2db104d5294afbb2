#ifndef TESTS_UNIT_CA_ENGINE_SOFT_CA_H
#define TESTS_UNIT_CA_ENGINE_SOFT_CA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "ca/engine/issuer.h"
#include "ca/error.h"
#include "ca/report/report.h"

/* A CA with a software key, for what needs no token and no store. */

#define SOFT_NOW INT64_C(1795000000)

static EVP_PKEY *
soft_key(const char *kind)
{
	EVP_PKEY *key;

	if (strcmp(kind, "ed25519") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else if (strcmp(kind, "rsa") == 0)
		key = EVP_RSA_gen(2048);
	else
		key = EVP_EC_gen(kind);
	assert_non_null(key);
	return key;
}

/* To be freed with issuer_free(). */
static struct issuer *
soft_ca(const char *kind)
{
	struct issuer_row row = {.id = 1, .name = "soft", .generation = 1,
	    .ident = "soft-g1", .state = ISSUER_ACTIVE,
	    .crl_url = "http://ca.example/crl/soft-g1.crl",
	    .crl_lifetime = 86400, .crl_interval = 21600};
	unsigned char id[20] = {1, 2, 3}, *der = NULL;
	ASN1_OCTET_STRING *ski = ASN1_OCTET_STRING_new();
	X509_NAME *name = X509_NAME_new();
	EVP_PKEY *key = soft_key(kind);
	X509 *x = X509_new();
	struct issuer *is;
	int n;

	assert_true(ASN1_OCTET_STRING_set(ski, id, sizeof(id)));
	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)"S\xc3\xb6""ft CA", -1, -1, 0));
	assert_true(X509_set_version(x, X509_VERSION_3));
	assert_true(ASN1_INTEGER_set(X509_get_serialNumber(x), 7));
	assert_true(X509_set_subject_name(x, name));
	assert_true(X509_set_issuer_name(x, name));
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), SOFT_NOW));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x),
	    SOFT_NOW + 86400000));
	assert_true(X509_set_pubkey(x, key));
	assert_true(X509_add1_ext_i2d(x, NID_subject_key_identifier, ski, 0,
	    0));
	assert_true(X509_sign(x, key, issuer_digest(key)) > 0);
	n = i2d_X509(x, &der);
	assert_true(n > 0);
	row.cert = der;
	row.cert_len = (size_t)n;
	row.not_after = SOFT_NOW + 86400000;
	is = issuer_new(&row);
	if (is == NULL)
		report_fatal("soft_ca");
	assert_non_null(is);
	is->key = key;
	OPENSSL_free(der);
	X509_free(x);
	X509_NAME_free(name);
	ASN1_OCTET_STRING_free(ski);
	return is;
}

static void __attribute__((unused))
soft_raised(int reason, const char *word)
{
	char trace[1024];
	int is = report_last_reason();

	report_trace(trace, sizeof(trace));
	if (is != reason || strstr(trace, word) == NULL)
		fail_msg("raised %d \"%s\", expected %d \"%s\"", is, trace,
		    reason, word);
	ERR_clear_error();
}

#endif
