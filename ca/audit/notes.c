#include <stdio.h>
#include <string.h>
#include "ca/audit/private.h"
#include "ca/error.h"
#include "ca/store/logs.h"
#include "profiles/spki.h"

struct reading {
	struct audit *a;
	struct store_tx *tx;
	struct marks *m;
	struct log_row log;	/* whose checkpoints are read */
	struct note_key key;
	int64_t last;		/* the newest log */
	int failed;
};

/* The note that the store keeps of a checkpoint says what its row says, and the
   log's key has signed it. */
static void
look_at_note(struct reading *r, const struct log_checkpoint_row *row)
{
	struct log_checkpoint c;
	char why[256];
	const char *data = NULL;
	int flags = 0, ok;

	ERR_set_mark();
	ok = checkpoint_open(&c, row->note, strlen(row->note), &r->key);
	if (!ok) {
		ERR_peek_last_error_data(&data, &flags);
		snprintf(why, sizeof(why), "%s",
		    data != NULL && (flags & ERR_TXT_STRING) ? data : "?");
	} else if (c.size != (uint64_t)row->size ||
	    memcmp(c.root.b, row->root, LOG_HASH) != 0) {
		ok = 0;
		snprintf(why, sizeof(why), "its note is of another tree");
	}
	ERR_pop_to_mark();
	if (!ok)
		audit_say(r->a, "unsigned", -1, NULL,
		    "checkpoint over %lld entries of %s: %s",
		    (long long)row->size, r->log.origin, why);
}

static int
take_checkpoint(const struct log_checkpoint_row *row, void *arg)
{
	struct reading *r = arg;
	struct log_hash root;
	char label[320];

	look_at_note(r, row);
	memcpy(root.b, row->root, LOG_HASH);
	snprintf(label, sizeof(label), "the store's checkpoint of %s",
	    r->log.origin);
	r->a->r->checkpoints++;
	r->failed = !marks_add(r->m, (uint64_t)row->size, &root, label);
	return !r->failed;
}

/* The newest log must be the one that the key is of. */
static void
look_at_key(struct reading *r)
{
	const struct note_key *k = r->a->c->key;

	if (k == NULL || r->log.id != r->last ||
	    (k->id == r->key.id && strcmp(k->name, r->key.name) == 0 &&
		spki_same(k->pkey, r->key.pkey)))
		return;
	audit_say(r->a, "changed", -1, NULL,
	    "the store's log is %s+%08x, not %s+%08x", r->key.name, r->key.id,
	    k->name, k->id);
}

static int
take_log(const struct log_row *row, void *arg)
{
	struct reading *r = arg;

	r->log = *row;
	ERR_set_mark();
	if (!note_key_parse(&r->key, row->vkey)) {
		ERR_pop_to_mark();
		audit_say(r->a, "changed", -1, NULL,
		    "the key of the log %s cannot be read", row->origin);
		return 1;
	}
	ERR_clear_last_mark();
	look_at_key(r);
	if (!logs_checkpoint_list(r->tx, row->id, 0, take_checkpoint, r))
		r->failed = 1;
	note_key_clear(&r->key);
	return !r->failed;
}

int
notes_read(struct audit *a, struct store_tx *tx, struct marks *m)
{
	struct reading r = {.a = a, .tx = tx, .m = m};
	struct log_row last;
	int found = logs_last(tx, &last);

	r.last = found == 1 ? last.id : 0;
	return found >= 0 && logs_list(tx, take_log, &r) && !r.failed;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	return logs_last(tx, arg) >= 0;
}

int
audit_store_key(struct store *store, struct note_key *out)
{
	struct log_row log = {0};

	memset(out, 0, sizeof(*out));
	if (!store_read(store, last_tx, &log))
		return -1;
	if (log.id == 0)
		return 0;
	return note_key_parse(out, log.vkey) ? 1 : -1;
}
