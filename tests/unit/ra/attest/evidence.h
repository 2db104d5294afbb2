#ifndef INKAN_TESTS_RA_EVIDENCE_H
#define INKAN_TESTS_RA_EVIDENCE_H

/* What the tests of evidence share: certificates of makers, lines of
   tests/golden/attest, what an appraisal is given, and how it refuses. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ra/attest/private.h"

#define NOW 1790000000 /* 2026-09 */

/* The last refusal is by ${rule}; the queue is empty then. */
static inline void
assert_rule(const char *rule)
{
	const char *text = "";
	int flags = 0;
	size_t n = strlen(rule);

	ERR_peek_last_error_data(&text, &flags);
	if (strncmp(text, rule, n) != 0 || strncmp(text + n, ": ", 2) != 0)
		fail_msg("not %s but \"%s\"", rule, text);
	ERR_clear_error();
}

/* ---- Golden lines: "name hex" ---- */

static inline size_t
unhex(const char *hex, unsigned char *out, size_t size)
{
	size_t n = 0;
	unsigned octet;

	for (; n < size && sscanf(hex + 2 * n, "%2x", &octet) == 1; n++)
		out[n] = (unsigned char)octet;
	return n;
}

static inline struct attest_octets
golden(const char *file, const char *name)
{
	static char line[32768];
	static unsigned char pool[512 * 1024];
	static size_t used;
	size_t n = strlen(name);
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "tests/golden/attest/%s", file);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, n) == 0 && line[n] == ' ') {
			unsigned char *p = pool + used;
			size_t len = unhex(
			    line + n + 1, p, sizeof(pool) - used);

			fclose(f);
			used += len;
			return octets_of(p, len);
		}
	fail_msg("%s has no line %s", path, name);
	return octets_of(NULL, 0);
}

/* ---- Keys and certificates ---- */

static inline EVP_PKEY *
new_key(const char *kind)
{
	EVP_PKEY *key = strcmp(kind, "RSA") == 0
	    ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
	    : strcmp(kind, "ED25519") == 0
	    ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	    : EVP_EC_gen(kind);

	assert_non_null(key);
	return key;
}

/* SubjectPublicKeyInfo, from a pool that lasts as long as the program. */
static inline struct attest_octets
spki_of(const EVP_PKEY *key)
{
	static unsigned char pool[256 * 1024];
	static size_t used;
	unsigned char *p = pool + used, *q = p;
	int len = i2d_PUBKEY(key, NULL);

	assert_true(len > 0 && used + (size_t)len <= sizeof(pool));
	i2d_PUBKEY(key, &q);
	used += (size_t)len;
	return octets_of(p, (size_t)len);
}

/* An extension of a certificate: the DER of its value. */
struct ext {
	const char *oid;
	int critical;
	const void *der;
	size_t len;
};

struct want {
	const char *cn;
	EVP_PKEY *key;
	X509 *issuer; /* NULL: itself */
	EVP_PKEY *issuer_key;
	time_t from, to; /* 0: an hour around NOW */
	int ca;
	int no_subject;
	const struct ext *ext;
	size_t n_ext;
};

static inline void
add_ext(X509 *cert, const struct ext *e)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(e->oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	assert_true(ASN1_OCTET_STRING_set(value, e->der, (int)e->len));
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, e->critical, value);
	assert_true(X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static inline X509 *
new_cert(const struct want *w)
{
	static const unsigned char ca[] = "\x30\x03\x01\x01\xff";
	static const unsigned char sign_certs[] = "\x03\x02\x01\x06";
	static long serial = 1000;
	const struct ext cas[] = { { "2.5.29.19", 1, ca, 5 },
		{ "2.5.29.15", 1, sign_certs, 4 } };
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	const char *type = EVP_PKEY_get0_type_name(w->issuer_key);
	size_t i;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
	if (!w->no_subject)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		    (const unsigned char *)w->cn, -1, -1, 0);
	X509_set_issuer_name(
	    cert, w->issuer ? X509_get_subject_name(w->issuer) : name);
	ASN1_TIME_set(X509_getm_notBefore(cert), w->from ? w->from : NOW - 3600);
	ASN1_TIME_set(X509_getm_notAfter(cert), w->to ? w->to : NOW + 3600);
	X509_set_pubkey(cert, w->key);
	for (i = 0; w->ca && i < 2; i++)
		add_ext(cert, &cas[i]);
	for (i = 0; i < w->n_ext; i++)
		add_ext(cert, &w->ext[i]);
	assert_true(X509_sign(cert, w->issuer_key,
			strcmp(type, "ED25519") == 0 ? NULL : EVP_sha256()) > 0);
	return cert;
}

/* A maker: a root, with its key. */
struct maker {
	EVP_PKEY *key;
	X509 *root;
	STACK_OF(X509) *anchors;
};

static inline struct maker
new_maker(const char *cn)
{
	struct maker m = { new_key("P-256"), NULL, sk_X509_new_null() };
	struct want w = { .cn = cn, .key = m.key, .issuer_key = m.key, .ca = 1 };

	m.root = new_cert(&w);
	sk_X509_push(m.anchors, m.root);
	return m;
}

static inline void
free_maker(struct maker *m)
{
	sk_X509_pop_free(m->anchors, X509_free);
	EVP_PKEY_free(m->key);
}

/* A leaf that ${m} has issued for ${key}. */
static inline X509 *
leaf(const struct maker *m, const char *cn, EVP_PKEY *key,
    const struct ext *ext, size_t n)
{
	struct want w = { .cn = cn, .key = key, .issuer = m->root,
		.issuer_key = m->key, .ext = ext, .n_ext = n };

	return new_cert(&w);
}

/* EKU of one purpose, DER, from a pool. */
static inline struct ext
eku(const char *oid)
{
	static unsigned char pool[64][40];
	static size_t used;
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	unsigned char *p = pool[used++ % 64], *q = p + 2;
	int len = i2d_ASN1_OBJECT(obj, &q);

	p[0] = 0x30;
	p[1] = (unsigned char)len;
	ASN1_OBJECT_free(obj);
	return (struct ext){ "2.5.29.37", 0, p, (size_t)len + 2 };
}

/* With SEEDS=FOLDER what a test accepts becomes a seed of the fuzz target
   attest_statement: a kind (the high bit: the nonce of these tests), then with
   their lengths AK, key and certificates, the anchor last, and the statement. */
static inline void
seed_part(FILE *f, struct attest_octets in)
{
	putc((int)(in.len >> 8), f);
	putc((int)(in.len & 0xff), f);
	fwrite(in.p, 1, in.len, f);
}

static inline void
seed_out(const char *name, const struct attest_statement *s,
    const struct attest_input *in, X509 *anchor)
{
	const char *dir = getenv("SEEDS");
	unsigned char certs[16384], *p = certs;
	char path[256];
	FILE *f;
	int i;

	if (dir == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	putc((int)s->kind | 0x80, f);
	seed_part(f, in->ak_public);
	seed_part(f, in->spki);
	for (i = 0; i < sk_X509_num(in->certs); i++)
		i2d_X509(sk_X509_value(in->certs, i), &p);
	i2d_X509(anchor, &p);
	seed_part(f, octets_of(certs, (size_t)(p - certs)));
	fwrite(s->stmt.p, 1, s->stmt.len, f);
	fclose(f);
}

/* ---- DER by hand ---- */

struct der_out {
	unsigned char p[16384];
	size_t len;
};

/* One element around ${body}; ${tag} of one octet. */
static inline struct der_out
tlv(unsigned char tag, struct attest_octets body)
{
	struct der_out out = { { tag }, 1 };

	assert_true(body.len + 5 < sizeof(out.p));
	if (body.len >= 0x100) {
		out.p[out.len++] = 0x82;
		out.p[out.len++] = (unsigned char)(body.len >> 8);
	} else if (body.len >= 0x80)
		out.p[out.len++] = 0x81;
	out.p[out.len++] = (unsigned char)body.len;
	if (body.len)
		memcpy(out.p + out.len, body.p, body.len);
	out.len += body.len;
	return out;
}

static inline void
append(struct der_out *out, unsigned char tag, struct attest_octets body)
{
	struct der_out one = tlv(tag, body);

	assert_true(out->len + one.len < sizeof(out->p));
	memcpy(out->p + out->len, one.p, one.len);
	out->len += one.len;
}

static inline struct attest_octets
text_of(const char *s)
{
	return octets_of(s, strlen(s));
}

#endif
