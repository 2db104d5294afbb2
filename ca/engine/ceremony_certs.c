#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "ca/error.h"
#include "ca/engine/crl.h"
#include "ca/engine/presign.h"
#include "ca/engine/publish.h"
#include "ca/engine/ceremony_run.h"

static void
fill_row(const struct ceremony *r, const struct ceremony_ca *ca,
    struct issuer_row *row)
{
	const char *url = r->f->http_url;

	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "%s", ca->name);
	row->generation = ca->generation;
	ceremony_ident(ca, row->ident, sizeof(row->ident));
	snprintf(row->key_uri, sizeof(row->key_uri), "pkcs11:object=%s",
	    ca->label);
	snprintf(row->crl_url, sizeof(row->crl_url), "%.120s/crl/%s.crl", url,
	    row->ident);
	snprintf(row->ocsp_url, sizeof(row->ocsp_url), "%.120s/ocsp/%s", url,
	    row->ident);
	snprintf(row->issuer_url, sizeof(row->issuer_url), "%.120s/ca/%s.cer",
	    url, row->ident);
	row->crl_lifetime = ca->crl_lifetime;
	row->crl_interval = ca->crl_interval;
	row->crl_shards = ca->crl_shards;
	row->expired_from = ca->keep_expired ? r->now : 0;
}

/* "cn=X" -> request.cn = X, and what every CA profile may want. */
struct fields {
	struct build_field field[CEREMONY_SET_MAX + 2];
	char name[CEREMONY_SET_MAX][288];
	char generation[16];
	size_t n;
};

static void
fill_fields(const struct ceremony_set *set, const struct ceremony_ca *ca,
    struct fields *out)
{
	const char *eq;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < set->n; i++) {
		eq = strchr(set->text[i], '=');
		snprintf(out->name[i], sizeof(out->name[i]), "request.%.*s",
		    (int)(eq - set->text[i]), set->text[i]);
		out->field[i].name = out->name[i];
		out->field[i].value = eq + 1;
	}
	out->n = set->n;
	if (ca == NULL)
		return;
	snprintf(out->generation, sizeof(out->generation), "%d",
	    ca->generation);
	out->field[out->n++] = (struct build_field){"ca.name", ca->name};
	out->field[out->n++] = (struct build_field){"ca.generation",
	    out->generation};
}

static const struct profile *
find_profile(struct ceremony *r, const char *name, enum profile_class class)
{
	const struct profile *p = policy_profile(r->policy, name);

	if (p == NULL) {
		ca_raise(CA_E_CONFIG, "ceremony: the policy has no profile "
		    "\"%s\"", name);
		return NULL;
	}
	if (class == PROFILE_CA && p->class != PROFILE_CA) {
		ca_raise(CA_E_CONFIG, "ceremony: profile %s is of class %s, "
		    "not ca", name, profile_class_name(p->class));
		return NULL;
	}
	return profile_allows(p, PROFILE_BY_CEREMONY) ? p : NULL;
}

static int
issue(struct ceremony *r, const struct profile *p, struct issuer *is,
    const struct fields *fields, const unsigned char *spki, size_t spki_len,
    const struct csr *csr, struct issued *out)
{
	struct issue_job job = {
	    .profile = p,
	    .policy_version = r->policy->row.version,
	    .issuer = is,
	    .csr = csr,
	    .spki = spki,
	    .spki_len = spki_len,
	    .fields = fields->field,
	    .n_fields = fields->n,
	    .requester = "ceremony",
	    .auth = "ceremony",
	};
	struct outcome o;

	outcome_init(&o);
	if (issue_cert(r->store, &job, r->now, out, &o))
		return 1;
	ca_raise(CA_E_CONFIG, "ceremony: profile %s: %s: %s: %s", p->name,
	    o.stage, o.rule, o.text);
	return 0;
}

static int
add_issuer_tx(struct store_tx *tx, void *arg)
{
	return issuers_add(tx, arg);
}

static int
set_cert_tx(struct store_tx *tx, void *arg)
{
	return issuers_set_cert(tx, arg);
}

static void
remember(struct ceremony *r, const char *path)
{
	snprintf(r->written[r->n_written++], PATH_MAX, "%s", path);
}

static int
write_pem(struct ceremony *r, const char *path, const unsigned char *der,
    size_t len, const struct issuer *chain)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char dir[PATH_MAX], *slash, *data;
	long n;
	int ok;

	if (path[0] == '\0') {
		BIO_free(bio);
		return 1;
	}
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	*slash = '\0';
	ok = bio != NULL && PEM_write_bio(bio, "CERTIFICATE", "", der,
	    (long)len) > 0 && (chain == NULL || PEM_write_bio(bio,
	    "CERTIFICATE", "", chain->row.cert, (long)chain->row.cert_len) >
	    0);
	if (ok) {
		n = BIO_get_mem_data(bio, &data);
		ok = publish_mkdir(dir, 0755) &&
		    publish_file(dir, slash + 1, data, (size_t)n);
	}
	if (ok)
		remember(r, path);
	BIO_free(bio);
	return ok;
}

static int
publish_ca(struct ceremony *r, const struct issuer_row *row)
{
	char name[128];

	snprintf(name, sizeof(name), "ca/%s.cer", row->ident);
	return publish_file(r->s->publish_dir, name, row->cert, row->cert_len);
}

/* The row gets the certificate (given). */
static void
take_cert(struct issuer_row *row, struct issued *c)
{
	row->cert = c->der;
	row->cert_len = c->der_len;
	row->not_before = c->row.not_before;
	row->not_after = c->row.not_after;
	c->der = NULL;
}

static int
make_root_cert(struct ceremony *r, EVP_PKEY *key, struct issuer_row *row)
{
	const struct ceremony_ca *ca = &r->f->root;
	const struct profile *p = find_profile(r, ca->profile, PROFILE_CA);
	struct issuer *self = NULL;
	struct issued c = {0};
	struct fields fields;
	unsigned char *spki = NULL;
	size_t len;
	int ok = 0;

	if (p == NULL || !spki_from_pkey(key, &spki, &len) ||
	    !EVP_PKEY_up_ref(key))
		goto out;
	self = issuer_new_root(row, key);
	if (self == NULL) {
		EVP_PKEY_free(key);
		goto out;
	}
	fill_fields(&ca->set, ca, &fields);
	ok = issue(r, p, self, &fields, spki, len, NULL, &c);
	if (ok)
		take_cert(row, &c);
out:
	issued_clear(&c);
	issuer_free(self);
	OPENSSL_free(spki);
	return ok;
}

/* Step 2a: the root, signed by itself. */
static int
make_root(struct ceremony *r)
{
	const struct ceremony_ca *ca = &r->f->root;
	struct issuer_row row;
	EVP_PKEY *key;
	char hex[65];
	size_t i;
	int ok;

	fill_row(r, ca, &row);
	row.state = ISSUER_ROOT;
	if (!ceremony_claim(r, CEREMONY_ROOT, ca, 1))
		return 0;
	key = hsm_key_generate(r->hsm, ca->key_type, ca->label);
	if (key == NULL)
		return 0;
	r->root_key_made = 1;
	ceremony_describe_key(r, "root", key);
	/* The row comes first: the certificate's own row refers to it. */
	row.cert = OPENSSL_zalloc(1);
	ok = row.cert != NULL &&
	    store_write(r->store, add_issuer_tx, &row, 0);
	issuers_row_clear(&row);
	ok = ok && make_root_cert(r, key, &row) &&
	    store_write(r->store, set_cert_tx, &row, 0) &&
	    publish_ca(r, &row) &&
	    write_pem(r, ca->certificate, row.cert, row.cert_len, NULL) &&
	    (r->root = issuer_new(&row)) != NULL;
	issuers_row_clear(&row);
	if (!ok) {
		EVP_PKEY_free(key);
		return 0;
	}
	r->root->key = key;
	for (i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", r->root->sha256[i]);
	ceremony_say(r, "root %s, SHA-256 of the certificate %s",
	    r->root->row.ident, hex);
	return 1;
}

static int
make_issuer(struct ceremony *r, size_t i)
{
	const struct ceremony_ca *ca = &r->f->issuers[i];
	const struct profile *p = find_profile(r, ca->profile, PROFILE_CA);
	struct issuer_row row;
	struct issued c = {0};
	struct fields fields;
	int ok;

	if (p == NULL)
		return 0;
	fill_row(r, ca, &row);
	row.state = ISSUER_ACTIVE;
	row.parent = r->root->row.id;
	fill_fields(&ca->set, ca, &fields);
	ok = issue(r, p, r->root, &fields, r->spki[i], r->spki_len[i], NULL,
	    &c);
	if (ok)
		take_cert(&row, &c);
	ok = ok && store_write(r->store, add_issuer_tx, &row, 0) &&
	    publish_ca(r, &row) &&
	    write_pem(r, ca->certificate, row.cert, row.cert_len, NULL);
	if (ok)
		ceremony_say(r, "issuing CA %s: %s", row.ident, c.row.subject);
	issuers_row_clear(&row);
	issued_clear(&c);
	return ok;
}

/* Each issuing CA alone, and all of them in one answer. */
static int
presign_each(struct ceremony *r, STACK_OF(X509) *all)
{
	struct issuer *is;
	size_t i;

	for (i = 0; i < r->issuers.n; i++) {
		is = r->issuers.item[i];
		if (is->row.state != ISSUER_ACTIVE)
			continue;
		if (sk_X509_push(all, is->cert) <= 0 || !presign_good(r->root,
		    is->cert, r->s->publish_dir, r->now,
		    r->f->root.crl_lifetime))
			return 0;
	}
	return presign_together(r->root, all, r->s->publish_dir, r->now,
	    r->f->root.crl_lifetime);
}

static int
presign_all(struct ceremony *r)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	char dir[PATH_MAX];
	int ok;

	snprintf(dir, sizeof(dir), "%.3900s/ocsp/%s", r->s->publish_dir,
	    r->root->row.ident);
	ok = all != NULL && publish_mkdir(dir, 0755) && presign_each(r, all);
	sk_X509_free(all);
	if (ok)
		ceremony_say(r, "root: OCSP answers signed in advance for %zu "
		    "issuing CAs", r->f->n_issuers);
	return ok;
}

/* Step 2: the root's token signs all that it signs, and is closed again. */
int
ceremony_use_root(struct ceremony *r)
{
	size_t i;
	int ok = ceremony_open_hsm(r, &r->f->root_token) && make_root(r);

	for (i = 0; ok && i < r->f->n_issuers; i++)
		ok = make_issuer(r, i);
	ok = ok && crl_issue(r->store, r->root, r->s->publish_dir, r->now,
	    NULL) && issuer_set_load(&r->issuers, r->store) && presign_all(r);
	if (r->root != NULL) {
		EVP_PKEY_free(r->root->key);
		r->root->key = NULL;
	}
	ceremony_close_hsm(r);
	return ok;
}

static struct csr *
read_csr(const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	struct csr *csr = NULL;
	long len = 0;

	if (bio == NULL || PEM_read_bio(bio, &name, &header, &der, &len) != 1)
		ca_raise(CA_E_CONFIG, "ceremony: %s: no PEM request (has the "
		    "service run --init-keys?)", path);
	else
		csr = csr_parse(der, (size_t)len);
	if (csr != NULL && !csr_verify(csr)) {
		csr_free(csr);
		csr = NULL;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return csr;
}

static int
certify_service(struct ceremony *r, const struct ceremony_service *sv)
{
	const struct profile *p = find_profile(r, sv->profile, PROFILE_OCSP);
	struct issuer *is = issuer_set_find(&r->issuers, sv->issuer);
	struct csr *csr = p == NULL ? NULL : read_csr(sv->csr);
	struct issued c = {0};
	struct fields fields;
	int ok;

	if (is == NULL)
		ca_raise(CA_E_CONFIG, "ceremony: services: no CA \"%s\"",
		    sv->issuer);
	fill_fields(&sv->set, NULL, &fields);
	ok = is != NULL && csr != NULL &&
	    issue(r, p, is, &fields, NULL, 0, csr, &c) &&
	    write_pem(r, sv->certificate, c.der, c.der_len,
	    sv->chain ? is : NULL);
	if (ok)
		ceremony_say(r, "certificate %s by %s: %s", sv->profile,
		    is->row.ident, c.row.subject);
	issued_clear(&c);
	csr_free(csr);
	return ok;
}

/* Step 3: the issuing token again, now as CAs. */
int
ceremony_use_issuers(struct ceremony *r)
{
	struct issuer *is;
	size_t i;
	int ok = ceremony_open_hsm(r, &r->s->token);

	for (i = 0; ok && i < r->issuers.n; i++) {
		is = r->issuers.item[i];
		if (is->row.state == ISSUER_ACTIVE)
			ok = issuer_take_key(is, r->hsm) &&
			    crl_issue(r->store, is, r->s->publish_dir, r->now,
			    NULL);
	}
	for (i = 0; ok && i < r->f->n_services; i++)
		ok = certify_service(r, &r->f->services[i]);
	issuer_set_clear(&r->issuers);
	ceremony_close_hsm(r);
	return ok;
}

