#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/fault.h"
#include "ca/engine/logpub_run.h"
#include "ca/engine/publish.h"

int
logpub_sign_continues(struct logpub *l, const struct log_checkpoint *from,
    const struct log_checkpoint *to)
{
	struct log_tile_reader *r;
	struct log_path path;
	int ok;

	r = log_tile_reader_new(to->size, logpub_file_fetch, l);
	ok = r != NULL && log_prove_consistency(from->size, to->size,
	    log_tile_hash, r, &path) && log_check_consistency(from->size,
	    &from->root, to->size, &to->root, &path);
	log_tile_reader_free(r);
	return ok;
}

/* The signature is looked at by note_sign(), and the whole note once more as a
   stranger reads it. */
static char *
make_note(struct logpub *l, const struct log_checkpoint *c)
{
	char text[NOTE_NAME_MAX + 128];
	const char *line[1] = {NULL};
	struct log_checkpoint again;
	char *sig = NULL, *note = NULL;

	if (!checkpoint_print(c, text, sizeof(text)))
		return NULL;
	sig = note_sign(text, &l->vkey, l->key, 0);
	line[0] = sig;
	if (sig != NULL)
		note = note_join(text, line, 1);
	OPENSSL_free(sig);
	if (note == NULL || !checkpoint_open(&again, note, strlen(note),
	    &l->vkey) || again.size != c->size || memcmp(&again.root, &c->root,
	    sizeof(c->root)) != 0) {
		OPENSSL_free(note);
		return NULL;
	}
	return note;
}

static int
keep_tx(struct store_tx *tx, void *arg)
{
	return logs_checkpoint_add(tx, arg);
}

int
logpub_sign_keep(struct logpub *l, const struct log_checkpoint *c, char *note,
    time_t now)
{
	struct log_checkpoint_row row = {.log = l->row.id,
	    .size = (int64_t)c->size, .time = now, .note = note};

	memcpy(row.root, c->root.b, sizeof(row.root));
	if (!store_write(l->ca->store, keep_tx, &row, STORE_URGENT))
		return 0;
	OPENSSL_free(l->note);
	l->note = note;
	l->last = *c;
	l->shown = 0;
	pthread_mutex_lock(&l->lock);
	l->view.size = row.size;
	l->view.time = row.time;
	pthread_mutex_unlock(&l->lock);
	return 1;
}

/* Somebody else who publishes here, a second instance of the same store, is seen
   before we sign over him. */
static int
published_ok(struct logpub *l)
{
	char path[PATH_MAX], note[8192];
	struct log_checkpoint c;
	size_t len = 0;
	int rc;

	if (!logpub_file_path(l, LOGPUB_CHECKPOINT, path) ||
	    (rc = logpub_file_read(path, note, sizeof(note), &len)) < 0)
		return 0;
	if (rc == 0)
		return 1;
	if (!checkpoint_open(&c, note, len, &l->vkey))
		return logpub_deny(l, "log.anchor: what is published is no "
		    "checkpoint of the log %s", l->row.origin);
	if (c.size > l->last.size)
		return logpub_deny(l, "log.rollback: a checkpoint of %" PRIu64
		    " entries is published, and the store signed none over "
		    "more than %" PRIu64, c.size, l->last.size);
	if (c.size == l->last.size && memcmp(&c.root, &l->last.root,
	    sizeof(c.root)) != 0)
		return logpub_deny(l, "log.fork: another root is published for "
		    "%" PRIu64 " entries", c.size);
	return 1;
}

int
logpub_sign_show(struct logpub *l)
{
	return publish_file(l->ca->settings->publish_dir, LOGPUB_CHECKPOINT,
	    l->note, strlen(l->note));
}

/* The tree as it is now. */
int
logpub_sign(struct logpub *l, time_t now)
{
	struct log_checkpoint was = l->last, c = {.size = l->tree->size};
	char *note = NULL;

	snprintf(c.origin, sizeof(c.origin), "%s", l->row.origin);
	if (!logpub_tree_root(l->tree, &c.root) ||
	    !logpub_tree_partial(l->tree, logpub_file_tile, l) ||
	    !published_ok(l))
		return 0;
	if (was.size > 0 && !logpub_sign_continues(l, &was, &c)) {
		ca_raise(CA_E_STORE, "log.consistency: the tiles do not lead "
		    "from %" PRIu64 " to %" PRIu64 " entries", was.size,
		    c.size);
		return 0;
	}
	fault_point("log-tiles");
	note = make_note(l, &c);
	if (note == NULL || !logpub_sign_keep(l, &c, note, now)) {
		OPENSSL_free(note);
		return 0;
	}
	fault_point("log-signed");
	if (!logpub_sign_show(l))
		return 0;
	fault_point("log-published");
	logpub_claim_put(l, now, 0);
	l->shown = 1;
	logpub_file_drop(l, was.size, c.size);
	return 1;
}
