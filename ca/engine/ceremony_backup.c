#include <stdio.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "ca/error.h"
#include "ca/engine/ceremony_folder.h"
#include "ca/engine/ceremony_run.h"

/*
 * Copies of keys, as part of the ceremony that makes them.
 *
 * token: the token's own cloning, by its maker's tools. Our hands are not in it;
 * what the operator says of it is an act on record.
 * wrapped: keys that were generated for it (wrap_with_trusted), each wrapped by
 * the token itself under a key that its security officer calls trusted.
 * softhsm-folder: the folder of a SoftHSM token, encrypted to certificates. It is
 * no better than the PIN and the recipients' keys.
 */

const struct settings_token *
ceremony_backup_token(const struct ceremony *r,
    const struct ceremony_backup *b)
{
	const struct settings_token *t;

	if (strcmp(b->token, "root") == 0 && r->f->root_token.uri[0] != '\0')
		return &r->f->root_token;
	if (strcmp(b->token, "signer") == 0 && r->f->signer.has_token)
		return &r->f->signer.token;
	t = settings_find_token(r->s, b->token);
	if (t == NULL)
		ca_raise(CA_E_CONFIG, "backup.token: there is no token \"%s\"",
		    b->token);
	return t;
}

static const char *
shown(const struct ceremony_backup *b)
{
	return b->token[0] == '\0' ? "token" : b->token;
}

/* ---- a SoftHSM folder ---- */

static X509 *
read_recipient(struct ceremony *r, const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL,
	    NULL);

	BIO_free(bio);
	if (cert == NULL) {
		ca_raise(CA_E_CONFIG, "backup.recipient: %s: no PEM "
		    "certificate", path);
	} else if (!ceremony_record_file(r, "read", path)) {
		X509_free(cert);
		cert = NULL;
	}
	return cert;
}

static STACK_OF(X509) *
read_recipients(struct ceremony *r, const struct ceremony_backup *b)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	X509 *cert;
	size_t i;

	for (i = 0; all != NULL && i < b->n_recipients; i++) {
		cert = read_recipient(r, b->recipient[i]);
		if (cert != NULL && sk_X509_push(all, cert) > 0)
			continue;
		X509_free(cert);
		sk_X509_pop_free(all, X509_free);
		all = NULL;
	}
	return all;
}

/* CMS AuthEnvelopedData (RFC 5083, 5084) in DER. */
static int
encrypt(const void *data, size_t len, STACK_OF(X509) *to,
    unsigned char **out)
{
	BIO *in = BIO_new_mem_buf(data, (int)len);
	CMS_ContentInfo *cms = in == NULL ? NULL : CMS_encrypt(to, in,
	    EVP_aes_256_gcm(), CMS_BINARY);
	int n;

	*out = NULL;
	n = cms == NULL ? -1 : i2d_CMS_ContentInfo(cms, out);
	if (n <= 0)
		ca_raise(CA_E_SIGN, "backup.encrypt: not to these recipients");
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return n;
}

static int
copy_folder(struct ceremony *r, const struct ceremony_backup *b,
    const struct settings_token *t)
{
	STACK_OF(X509) *to = NULL;
	unsigned char *tar = NULL, *cms = NULL;
	char dir[PATH_MAX];
	size_t len = 0;
	int n = 0, ok = 0;

	if (!ceremony_token_folder(t->softhsm_conf, dir) ||
	    !ceremony_tar(dir, &tar, &len) ||
	    (to = read_recipients(r, b)) == NULL)
		goto out;
	n = encrypt(tar, len, to, &cms);
	ok = n > 0 && ceremony_write_data(r, "backup", b->file, cms,
	    (size_t)n);
	if (ok)
		ceremony_say(r, "backup of %s: its SoftHSM folder, encrypted "
		    "to %zu recipients", shown(b), b->n_recipients);
out:
	OPENSSL_clear_free(tar, len);
	OPENSSL_free(cms);
	sk_X509_pop_free(to, X509_free);
	return ok;
}

/* ---- wrapped keys ---- */

static int
wrap_one(struct ceremony *r, const struct ceremony_backup *b,
    const char *label)
{
	unsigned char *blob = NULL;
	char path[PATH_MAX];
	size_t len = 0;
	int ok, n;

	n = snprintf(path, sizeof(path), "%s.%s", b->file, label);
	ok = n > 0 && (size_t)n < sizeof(path) && hsm_key_wrap(r->hsm, label,
	    b->wrapping_key, &blob, &len) &&
	    ceremony_write_data(r, "backup", path, blob, len);
	if (ok)
		ceremony_say(r, "backup of %s: key %s, wrapped under %s",
		    shown(b), label, b->wrapping_key);
	OPENSSL_free(blob);
	return ok;
}

/* Every key of this ceremony that is in that token. */
static int
wrap_keys(struct ceremony *r, const struct ceremony_backup *b,
    const struct settings_token *t)
{
	const struct ceremony_file *f = r->f;
	size_t i, n = 0;
	int ok = ceremony_open_hsm(r, t);

	if (ok && r->root_key_made && t == &f->root_token && ++n)
		ok = wrap_one(r, b, f->root.label);
	for (i = 0; ok && i < f->n_issuers; i++)
		if (r->key_made[i] && t == settings_find_token(r->s,
		    f->issuers[i].token) && ++n)
			ok = wrap_one(r, b, f->issuers[i].label);
	ceremony_close_hsm(r);
	if (!ok || n > 0)
		return ok;
	ca_raise(CA_E_CONFIG, "backup.keys: this ceremony makes no key in "
	    "token \"%s\"", shown(b));
	return 0;
}

static int
copy_one(struct ceremony *r, const struct ceremony_backup *b)
{
	const struct settings_token *t = ceremony_backup_token(r, b);

	if (t == NULL)
		return 0;
	switch (b->kind) {
	case CEREMONY_BACKUP_FOLDER:
		return copy_folder(r, b, t);
	case CEREMONY_BACKUP_WRAPPED:
		return wrap_keys(r, b, t);
	default:
		ceremony_say(r, "backup of %s by the token's own means: %s",
		    shown(b), b->words);
		return 1;
	}
}

int
ceremony_back_up(struct ceremony *r)
{
	size_t i;

	for (i = 0; i < r->f->n_backups; i++)
		if (!copy_one(r, &r->f->backups[i]))
			return 0;
	return 1;
}
