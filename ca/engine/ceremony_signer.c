#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* The CA that signs in a ceremony, and what is remembered of what it signed. */

struct finding {
	const unsigned char *sha256;
	struct cert_row *row;
	int found;
};

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct finding *f = arg;

	f->found = certs_by_sha256(tx, f->sha256, f->row);
	return f->found >= 0;
}

int
ceremony_row_of(struct ceremony *r, const struct issuer *is,
    struct cert_row *row)
{
	struct finding f = {is->sha256, row, 0};

	memset(row, 0, sizeof(*row));
	if (!store_read(r->store, find_tx, &f))
		return -1;
	return f.found;
}

struct issuer *
ceremony_find_signer(struct ceremony *r)
{
	const char *name = r->f->signer.ca;

	r->signer = issuer_set_find(&r->issuers, name);
	if (r->signer == NULL)
		ca_raise(CA_E_NOTFOUND, "signer.ca: there is no CA \"%s\"",
		    name);
	return r->signer;
}

/* Who is out of use, at an end or revoked certifies nobody any more; of what it
   did certify it goes on to give news. */
int
ceremony_signer_certifies(struct ceremony *r)
{
	const struct issuer *is = ceremony_find_signer(r);
	struct cert_row row;

	if (is == NULL)
		return 0;
	if (is->row.state == ISSUER_DISABLED) {
		ca_raise(CA_E_DENIED, "signer.disabled: CA %s is out of use",
		    is->row.ident);
		return 0;
	}
	if (is->row.not_after < (int64_t)r->now) {
		ca_raise(CA_E_DENIED, "signer.expired: the certificate of CA "
		    "%s has ended", is->row.ident);
		return 0;
	}
	if (ceremony_row_of(r, is, &row) < 0)
		return 0;
	if (row.state != CERT_REVOKED)
		return 1;
	ca_raise(CA_E_DENIED, "signer.revoked: the certificate of CA %s is "
	    "revoked", is->row.ident);
	return 0;
}

/* Where its key is: as the file says, else as the store does. */
const struct settings_token *
ceremony_signer_token(const struct ceremony *r)
{
	const struct settings_token *t;

	if (r->f->signer.has_token)
		return &r->f->signer.token;
	t = settings_find_token(r->s, r->signer->row.token);
	if (t == NULL)
		ca_raise(CA_E_CONFIG, "token.unknown: CA %s has its key in "
		    "token \"%s\", which inkan-ca.conf does not name",
		    r->signer->row.ident, r->signer->row.token);
	return t;
}

int
ceremony_open_signer(struct ceremony *r)
{
	const struct settings_token *t;

	if (r->signer == NULL && ceremony_find_signer(r) == NULL)
		return 0;
	t = ceremony_signer_token(r);
	return t != NULL && ceremony_open_hsm(r, t) &&
	    issuer_take_key(r->signer, r->hsm);
}

void
ceremony_close_signer(struct ceremony *r)
{
	ceremony_drop_key(r->signer);
	ceremony_close_hsm(r);
}

int
ceremony_signer_news(struct ceremony *r)
{
	return r->signer->row.state == ISSUER_ROOT ?
	    ceremony_root_news(r, r->signer) : ceremony_new_crl(r, r->signer);
}

static struct ca_cert_row *
next_extra(struct ceremony *r)
{
	return r->n_extra < CEREMONY_EXTRA_MAX ? &r->extra[r->n_extra] : NULL;
}

static int
keep_extra(struct ceremony *r, struct ca_cert_row *e, const char *kind,
    const char *name, const unsigned char *der, size_t len)
{
	snprintf(e->kind, sizeof(e->kind), "%s", kind);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->der = OPENSSL_memdup(der, len);
	e->der_len = len;
	SHA256(der, len, e->sha256);
	if (e->der == NULL)
		return 0;
	r->n_extra++;
	return 1;
}

int
ceremony_remember(struct ceremony *r, const char *kind, const char *name,
    int64_t subject, const struct issuer *signer, const struct issued *c)
{
	struct ca_cert_row *e = next_extra(r);

	if (e == NULL)
		return 0;
	e->subject = subject;
	e->signer = signer->row.id;
	e->cert = c->row.id;
	e->not_before = c->row.not_before;
	e->not_after = c->row.not_after;
	return keep_extra(r, e, kind, name, c->der, c->der_len);
}

int
ceremony_remember_old(struct ceremony *r, const struct issuer *old,
    const struct cert_row *row)
{
	struct ca_cert_row *e = next_extra(r);

	if (e == NULL)
		return 0;
	e->subject = old->row.id;
	e->signer = old->row.parent != 0 ? old->row.parent :
	    old->row.state == ISSUER_ROOT ? old->row.id : 0;
	e->cert = row->id;
	e->not_before = old->row.not_before;
	e->not_after = old->row.not_after;
	return keep_extra(r, e, CA_CERT_RENEWED, old->row.ident,
	    old->row.cert, old->row.cert_len);
}
