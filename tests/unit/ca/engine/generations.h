#ifndef TESTS_UNIT_CA_ENGINE_GENERATIONS_H
#define TESTS_UNIT_CA_ENGINE_GENERATIONS_H

#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "tests/unit/ca/engine/world.h"

/*
 * A world whose root has two generations of one name, with the links between
 * them, and whose CA "devices" has two: g1 under the old root, g2 under the new
 * one. The older keys are those of the ceremony; the new root's is a software
 * key, as it would be in a token that is somewhere else.
 */

struct generations {
	EVP_PKEY *new_root_key;
	X509 *old_root, *new_root, *devices2;
	X509 *new_with_old, *old_with_new;
	int64_t old_root_id, new_root_id, devices1_id, devices2_id;
	struct issuer_row roots[1];
};

static EVP_PKEY *
gen_token_key(struct world *w, const char *token, const char *uri,
    const char *new_label, struct hsm **hsm)
{
	char conf[256], pin[256], name[64];
	struct hsm_config cfg = {
	    .uri = name, .module = "/usr/lib/softhsm/libsofthsm2.so",
	    .softhsm_conf = conf,
	    .pin = {.kind = HSM_PIN_FILE, .name = pin}};
	EVP_PKEY *key;

	snprintf(name, sizeof(name), "pkcs11:token=inkan-%s", token);
	snprintf(conf, sizeof(conf), "%s/%s.conf", w->dir, token);
	snprintf(pin, sizeof(pin), "%s/%s.pin", w->dir, token);
	*hsm = hsm_open(&cfg);
	if (*hsm == NULL)
		report_fatal("hsm_open");
	assert_non_null(*hsm);
	key = new_label != NULL ?
	    hsm_key_generate(*hsm, HSM_KEY_EC_P256, new_label) :
	    hsm_key_find(*hsm, uri);
	assert_non_null(key);
	return key;
}

static ASN1_OCTET_STRING *
gen_key_id(EVP_PKEY *key)
{
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	unsigned char *spki = NULL, md[20];
	int len = i2d_PUBKEY(key, &spki);

	assert_true(len > 0);
	SHA1(spki, (size_t)len, md);
	assert_true(ASN1_OCTET_STRING_set(id, md, sizeof(md)));
	OPENSSL_free(spki);
	return id;
}

/* A CA certificate of ${key}; ${issuer} NULL: self-signed. */
static X509 *
gen_cert(const X509_NAME *subject, EVP_PKEY *key, const X509 *issuer,
    EVP_PKEY *issuer_key, int64_t from, int64_t to)
{
	static long serial = 7000;
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	ASN1_BIT_STRING *ku = ASN1_BIT_STRING_new();
	ASN1_OCTET_STRING *ski = gen_key_id(key);
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	X509 *x = X509_new();

	bc->ca = 1;
	ASN1_BIT_STRING_set_bit(ku, 5, 1);
	ASN1_BIT_STRING_set_bit(ku, 6, 1);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_set_subject_name(x, subject);
	X509_set_issuer_name(x, issuer == NULL ? subject :
	    X509_get_subject_name(issuer));
	ASN1_TIME_set(X509_getm_notBefore(x), from);
	ASN1_TIME_set(X509_getm_notAfter(x), to);
	X509_set_pubkey(x, key);
	aki->keyid = issuer == NULL ? ASN1_OCTET_STRING_dup(ski) :
	    ASN1_OCTET_STRING_dup(X509_get0_subject_key_id((X509 *)issuer));
	assert_true(X509_add1_ext_i2d(x, NID_basic_constraints, bc, 1, 0) == 1);
	assert_true(X509_add1_ext_i2d(x, NID_key_usage, ku, 1, 0) == 1);
	assert_true(
	    X509_add1_ext_i2d(x, NID_subject_key_identifier, ski, 0, 0) == 1);
	assert_true(X509_add1_ext_i2d(x, NID_authority_key_identifier, aki, 0,
			0) == 1);
	assert_true(X509_sign(x, issuer_key, EVP_sha256()) > 0);
	BASIC_CONSTRAINTS_free(bc);
	ASN1_BIT_STRING_free(ku);
	ASN1_OCTET_STRING_free(ski);
	AUTHORITY_KEYID_free(aki);
	return x;
}

struct gen_rows {
	struct generations *g;
	struct world *w;
	X509 *old_devices;
};

static int
gen_take(const struct issuer_row *row, void *arg)
{
	struct gen_rows *r = arg;
	const unsigned char *p = row->cert;
	X509 *x;

	if (row->state == ISSUER_ROOT) {
		r->g->old_root_id = row->id;
		r->g->roots[0] = *row;
		r->g->roots[0].cert = NULL;
		x = d2i_X509(NULL, &p, (long)row->cert_len);
		r->g->old_root = x;
	} else if (strcmp(row->name, "devices") == 0) {
		r->g->devices1_id = row->id;
		r->old_devices = d2i_X509(NULL, &p, (long)row->cert_len);
	}
	return 1;
}

static int
gen_find_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, gen_take, arg);
}

static int
gen_issuer(struct store_tx *tx, const char *name, enum issuer_state state,
    int64_t parent, X509 *cert, int64_t now, int64_t *id)
{
	struct issuer_row row;
	int len, ok;

	memset(&row, 0, sizeof(row));
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.ident, sizeof(row.ident), "%.60s-g2", name);
	row.generation = 2;
	row.state = state;
	snprintf(row.key_uri, sizeof(row.key_uri), "pkcs11:object=%s",
	    row.ident);
	row.crl_lifetime = 86400;
	row.crl_interval = 3600;
	row.parent = parent;
	row.not_before = now - 300;
	row.not_after = now + 3000LL * 86400;
	len = i2d_X509(cert, &row.cert);
	row.cert_len = (size_t)len;
	ok = issuers_add(tx, &row);
	*id = row.id;
	issuers_row_clear(&row);
	return ok;
}

static int
gen_link(struct store_tx *tx, const char *kind, int64_t subject,
    int64_t signer, X509 *cert, int64_t not_after)
{
	struct ca_cert_row row;
	int len, ok;

	memset(&row, 0, sizeof(row));
	snprintf(row.kind, sizeof(row.kind), "%s", kind);
	row.subject = subject;
	row.signer = signer;
	snprintf(row.name, sizeof(row.name), "link");
	row.not_after = not_after;
	len = i2d_X509(cert, &row.der);
	row.der_len = (size_t)len;
	SHA256(row.der, row.der_len, row.sha256);
	ok = ca_certs_add(tx, &row);
	ca_certs_row_clear(&row);
	return ok;
}

static int
gen_add_tx(struct store_tx *tx, void *arg)
{
	struct gen_rows *r = arg;
	struct generations *g = r->g;
	int64_t now = r->w->now, end = now + 300LL * 86400;

	return gen_issuer(tx, g->roots[0].name, ISSUER_ROOT, 0, g->new_root,
		   now, &g->new_root_id) &&
	    gen_issuer(tx, "devices", ISSUER_ACTIVE, g->new_root_id,
		g->devices2, now, &g->devices2_id) &&
	    gen_link(tx, CA_CERT_NEW_WITH_OLD, g->new_root_id, g->old_root_id,
		g->new_with_old, end) &&
	    gen_link(tx, CA_CERT_OLD_WITH_NEW, g->old_root_id, g->new_root_id,
		g->old_with_new, end);
}

static void
gen_make(struct gen_rows *r)
{
	struct generations *g = r->g;
	int64_t now = r->w->now, from = now - 300, end = now + 3000LL * 86400;
	const X509_NAME *name = X509_get_subject_name(g->old_root);
	EVP_PKEY *key;
	struct hsm *hsm;

	g->new_root_key = world_key();
	g->new_root = gen_cert(
	    name, g->new_root_key, NULL, g->new_root_key, from, end);
	key = gen_token_key(r->w, "root", g->roots[0].key_uri, NULL, &hsm);
	g->new_with_old = gen_cert(name, g->new_root_key, g->old_root, key,
	    from, now + 300LL * 86400);
	g->old_with_new = gen_cert(name, key, g->new_root, g->new_root_key,
	    from, now + 300LL * 86400);
	EVP_PKEY_free(key);
	hsm_close(hsm);
	key = gen_token_key(r->w, "ca", NULL, "devices-g2", &hsm);
	g->devices2 = gen_cert(X509_get_subject_name(r->old_devices), key,
	    g->new_root, g->new_root_key, from, end);
	EVP_PKEY_free(key);
	hsm_close(hsm);
}

/* The world with both, running. */
static void
gen_up(struct world *w, struct generations *g)
{
	struct store_config cfg = {.mode = STORE_WRITE};
	struct gen_rows r = {.g = g, .w = w};
	struct store *store;

	memset(g, 0, sizeof(*g));
	world_prepare(w);
	if (!world_ceremony(w))
		report_fatal("ceremony");
	cfg.path = w->settings->store;
	cfg.now = w->now;
	store = store_open(&cfg);
	assert_non_null(store);
	assert_true(store_read(store, gen_find_tx, &r));
	gen_make(&r);
	assert_true(store_write(store, gen_add_tx, &r, 0));
	store_close(store);
	X509_free(r.old_devices);
	w->ca = ca_open(w->settings, w->now);
	if (w->ca == NULL)
		report_fatal("ca_open");
	assert_non_null(w->ca);
	/* Names that are alike, keys that are not. */
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(g->old_root),
			     X509_get_subject_name(g->new_root)),
	    0);
}

static void
gen_down(struct world *w, struct generations *g)
{
	EVP_PKEY_free(g->new_root_key);
	X509_free(g->old_root);
	X509_free(g->new_root);
	X509_free(g->devices2);
	X509_free(g->new_with_old);
	X509_free(g->old_with_new);
	world_down(w);
}

static void __attribute__((unused))
gen_sha256(const X509 *x, unsigned char md[32])
{
	assert_int_equal(X509_digest(x, EVP_sha256(), md, NULL), 1);
}

#endif
