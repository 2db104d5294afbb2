#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* What the issuing token does: keys of CAs, and what these sign first. */

/* Step 1: their keys. */
int
ceremony_make_keys(struct ceremony *r)
{
	const struct ceremony_ca *ca;
	EVP_PKEY *key;
	size_t i;
	int ok = ceremony_open_hsm(r, &r->s->token) && ceremony_claim(r,
	    CEREMONY_ISSUERS, r->f->issuers, r->f->n_issuers);

	for (i = 0; ok && i < r->f->n_issuers; i++) {
		ca = &r->f->issuers[i];
		key = hsm_key_generate(r->hsm, ca->key_type, ca->label);
		if (key == NULL) {
			ok = 0;
			break;
		}
		r->issuer_keys_made++;
		ceremony_describe_key(r, ca->name, key);
		ok = spki_from_pkey(key, &r->spki[i], &r->spki_len[i]);
		EVP_PKEY_free(key);
	}
	ceremony_close_hsm(r);
	return ok;
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

static int
certify_service(struct ceremony *r, const struct ceremony_service *sv)
{
	const struct profile *p = ceremony_profile(r, sv->profile,
	    PROFILE_OCSP);
	struct csr *csr = p == NULL ? NULL : ceremony_read_csr(sv->csr);
	struct ceremony_fields fields;
	struct ceremony_job job = {.profile = p, .csr = csr,
	    .fields = &fields};
	struct issuer *is = find(r, sv->issuer);
	struct issued c = {0};
	int ok;

	if (is == NULL)
		ca_raise(CA_E_CONFIG, "ceremony: services: no CA \"%s\"",
		    sv->issuer);
	job.issuer = is;
	ceremony_fields(&sv->set, NULL, &fields);
	ok = is != NULL && csr != NULL &&
	    ceremony_issue(r, &job, &c) &&
	    ceremony_write_pem(r, sv->certificate, c.der, c.der_len,
	    sv->chain ? is : NULL);
	if (ok)
		ceremony_say(r, "certificate %s by %s: %s", sv->profile,
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

static int
certify_all(struct ceremony *r)
{
	struct issuer *is;
	size_t i;

	for (i = 0; i < r->f->n_services; i++) {
		is = find(r, r->f->services[i].issuer);
		if ((is != NULL && !take_key(r, is)) ||
		    !certify_service(r, &r->f->services[i]))
			return 0;
	}
	return 1;
}

/* Step 3: the issuing token again, now as CAs. */
int
ceremony_use_issuers(struct ceremony *r)
{
	struct issuer *is;
	size_t i;
	int ok = ceremony_open_hsm(r, &r->s->token);

	for (i = 0; ok && i < r->n_made; i++) {
		is = r->made[i];
		if (is->row.state == ISSUER_ACTIVE)
			ok = take_key(r, is) && ceremony_new_crl(r, is);
	}
	ok = ok && certify_all(r);
	for (i = 0; i < r->n_made; i++)
		ceremony_drop_key(r->made[i]);
	for (i = 0; i < r->issuers.n; i++)
		ceremony_drop_key(r->issuers.item[i]);
	ceremony_close_hsm(r);
	return ok;
}
