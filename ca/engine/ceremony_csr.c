#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"
#include "ca/engine/subca.h"

/*
 * Kind csr: the key of a CA of ours is made, and the request for its
 * certificate, which a CA elsewhere issues: an offline root, or somebody else's.
 * It waits in the store as one that `inkan ca request` made, and `inkan ca
 * import` takes the certificate in.
 */

static int
is_known(struct store_tx *tx, void *arg)
{
	struct ceremony *r = arg;
	struct pending_ca_row row;
	char ident[80];
	int found;

	ceremony_ident(&r->f->issuers[0], ident, sizeof(ident));
	found = pending_cas_get(tx, ident, &row);
	if (found == 1) {
		pending_cas_row_clear(&row);
		ca_raise(CA_E_DENIED, "request.pending: CA %s waits for its "
		    "certificate already", ident);
	} else if (found == 0 &&
	    issuer_set_find(&r->issuers, ident) != NULL) {
		ca_raise(CA_E_DENIED, "issuer.duplicate: there is a CA %s "
		    "already", ident);
		found = 1;
	}
	return found == 0;
}

static void
fill(const struct ceremony *r, const struct ceremony_ca *ca,
    struct pending_ca_row *out)
{
	struct issuer_row row;

	ceremony_fill_row(r, ca, &row);
	snprintf(out->ident, sizeof(out->ident), "%s", row.ident);
	snprintf(out->name, sizeof(out->name), "%s", row.name);
	out->generation = row.generation;
	snprintf(out->token, sizeof(out->token), "%s", row.token);
	snprintf(out->key_uri, sizeof(out->key_uri), "%s", row.key_uri);
	snprintf(out->crl_url, sizeof(out->crl_url), "%s", row.crl_url);
	snprintf(out->ocsp_url, sizeof(out->ocsp_url), "%s", row.ocsp_url);
	snprintf(out->issuer_url, sizeof(out->issuer_url), "%s",
	    row.issuer_url);
	out->crl_lifetime = row.crl_lifetime;
	out->crl_interval = row.crl_interval;
	out->crl_shards = row.crl_shards;
	out->expired_from = row.expired_from;
	out->created = r->now;
}

static void
defaults(struct ceremony *r, struct ceremony_ca *ca)
{
	ceremony_next_generation(r, ca);
	if (ca->crl_lifetime == 0)
		ca->crl_lifetime = 86400;
	if (ca->crl_interval == 0)
		ca->crl_interval = ca->crl_lifetime / 4;
	if (ca->crl_shards < 0)
		ca->crl_shards = 0;
	if (ca->keep_expired < 0)
		ca->keep_expired = 0;
}

static int
request(struct ceremony *r, const struct ceremony_ca *ca, EVP_PKEY *key)
{
	const char *set[CEREMONY_SET_MAX];
	size_t i;

	for (i = 0; i < ca->set.n; i++)
		set[i] = ca->set.text[i];
	fill(r, ca, &r->pending);
	if (!subca_csr(key, set, ca->set.n, r->f->path_len, &r->pending.csr,
	    &r->pending.csr_len) || !ceremony_write_request(r, r->f->request,
	    r->pending.csr, r->pending.csr_len))
		return 0;
	ceremony_say(r, "request for CA %s; its certificate is taken in by "
	    "inkan ca import", r->pending.ident);
	return 1;
}

static int
work(struct ceremony *r)
{
	struct ceremony_ca *ca = &r->f->issuers[0];
	const struct settings_token *t = settings_find_token(r->s, ca->token);
	EVP_PKEY *key = NULL;
	int ok;

	defaults(r, ca);
	if (t == NULL || !store_read(r->store, is_known, r))
		return 0;
	ok = ceremony_open_hsm(r, t) && ceremony_claim(r, CEREMONY_ISSUERS,
	    ca, 1, ca->token);
	key = ok ? ceremony_make_key(r, t, ca->key_type, ca->label) : NULL;
	if (key != NULL) {
		r->key_made[0] = 1;
		r->issuer_keys_made++;
		ceremony_describe_key(r, ca->name, key);
		ok = request(r, ca, key);
	} else
		ok = 0;
	EVP_PKEY_free(key);
	ceremony_close_hsm(r);
	return ok;
}

static int
use(struct store_tx *tx, struct ceremony *r)
{
	return pending_cas_add(tx, &r->pending);
}

const struct ceremony_act ceremony_csr_act = {work, use};
