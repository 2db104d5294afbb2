#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/ceremony_file.h"
#include "ca/engine/ceremony_run.h"

/*
 * Kind intermediate: issuing CAs under a CA that is there. One whose name is
 * there already is its next generation: a new key under a new name (RFC 5280
 * leaves CA names unique in time), no link certificates, since its issuer
 * certifies it as it did the old one.
 */

static const struct issuer *
newest(const struct ceremony *r, const char *name)
{
	const struct issuer *is, *best = NULL;
	size_t i;

	for (i = 0; i < r->issuers.n; i++) {
		is = r->issuers.item[i];
		if (strcmp(is->row.name, name) == 0 && (best == NULL ||
		    is->row.generation > best->row.generation))
			best = is;
	}
	return best;
}

#define DAY 86400LL

/* How it tells of what it revoked: what the file does not say goes on as in the
   generation before, so that a rotation changes nothing unnoticed. */
static void
inherit(const struct issuer *old, struct ceremony_ca *ca)
{
	if (ca->crl_lifetime == 0 && ca->crl_interval == 0 && old != NULL)
		ca->crl_interval = old->row.crl_interval;
	if (ca->crl_lifetime == 0)
		ca->crl_lifetime = old == NULL ? DAY : old->row.crl_lifetime;
	if (ca->crl_interval == 0)
		ca->crl_interval = ca->crl_lifetime / 4;
	if (ca->crl_shards < 0)
		ca->crl_shards = old == NULL ? 0 : old->row.crl_shards;
	if (ca->keep_expired < 0)
		ca->keep_expired = old != NULL && old->row.expired_from != 0;
}

void
ceremony_next_generation(const struct ceremony *r, struct ceremony_ca *ca)
{
	const struct issuer *old = newest(r, ca->name);

	if (ca->generation == 0)
		ca->generation = old == NULL ? 1 : old->row.generation + 1;
	if (ca->label[0] == '\0')
		ceremony_default_label(ca, ca->label, sizeof(ca->label));
}

static int
get_text(const struct issuer *is, int nid, char *out, size_t size)
{
	const X509_NAME *name = X509_get_subject_name(is->cert);
	int at = X509_NAME_get_index_by_NID(name, nid, -1), n;
	unsigned char *utf8 = NULL;

	if (at < 0)
		return 0;
	n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(
	    X509_NAME_get_entry(name, at)));
	if (n > 0 && (size_t)n < size)
		snprintf(out, size, "%s", (const char *)utf8);
	OPENSSL_free(utf8);
	return n > 0 && (size_t)n < size;
}

/* "Devices CA G1" -> "Devices CA"; others stay. */
static void
cut_generation(char *cn)
{
	size_t n = strlen(cn), k = n;

	while (k > 0 && cn[k - 1] >= '0' && cn[k - 1] <= '9')
		k--;
	if (k < n && k >= 2 && cn[k - 1] == 'G' && cn[k - 2] == ' ')
		cn[k - 2] = '\0';
}

/* Without a name of its own it has that of the generation before, with its own
   number. */
static int
default_set(struct ceremony_ca *ca, const struct issuer *old)
{
	static const struct { int nid; const char *field; } attrs[] = {
	    {NID_countryName, "c"}, {NID_organizationName, "o"}};
	struct ceremony_set *set = &ca->set;
	char text[200];
	size_t i;

	if (set->n > 0)
		return 1;
	if (old == NULL || !get_text(old, NID_commonName, text, sizeof(text))) {
		ca_raise(CA_E_CONFIG, "issuers.set: CA %s has no name, and no "
		    "generation before to take it from", ca->name);
		return 0;
	}
	cut_generation(text);
	snprintf(set->text[set->n++], sizeof(set->text[0]), "cn=%s G%d", text,
	    ca->generation);
	for (i = 0; i < 2; i++)
		if (get_text(old, attrs[i].nid, text, sizeof(text)))
			snprintf(set->text[set->n++], sizeof(set->text[0]),
			    "%s=%s", attrs[i].field, text);
	return 1;
}

static int
prepare_one(struct ceremony *r, struct ceremony_ca *ca)
{
	const struct issuer *old = newest(r, ca->name);
	const struct profile *p = ceremony_profile(r, ca->profile, PROFILE_CA);

	if (old != NULL && old->row.state == ISSUER_ROOT) {
		ca_raise(CA_E_CONFIG, "issuers.name: \"%s\" is a root's",
		    ca->name);
		return 0;
	}
	ceremony_next_generation(r, ca);
	inherit(old, ca);
	if (old != NULL && ca->generation <= old->row.generation) {
		ca_raise(CA_E_CONFIG, "issuers.generation: CA %s has "
		    "generation %d already", ca->name, old->row.generation);
		return 0;
	}
	if (ca->crl_interval > ca->crl_lifetime / 2) {
		ca_raise(CA_E_CONFIG, "issuers.crl_interval: CA %s would issue "
		    "a CRL only when half of crl_lifetime, which is that of "
		    "the generation before, is gone", ca->name);
		return 0;
	}
	return p != NULL && ceremony_may_certify(r, r->signer, p) &&
	    default_set(ca, old);
}

static struct issuer *
to_disable(struct ceremony *r, const char *ident)
{
	struct issuer *is = issuer_set_find(&r->issuers, ident);

	if (is == NULL || strcmp(is->row.ident, ident) != 0)
		ca_raise(CA_E_NOTFOUND, "disable: there is no CA \"%s\" (name "
		    "and generation)", ident);
	else if (is->row.state != ISSUER_ACTIVE)
		ca_raise(CA_E_DENIED, "disable: CA %s does not issue", ident);
	else
		return is;
	return NULL;
}

/* All that can be known before a key is made. */
static int
prepare(struct ceremony *r)
{
	size_t i;

	if (!ceremony_signer_certifies(r))
		return 0;
	for (i = 0; i < r->f->n_issuers; i++)
		if (!prepare_one(r, &r->f->issuers[i]))
			return 0;
	for (i = 0; i < r->f->n_disable; i++)
		if (to_disable(r, r->f->disable[i]) == NULL)
			return 0;
	return 1;
}

static int
certify_them(struct ceremony *r)
{
	size_t i;
	int ok = ceremony_open_signer(r);

	for (i = 0; ok && i < r->f->n_issuers; i++)
		ok = ceremony_make_issuer(r, r->signer, i);
	ok = ok && ceremony_signer_news(r);
	ceremony_close_signer(r);
	return ok;
}

static int
work(struct ceremony *r)
{
	return prepare(r) && ceremony_make_keys(r) && certify_them(r) &&
	    ceremony_use_issuers(r);
}

static int
use(struct store_tx *tx, struct ceremony *r)
{
	const struct issuer *is;
	size_t i;

	for (i = 0; i < r->f->n_disable; i++) {
		is = to_disable(r, r->f->disable[i]);
		if (is == NULL || !issuers_set_state(tx, is->row.id,
		    ISSUER_DISABLED))
			return 0;
	}
	return 1;
}

const struct ceremony_act ceremony_intermediate_act = {work, use};
