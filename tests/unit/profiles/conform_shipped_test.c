#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include "profiles/build.h"
#include "profiles/conform.h"
#include "tests/unit/profiles/conform_shipped_fields.h"

/*
 * Both sides meet: each shipped profile is built by build.c and judged by
 * conform.c, for each of its key types and in every situation that changes the
 * certificate. Runs from the top of the tree.
 */

#define SHIPPED "profiles/shipped"
#define NOW ((time_t)1767225600) /* 20260101000000Z */

enum situation {
	PLAIN,
	ATTESTED,
	NO_URLS,
	ISSUER_ENDS,
	ISSUER_WITHOUT_END,
	SPARSE, /* nothing that is optional */
	WISHES, /* the CSR asks for what nobody may have */
	N_SITUATIONS
};

static const struct {
	enum spki_type type;
	const char *kind, *group;
	int bits;
} key_kinds[] = {
    {SPKI_EC_P256, "EC", "P-256", 0},
    {SPKI_EC_P384, "EC", "P-384", 0},
    {SPKI_RSA_2048, "RSA", NULL, 2048},
    {SPKI_RSA_3072, "RSA", NULL, 3072},
    {SPKI_ED25519, "ED25519", NULL, 0},
};
#define N_KINDS (sizeof(key_kinds) / sizeof(key_kinds[0]))

static EVP_PKEY *keys[N_KINDS], *issuer_key;
static unsigned char *issuer_name, *issuer_alg, issuer_id[20], serial[20];
static size_t issuer_name_len, issuer_alg_len;

static const char *
why(void)
{
	const char *data = "";

	ERR_peek_last_error_all(NULL, NULL, NULL, &data, NULL);
	return data;
}

static EVP_PKEY *
make_key(size_t k)
{
	if (strcmp(key_kinds[k].kind, "EC") == 0)
		return EVP_EC_gen(key_kinds[k].group);
	if (strcmp(key_kinds[k].kind, "RSA") == 0)
		return EVP_RSA_gen(key_kinds[k].bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, key_kinds[k].kind);
}

static int
setup(void **state)
{
	X509_NAME *name = X509_NAME_new();
	size_t k;
	int len;

	(void)state;
	for (k = 0; k < N_KINDS; k++)
		keys[k] = make_key(k);
	issuer_key = EVP_EC_gen("P-384");
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_UTF8, (unsigned char *)"CA", -1, -1, 0);
	len = i2d_X509_NAME(name, &issuer_name);
	issuer_name_len = len;
	X509_NAME_free(name);
	memset(issuer_id, 0x5a, sizeof(issuer_id));
	memset(serial, 0x42, sizeof(serial));
	return build_sigalg(issuer_key, 0, &issuer_alg, &issuer_alg_len) ? 0
									 : -1;
}

static int
teardown(void **state)
{
	size_t k;

	(void)state;
	for (k = 0; k < N_KINDS; k++)
		EVP_PKEY_free(keys[k]);
	EVP_PKEY_free(issuer_key);
	OPENSSL_free(issuer_name);
	OPENSSL_free(issuer_alg);
	return 0;
}

static void
add_ext(STACK_OF(X509_EXTENSION) * exts, int nid, const char *text)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, text);

	assert_non_null(ext);
	assert_true(sk_X509_EXTENSION_push(exts, ext));
}

/* A request with what the profiles may take, and with what they must not. */
static struct csr *
make_csr(EVP_PKEY *key, int wishes)
{
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_REQ_get_subject_name(req);
	unsigned char *der = NULL;
	struct csr *csr;
	int len;

	X509_NAME_add_entry_by_txt(
	    name, "O", MBSTRING_UTF8, (unsigned char *)"Maker", -1, -1, 0);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_UTF8, (unsigned char *)"dev-1", -1, -1, 0);
	add_ext(exts, NID_subject_alt_name,
	    wishes ? "DNS:dev-1,DNS:evil.example,URI:urn:evil" : "DNS:dev-1");
	if (wishes) {
		add_ext(exts, NID_basic_constraints, "critical,CA:TRUE");
		add_ext(exts, NID_key_usage, "keyCertSign,cRLSign");
		add_ext(exts, NID_ext_key_usage, "OCSPSigning,serverAuth");
	}
	assert_true(X509_REQ_add_extensions(req, exts));
	assert_true(X509_REQ_set_pubkey(req, key));
	assert_true(
	    X509_REQ_sign(req, key,
		EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0);
	len = i2d_X509_REQ(req, &der);
	csr = csr_parse(der, len);
	if (csr == NULL)
		fail_msg("csr: %s", why());
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
	return csr;
}

/* Signed by the issuer (itself for a root): OpenSSL reads it and the compare
   step is content. */
static void
sign_and_compare(
    const char *what, EVP_PKEY *key, const unsigned char *tbs, size_t tbs_len)
{
	unsigned char *cert = NULL;
	const unsigned char *p;
	size_t cert_len;
	X509 *x;

	if (!build_sign(tbs, tbs_len, key, &cert, &cert_len))
		fail_msg("%s: sign: %s", what, why());
	if (!conform_signed(cert, cert_len, tbs, tbs_len, key))
		fail_msg("%s: compare: %s", what, why());
	p = cert;
	x = d2i_X509(NULL, &p, cert_len);
	assert_non_null(x);
	assert_int_equal(X509_verify(x, key), 1);
	X509_free(x);
	OPENSSL_free(cert);
}

static void
fill_issuer(
    struct build_issuer *issuer, const struct profile *p, enum situation s)
{
	memset(issuer, 0, sizeof(*issuer));
	issuer->name = issuer_name;
	issuer->name_len = issuer_name_len;
	issuer->key_id = issuer_id;
	issuer->key_id_len = sizeof(issuer_id);
	issuer->sigalg = issuer_alg;
	issuer->sigalg_len = issuer_alg_len;
	issuer->not_after = NOW + (int64_t)40 * 365 * 86400;
	issuer->path_len = p->is_ca ? 2 : 0;
	if (s == ISSUER_ENDS && !p->no_end)
		issuer->not_after = NOW + 86400;
	if (s == ISSUER_WITHOUT_END)
		issuer->not_after = BUILD_NO_END;
	if (s != NO_URLS) {
		issuer->crl_url = "http://localhost:8444/crl/g1.crl";
		issuer->ocsp_url = "http://localhost:8444/ocsp";
		issuer->issuer_url = "http://localhost:8444/ca/g1.cer";
	}
}

struct job {
	const struct profile *p;
	struct build_issuer issuer;
	struct build_request req;
	struct conform_context ctx;
	EVP_PKEY *key, *signer;
	unsigned char *own_alg;
	struct csr *csr;
};

static void
job_start(struct job *j, const struct profile *p, size_t k, enum situation s)
{
	memset(j, 0, sizeof(*j));
	j->p = p;
	j->key = j->signer = keys[k];
	fill_issuer(&j->issuer, p, s);
	if (p->class == PROFILE_CA && p->issuer[0] == '\0') {
		j->issuer.name = NULL;
		assert_true(build_sigalg(
		    j->key, 0, &j->own_alg, &j->issuer.sigalg_len));
		j->issuer.sigalg = j->own_alg;
	} else {
		j->signer = issuer_key;
	}
	j->csr = make_csr(j->key, s == WISHES);
	j->req = (struct build_request){.profile = p,
	    .issuer = &j->issuer,
	    .csr = j->csr,
	    .fields = fields,
	    .n_fields =
		s == SPARSE ? N_SPARSE : sizeof(fields) / sizeof(fields[0]),
	    .serial = serial,
	    .now = NOW,
	    .attested = s == ATTESTED};
	j->ctx = (struct conform_context){.profile = p,
	    .issuer = &j->issuer,
	    .serial = serial,
	    .now = NOW,
	    .attested = s == ATTESTED,
	    .fields = j->req.fields,
	    .n_fields = j->req.n_fields};
	j->ctx.spki = csr_spki(j->csr, &j->ctx.spki_len);
}

static void
job_end(struct job *j)
{
	csr_free(j->csr);
	OPENSSL_free(j->own_alg);
	ERR_clear_error();
}

/* The same again as a renewal: subject and SAN copied from the first. */
static void
renew(struct job *j, const char *what, const unsigned char *tbs, size_t tbs_len)
{
	X509 *first = NULL;
	unsigned char *cert = NULL, *subject = NULL, *again = NULL;
	const unsigned char *p;
	ASN1_OCTET_STRING *san = NULL;
	size_t len;
	int at;

	assert_true(build_sign(tbs, tbs_len, j->signer, &cert, &len));
	p = cert;
	first = d2i_X509(NULL, &p, len);
	j->req.subject_len =
	    i2d_X509_NAME(X509_get_subject_name(first), &subject);
	j->req.subject = subject;
	at = X509_get_ext_by_NID(first, NID_subject_alt_name, -1);
	if (at >= 0) {
		san = X509_EXTENSION_get_data(X509_get_ext(first, at));
		j->req.san = ASN1_STRING_get0_data(san);
		j->req.san_len = ASN1_STRING_length(san);
	}
	j->ctx.renewed = 1;
	if (!build_tbs(&j->req, &again, &len, NULL))
		fail_msg("%s: renewal: %s", what, why());
	if (!conform_tbs(&j->ctx, again, len))
		fail_msg("%s: renewal: %s", what, why());
	OPENSSL_free(again);
	OPENSSL_free(subject);
	OPENSSL_free(cert);
	X509_free(first);
}

/* Builds, judges, signs, compares, renews. */
static void
one(const struct profile *p, size_t k, enum situation s)
{
	unsigned char *tbs = NULL;
	struct job j;
	char what[128];
	size_t len = 0;

	snprintf(what, sizeof(what), "%s, %s, situation %d", p->name,
	    spki_type_name(key_kinds[k].type), s);
	job_start(&j, p, k, s);
	if (!build_tbs(&j.req, &tbs, &len, NULL))
		fail_msg("%s: build: %s", what, why());
	if (!conform_tbs(&j.ctx, tbs, len))
		fail_msg("%s: %s", what, why());
	if (s == PLAIN) {
		sign_and_compare(what, j.signer, tbs, len);
		renew(&j, what, tbs, len);
	}
	OPENSSL_free(tbs);
	job_end(&j);
}

static size_t
every_way(const struct profile *p)
{
	size_t k, n = 0;
	int s;

	for (k = 0; k < N_KINDS; k++) {
		if (!(p->key_types & key_kinds[k].type))
			continue;
		for (s = PLAIN; s < N_SITUATIONS; s++)
			one(p, k, s);
		n++;
	}
	return n;
}

static struct profile *all[32];
static size_t n_all;

static void
load_shipped(void)
{
	DIR *dir = opendir(SHIPPED);
	struct dirent *e;
	char path[512];

	assert_non_null(dir);
	while (n_all < 32 && (e = readdir(dir)) != NULL) {
		if (strstr(e->d_name, ".conf") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%s", SHIPPED, e->d_name);
		all[n_all] = profile_read_file(path);
		if (all[n_all] == NULL)
			fail_msg("%s: %s", path, why());
		n_all++;
	}
	closedir(dir);
	assert_true(n_all >= 27);
}

static const struct profile *
find(const char *name)
{
	size_t i;

	for (i = 0; i < n_all; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	fail_msg("no profile %s", name);
	return NULL;
}

static void
shipped_profiles_conform(void **state)
{
	size_t i;

	(void)state;
	load_shipped();
	for (i = 0; i < n_all; i++)
		assert_true(every_way(all[i]) > 0);
}

/* A device's certificate under issuers of each algorithm. */
static void
issuers_of_all_algorithms(void **state)
{
	static const struct {
		size_t key;
		int pss;
	} issuers[] = {{0, 0}, {1, 0}, {2, 0}, {2, 1}, {4, 0}};
	unsigned char *tbs = NULL, *alg = NULL;
	struct job j;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
		job_start(&j, find("device-ldevid"), 0, PLAIN);
		assert_true(build_sigalg(keys[issuers[i].key], issuers[i].pss,
		    &alg, &j.issuer.sigalg_len));
		j.issuer.sigalg = alg;
		assert_true(build_tbs(&j.req, &tbs, &len, NULL));
		if (!conform_tbs(&j.ctx, tbs, len))
			fail_msg("issuer %zu: %s", i, why());
		sign_and_compare("issuer", keys[issuers[i].key], tbs, len);
		j.issuer.sigalg = issuer_alg;
		j.issuer.sigalg_len = issuer_alg_len;
		/* Under the usual issuer, which is P-384 as number 1. */
		assert_int_equal(conform_tbs(&j.ctx, tbs, len), i == 1);
		OPENSSL_free(alg);
		OPENSSL_free(tbs);
		alg = tbs = NULL;
		job_end(&j);
	}
}

/* What one profile makes is refused under each of the others. */
static void
profiles_do_not_mix(void **state)
{
	unsigned char *tbs = NULL;
	struct job j;
	size_t i, k, len;

	(void)state;
	for (i = 0; i < n_all; i++) {
		/* A P-256 key, unless the profile has none. */
		job_start(&j, all[i], !(all[i]->key_types & SPKI_EC_P256),
		    PLAIN);
		assert_true(build_tbs(&j.req, &tbs, &len, NULL));
		for (k = 0; k < n_all; k++) {
			j.ctx.profile = all[k];
			if (conform_tbs(&j.ctx, tbs, len) != (k == i))
				fail_msg("%s judged as %s: %s", all[i]->name,
				    all[k]->name, why());
		}
		OPENSSL_free(tbs);
		tbs = NULL;
		job_end(&j);
	}
	for (i = 0; i < n_all; i++)
		profile_free(all[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shipped_profiles_conform),
	    cmocka_unit_test(issuers_of_all_algorithms),
	    cmocka_unit_test(profiles_do_not_mix),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
