#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"
#include "profiles/spki.h"

/*
 * Kinds cross and certify: a certificate for a CA that is not ours.
 *
 * cross: it has a name, a key and a hierarchy of its own (RFC 5217 bridges).
 * Name and subject key identifier are taken as they are, so that what it issued
 * verifies through us; what may pass is in the profile of class cross.
 * certify: it becomes a CA under one of ours; its name comes from the profile.
 */

struct foreign {
	X509 *cert;			/* its own, or NULL */
	struct csr *csr;		/* or NULL */
	unsigned char *name, *spki;
	int name_len, spki_len;
	const ASN1_OCTET_STRING *key_id;	/* of cert, or NULL */
	int64_t not_after;		/* of its own certificate, 0 unknown */
};

static void
foreign_clear(struct foreign *f)
{
	X509_free(f->cert);
	csr_free(f->csr);
	OPENSSL_free(f->name);
	OPENSSL_free(f->spki);
}

static X509 *
read_cert(const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL,
	    NULL);

	BIO_free(bio);
	if (cert == NULL)
		ca_raise(CA_E_CONFIG, "foreign: %s: no PEM certificate", path);
	return cert;
}

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* A CA, within its validity, and where it is self-signed, truly so. */
static int
check_cert(const struct ceremony *r, X509 *cert)
{
	int self = X509_self_signed(cert, 0);

	if (X509_check_ca(cert) != 1) {
		ca_raise(CA_E_DENIED, "foreign.ca: its certificate is not that "
		    "of a CA (basicConstraints, RFC 5280 4.2.1.9)");
		return 0;
	}
	if (seconds(X509_get0_notAfter(cert)) < (int64_t)r->now) {
		ca_raise(CA_E_DENIED, "foreign.expired: its certificate has "
		    "ended");
		return 0;
	}
	if (self == 1 && X509_self_signed(cert, 1) != 1) {
		ca_raise(CA_E_DENIED, "foreign.signature: its certificate is "
		    "not signed by its own key");
		return 0;
	}
	return 1;
}

static int
take_from_cert(struct ceremony *r, struct foreign *f)
{
	f->cert = read_cert(r->f->subject.foreign);
	if (f->cert == NULL || !ceremony_record_file(r, "read",
	    r->f->subject.foreign) || !check_cert(r, f->cert))
		return 0;
	f->name_len = i2d_X509_NAME(X509_get_subject_name(f->cert), &f->name);
	f->spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(f->cert), &f->spki);
	f->key_id = X509_get0_subject_key_id(f->cert);
	f->not_after = seconds(X509_get0_notAfter(f->cert));
	if (X509_self_signed(f->cert, 0) != 1 &&
	    r->f->subject.csr[0] == '\0')
		ceremony_say(r, "its key was not shown to be in its hands: "
		    "neither self-signed nor a request");
	return f->name_len > 0 && f->spki_len > 0;
}

static int
same_key(const struct foreign *f)
{
	const unsigned char *spki;
	size_t len;

	spki = csr_spki(f->csr, &len);
	if (len == (size_t)f->spki_len && memcmp(spki, f->spki, len) == 0)
		return 1;
	ca_raise(CA_E_DENIED, "foreign.key: its request and its certificate "
	    "have two keys");
	return 0;
}

static int
take_from_csr(struct ceremony *r, struct foreign *f)
{
	const unsigned char *spki;
	size_t len;

	f->csr = ceremony_read_csr(r, r->f->subject.csr);
	if (f->csr == NULL)
		return 0;
	if (f->cert != NULL)
		return same_key(f);
	spki = csr_spki(f->csr, &len);
	f->spki = OPENSSL_memdup(spki, len);
	f->spki_len = (int)len;
	f->name_len = i2d_X509_NAME(csr_subject(f->csr), &f->name);
	return f->spki != NULL && f->name_len > 0;
}

/* Two CAs of one name, or two names of one key, are nobody's intention. */
static int
is_foreign(const struct ceremony *r, const struct foreign *f, int names)
{
	const unsigned char *p = f->spki;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, f->spki_len);
	const struct issuer *is, *same = NULL;
	const char *what = NULL;
	size_t i;

	for (i = 0; key != NULL && what == NULL && i < r->issuers.n; i++) {
		same = is = r->issuers.item[i];
		if (spki_same(key, is->verify))
			what = "key";
		else if (names && f->name != NULL &&
		    is->build.name_len == (size_t)f->name_len &&
		    memcmp(is->build.name, f->name, is->build.name_len) == 0)
			what = "name";
	}
	if (key == NULL)
		ca_raise(CA_E_DENIED, "foreign.key: it cannot be read");
	if (what != NULL)
		ca_raise(CA_E_DENIED, "foreign.ours: it has the %s of our own "
		    "CA %s", what, same->row.ident);
	i = key != NULL;
	EVP_PKEY_free(key);
	return i && what == NULL;
}

static int
read_foreign(struct ceremony *r, struct foreign *f)
{
	const struct ceremony_subject *s = &r->f->subject;

	return (s->foreign[0] == '\0' || take_from_cert(r, f)) &&
	    (s->csr[0] == '\0' || take_from_csr(r, f)) &&
	    is_foreign(r, f, r->f->kind == CEREMONY_CROSS);
}

/* How long a path below it is needs to be: what the file says, else what its
   own certificate says, else a request's: none. */
static int
path_suffices(const struct ceremony *r, const struct foreign *f,
    const struct profile *p)
{
	int needs = r->f->subject.needs_path_len;

	if (p->path_len < 0)
		return 1;
	if (needs < 0)
		needs = f->cert == NULL ? 0 : (int)X509_get_pathlen(f->cert);
	if (needs < 0) {
		ca_raise(CA_E_DENIED, "path.short: its certificate sets no "
		    "path length, profile %s sets %d; say needs_path_len",
		    p->name, p->path_len);
		return 0;
	}
	if (needs <= p->path_len)
		return 1;
	ca_raise(CA_E_DENIED, "path.short: %d CAs may stand below it, profile "
	    "%s allows %d", needs, p->name, p->path_len);
	return 0;
}

static int
publish(struct ceremony *r, const char *kind, const char *prefix,
    const struct issued *c)
{
	const struct ceremony_subject *s = &r->f->subject;
	char name[160];

	snprintf(name, sizeof(name), "%s-%s", prefix, s->name);
	if (!ceremony_remember(r, kind, s->name, 0, r->signer, c) ||
	    !ceremony_publish_cert(r, name, c->der, c->der_len) ||
	    !ceremony_write_pem(r, s->certificate, c->der, c->der_len,
	    s->chain ? r->signer : NULL))
		return 0;
	ceremony_say(r, "%s certificate by %s: %s", kind,
	    r->signer->row.ident, c->row.subject);
	return 1;
}

static int
issue(struct ceremony *r, const struct ceremony_job *job, const char *kind,
    const char *prefix)
{
	struct ceremony_job with = *job;
	struct issued c = {0};
	int ok = ceremony_open_signer(r);

	with.issuer = r->signer;
	ok = ok && ceremony_issue(r, &with, &c) &&
	    publish(r, kind, prefix, &c) && ceremony_signer_news(r);
	ceremony_close_signer(r);
	issued_clear(&c);
	return ok;
}

static const struct profile *
find_profile(struct ceremony *r, enum profile_class class)
{
	const struct profile *p = ceremony_profile(r, r->f->subject.profile,
	    class);

	if (p == NULL || !profile_is_self_signed(p))
		return p;
	ca_raise(CA_E_CONFIG, "profile.issuer: profile %s is one of a root",
	    p->name);
	return NULL;
}

static int
cross(struct ceremony *r)
{
	struct foreign f = {0};
	struct ceremony_job job = {0};
	const struct profile *p = NULL;
	int ok;

	ok = ceremony_signer_certifies(r) &&
	    (p = find_profile(r, PROFILE_CROSS)) != NULL &&
	    ceremony_may_certify(r, r->signer, p) && read_foreign(r, &f) &&
	    path_suffices(r, &f, p);
	job.profile = p;
	job.csr = f.csr;
	job.spki = f.spki;
	job.spki_len = (size_t)f.spki_len;
	job.subject = f.name;
	job.subject_len = (size_t)f.name_len;
	job.not_after = f.not_after;
	if (f.key_id != NULL) {
		job.key_id = ASN1_STRING_get0_data(f.key_id);
		job.key_id_len = (size_t)ASN1_STRING_length(f.key_id);
	}
	ok = ok && issue(r, &job, CA_CERT_CROSS, "cross");
	foreign_clear(&f);
	return ok;
}

static int
certify(struct ceremony *r)
{
	struct foreign f = {0};
	struct ceremony_fields fields;
	struct ceremony_job job = {.fields = &fields};
	const struct profile *p = NULL;
	int ok;

	ok = ceremony_signer_certifies(r) &&
	    (p = find_profile(r, PROFILE_CA)) != NULL &&
	    ceremony_may_certify(r, r->signer, p) && read_foreign(r, &f) &&
	    path_suffices(r, &f, p);
	ceremony_fields(&r->f->subject.set, NULL, &fields);
	job.profile = p;
	job.csr = f.csr;
	ok = ok && issue(r, &job, CA_CERT_SUB_CA, "sub-ca");
	foreign_clear(&f);
	return ok;
}

const struct ceremony_act ceremony_cross_act = {cross, NULL};
const struct ceremony_act ceremony_certify_act = {certify, NULL};
