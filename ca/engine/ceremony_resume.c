#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"
#include "profiles/csr.h"
#include "profiles/spki.h"

/*
 * Going on with a ceremony that was interrupted. What it did can be known for
 * sure: it claimed the labels of its keys in the store before it made them, and
 * every certificate that it signed is a row with its DER. So the run is made
 * once more from the start, and takes these where it would make them. CRLs and
 * OCSP answers are signed anew, files are written anew. A reservation that was
 * left open is aborted first: nobody knows whether it was signed, and nobody
 * has it.
 */

struct ceremony_memo {
	struct cert_row row;
	int taken;
};

#define MEMO_MAX (2 * CEREMONY_ISSUERS_MAX + CEREMONY_SERVICES_MAX + 8)

int
ceremony_remember_run(struct store_tx *tx, const struct ceremony *r)
{
	return store_meta_set(tx, CEREMONY_FILE, r->f->sha256) &&
	    store_meta_set(tx, CEREMONY_TRANSCRIPT, r->transcript == NULL ? "" :
	    transcript_path(r->transcript));
}

int
ceremony_forget_run(struct store_tx *tx)
{
	return store_meta_set(tx, CEREMONY_FILE, "") &&
	    store_meta_set(tx, CEREMONY_TRANSCRIPT, "");
}

/* ---- what is known ---- */

struct left {
	struct ceremony *r;
	char file[80], transcript[PATH_MAX];
	struct policy_row policy;
	int has_policy;
};

static int
take_row(const struct cert_row *row, void *arg)
{
	struct ceremony *r = arg;

	if (strcmp(row->requester, "ceremony") == 0 &&
	    (row->state == CERT_VALID || row->state == CERT_REVOKED))
		r->memo[r->n_memo++].row = *row;
	return r->n_memo < MEMO_MAX;
}

static int
left_tx(struct store_tx *tx, void *arg)
{
	struct left *l = arg;
	struct cert_filter f = {.after_id = l->r->after_cert, .limit = 100000};

	l->has_policy = policies_active(tx, &l->policy);
	return l->has_policy >= 0 && store_meta_get(tx, CEREMONY_FILE, l->file,
	    sizeof(l->file)) >= 0 && store_meta_get(tx, CEREMONY_TRANSCRIPT,
	    l->transcript, sizeof(l->transcript)) >= 0 &&
	    certs_list(tx, &f, take_row, l->r);
}

static int
is_same(const struct ceremony *r, const struct left *l)
{
	if (strcmp(l->file, r->f->sha256) != 0) {
		ca_raise(CA_E_DENIED, "resume.file: the interrupted ceremony "
		    "ran a file with SHA-256 %s, this one has %s; run that "
		    "one, or use --discard", l->file, r->f->sha256);
		return 0;
	}
	if (l->has_policy == 1 && memcmp(l->policy.sha256,
	    r->policy->row.sha256, 32) == 0)
		return 1;
	ca_raise(CA_E_DENIED, "resume.policy: the policy has changed since it "
	    "was interrupted; use --discard");
	return 0;
}

int
ceremony_resume(struct ceremony *r)
{
	struct left *l = OPENSSL_zalloc(sizeof(*l));
	size_t open = 0;
	int ok = 0;

	r->memo = OPENSSL_zalloc(MEMO_MAX * sizeof(*r->memo));
	if (l == NULL || r->memo == NULL)
		goto out;
	l->r = r;
	if (!store_read(r->store, left_tx, l) || !is_same(r, l) ||
	    !issue_close_open(r->store, r->now, &open))
		goto out;
	r->policy->row.version = l->policy.version;
	r->resumed = 1;
	ok = ceremony_reopen_transcript(r, l->transcript);
	if (ok)
		ceremony_say(r, "goes on with the interrupted ceremony: %zu "
		    "certificates were signed, %zu signatures were not "
		    "finished", r->n_memo, open);
out:
	OPENSSL_free(l);
	return ok;
}

void
ceremony_still_open(struct ceremony *r)
{
	ERR_set_mark();
	ceremony_close_hsm(r);
	if (r->resumed)
		ceremony_say(r, "interrupted again; run the same file with "
		    "--resume to finish it, or with --discard to roll it back");
	if (r->transcript != NULL)
		(void)transcript_sync(r->transcript);
	ERR_pop_to_mark();
}

/* ---- keys ---- */

struct claimed {
	const char *what;
	char labels[CEREMONY_LABELS_MAX];
};

static int
claimed_tx(struct store_tx *tx, void *arg)
{
	struct claimed *c = arg;

	return store_meta_get(tx, c->what, c->labels, sizeof(c->labels)) >= 0;
}

int
ceremony_has_claimed(struct ceremony *r, const char *what, const char *label,
    const char *token)
{
	struct claimed *c;
	char line[HSM_LABEL_MAX + 80];
	const char *p;
	int found = 0;

	if (!r->resumed)
		return 0;
	c = OPENSSL_zalloc(sizeof(*c));
	if (c == NULL)
		return -1;
	c->what = what;
	snprintf(line, sizeof(line), "%s%s%s\n", label,
	    token[0] != '\0' ? "\t" : "", token);
	if (!store_read(r->store, claimed_tx, c)) {
		OPENSSL_free(c);
		return -1;
	}
	for (p = c->labels; !found && *p != '\0'; p += strcspn(p, "\n") + 1)
		found = strncmp(p, line, strlen(line)) == 0;
	OPENSSL_free(c);
	return found;
}

struct looking {
	const char *label;
	int found;
};

static int
look(const struct hsm_key_info *info, void *arg)
{
	struct looking *l = arg;

	l->found |= strcmp(info->label, l->label) == 0;
	return !l->found;
}

/* Made in the token by the run before, as one made now would be. */
static EVP_PKEY *
take_key(struct ceremony *r, enum hsm_key_type type, const char *label)
{
	char uri[HSM_LABEL_MAX + 32];
	struct hsm_key_info info;
	EVP_PKEY *key;

	snprintf(uri, sizeof(uri), "pkcs11:object=%s", label);
	key = hsm_key_find(r->hsm, uri);
	if (key != NULL && hsm_key_info(key, &info) && info.local &&
	    info.always_sensitive &&
	    (type == 0 || strcmp(info.type, hsm_key_type_name(type)) == 0)) {
		ceremony_say(r, "key %s was made before", label);
		return key;
	}
	ca_raise(CA_E_DENIED, "resume.key: the token's key \"%s\" is not one "
	    "that this ceremony made; use --discard", label);
	EVP_PKEY_free(key);
	return NULL;
}

/* Will its keys be wrapped? Then they are made so. */
static int
is_wrapped(const struct ceremony *r, const struct settings_token *t)
{
	const struct ceremony_backup *b;
	size_t i;

	for (i = 0; i < r->f->n_backups; i++) {
		b = &r->f->backups[i];
		if (b->kind == CEREMONY_BACKUP_WRAPPED &&
		    ceremony_backup_token(r, b) == t)
			return 1;
	}
	return 0;
}

int
ceremony_take_made(struct ceremony *r, enum hsm_key_type type,
    const char *label, EVP_PKEY **out)
{
	struct looking l = {label, 0};

	*out = NULL;
	if (!r->resumed)
		return 0;
	if (!hsm_key_list(r->hsm, look, &l))
		return -1;
	if (!l.found)
		return 0;
	*out = take_key(r, type, label);
	return *out == NULL ? -1 : 1;
}

EVP_PKEY *
ceremony_make_key(struct ceremony *r, const struct settings_token *t,
    enum hsm_key_type type, const char *label)
{
	EVP_PKEY *key;
	int made = ceremony_take_made(r, type, label, &key);

	if (made != 0)
		return key;
	return is_wrapped(r, t) ?
	    hsm_key_generate_wrappable(r->hsm, type, label) :
	    hsm_key_generate(r->hsm, type, label);
}

/* ---- certificates ---- */

static int
is_for(const struct cert_row *row, const struct issue_job *job,
    const unsigned char md[32])
{
	return row->issuer == job->issuer->row.id &&
	    strcmp(row->profile, job->profile->name) == 0 &&
	    row->policy_version == job->policy_version &&
	    memcmp(row->spki_sha256, md, 32) == 0;
}

struct fetching {
	int64_t id;
	struct issued *out;
};

static int
der_tx(struct store_tx *tx, void *arg)
{
	struct fetching *f = arg;

	return certs_der(tx, f->id, &f->out->der, &f->out->der_len) == 1;
}

/* Is it signed by that key? */
static int
holds(const struct issue_job *job, const struct issued *c)
{
	const unsigned char *p = c->der;
	X509 *x = d2i_X509(NULL, &p, (long)c->der_len);
	int ok = x != NULL && X509_verify(x, job->issuer->verify) == 1;

	X509_free(x);
	if (!ok)
		ca_raise(CA_E_STORE, "resume.certificate: one that the store "
		    "has does not verify under %s; use --discard",
		    job->issuer->row.ident);
	return ok;
}

int
ceremony_recall(struct ceremony *r, const struct issue_job *job,
    struct issued *out)
{
	struct fetching f = {.out = out};
	struct ceremony_memo *m = NULL;
	const unsigned char *spki = job->spki;
	unsigned char md[32];
	size_t i, len = job->spki_len;

	if (!r->resumed)
		return 0;
	if (spki == NULL && job->csr != NULL)
		spki = csr_spki(job->csr, &len);
	if (spki == NULL || !spki_sha256(spki, len, md))
		return -1;
	for (i = 0; m == NULL && i < r->n_memo; i++)
		if (!r->memo[i].taken && is_for(&r->memo[i].row, job, md))
			m = &r->memo[i];
	if (m == NULL)
		return 0;
	if (m->row.state == CERT_REVOKED) {
		ca_raise(CA_E_DENIED, "resume.revoked: the certificate %s was "
		    "revoked by a rollback that was not finished; use "
		    "--discard", m->row.subject);
		return -1;
	}
	f.id = m->row.id;
	if (!store_read(r->store, der_tx, &f) || !holds(job, out)) {
		issued_clear(out);
		return -1;
	}
	out->row = m->row;
	m->taken = 1;
	return 1;
}

int
ceremony_all_taken(struct ceremony *r)
{
	size_t i;

	for (i = 0; i < r->n_memo; i++) {
		if (r->memo[i].taken || r->memo[i].row.state != CERT_VALID)
			continue;
		ca_raise(CA_E_DENIED, "resume.left: the interrupted run signed "
		    "a certificate (%s, %s) that this one has no use for; a "
		    "file that it reads has changed; use --discard",
		    r->memo[i].row.profile, r->memo[i].row.subject);
		return 0;
	}
	return 1;
}
