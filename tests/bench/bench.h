#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

/* What the programs of the bench share. They measure and print figures; what
   these are compared with, and the median, is tests/bench/run's. */

#define MAYBE static __attribute__((unused))

/* Nothing that is measured may fail: a bench of refusals would be fast. */
MAYBE void
must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

MAYBE double
clock_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

MAYBE double
wall(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

/* CPU seconds of this process. */
MAYBE double
cpu(void)
{
	return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}

/* A request of the shape that all peers get: P-256, a subject of one CN, an
   extension request with the name as dNSName. Not signed yet; to be freed. */
MAYBE X509_REQ *
bench_request(EVP_PKEY *key, const char *cn)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	GENERAL_NAMES *san = GENERAL_NAMES_new();
	GENERAL_NAME *dns = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	X509_EXTENSION *ext;

	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0) &&
	    X509_REQ_set_subject_name(req, name) &&
	    X509_REQ_set_pubkey(req, key), "request");
	must(ASN1_STRING_set(text, cn, -1), "name");
	GENERAL_NAME_set0_value(dns, GEN_DNS, text);
	must(sk_GENERAL_NAME_push(san, dns) > 0, "name");
	ext = X509V3_EXT_i2d(NID_subject_alt_name, 0, san);
	must(ext != NULL && sk_X509_EXTENSION_push(exts, ext) > 0 &&
	    X509_REQ_add_extensions(req, exts), "extension request");
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	GENERAL_NAMES_free(san);
	X509_NAME_free(name);
	return req;
}

/* ${req}, which is freed, signed by ECDSA with SHA-256. DER, to be freed with
   OPENSSL_free(). */
MAYBE int
bench_sign(X509_REQ *req, EVP_PKEY *key, unsigned char **out)
{
	int len;

	must(X509_REQ_sign(req, key, EVP_sha256()) > 0, "signed request");
	*out = NULL;
	len = i2d_X509_REQ(req, out);
	must(len > 0, "request in DER");
	X509_REQ_free(req);
	return len;
}

MAYBE int
bench_csr(EVP_PKEY *key, const char *cn, unsigned char **out)
{
	return bench_sign(bench_request(key, cn), key, out);
}

#endif
