#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/store/certs.h"
#include "ca/engine/crl.h"
#include "ca/engine/presign.h"
#include "ca/engine/publish.h"
#include "ca/engine/ceremony_run.h"
#include "profiles/spki.h"

/* News of what a root issued: its CRL, and OCSP answers signed in advance. */

/* A request for several is a client's that checks a chain; an answer about more
   would be larger than a responder takes. */
#define TOGETHER_MAX 128

struct collecting {
	const struct issuer *root;
	time_t now;
	struct store_tx *tx;
	struct presign_subject *item;
	size_t n;
	int failed;			/* a callback's 0 only ends the list */
};

X509 *
ceremony_read_cert(struct store_tx *tx, int64_t id)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	X509 *cert = NULL;
	size_t len = 0;

	if (certs_der(tx, id, &der, &len) == 1) {
		p = der;
		cert = d2i_X509(NULL, &p, (long)len);
	}
	OPENSSL_free(der);
	return cert;
}

/* Of its own certificates a root says nothing: who does not believe them does
   not ask, and who does need not. A link has another's key, or signer. */
static int
is_own(const struct issuer *root, const X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	return spki_same(key, root->verify);
}

static int
collect_one(const struct cert_row *row, void *arg)
{
	struct collecting *c = arg;
	struct presign_subject *item, s = {0};

	if ((row->state != CERT_VALID && row->state != CERT_HELD &&
	    row->state != CERT_REVOKED) || row->not_after < (int64_t)c->now)
		return 1;
	s.cert = ceremony_read_cert(c->tx, row->id);
	if (s.cert == NULL)
		return 1;	/* revoked without having been made */
	if (is_own(c->root, s.cert)) {
		X509_free(s.cert);
		return 1;
	}
	s.revoked = row->state != CERT_VALID;
	s.reason = row->reason;
	s.when = row->revoked_at;
	item = OPENSSL_realloc(c->item, (c->n + 1) * sizeof(*item));
	if (item == NULL) {
		X509_free(s.cert);
		c->failed = 1;
		return 0;
	}
	c->item = item;
	item[c->n++] = s;
	return 1;
}

static int
collect_tx(struct store_tx *tx, void *arg)
{
	struct collecting *c = arg;
	struct cert_filter f = {.issuer = c->root->row.ident, .limit = 100000};

	c->tx = tx;
	return certs_list(tx, &f, collect_one, c) && !c->failed;
}

static void
collected_clear(struct collecting *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		X509_free(c->item[i].cert);
	OPENSSL_free(c->item);
}

static int
presign_each(struct ceremony *r, struct issuer *root,
    const struct collecting *c)
{
	const char *dir = ceremony_publish_dir(r);
	int64_t lifetime = root->row.crl_lifetime;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (!presign_one(root, &c->item[i], dir, r->now, lifetime))
			return 0;
	return c->n == 0 || c->n > TOGETHER_MAX || presign_together(root,
	    c->item, c->n, dir, r->now, lifetime);
}

static int
presign_all(struct ceremony *r, struct issuer *root)
{
	struct collecting c = {.root = root, .now = r->now};
	char dir[PATH_MAX];
	size_t i, revoked = 0;
	int ok;

	snprintf(dir, sizeof(dir), "%.3900s/ocsp/%s", ceremony_publish_dir(r),
	    root->row.ident);
	ok = publish_mkdir(dir, 0755) && store_read(r->store, collect_tx, &c) &&
	    presign_each(r, root, &c) &&
	    ceremony_record_answers(r, root->row.ident);
	for (i = 0; i < c.n; i++)
		revoked += c.item[i].revoked != 0;
	if (ok)
		ceremony_say(r, "%s: OCSP answers signed in advance for %zu "
		    "certificates of CAs, %zu of them revoked",
		    root->row.ident, c.n, revoked);
	collected_clear(&c);
	return ok;
}

int
ceremony_new_crl(struct ceremony *r, struct issuer *is)
{
	struct crl_row row = {0};
	int ok = crl_issue(r->store, is, ceremony_publish_dir(r), r->now, &row);

	if (ok)
		ceremony_record_crl(r, &row, is->row.ident);
	if (ok)
		ceremony_tell(r, "%s: CRL number %lld, %lld entries",
		    is->row.ident, (long long)row.number,
		    (long long)row.n_entries);
	OPENSSL_free(row.der);
	return ok;
}

int
ceremony_root_news(struct ceremony *r, struct issuer *root)
{
	return ceremony_new_crl(r, root) && presign_all(r, root);
}
