#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "ca/report/report.h"
#include "ocsp/delegate.h"
#include "ocsp/error.h"
#include "ocsp/keys.h"

#define RETRY 5 /* seconds between tries that failed */
#define CERT_FILE_MAX (64 * 1024)

struct entry {
	const struct settings_delegate *set;
	struct signer *signer;
	unsigned char issuer_key[32]; /* SHA-256 of the issuer's key that the
					 signer was held against */
	struct stat seen;	      /* the file when it was last tried */
	time_t retry_at;	      /* 0: what is there is in force */
	int complained;
};

struct delegates {
	pthread_mutex_t lock; /* signer, issuer_key */
	struct hsm *hsm;
	struct entry entries[SETTINGS_DELEGATES_MAX];
	size_t n;
};

struct delegates *
delegates_new(const struct settings *set, struct hsm *hsm)
{
	struct delegates *d = OPENSSL_zalloc(sizeof(*d));
	size_t i;

	if (d == NULL)
		return NULL;
	if (pthread_mutex_init(&d->lock, NULL) != 0) {
		OPENSSL_free(d);
		return NULL;
	}
	d->hsm = hsm;
	d->n = set->n_delegates;
	for (i = 0; i < d->n; i++)
		d->entries[i].set = &set->delegates[i];
	return d;
}

void
delegates_free(struct delegates *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < d->n; i++)
		signer_free(d->entries[i].signer);
	pthread_mutex_destroy(&d->lock);
	OPENSSL_free(d);
}

static struct entry *
entry_of(struct delegates *d, const char *ident)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (strcmp(d->entries[i].set->issuer, ident) == 0)
			return &d->entries[i];
	return NULL;
}

int
delegates_configured(struct delegates *d, const char *ident)
{
	return entry_of(d, ident) != NULL;
}

struct signer *
delegates_signer(struct delegates *d, const struct view_issuer *issuer)
{
	struct entry *e = entry_of(d, issuer->ident);
	struct signer *signer = NULL;

	if (e == NULL)
		return NULL;
	pthread_mutex_lock(&d->lock);
	/* Another key under the same ident: this delegate is not its own. */
	if (e->signer != NULL &&
	    memcmp(e->issuer_key, issuer->key_hash[REQUEST_SHA256], 32) == 0)
		signer = signer_up_ref(e->signer);
	pthread_mutex_unlock(&d->lock);
	return signer;
}

void
delegates_set(struct delegates *d, const struct view_issuer *issuer,
    struct signer *signer)
{
	struct entry *e = entry_of(d, issuer->ident);
	struct signer *old = signer;

	if (e != NULL) {
		pthread_mutex_lock(&d->lock);
		old = e->signer;
		e->signer = signer;
		memcpy(e->issuer_key, issuer->key_hash[REQUEST_SHA256], 32);
		pthread_mutex_unlock(&d->lock);
	}
	signer_free(old);
}

/* Does it lack a signer, or one of the certificate that is there: its key may
   not have been in the token, or the token was away. */
static int
is_due(const struct entry *e, const struct signer *signer, time_t now)
{
	return (signer == NULL || e->retry_at != 0) && now >= e->retry_at;
}

static X509 *
read_cert(const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	X509 *cert = NULL;

	if (bio != NULL)
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (cert == NULL)
		ocsp_raise(OCSP_E_DELEGATE, "%s: no certificate (PEM)", path);
	BIO_free(bio);
	return cert;
}

static struct signer *
load(struct delegates *d, const struct entry *e,
    const struct view_issuer *issuer)
{
	struct signer *signer = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = read_cert(e->set->certificate);

	if (cert == NULL)
		goto out;
	if (d->hsm == NULL) {
		ocsp_raise(OCSP_E_DELEGATE, "there is no token");
		goto out;
	}
	if (X509_get0_pubkey(cert) == NULL) {
		ocsp_raise(OCSP_E_DELEGATE, "%s: its key cannot be read",
		    e->set->certificate);
		goto out;
	}
	key = keys_match(d->hsm, e->set->label, X509_get0_pubkey(cert));
	if (key == NULL)
		goto out;
	if ((signer = signer_new(key, cert, issuer->cert)) == NULL)
		ocsp_raise(OCSP_E_DELEGATE, "%s", e->set->certificate);
	else
		key = NULL;
out:
	EVP_PKEY_free(key);
	X509_free(cert);
	return signer;
}

/* Has the file changed since it was tried? ${st} gets what is there now. */
static int
changed(const struct entry *e, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	if (stat(e->set->certificate, st) != 0)
		memset(st, 0, sizeof(*st));
	return st->st_ino != e->seen.st_ino || st->st_dev != e->seen.st_dev ||
	    st->st_size != e->seen.st_size ||
	    st->st_mtim.tv_sec != e->seen.st_mtim.tv_sec ||
	    st->st_mtim.tv_nsec != e->seen.st_mtim.tv_nsec;
}

static void
loaded(const struct entry *e, const struct signer *signer)
{
	char until[24];
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&signer->not_after, &tm);
	strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", &tm);
	report_event(REPORT_INFO, "ocsp.delegate.loaded", "issuer",
	    e->set->issuer, "file", e->set->certificate, "not_after", until,
	    NULL);
}

static void
try_load(struct delegates *d, struct entry *e, const struct view_issuer *issuer,
    time_t now)
{
	struct signer *signer;

	ERR_clear_error();
	if (issuer == NULL) {
		signer = NULL;
		ocsp_raise(OCSP_E_DELEGATE, "status.db knows no issuer %s",
		    e->set->issuer);
	} else {
		signer = load(d, e, issuer);
	}
	if (signer == NULL) {
		if (!e->complained)
			report_errors(REPORT_WARN, "ocsp.delegate.refused",
			    "issuer", e->set->issuer, NULL);
		ERR_clear_error();
		e->complained = 1;
		/* A writer that starts at the same time makes it known at once. */
		e->retry_at = issuer == NULL ? now : now + RETRY;
		return;
	}
	ERR_clear_error();
	e->complained = 0;
	e->retry_at = 0;
	loaded(e, signer);
	delegates_set(d, issuer, signer);
}

void
delegates_poll(
    struct delegates *d, const struct view *view, time_t now, int force)
{
	const struct view_issuer *issuer;
	struct signer *signer;
	struct stat st;
	size_t i;

	for (i = 0; i < d->n; i++) {
		struct entry *e = &d->entries[i];
		int is_new = changed(e, &st);

		issuer =
		    view == NULL ? NULL : view_find_ident(view, e->set->issuer);
		signer = issuer == NULL ? NULL : delegates_signer(d, issuer);
		if (is_new)
			e->complained = 0;
		if (is_new || force || is_due(e, signer, now)) {
			e->seen = st;
			try_load(d, e, issuer, now);
		}
		signer_free(signer);
	}
}
