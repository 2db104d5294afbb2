#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/ceremony_run.h"

void
ceremony_remove_store(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal",
	    ".lock"};
	char name[PATH_MAX + 16];
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

void
ceremony_remove_folder(const char *dir)
{
	char path[2 * PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static void
remove_published(struct ceremony *r, const char *ident)
{
	char path[PATH_MAX + 128];
	int i;

	for (i = 0; i < CRL_SHARDS_MAX; i++) {
		snprintf(path, sizeof(path), "%s/crl/%s-s%d.crl",
		    r->s->publish_dir, ident, i);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/ca/%s.cer", r->s->publish_dir, ident);
	unlink(path);
	snprintf(path, sizeof(path), "%s/crl/%s.crl", r->s->publish_dir,
	    ident);
	unlink(path);
	snprintf(path, sizeof(path), "%s/ocsp/%s", r->s->publish_dir, ident);
	ceremony_remove_folder(path);
}

static void
remove_all_published(struct ceremony *r)
{
	char ident[80];
	size_t i;

	ceremony_ident(&r->f->root, ident, sizeof(ident));
	remove_published(r, ident);
	for (i = 0; i < r->f->n_issuers; i++) {
		ceremony_ident(&r->f->issuers[i], ident, sizeof(ident));
		remove_published(r, ident);
	}
}

static int
destroy_one(struct ceremony *r, const struct settings_token *t,
    const char *label)
{
	return (r->hsm != NULL || ceremony_open_hsm(r, t)) &&
	    hsm_key_destroy(r->hsm, label);
}

/* Keys of CAs that this run made in one token. */
static int
destroy_in(struct ceremony *r, const struct settings_token *t)
{
	size_t i;
	int ok = 1;

	for (i = 0; i < r->f->n_issuers; i++) {
		if (!r->key_made[i] ||
		    strcmp(r->f->issuers[i].token, t->name) != 0)
			continue;
		ok &= destroy_one(r, t, r->f->issuers[i].label);
		if (r->hsm == NULL)
			break;	/* no PIN is tried twice */
	}
	ceremony_close_hsm(r);
	return ok;
}

int
ceremony_destroy_keys(struct ceremony *r)
{
	const struct settings_token *t;
	size_t i;
	int ok = 1;

	for (i = 0; (t = ceremony_token(r, i)) != NULL; i++)
		ok &= destroy_in(r, t);
	if (r->log_key_made)
		ok &= destroy_one(r, settings_find_token(r->s,
		    r->s->log.token), r->s->log.key);
	ceremony_close_hsm(r);
	if (r->root_key_made)
		ok &= destroy_one(r, &r->f->root_token, r->f->root.label);
	ceremony_close_hsm(r);
	return ok;
}

void
ceremony_roll_back(struct ceremony *r)
{
	size_t i;
	int ok;

	ERR_set_mark();
	ok = ceremony_destroy_keys(r);
	for (i = 0; i < r->n_written; i++)
		unlink(r->written[i]);
	remove_all_published(r);
	/* While keys are left, the store remembers that they are ours. */
	if (ok)
		ceremony_remove_store(r->tmp);
	ERR_pop_to_mark();
	ceremony_say(r, ok ? "rolled back: keys, store and files of this "
	    "ceremony are gone" : "rolled back in part: not every key could be "
	    "destroyed; run again with --discard");
}

void
ceremony_end_old(struct ceremony *r, const char *path)
{
	ERR_set_mark();
	if (path[0] != '\0' &&
	    (r->transcript = transcript_continue(path)) != NULL)
		ceremony_end_transcript(r, "discarded");
	ERR_pop_to_mark();
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

#define LABELS_MAX CEREMONY_LABELS_MAX

struct claim {
	const char *what, *token;
	const struct ceremony_ca *ca;
	size_t n;
};

/* Behind what is claimed in other tokens. */
static int
claim_tx(struct store_tx *tx, void *arg)
{
	const struct claim *c = arg;
	char labels[LABELS_MAX] = "";
	size_t i, used;

	if (store_meta_get(tx, c->what, labels, sizeof(labels)) < 0)
		return 0;
	used = strlen(labels);
	for (i = 0; i < c->n && used < sizeof(labels); i++)
		if (strcmp(c->ca[i].token, c->token) == 0)
			used += (size_t)snprintf(labels + used,
			    sizeof(labels) - used, "%s%s%s\n", c->ca[i].label,
			    c->token[0] != '\0' ? "\t" : "", c->token);
	return used < sizeof(labels) && store_meta_set(tx, c->what, labels);
}

int
ceremony_claim(struct ceremony *r, const char *what,
    const struct ceremony_ca *ca, size_t n, const char *token)
{
	struct claim c = {.what = what, .token = token, .ca = ca, .n = n};
	struct looking l;
	size_t i;
	int known, again = 0;

	for (i = 0; i < n; i++) {
		l = (struct looking){ca[i].label, 0};
		if (strcmp(ca[i].token, token) != 0 ||
		    (known = ceremony_has_claimed(r, what, ca[i].label,
		    token)) == 1) {
			again |= strcmp(ca[i].token, token) == 0;
			continue;
		}
		if (known < 0)
			return 0;
		if (!hsm_key_list(r->hsm, look, &l))
			return 0;
		if (l.found) {
			ca_raise(CA_E_CONFIG, "ceremony: the token has a key "
			    "\"%s\" already, which is not this ceremony's",
			    l.label);
			return 0;
		}
	}
	return again || store_write(r->store, claim_tx, &c, 0);
}

int
ceremony_is_clean(const struct ceremony *r)
{
	char path[PATH_MAX + 128], ident[80];
	size_t i;

	if (access(r->s->store, F_OK) == 0) {
		ca_raise(CA_E_CONFIG, "ceremony: %s exists already; a ceremony "
		    "never runs over existing state", r->s->store);
		return 0;
	}
	snprintf(path, sizeof(path), "%s-wal", r->s->store);
	if (access(path, F_OK) == 0) {
		/* SQLite would replay it into the new store. */
		ca_raise(CA_E_CONFIG, "ceremony: %s is left of another store; "
		    "move it away first", path);
		return 0;
	}
	for (i = 0; i <= r->f->n_issuers; i++) {
		ceremony_ident(i < r->f->n_issuers ? &r->f->issuers[i] :
		    &r->f->root, ident, sizeof(ident));
		snprintf(path, sizeof(path), "%s/ca/%s.cer",
		    r->s->publish_dir, ident);
		if (access(path, F_OK) == 0) {
			ca_raise(CA_E_CONFIG, "ceremony: %s exists already: a "
			    "CA of this name and generation has been published",
			    path);
			return 0;
		}
	}
	return 1;
}

struct remains {		/* of a ceremony that was interrupted */
	struct ceremony *r;
	char issuers[LABELS_MAX], root[LABELS_MAX], transcript[PATH_MAX];
};

static int
unpublish(const struct issuer_row *row, void *arg)
{
	struct remains *m = arg;

	remove_published(m->r, row->ident);
	return 1;
}

static int
remains_tx(struct store_tx *tx, void *arg)
{
	struct remains *m = arg;

	return store_meta_get(tx, CEREMONY_ISSUERS, m->issuers,
	    LABELS_MAX) >= 0 && store_meta_get(tx, CEREMONY_ROOT, m->root,
	    LABELS_MAX) >= 0 && store_meta_get(tx, CEREMONY_TRANSCRIPT,
	    m->transcript, sizeof(m->transcript)) >= 0 &&
	    issuers_list(tx, unpublish, m);
}

struct claimed {
	char label[HSM_LABEL_MAX], token[64];
};

/* The next line, or 0. */
static int
next_claimed(const char **text, struct claimed *out)
{
	size_t n = strcspn(*text, "\n"), k = strcspn(*text, "\t\n");

	if (n == 0)
		return 0;
	snprintf(out->label, sizeof(out->label), "%.*s", (int)k, *text);
	snprintf(out->token, sizeof(out->token), "%.*s",
	    k < n ? (int)(n - k - 1) : 0, *text + (k < n ? k + 1 : k));
	*text += n + ((*text)[n] == '\n');
	return 1;
}

static int
destroy_claimed(struct ceremony *r, const struct settings_token *t,
    const char *labels, size_t *n)
{
	struct claimed c;
	int ok = 1;

	while (ok && next_claimed(&labels, &c)) {
		if (strcmp(c.token, t->name) != 0)
			continue;
		ok = destroy_one(r, t, c.label);
		*n += ok != 0;
	}
	ceremony_close_hsm(r);
	return ok;
}

static int
tokens_known(const struct ceremony *r, const char *labels)
{
	struct claimed c;

	while (next_claimed(&labels, &c)) {
		if (settings_find_token(r->s, c.token) != NULL)
			continue;
		ca_raise(CA_E_CONFIG, "token.unknown: key \"%s\" is in token "
		    "\"%s\", which inkan-ca.conf does not name", c.label,
		    c.token);
		return 0;
	}
	return 1;
}

int
ceremony_destroy_claimed(struct ceremony *r, const char *issuers,
    const char *root, size_t *n)
{
	const struct settings_token *t;
	size_t i;
	int ok = tokens_known(r, issuers);

	for (i = 0; ok && (t = ceremony_token(r, i)) != NULL; i++)
		ok = destroy_claimed(r, t, issuers, n);
	return ok && destroy_claimed(r, &r->f->root_token, root, n);
}

static int
done_tx(struct store_tx *tx, void *arg)
{
	char done[16];

	*(int *)arg = store_meta_get(tx, CEREMONY_DONE, done, sizeof(done)) ==
	    1 && done[0] != '\0';
	return 1;
}

/* Nothing is missing but the store's name: its transcript may say so. */
static int
refuse_done(struct ceremony *r, struct store *old)
{
	int done = 0;

	if (old != NULL && (!store_read(old, done_tx, &done) || done)) {
		ca_raise(CA_E_DENIED, "ceremony.complete: the ceremony of %s "
		    "is complete and cannot be rolled back: run it again with "
		    "--resume", r->tmp);
		store_close(old);
		return 0;
	}
	return 1;
}

/* What goes is what its store tells of, whatever the ceremony file says by now:
   other keys and files that bear such names are not its own. A ceremony that
   still runs holds the store's lock. */
static int
discard_old(struct ceremony *r)
{
	struct store_config cfg = {.path = r->tmp, .mode = STORE_WRITE,
	    .now = r->now};
	struct store *old = store_open(&cfg);
	struct remains m = {.r = r};
	size_t n = 0;
	int ok;

	if (!refuse_done(r, old))
		return 0;
	ok = old != NULL && store_read(old, remains_tx, &m);
	r->store = old;
	if (ok)
		ceremony_end_old(r, m.transcript);
	store_close(old);
	r->store = NULL;
	if (!ok) {
		ca_raise(CA_E_CONFIG, "ceremony: %s does not tell what was "
		    "made; if no ceremony runs, remove it and its keys by hand",
		    r->tmp);
		return 0;
	}
	if (!ceremony_destroy_claimed(r, m.issuers, m.root, &n)) {
		ca_raise(CA_E_SIGN, "ceremony: not every key of the "
		    "interrupted ceremony could be destroyed");
		return 0;
	}
	ceremony_remove_store(r->tmp);
	return 1;
}

int
ceremony_may_run(struct ceremony *r)
{
	if (access(r->tmp, F_OK) != 0 || access(r->s->store, F_OK) == 0) {
		if (!r->how->resume)
			return ceremony_is_clean(r);
		ca_raise(CA_E_CONFIG, "resume.none: no ceremony was "
		    "interrupted here");
		return 0;
	}
	if (r->how->resume)
		return 1;
	if (!r->how->discard) {
		ca_raise(CA_E_CONFIG, "ceremony: %s is left of an interrupted "
		    "ceremony; run the same file again with --resume to finish "
		    "it, or with --discard to remove it and the keys that it "
		    "made", r->tmp);
		return 0;
	}
	return discard_old(r) && ceremony_is_clean(r);
}
