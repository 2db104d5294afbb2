#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/*
 * Kind root-rekey: the next root has the old one's name and a new key. Two link
 * certificates (RFC 4210 4.4, RFC 7030 4.1.3) lead from either to the other:
 * OldWithNew is the old key signed by the new one, NewWithOld the new key
 * signed by the old one. Both end with the old root, and each is revocable by who
 * signed it. The old root stays, with its CRL, until it ends.
 */

struct link {
	struct issuer *subject, *signer;
	const char *kind, *path;
};

static int
issue_link(struct ceremony *r, const struct link *l, int64_t end,
    struct issued *c)
{
	const struct build_issuer *b = &l->subject->build;
	struct ceremony_job job = {.issuer = l->signer, .subject = b->name,
	    .subject_len = b->name_len, .key_id = b->key_id,
	    .key_id_len = b->key_id_len, .not_after = end};
	unsigned char *spki = NULL;
	int len, ok;

	job.profile = ceremony_profile(r, r->f->links.profile, PROFILE_CROSS);
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(l->subject->cert), &spki);
	job.spki = spki;
	job.spki_len = (size_t)len;
	ok = job.profile != NULL && len > 0 && ceremony_issue(r, &job, c);
	OPENSSL_free(spki);
	return ok;
}

static int
make_link(struct ceremony *r, const struct link *l)
{
	struct issued c = {0};
	char name[200];
	int ok;

	snprintf(name, sizeof(name), "%s-with-%s", l->subject->row.ident,
	    l->signer->row.ident);
	ok = issue_link(r, l, r->signer->row.not_after, &c) &&
	    ceremony_remember(r, l->kind, name, l->subject->row.id, l->signer,
	    &c) && ceremony_publish_cert(r, name, c.der, c.der_len) &&
	    ceremony_write_pem(r, l->path, c.der, c.der_len, NULL);
	if (ok)
		ceremony_say(r, "link %s: %s", l->kind, name);
	issued_clear(&c);
	return ok;
}

static int
prepare(struct ceremony *r)
{
	const struct profile *link;

	if (!ceremony_signer_certifies(r))
		return 0;
	if (r->signer->row.state != ISSUER_ROOT) {
		ca_raise(CA_E_DENIED, "signer.root: CA %s is not a root; an "
		    "issuing CA gets its next key by kind \"intermediate\"",
		    r->signer->row.ident);
		return 0;
	}
	snprintf(r->f->root.name, sizeof(r->f->root.name), "%s",
	    r->signer->row.name);
	ceremony_next_generation(r, &r->f->root);
	if (r->f->root.crl_lifetime == 0)
		r->f->root.crl_lifetime = r->signer->row.crl_lifetime;
	link = ceremony_profile(r, r->f->links.profile, PROFILE_CROSS);
	if (link == NULL)
		return 0;
	if (link->path_len < 0)
		return 1;
	ca_raise(CA_E_DENIED, "path.short: profile %s sets path length %d: "
	    "what is below a root could not be reached through a link",
	    link->name, link->path_len);
	return 0;
}

/* Both tokens must be there before anything is made. */
static int
old_is_here(struct ceremony *r)
{
	int ok = ceremony_open_signer(r);

	ceremony_close_signer(r);
	return ok;
}

static struct issuer *
use_new_token(struct ceremony *r)
{
	const struct build_issuer *old = &r->signer->build;
	struct link l = {.subject = r->signer, .kind = CA_CERT_OLD_WITH_NEW,
	    .path = r->f->links.old_with_new};
	struct issuer *root = NULL;
	int ok;

	if (ceremony_open_hsm(r, &r->f->root_token))
		root = ceremony_make_root(r, old->name, old->name_len);
	l.signer = root;
	ok = root != NULL && make_link(r, &l) && ceremony_root_news(r, root);
	ceremony_drop_key(root);
	ceremony_close_hsm(r);
	return ok ? root : NULL;
}

static int
use_old_token(struct ceremony *r, struct issuer *root)
{
	struct link l = {.subject = root, .signer = r->signer,
	    .kind = CA_CERT_NEW_WITH_OLD, .path = r->f->links.new_with_old};
	int ok;

	ok = ceremony_open_signer(r) && make_link(r, &l) &&
	    ceremony_root_news(r, r->signer);
	ceremony_close_signer(r);
	return ok;
}

static int
work(struct ceremony *r)
{
	struct issuer *root;

	if (!prepare(r) || !old_is_here(r))
		return 0;
	root = use_new_token(r);
	return root != NULL && use_old_token(r, root);
}

const struct ceremony_act ceremony_rekey_act = {work, NULL};
