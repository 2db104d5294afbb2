#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* CAs: the root, signed by itself, and those that it certifies. */

static int
set_cert_tx(struct store_tx *tx, void *arg)
{
	return issuers_set_cert(tx, arg);
}

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	return issuers_reserve(tx, arg);
}

static const struct issuer *
find_parent(const struct ceremony *r, int64_t id)
{
	size_t i;

	for (i = 0; i < r->n_made; i++)
		if (r->made[i]->row.id == id)
			return r->made[i];
	return issuer_set_by_id(&r->issuers, id);
}

int
ceremony_made(struct ceremony *r, const struct issuer_row *row)
{
	const struct issuer *parent = find_parent(r, row->parent);
	struct issuer *is;

	/* In a first ceremony nobody looks before the end; later ones show
	   what they made in their last transaction. */
	if (r->n_made == CEREMONY_MADE_MAX || (r->stage[0] == '\0' &&
	    !store_write(r->store, set_cert_tx, (void *)row, 0)))
		return 0;
	is = issuer_new(row);
	if (is == NULL || (parent != NULL && !issuer_inherit(is, parent))) {
		issuer_free(is);
		return 0;
	}
	r->made[r->n_made++] = is;
	return 1;
}

static int
same_ident(const struct issuer_row *row, void *arg)
{
	struct issuer_row *mine = arg;

	if (strcmp(row->ident, mine->ident) == 0)
		mine->id = row->id;
	return 1;
}

static int
find_row_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, same_ident, arg);
}

/* The row comes first: the certificate's own row refers to it. A first ceremony
   that is resumed may find it with its certificate. */
static int
reserve_row(struct ceremony *r, struct issuer_row *row)
{
	if (r->resumed && r->stage[0] == '\0') {
		if (!store_read(r->store, find_row_tx, row))
			return 0;
		if (row->id != 0)
			return 1;
	}
	return store_write(r->store, reserve_tx, row, 0);
}

static int
make_root_cert(struct ceremony *r, EVP_PKEY *key, struct issuer_row *row,
    struct ceremony_job *job)
{
	struct issued c = {0};
	unsigned char *spki = NULL;
	int ok = 0;

	if (!spki_from_pkey(key, &spki, &job->spki_len) ||
	    !EVP_PKEY_up_ref(key))
		goto out;
	job->issuer = issuer_new_root(row, key);
	if (job->issuer == NULL) {
		EVP_PKEY_free(key);
		goto out;
	}
	job->spki = spki;
	ok = ceremony_issue(r, job, &c);
	if (ok)
		ceremony_take_cert(row, &c);
out:
	issued_clear(&c);
	issuer_free(job->issuer);
	OPENSSL_free(spki);
	return ok;
}

static EVP_PKEY *
make_root_key(struct ceremony *r)
{
	const struct ceremony_ca *ca = &r->f->root;
	EVP_PKEY *key;

	if (!ceremony_claim(r, CEREMONY_ROOT, ca, 1, ""))
		return NULL;
	key = ceremony_make_key(r, &r->f->root_token, ca->key_type, ca->label);
	if (key == NULL)
		return NULL;
	r->root_key_made = 1;
	ceremony_describe_key(r, "root", key);
	return key;
}

void
ceremony_say_root(struct ceremony *r, const struct issuer *root)
{
	char hex[65];
	size_t i;

	for (i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", root->sha256[i]);
	ceremony_tell(r, "root %s, SHA-256 of the certificate %s",
	    root->row.ident, hex);
}

int
ceremony_put_ca(struct ceremony *r, const struct issuer_row *row,
    const char *path)
{
	return ceremony_publish_ca(r, row) && ceremony_write_pem(r, path,
	    row->cert, row->cert_len, NULL);
}

struct issuer *
ceremony_make_root(struct ceremony *r, const unsigned char *name, size_t len)
{
	const struct ceremony_ca *ca = &r->f->root;
	struct ceremony_fields fields;
	struct ceremony_job job = {.fields = &fields, .subject = name,
	    .subject_len = len};
	struct issuer_row row;
	EVP_PKEY *key = NULL;
	struct issuer *made = NULL;

	job.profile = ceremony_profile(r, ca->profile, PROFILE_CA);
	if (job.profile != NULL && !profile_is_self_signed(job.profile)) {
		ca_raise(CA_E_CONFIG, "ceremony: profile %s is not one of a "
		    "root", ca->profile);
		return NULL;
	}
	ceremony_fields(&ca->set, ca, &fields);
	ceremony_fill_row(r, ca, &row);
	row.state = ISSUER_ROOT;
	if (job.profile == NULL || (key = make_root_key(r)) == NULL)
		return NULL;
	if (reserve_row(r, &row) && make_root_cert(r, key, &row, &job) &&
	    ceremony_made(r, &row) &&
	    ceremony_put_ca(r, &row, ca->certificate)) {
		made = r->made[r->n_made - 1];
		made->key = key;
		key = NULL;
		ceremony_say_root(r, made);
	}
	EVP_PKEY_free(key);
	issuers_row_clear(&row);
	return made;
}

int
ceremony_make_issuer(struct ceremony *r, struct issuer *root, size_t i)
{
	const struct ceremony_ca *ca = &r->f->issuers[i];
	struct ceremony_fields fields;
	struct ceremony_job job = {.issuer = root, .fields = &fields,
	    .spki = r->spki[i], .spki_len = r->spki_len[i]};
	struct issuer_row row;
	struct issued c = {0};
	int ok;

	job.profile = ceremony_profile(r, ca->profile, PROFILE_CA);
	if (job.profile == NULL)
		return 0;
	ceremony_fill_row(r, ca, &row);
	row.state = ISSUER_ACTIVE;
	row.parent = root->row.id;
	ceremony_fields(&ca->set, ca, &fields);
	ok = reserve_row(r, &row) && ceremony_issue(r, &job, &c);
	if (ok) {
		ceremony_take_cert(&row, &c);
		ok = ceremony_made(r, &row) &&
		    ceremony_put_ca(r, &row, ca->certificate);
	}
	if (ok)
		ceremony_tell(r, "issuing CA %s: %s", row.ident, c.row.subject);
	issuers_row_clear(&row);
	issued_clear(&c);
	return ok;
}

void
ceremony_drop_key(struct issuer *is)
{
	if (is == NULL)
		return;
	EVP_PKEY_free(is->key);
	is->key = NULL;
}

/* Step 2: the root's token signs all that it signs, and is closed again. */
int
ceremony_use_root(struct ceremony *r)
{
	struct issuer *root = NULL;
	size_t i;
	int ok = 0;

	if (ceremony_open_hsm(r, &r->f->root_token))
		root = ceremony_make_root(r, NULL, 0);
	if (root != NULL)
		ok = 1;
	for (i = 0; ok && i < r->f->n_issuers; i++)
		ok = ceremony_make_issuer(r, root, i);
	ok = ok && ceremony_root_news(r, root);
	ceremony_drop_key(root);
	ceremony_close_hsm(r);
	return ok;
}
