#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ca/error.h"
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

static void
remove_published(struct ceremony *r, const struct ceremony_ca *ca)
{
	char path[PATH_MAX + 128], ident[80];

	ceremony_ident(ca, ident, sizeof(ident));
	snprintf(path, sizeof(path), "%s/ca/%s.cer", r->s->publish_dir, ident);
	unlink(path);
	snprintf(path, sizeof(path), "%s/crl/%s.crl", r->s->publish_dir,
	    ident);
	unlink(path);
}

/* Keys that this ceremony made, and only those. */
static void
destroy_keys(struct ceremony *r, size_t n_issuers, int root)
{
	size_t i;

	if (n_issuers > 0 && ceremony_open_hsm(r, &r->s->token))
		for (i = 0; i < n_issuers; i++)
			(void)hsm_key_destroy(r->hsm, r->f->issuers[i].label);
	ceremony_close_hsm(r);
	if (root && ceremony_open_hsm(r, &r->f->root_token))
		(void)hsm_key_destroy(r->hsm, r->f->root.label);
	ceremony_close_hsm(r);
}

void
ceremony_roll_back(struct ceremony *r)
{
	size_t i;

	ERR_set_mark();
	destroy_keys(r, r->issuer_keys_made, r->root_key_made);
	for (i = 0; i < r->n_written; i++)
		unlink(r->written[i]);
	remove_published(r, &r->f->root);
	for (i = 0; i < r->f->n_issuers; i++)
		remove_published(r, &r->f->issuers[i]);
	ceremony_remove_store(r->tmp);
	ERR_pop_to_mark();
	ceremony_say(r, "rolled back: keys, store and files of this ceremony are gone");
}

int
ceremony_may_run(struct ceremony *r, int discard)
{
	char wal[PATH_MAX + 8];

	if (access(r->s->store, F_OK) == 0) {
		ca_raise(CA_E_CONFIG, "ceremony: %s exists already; a ceremony "
		    "never runs over existing state", r->s->store);
		return 0;
	}
	snprintf(wal, sizeof(wal), "%s-wal", r->s->store);
	if (access(wal, F_OK) == 0) {
		/* SQLite would replay it into the new store. */
		ca_raise(CA_E_CONFIG, "ceremony: %s is left of another store; "
		    "move it away first", wal);
		return 0;
	}
	if (access(r->tmp, F_OK) != 0)
		return 1;
	if (!discard) {
		ca_raise(CA_E_CONFIG, "ceremony: %s is left of an interrupted "
		    "ceremony; run again with --discard to remove it and the "
		    "keys that this file names", r->tmp);
		return 0;
	}
	destroy_keys(r, r->f->n_issuers, 1);
	ceremony_remove_store(r->tmp);
	return 1;
}
