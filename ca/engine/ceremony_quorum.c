#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* k of n participants have signed the SHA-256 of the file, before a token is
   opened. */

static int
fill(const struct ceremony_file *f, struct quorum *q)
{
	size_t i;

	memset(q, 0, sizeof(*q));
	for (i = 0; i < f->n_participants; i++)
		if (!quorum_add_vkey(q, f->vkey[i]))
			return 0;
	q->k = f->quorum;
	return 1;
}

static int
take_file(const struct quorum *q, const char *text, const char *path,
    struct quorum_seen *seen)
{
	size_t len = 0;
	char *note = transcript_slurp(path, NOTE_MAX, &len);
	int ok = note != NULL && quorum_take(q, text, note, len, path, seen);

	OPENSSL_free(note);
	return ok;
}

static int
take_all(struct ceremony *r, const struct quorum *q, const char *text)
{
	const struct ceremony_how *how = r->how;
	char beside[PATH_MAX + 8];
	size_t i;

	for (i = 0; i < how->n_signatures; i++)
		if (!take_file(q, text, how->signatures[i], r->approved))
			return 0;
	snprintf(beside, sizeof(beside), "%s.sigs", r->f->path);
	return how->n_signatures > 0 || access(beside, F_OK) != 0 ||
	    take_file(q, text, beside, r->approved);
}

int
ceremony_quorum(struct ceremony *r)
{
	struct quorum *q = NULL;
	char text[SEAL_TEXT_MAX], line[1200] = "the file is signed by ";
	size_t n = strlen(line);
	int ok = 0;

	if (r->f->quorum == 0)
		return 1;
	r->approved = OPENSSL_zalloc(sizeof(*r->approved));
	q = OPENSSL_zalloc(sizeof(*q));
	if (r->approved == NULL || q == NULL || !fill(r->f, q))
		goto out;
	seal_text(SEAL_CEREMONY, r->f->sha256, text);
	/* A rehearsal comes before the signatures. */
	ok = take_all(r, q, text) && (r->how->dry ||
	    quorum_enough(q, r->approved, r->f->path));
	quorum_names(q, r->approved, line + n, sizeof(line) - n);
	if (ok && r->approved->n > 0)
		r->act(line);
out:
	if (q != NULL)
		quorum_clear(q);
	OPENSSL_free(q);
	return ok;
}
