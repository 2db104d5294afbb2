#ifndef TESTS_BENCH_MAKER_H
#define TESTS_BENCH_MAKER_H

#include <openssl/pem.h>
#include "bench.h"

/* A maker whose devices enrol: its CA, and the certificates that it gives
   them, all for one key. */

struct bench_maker {
	X509 *ca;
	EVP_PKEY *ca_key, *device_key;
};

MAYBE void
bench_maker_read(struct bench_maker *m, const char *cert, const char *key)
{
	FILE *f = fopen(cert, "r");

	must(f != NULL, cert);
	m->ca = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	f = fopen(key, "r");
	must(f != NULL, key);
	m->ca_key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	m->device_key = EVP_EC_gen("P-256");
	must(m->ca && m->ca_key && m->device_key, "maker");
}

/* The device's name is the subject's serialNumber. To be freed. */
MAYBE X509 *
bench_maker_cert(const struct bench_maker *m, const char *device, long serial)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_NAME_new();

	must(X509_NAME_add_entry_by_txt(name, "serialNumber", MBSTRING_ASC,
	    (const unsigned char *)device, -1, -1, 0) &&
	    X509_set_version(x, X509_VERSION_3) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), serial) &&
	    X509_set_subject_name(x, name) &&
	    X509_set_issuer_name(x, X509_get_subject_name(m->ca)) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -60) &&
	    X509_gmtime_adj(X509_getm_notAfter(x), 86400) &&
	    X509_set_pubkey(x, m->device_key) &&
	    X509_sign(x, m->ca_key, EVP_sha256()) > 0, "maker's certificate");
	X509_NAME_free(name);
	return x;
}

MAYBE void
bench_maker_clear(struct bench_maker *m)
{
	X509_free(m->ca);
	EVP_PKEY_free(m->ca_key);
	EVP_PKEY_free(m->device_key);
}

#endif
