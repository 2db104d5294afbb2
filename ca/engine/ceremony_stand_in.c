#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/ceremony_rehearsal.h"
#include "ca/store/rehearsal.h"
#include "profiles/spki.h"

/*
 * A rehearsal has no key of a CA that is there. So such a CA gets another key,
 * in its certificate and wherever else the store has that key: name, validity,
 * extensions and key identifier stay, so that all that is made under it looks
 * as it will.
 */

struct standing {
	struct rehearsal *h;
	struct store *store;
	struct issuer_set set;
	struct issuer *is;		/* whose key is replaced */
	EVP_PKEY *key;			/* by this one */
	unsigned char spki[32];		/* SHA-256 of that one's */
	struct {
		int64_t id;
		X509 *cert;
	} *found;
	size_t n;
	struct issuer_row row;
};

#define FOUND_MAX 256

static EVP_PKEY *
make_key(struct standing *st, struct hsm *hsm)
{
	const char *uri = st->is->row.key_uri, *object = "pkcs11:object=";
	unsigned char *spki = NULL;
	const char *type = NULL;
	EVP_PKEY *key = NULL;
	size_t len;

	if (spki_from_pkey(st->is->verify, &spki, &len))
		type = spki_type_name(spki_inspect(spki, len));
	OPENSSL_free(spki);
	spki = NULL;
	if (type == NULL || strncmp(uri, object, strlen(object)) != 0)
		ca_raise(CA_E_CONFIG, "rehearsal.key: CA %s has a key that has "
		    "no stand-in (%s)", st->is->row.ident, uri);
	else
		key = hsm_key_generate(hsm, hsm_key_type_of(type),
		    uri + strlen(object));
	if (key == NULL || !spki_from_pkey(key, &spki, &len) ||
	    !spki_sha256(spki, len, st->spki)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	OPENSSL_free(spki);
	return key;
}

/* ${cert} with the other key: the signature is one in form only. */
static int
change(const struct standing *st, X509 *cert, unsigned char **der)
{
	int n = -1;

	*der = NULL;
	if (X509_set_pubkey(cert, st->key) == 1 &&
	    X509_sign(cert, st->key, issuer_digest(st->key)) > 0)
		n = i2d_X509(cert, der);
	if (n <= 0)
		ca_raise(CA_E_SIGN, "rehearsal.key: no stand-in for CA %s",
		    st->is->row.ident);
	return n;
}

struct looking {
	struct standing *st;
	struct store_tx *tx;
};

static int
look(const struct cert_row *row, void *arg)
{
	struct looking *l = arg;
	struct standing *st = l->st;
	X509 *cert = ceremony_read_cert(l->tx, row->id);
	EVP_PKEY *key = cert == NULL ? NULL : X509_get0_pubkey(cert);

	if (!spki_same(key, st->is->verify) || st->n == FOUND_MAX) {
		X509_free(cert);
		return 1;
	}
	st->found[st->n].id = row->id;
	st->found[st->n++].cert = cert;
	return 1;
}

/* Every certificate on that key that a root of ours issued. */
static int
look_tx(struct store_tx *tx, void *arg)
{
	struct standing *st = arg;
	struct looking l = {st, tx};
	struct cert_filter f = {.limit = 100000};
	size_t i;

	for (i = 0; i < st->set.n; i++) {
		f.issuer = st->set.item[i]->row.ident;
		if (st->set.item[i]->row.state == ISSUER_ROOT &&
		    !certs_list(tx, &f, look, &l))
			return 0;
	}
	return 1;
}

static int
replace_tx(struct store_tx *tx, void *arg)
{
	struct standing *st = arg;
	unsigned char *der, md[32];
	unsigned int n;
	size_t i;
	int len;

	for (i = 0; i < st->n; i++) {
		if (X509_digest(st->found[i].cert, EVP_sha256(), md, &n) != 1)
			return 0;
		len = change(st, st->found[i].cert, &der);
		if (len <= 0 || !certs_stand_in(tx, st->found[i].id, der,
		    (size_t)len, st->spki)) {
			OPENSSL_free(der);
			return 0;
		}
		if (memcmp(md, st->is->sha256, 32) == 0) {
			OPENSSL_free(st->row.cert);
			st->row.cert = der;
			st->row.cert_len = (size_t)len;
		} else
			OPENSSL_free(der);
	}
	return issuers_set_cert(tx, &st->row);
}

/* The CA's own certificate, where it is not one of ours. */
static int
fill_row(struct standing *st)
{
	X509 *copy = X509_dup(st->is->cert);
	unsigned char *der = NULL;
	int len = copy == NULL ? 0 : change(st, copy, &der);

	X509_free(copy);
	st->row = st->is->row;
	st->row.cert = der;
	st->row.cert_len = len > 0 ? (size_t)len : 0;
	return len > 0;
}

static int
stand_in(struct standing *st, const struct settings_token *t)
{
	struct hsm_config cfg;
	struct hsm *hsm;
	size_t i;
	int ok = 0;

	settings_hsm(t, &cfg);
	hsm = hsm_open(&cfg);
	st->key = hsm == NULL ? NULL : make_key(st, hsm);
	st->n = 0;
	if (st->key != NULL)
		ok = fill_row(st) && store_read(st->store, look_tx, st) &&
		    store_write(st->store, replace_tx, st, 0);
	for (i = 0; i < st->n; i++)
		X509_free(st->found[i].cert);
	OPENSSL_free(st->row.cert);
	memset(&st->row, 0, sizeof(st->row));
	EVP_PKEY_free(st->key);
	st->key = NULL;
	hsm_close(hsm);
	return ok;
}

/* One that signs in this ceremony; what is not found is refused by the
   ceremony itself, in its own words. */
static int
stand_in_for(struct standing *st, const char *name, char *done)
{
	const struct rehearsal *h = st->h;
	const struct settings_token *t;
	struct issuer *is = issuer_set_find(&st->set, name);
	size_t i;

	for (i = 0; i < st->set.n && st->set.item[i] != is; i++)
		;
	if (is == NULL || done[i])
		return 1;
	t = h->f.signer.has_token && strcmp(name, h->f.signer.ca) == 0 ?
	    &h->f.signer.token : settings_find_token(&h->s, is->row.token);
	if (t == NULL)
		return 1;
	done[i] = 1;
	st->is = is;
	return stand_in(st, t);
}

static int
all(struct standing *st)
{
	const struct ceremony_file *f = &st->h->f;
	char done[ISSUERS_MAX + 1] = "";
	size_t i;

	if (!issuer_set_load(&st->set, st->store) ||
	    !stand_in_for(st, f->signer.ca, done))
		return 0;
	for (i = 0; i < f->n_services; i++)
		if (!stand_in_for(st, f->services[i].issuer, done))
			return 0;
	return 1;
}

int
rehearsal_stand_ins(struct rehearsal *h)
{
	struct store_config cfg = {.path = h->s.store, .mode = STORE_WRITE,
	    .now = h->now};
	struct standing *st = OPENSSL_zalloc(sizeof(*st));
	int ok = 0;

	if (st == NULL)
		return 0;
	st->h = h;
	st->found = OPENSSL_zalloc(FOUND_MAX * sizeof(*st->found));
	st->store = store_open(&cfg);
	if (st->found != NULL && st->store != NULL)
		ok = all(st);
	issuer_set_clear(&st->set);
	store_close(st->store);
	OPENSSL_free(st->found);
	OPENSSL_free(st);
	return ok;
}
