#include <inttypes.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/audit/audit.h"
#include "ca/merge/private.h"

/* The published leaves behind the store's own become its next entries. */

/* The same, named: which log the store goes on with. */
static int
last_log(struct store_tx *tx, void *arg)
{
	return logs_last(tx, arg) >= 0;
}

/* A checkpoint of another log of ours, or of nobody's? */
static int
open_head(struct merge *m)
{
	struct log_checkpoint *c = &m->head;

	if (source_checkpoint(m->q->log, &m->key, c, &m->note))
		return 1;
	return MERGE_REFUSE("merge.log: %s has no checkpoint that the log of "
	    "this store, %s, has signed",
	    source_where(m->q->log), m->log.origin);
}

int
merge_log_open(struct merge *m)
{
	if (!store_read(m->q->store, last_log, &m->log))
		return 0;
	if (m->q->log == NULL)
		return 1;
	if (m->log.id == 0)
		return MERGE_REFUSE("merge.log: the store has no log yet: it is "
		    "not the one that was published");
	return note_key_parse(&m->key, m->log.vkey) && open_head(m);
}

struct feeding {
	struct log_frontier tree;
	uint64_t upto;
};

static int
feed(int64_t index, const unsigned char *leaf, size_t len, void *arg)
{
	struct feeding *f = arg;
	struct log_hash h;

	return (uint64_t)index == f->tree.size &&
	    log_leaf_hash(leaf, len, &h) && log_frontier_add(&f->tree, &h);
}

/* The store's first ${upto} entries. */
static int
feed_own(struct merge *m, struct feeding *f, uint64_t upto)
{
	if (upto > 0 && (!entries_leaves(m->tx, 0, (size_t)upto, feed, f) ||
			    f->tree.size != upto))
		return MERGE_REFUSE("merge.log: an entry is missing in the "
		    "store behind entry %" PRIu64, f->tree.size);
	return 1;
}

static int
forked(const struct merge *m)
{
	return MERGE_REFUSE("merge.fork: the log of %" PRIu64 " entries does "
	    "not begin with the %" PRId64 " entries of the store. If inkan-ca "
	    "ran since the backup was put back, put it back once more and "
	    "merge before the first start", m->head.size, m->r->had);
}

static int
has_root(const struct merge *m, const struct feeding *f)
{
	struct log_hash root;

	return log_frontier_root(&f->tree, &root) &&
	    memcmp(root.b, m->head.root.b, LOG_HASH) == 0;
}

static int
bad_bundle(const struct merge *m, int64_t index)
{
	return MERGE_REFUSE("merge.log: entry %" PRId64 " of %s cannot be read",
	    index, source_where(m->q->log));
}

/* Leaf ${n} of a bundle: of the store's own, or the next entry. */
static int
take_leaf(struct merge *m, struct feeding *f, int64_t index,
    const unsigned char *leaf, size_t len)
{
	struct log_leaf l;

	if (index < m->r->had)
		return 1;
	if (!log_leaf_decode(&l, leaf, len) || l.index != index)
		return bad_bundle(m, index);
	m->r->adopted++;
	return feed(index, leaf, len, f) && entries_adopt(m->tx, leaf, len);
}

static int
take_bundle(struct merge *m, struct feeding *f, uint64_t number)
{
	struct log_tile t = {LOG_LEVEL_ENTRIES, number,
	    log_tile_width(m->head.size, LOG_LEVEL_ENTRIES, number)};
	int64_t first = (int64_t)(number * LOG_TILE_WIDTH);
	const unsigned char *leaf, *at;
	unsigned char *bundle = NULL;
	size_t len = 0, leaf_len;
	int found, ok = 1;
	unsigned i;

	found = source_tile(m->q->log, &t, &bundle, &len);
	if (found != 1)
		return found == 0 ? bad_bundle(m, first) : 0;
	for (i = 0, at = bundle; ok && i < t.width; i++) {
		ok = log_bundle_leaf(at, len - (size_t)(at - bundle), 0, &leaf,
		    &leaf_len) || bad_bundle(m, first + i);
		ok = ok && take_leaf(m, f, first + i, leaf, leaf_len);
		if (ok)
			at = leaf + leaf_len;
	}
	OPENSSL_free(bundle);
	return ok;
}

/* What was signed of these entries stands in the store from now on. */
static int
keep_checkpoint(struct merge *m)
{
	struct log_checkpoint_row last = {.note = NULL};
	struct log_checkpoint_row row = {.log = m->log.id,
	    .size = (int64_t)m->head.size, .time = m->q->now, .note = m->note};
	int found = logs_checkpoint_get(m->tx, m->log.id, -1, 0, &last);
	int ok = found >= 0;

	memcpy(row.root, m->head.root.b, LOG_HASH);
	if (ok && (found == 0 || last.size < row.size))
		ok = logs_checkpoint_add(m->tx, &row);
	logs_checkpoint_clear(&last);
	return ok;
}

static int
adopt(struct merge *m, struct feeding *f)
{
	uint64_t n = (uint64_t)m->r->had / LOG_TILE_WIDTH;
	uint64_t end = (m->head.size + LOG_TILE_WIDTH - 1) / LOG_TILE_WIDTH;
	char size[24];

	if (!feed_own(m, f, (uint64_t)m->r->had))
		return 0;
	for (; n < end; n++)
		if (!take_bundle(m, f, n))
			return 0;
	if (!has_root(m, f))
		return forked(m);
	snprintf(size, sizeof(size), "%" PRIu64, m->head.size);
	return keep_checkpoint(m) && store_meta_set(m->tx, "merge.size", size);
}

/* The log ends where the store has entries, too. That is well only where it was
   merged up to there, or ends exactly there. */
static int
known(struct merge *m, struct feeding *f)
{
	char text[24] = "", size[24];

	if (!feed_own(m, f, m->head.size))
		return 0;
	if (!has_root(m, f))
		return forked(m);
	snprintf(size, sizeof(size), "%" PRIu64, m->head.size);
	if (store_meta_get(m->tx, "merge.size", text, sizeof(text)) < 0)
		return 0;
	if ((uint64_t)m->r->had == m->head.size || strcmp(text, size) == 0)
		return 1;
	return MERGE_REFUSE("merge.newer: the store has %" PRId64 " entries, "
	    "the log that was given %" PRIu64 ": the store is not older. "
	    "Certificates and CRLs can be merged without the log",
	    m->r->had, m->head.size);
}

int
merge_log_adopt(struct merge *m)
{
	struct feeding f = {.upto = 0};

	if (!entries_count(m->tx, &m->r->had))
		return 0;
	if (m->q->log == NULL)
		return 1;
	m->r->published = (int64_t)m->head.size;
	return m->head.size > (uint64_t)m->r->had ? adopt(m, &f)
						   : known(m, &f);
}
