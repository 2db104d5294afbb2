#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* What the issuing tokens do, one after the other: keys of CAs, and what these
   sign first. */

static int
make_key(struct ceremony *r, const struct settings_token *t, size_t i)
{
	const struct ceremony_ca *ca = &r->f->issuers[i];
	EVP_PKEY *key = ceremony_make_key(r, t, ca->key_type, ca->label);
	int ok;

	if (key == NULL)
		return 0;
	r->key_made[i] = 1;
	r->issuer_keys_made++;
	ceremony_describe_key(r, ca->name, key);
	ok = spki_from_pkey(key, &r->spki[i], &r->spki_len[i]);
	EVP_PKEY_free(key);
	return ok;
}

static int
makes_keys_in(const struct ceremony *r, const struct settings_token *t)
{
	size_t i;

	for (i = 0; i < r->f->n_issuers; i++)
		if (strcmp(r->f->issuers[i].token, t->name) == 0)
			return 1;
	return 0;
}

static int
make_keys_in(struct ceremony *r, const struct settings_token *t)
{
	size_t i;
	int ok;

	ok = ceremony_open_hsm(r, t) && ceremony_claim(r, CEREMONY_ISSUERS,
	    r->f->issuers, r->f->n_issuers, t->name);
	for (i = 0; ok && i < r->f->n_issuers; i++)
		if (strcmp(r->f->issuers[i].token, t->name) == 0)
			ok = make_key(r, t, i);
	ceremony_close_hsm(r);
	return ok;
}

/* Step 1: their keys. */
int
ceremony_make_keys(struct ceremony *r)
{
	const struct settings_token *t;
	size_t i;

	for (i = 0; (t = ceremony_token(r, i)) != NULL; i++)
		if (makes_keys_in(r, t) && !make_keys_in(r, t))
			return 0;
	return 1;
}

/* Those that this run makes go first. */
static struct issuer *
find(struct ceremony *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n_made; i++)
		if (strcmp(r->made[i]->row.ident, name) == 0 ||
		    strcmp(r->made[i]->row.name, name) == 0)
			return r->made[i];
	return issuer_set_find(&r->issuers, name);
}

int
ceremony_certify_service(struct ceremony *r, const struct ceremony_service *sv,
    struct issuer *is)
{
	const struct profile *p = ceremony_profile(r, sv->profile,
	    PROFILE_OCSP);
	struct csr *csr = p == NULL ? NULL : ceremony_read_csr(r, sv->csr);
	struct ceremony_fields fields;
	struct ceremony_job job = {.profile = p, .csr = csr,
	    .fields = &fields};
	struct issued c = {0};
	int ok;

	job.issuer = is;
	ceremony_fields(&sv->set, NULL, &fields);
	ok = csr != NULL &&
	    ceremony_issue(r, &job, &c) &&
	    ceremony_write_pem(r, sv->certificate, c.der, c.der_len,
	    sv->chain ? is : NULL);
	if (ok)
		ceremony_tell(r, "certificate %s by %s: %s", sv->profile,
		    is->row.ident, c.row.subject);
	issued_clear(&c);
	csr_free(csr);
	return ok;
}

/* A service may be one of a CA that was there before. */
static int
take_key(struct ceremony *r, struct issuer *is)
{
	return is->key != NULL || issuer_take_key(is, r->hsm);
}

/* Is it one that signs with a key in ${t} now? */
static int
is_in(const struct issuer *is, const struct settings_token *t)
{
	return strcmp(is->row.token, t->name) == 0;
}

static int
certify_in(struct ceremony *r, const struct settings_token *t)
{
	struct issuer *is;
	size_t i;

	for (i = 0; i < r->f->n_services; i++) {
		is = find(r, r->f->services[i].issuer);
		if (is_in(is, t) && (!take_key(r, is) ||
		    !ceremony_certify_service(r, &r->f->services[i],
		    is)))
			return 0;
	}
	return 1;
}

static int
signs_in(struct ceremony *r, const struct settings_token *t)
{
	size_t i;

	for (i = 0; i < r->n_made; i++)
		if (r->made[i]->row.state == ISSUER_ACTIVE &&
		    is_in(r->made[i], t))
			return 1;
	for (i = 0; i < r->f->n_services; i++)
		if (is_in(find(r, r->f->services[i].issuer), t))
			return 1;
	return 0;
}

static int
sign_in(struct ceremony *r, const struct settings_token *t)
{
	struct issuer *is;
	size_t i;
	int ok = ceremony_open_hsm(r, t);

	for (i = 0; ok && i < r->n_made; i++) {
		is = r->made[i];
		if (is->row.state == ISSUER_ACTIVE && is_in(is, t))
			ok = take_key(r, is) && ceremony_new_crl(r, is);
	}
	ok = ok && certify_in(r, t);
	for (i = 0; i < r->n_made; i++)
		ceremony_drop_key(r->made[i]);
	for (i = 0; i < r->issuers.n; i++)
		ceremony_drop_key(r->issuers.item[i]);
	ceremony_close_hsm(r);
	return ok;
}

/* Every service has its CA, in a token that ca.conf names. */
static int
services_ok(struct ceremony *r)
{
	const struct issuer *is;
	const char *name;
	size_t i;

	for (i = 0; i < r->f->n_services; i++) {
		name = r->f->services[i].issuer;
		is = find(r, name);
		if (is != NULL &&
		    settings_find_token(r->s, is->row.token) != NULL)
			continue;
		ca_raise(CA_E_CONFIG, is == NULL ? "ceremony: services: no CA "
		    "\"%s\"" : "token.unknown: services: inkan-ca.conf does "
		    "not name the token of CA \"%s\"", name);
		return 0;
	}
	return 1;
}

/* Step 3: the issuing tokens again, now as CAs. */
int
ceremony_use_issuers(struct ceremony *r)
{
	const struct settings_token *t;
	size_t i;

	if (!services_ok(r))
		return 0;
	for (i = 0; (t = ceremony_token(r, i)) != NULL; i++)
		if (signs_in(r, t) && !sign_in(r, t))
			return 0;
	return 1;
}
