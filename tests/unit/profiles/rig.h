#ifndef TESTS_UNIT_PROFILES_RIG_H
#define TESTS_UNIT_PROFILES_RIG_H

/*
 * Fixed keys, requests made on the spot, and CAs built by the shipped profiles:
 * a root (Ed25519) and an issuing CA under it with any of the issuer keys. Time
 * is always RIG_NOW.
 */

#include "tests/unit/profiles/raised.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "profiles/build.h"
#include "profiles/conform.h"

#define MAYBE __attribute__((unused)) static
#define RIG_NOW ((time_t)1767225600) /* 20260101000000Z */
#define RIG_CRL "http://pki.example/crl/devices-g1.crl"
#define RIG_OCSP "http://pki.example/ocsp/devices-g1"
#define RIG_CER "http://pki.example/ca/devices-g1.cer"

static const unsigned char rig_serial[BUILD_SERIAL_LEN] = {0x5a, 0x01, 0x02,
    0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
    0x0f, 0x10, 0x11, 0x12, 0x80};

struct rig_ca {
	EVP_PKEY *key;
	struct build_issuer issuer;
	unsigned char *name, *sigalg, *spki, *cert;
	size_t cert_len, spki_len;
	unsigned char key_id[20];
};

MAYBE EVP_PKEY *
rig_key(const char *name)
{
	char path[128];
	EVP_PKEY *key;
	FILE *f;

	snprintf(path, sizeof(path), "tests/golden/keys/%s.pem", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: run from the top of the tree", path);
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(key);
	return key;
}

MAYBE struct profile *
rig_profile(const char *name)
{
	char path[128], text[512];
	struct profile *p;

	snprintf(path, sizeof(path), "profiles/shipped/%s.conf", name);
	p = profile_read_file(path);
	if (p == NULL) {
		raised(text, sizeof(text));
		fail_msg("%s", text);
	}
	return p;
}

/* Text into a profile that must compile. */
MAYBE struct profile *
rig_compile(const char *text)
{
	struct profile *p = profile_compile("test.conf", text, strlen(text));
	char what[512];

	if (p == NULL) {
		raised(what, sizeof(what));
		fail_msg("%s", what);
	}
	return p;
}

MAYBE void
rig_spki(EVP_PKEY *key, unsigned char **der, size_t *len)
{
	assert_int_equal(spki_from_pkey(key, der, len), 1);
}

/* An issuer that has this key and this end, without a certificate yet. */
MAYBE void
rig_ca_init(struct rig_ca *ca, const char *key, int pss)
{
	memset(ca, 0, sizeof(*ca));
	ca->key = rig_key(key);
	ca->issuer.path_len = -1;
	ca->issuer.not_after = BUILD_NO_END;
	ca->issuer.crl_url = RIG_CRL;
	ca->issuer.ocsp_url = RIG_OCSP;
	ca->issuer.issuer_url = RIG_CER;
	assert_int_equal(
	    build_sigalg(ca->key, pss, &ca->sigalg, &ca->issuer.sigalg_len), 1);
	ca->issuer.sigalg = ca->sigalg;
	rig_spki(ca->key, &ca->spki, &ca->spki_len);
	assert_int_equal(spki_key_id(ca->spki, ca->spki_len, ca->key_id), 1);
	ca->issuer.key_id = ca->key_id;
	ca->issuer.key_id_len = sizeof(ca->key_id);
}

MAYBE void
rig_ca_clear(struct rig_ca *ca)
{
	EVP_PKEY_free(ca->key);
	OPENSSL_free(ca->name);
	OPENSSL_free(ca->sigalg);
	OPENSSL_free(ca->spki);
	OPENSSL_free(ca->cert);
	memset(ca, 0, sizeof(*ca));
}

MAYBE void
rig_fail(const char *what)
{
	char text[1024];

	raised(text, sizeof(text));
	fail_msg("%s: %s", what, text);
}

/* Build, judge, sign, compare: as inkan-ca does. To be freed. */
MAYBE unsigned char *
rig_issue(const struct build_request *req, EVP_PKEY *key, size_t *len)
{
	struct conform_context ctx = {.profile = req->profile,
	    .issuer = req->issuer,
	    .spki = req->spki,
	    .spki_len = req->spki_len,
	    .serial = req->serial,
	    .now = req->now,
	    .attested = req->attested,
	    .fields = req->fields,
	    .n_fields = req->n_fields};
	unsigned char *tbs = NULL, *cert = NULL, *spki = NULL;
	size_t tbs_len, spki_len;
	char notes[BUILD_NOTES_MAX];
	EVP_PKEY *pub;

	ERR_clear_error();
	if (req->csr != NULL)
		ctx.spki = csr_spki(req->csr, &ctx.spki_len);
	if (!build_tbs(req, &tbs, &tbs_len, notes))
		rig_fail("build");
	if (!conform_tbs(&ctx, tbs, tbs_len))
		rig_fail("conform");
	if (!build_sign(tbs, tbs_len, key, &cert, len))
		rig_fail("sign");
	rig_spki(key, &spki, &spki_len);
	pub = spki_pkey(spki, spki_len);
	assert_non_null(pub);
	if (!conform_signed(cert, *len, tbs, tbs_len, pub))
		rig_fail("compare");
	EVP_PKEY_free(pub);
	OPENSSL_free(spki);
	OPENSSL_free(tbs);
	return cert;
}

/* Give ${ca} a certificate: by root-ca from itself, or by issuing-ca. */
MAYBE void
rig_ca_certify(struct rig_ca *ca, const char *profile, const char *cn,
    const struct rig_ca *by)
{
	struct build_field fields[] = {
	    {"request.o", "Example"}, {"request.cn", cn}};
	struct profile *p = rig_profile(profile);
	struct build_request req = {.profile = p,
	    .issuer = by != NULL ? &by->issuer : &ca->issuer,
	    .spki = ca->spki,
	    .spki_len = ca->spki_len,
	    .fields = fields,
	    .n_fields = 2,
	    .serial = rig_serial,
	    .now = RIG_NOW};
	size_t len;

	ca->cert =
	    rig_issue(&req, by != NULL ? by->key : ca->key, &ca->cert_len);
	assert_int_equal(build_subject(&req, &ca->name, &len), 1);
	ca->issuer.name = ca->name;
	ca->issuer.name_len = len;
	ca->issuer.path_len = p->path_len;
	ca->issuer.not_after = (int64_t)RIG_NOW - p->backdate + p->duration - 1;
	profile_free(p);
}

/* A CSR with this subject ("CN=a,O=b") and SAN in openssl.cnf's words. */
MAYBE struct csr *
rig_csr_ext(EVP_PKEY *key, const char *subject, int n_ext, const int *nids,
    const char *const *values)
{
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL;
	char copy[256], *tok, *save = NULL, *eq;
	struct csr *csr;
	int i, n;

	snprintf(copy, sizeof(copy), "%s", subject);
	for (tok = strtok_r(copy, ",", &save); tok != NULL;
	     tok = strtok_r(NULL, ",", &save)) {
		eq = strchr(tok, '=');
		*eq++ = '\0';
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, tok, MBSTRING_UTF8,
			(unsigned char *)eq, -1, -1, 0),
		    1);
	}
	X509_REQ_set_subject_name(req, name);
	X509_NAME_free(name);
	X509_REQ_set_pubkey(req, key);
	for (i = 0; i < n_ext; i++) {
		X509_EXTENSION *e =
		    X509V3_EXT_conf_nid(NULL, NULL, nids[i], (char *)values[i]);
		assert_non_null(e);
		sk_X509_EXTENSION_push(exts, e);
	}
	if (n_ext > 0)
		X509_REQ_add_extensions(req, exts);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	assert_true(
	    X509_REQ_sign(req, key,
		EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0);
	n = i2d_X509_REQ(req, &der);
	X509_REQ_free(req);
	assert_true(n > 0);
	csr = csr_parse(der, (size_t)n);
	if (csr == NULL)
		rig_fail("csr");
	OPENSSL_free(der);
	return csr;
}

MAYBE struct csr *
rig_csr(EVP_PKEY *key, const char *subject, const char *san)
{
	static const int nids[] = {NID_subject_alt_name};

	return rig_csr_ext(key, subject, san != NULL, nids, &san);
}

MAYBE X509 *
rig_x509(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509 *x = d2i_X509(NULL, &p, (long)len);

	assert_non_null(x);
	assert_ptr_equal(p, der + len);
	return x;
}

#endif
