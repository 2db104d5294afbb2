#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* Kind renew: a CA's key and name go on under a new validity. What it signed
   verifies as before, since neither name nor key identifier changes. */

struct renewing {
	struct issuer *ca;
	struct cert_row old;		/* zeros for an imported one */
	const struct profile *profile;
	int self;			/* a root, by itself */
};

static int
path_stays(const struct renewing *n)
{
	int was = n->ca->build.path_len, is = n->profile->path_len;

	if (is < 0 || (was >= 0 && is >= was))
		return 1;
	ca_raise(CA_E_DENIED, "path.short: CA %s has %s, profile %s would set "
	    "path length %d", n->ca->row.ident, was < 0 ? "no path length" :
	    "a longer path", n->profile->name, is);
	return 0;
}

static int
find_profile(struct ceremony *r, struct renewing *n)
{
	const char *name = r->f->subject.profile;

	if (name[0] == '\0')
		name = n->old.profile;
	if (name[0] == '\0') {
		ca_raise(CA_E_CONFIG, "profile: missing; the certificate of "
		    "CA %s is not one of ours", n->ca->row.ident);
		return 0;
	}
	n->profile = ceremony_profile(r, name, PROFILE_CA);
	if (n->profile == NULL || !path_stays(n))
		return 0;
	if (profile_is_self_signed(n->profile) != n->self) {
		ca_raise(CA_E_CONFIG, "profile.issuer: profile %s is %sone of "
		    "a root", name, n->self ? "not " : "");
		return 0;
	}
	return n->self || ceremony_may_certify(r, r->signer, n->profile);
}

static int
prepare(struct ceremony *r, struct renewing *n)
{
	const char *name = r->f->subject.name;

	if (!ceremony_signer_certifies(r))
		return 0;
	n->ca = issuer_set_find(&r->issuers, name);
	if (n->ca == NULL) {
		ca_raise(CA_E_NOTFOUND, "ca: there is no CA \"%s\"", name);
		return 0;
	}
	n->self = n->ca == r->signer;
	if ((n->ca->row.state == ISSUER_ROOT) != n->self) {
		ca_raise(CA_E_DENIED, "renew.signer: %s", n->self ?
		    "only a root signs for itself" : "a root is renewed by "
		    "itself; under another CA it would be a cross certificate");
		return 0;
	}
	return ceremony_row_of(r, n->ca, &n->old) >= 0 && find_profile(r, n);
}

/* For a root the issuer is itself, before it had a certificate. */
static struct issuer *
issuer_for(struct ceremony *r, const struct renewing *n)
{
	struct issuer *self;

	if (!n->self)
		return r->signer;
	if (!EVP_PKEY_up_ref(r->signer->key))
		return NULL;
	self = issuer_new_root(&r->signer->row, r->signer->key);
	if (self == NULL)
		EVP_PKEY_free(r->signer->key);
	return self;
}

static int
issue(struct ceremony *r, const struct renewing *n, struct issued *out)
{
	const struct build_issuer *b = &n->ca->build;
	struct ceremony_job job = {.profile = n->profile, .subject = b->name,
	    .subject_len = b->name_len};
	unsigned char *spki = NULL;
	int len, ok;

	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(n->ca->cert), &spki);
	job.issuer = len > 0 ? issuer_for(r, n) : NULL;
	job.spki = spki;
	job.spki_len = (size_t)len;
	if (!n->self) {
		job.key_id = b->key_id;
		job.key_id_len = b->key_id_len;
	}
	ok = job.issuer != NULL && ceremony_issue(r, &job, out);
	if (n->self)
		issuer_free(job.issuer);
	OPENSSL_free(spki);
	return ok;
}

/* Same name, key and identifier, and it does not end sooner. */
static int
is_renewal(const struct renewing *n, const struct issuer *made, int dry)
{
	const struct build_issuer *a = &n->ca->build, *b = &made->build;

	/* A root's identifier comes from its key, in a rehearsal a stand-in's. */
	if ((!dry || !n->self) && (a->key_id_len != b->key_id_len ||
	    memcmp(a->key_id, b->key_id, a->key_id_len) != 0)) {
		ca_raise(CA_E_DENIED, "renew.key_id: CA %s has another subject "
		    "key identifier than its profile gives it; what it issued "
		    "would lose its issuer", n->ca->row.ident);
		return 0;
	}
	if (a->not_after <= b->not_after)
		return 1;
	ca_raise(CA_E_DENIED, "renew.sooner: the new certificate of CA %s "
	    "would end before the present one", n->ca->row.ident);
	return 0;
}

static int
renew(struct ceremony *r, const struct renewing *n)
{
	struct issuer_row row = n->ca->row;
	struct issued c = {0};
	int ok = issue(r, n, &c);

	row.cert = NULL;
	if (ok) {
		ceremony_take_cert(&row, &c);
		row.parent = n->self ? 0 : r->signer->row.id;
		ok = ceremony_made(r, &row) &&
		    is_renewal(n, r->made[r->n_made - 1], r->how->dry) &&
		    ceremony_remember_old(r, n->ca, &n->old) &&
		    ceremony_put_ca(r, &row, r->f->subject.certificate);
	}
	if (ok)
		ceremony_say(r, "CA %s renewed by %s: %s", row.ident,
		    r->signer->row.ident, c.row.subject);
	if (ok && n->self)
		ceremony_say_root(r, r->made[r->n_made - 1]);
	issuers_row_clear(&row);
	issued_clear(&c);
	return ok;
}

static int
work(struct ceremony *r)
{
	struct renewing n = {0};
	int ok;

	if (!prepare(r, &n))
		return 0;
	ok = ceremony_open_signer(r) && renew(r, &n) &&
	    ceremony_signer_news(r);
	ceremony_close_signer(r);
	return ok;
}

const struct ceremony_act ceremony_renew_act = {work, NULL};
