#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/logpub_run.h"

/* Is the store the one that the log was published from? */

#define CHUNK 4096		/* entries in one read transaction */

struct feeding {
	struct logpub_tree *tree;
	int64_t from;
	size_t limit;
	int (*add)(struct logpub_tree *t, uint64_t index,
	    const unsigned char *leaf, size_t len);
	int64_t next;
	int gap;
};

static int
take_leaf(int64_t index, const unsigned char *leaf, size_t len, void *arg)
{
	struct feeding *f = arg;

	f->gap = index != f->next;
	if (f->gap)
		return 0;
	f->next++;
	return f->add(f->tree, (uint64_t)index, leaf, len);
}

static int
feed_tx(struct store_tx *tx, void *arg)
{
	struct feeding *f = arg;

	return entries_leaves(tx, f->from, f->limit, take_leaf, f);
}

static int
add_leaf(struct logpub_tree *t, uint64_t index, const unsigned char *leaf,
    size_t len)
{
	(void)index;
	return logpub_tree_add(t, leaf, len);
}

/* Entries ${f}->next to ${upto}. */
static int
feed(struct logpub *l, struct feeding *f, int64_t upto)
{
	while (f->next < upto) {
		f->from = f->next;
		f->limit = upto - f->next < CHUNK ? (size_t)(upto - f->next) :
		    CHUNK;
		if (!store_read(l->ca->store, feed_tx, f) && !f->gap)
			return 0;
		if (f->next != f->from + (int64_t)f->limit)
			return logpub_deny(l, "log.gap: entry %" PRId64
			    " is missing in the store", f->next);
	}
	return 1;
}

int
logpub_check_feed(struct logpub *l, uint64_t upto)
{
	struct feeding f = {.tree = l->tree, .add = add_leaf,
	    .next = (int64_t)l->tree->size};

	return feed(l, &f, (int64_t)upto);
}

static int
count_tx(struct store_tx *tx, void *arg)
{
	return entries_count(tx, arg);
}

/* What takes no reading of entries. */
static int
sizes_ok(struct logpub *l, const struct logpub_claims *all, int64_t n)
{
	const struct log_checkpoint *before = &l->last;
	const struct logpub_claim *c;
	size_t i;

	if ((int64_t)l->last.size > n)
		return logpub_deny(l, "log.rollback: a checkpoint of %" PRIu64
		    " entries stands in the store, which has %" PRId64,
		    l->last.size, n);
	for (i = 0; i < all->n; i++) {
		c = &all->item[i];
		if (c->c.size > (uint64_t)n)
			return logpub_deny(l, "log.rollback: %s tells of %"
			    PRIu64 " entries, the store has %" PRId64
			    ": it is older than its log", c->where, c->c.size,
			    n);
		if (c->c.size == l->last.size)
			before = &l->last;
		if (c->c.size == before->size && memcmp(&c->c.root,
		    &before->root, sizeof(c->c.root)) != 0)
			return logpub_deny(l, "log.fork: %s has another root "
			    "for %" PRIu64 " entries", c->where, c->c.size);
		before = &c->c;
	}
	return 1;
}

static int
has_root(struct logpub *l, const struct log_hash *want)
{
	struct log_hash root;

	return logpub_tree_root(l->tree, &root) &&
	    memcmp(&root, want, sizeof(root)) == 0;
}

static int
start_tree(struct logpub *l)
{
	logpub_tree_free(l->tree);
	l->tree = logpub_tree_new(logpub_file_tile, l);
	return l->tree != NULL;
}

/* From the published tiles, whose root must be the signed one, and claims of
   smaller trees must follow from them. 0: they do not tell, nothing raised. */
static int
load(struct logpub *l, const struct logpub_claims *all)
{
	struct feeding f = {.add = logpub_tree_refill};
	size_t i;
	int ok;

	ERR_set_mark();
	ok = start_tree(l) && logpub_tree_load(l->tree, l->last.size,
	    logpub_file_fetch, l) && has_root(l, &l->last.root);
	f.tree = l->tree;
	f.next = (int64_t)(l->last.size - l->last.size % LOG_TILE_WIDTH);
	ok = ok && feed(l, &f, (int64_t)l->last.size);
	for (i = 0; ok && i < all->n; i++)
		if (all->item[i].c.size < l->last.size)
			ok = logpub_sign_continues(l, &all->item[i].c,
			    &l->last);
	ERR_pop_to_mark();
	return ok;
}

static int
forked(struct logpub *l, const char *where, uint64_t size)
{
	return logpub_deny(l, "log.fork: the store's first %" PRIu64
	    " entries are not those that %s was signed over", size, where);
}

/* All entries anew, and with each claim on the way. */
static int
compute(struct logpub *l, const struct logpub_claims *all)
{
	const struct logpub_claim *c;
	size_t i;

	if (!start_tree(l))
		return 0;
	for (i = 0; i < all->n && all->item[i].c.size <= l->last.size; i++) {
		c = &all->item[i];
		if (!logpub_check_feed(l, c->c.size))
			return 0;
		if (!has_root(l, &c->c.root))
			return forked(l, c->where, c->c.size);
	}
	if (!logpub_check_feed(l, l->last.size))
		return 0;
	return has_root(l, &l->last.root) ||
	    forked(l, "the checkpoint in it", l->last.size);
}

/* The store is right, as was signed: what is missing or wrong among its tiles is
   written again. */
static int
rebuild(struct logpub *l, const struct logpub_claims *all)
{
	char text[24];
	int ok;

	l->tiles = LOGPUB_LOOK;
	l->bad_tiles = 0;
	ok = compute(l, all) &&
	    logpub_tree_partial(l->tree, logpub_file_tile, l);
	snprintf(text, sizeof(text), "%zu", l->bad_tiles);
	if (ok && l->bad_tiles > 0) {
		l->tiles = LOGPUB_REPAIR;
		ok = compute(l, all) &&
		    logpub_tree_partial(l->tree, logpub_file_tile, l);
		if (ok)
			report_event(REPORT_WARN, "log.repaired", "tiles",
			    text, NULL);
	}
	l->tiles = LOGPUB_WRITE;
	return ok;
}

/* What others know of this log and the store signed no more, or whose row was
   lost: the entries say whether it is true. */
static int
adopt(struct logpub *l, const struct logpub_claims *all, time_t now)
{
	const struct logpub_claim *c;
	char *note;
	size_t i;

	for (i = 0; i < all->n; i++) {
		c = &all->item[i];
		if (c->c.size <= l->last.size)
			continue;
		if (!logpub_check_feed(l, c->c.size))
			return 0;
		if (!has_root(l, &c->c.root))
			return forked(l, c->where, c->c.size);
		note = OPENSSL_strdup(c->note);
		if (note == NULL ||
		    !logpub_tree_partial(l->tree, logpub_file_tile, l) ||
		    !logpub_sign_keep(l, &c->c, note, now)) {
			OPENSSL_free(note);
			return 0;
		}
	}
	return 1;
}

/* Only larger ones make it necessary to read entries. */
static int
build(struct logpub *l, const struct logpub_claims *all, int stream,
    time_t now)
{
	int larger = all->n > 0 && all->item[all->n - 1].c.size > l->last.size;

	if (l->row.id == 0)
		return start_tree(l);
	if (!logpub_file_own(l))
		return 0;
	if (l->last.size == 0 && !start_tree(l))
		return 0;
	if (l->last.size > 0 && !load(l, all)) {
		l->denied = 0;
		if (!stream)
			return -1;
		if (!rebuild(l, all))
			return 0;
	}
	if (larger && !stream)
		return -1;
	return adopt(l, all, now);
}

/* The name is chosen once. */
static int
origin_ok(struct logpub *l)
{
	size_t n = strlen(l->conf->origin);

	if (n == 0 || l->row.id == 0 ||
	    (strncmp(l->row.origin, l->conf->origin, n) == 0 &&
	    (l->row.origin[n] == '\0' || l->row.origin[n] == '/')))
		return 1;
	return logpub_deny(l, "log.origin: inkan-ca.conf calls it %s, and its "
	    "name is %s", l->conf->origin, l->row.origin);
}

int
logpub_check(struct logpub *l, time_t now, int stream)
{
	struct logpub_claims *all = OPENSSL_zalloc(sizeof(*all));
	int64_t n = 0;
	int rc = 0;

	if (all == NULL)
		return 0;
	if (store_read(l->ca->store, count_tx, &n) && logpub_read_rows(l) &&
	    origin_ok(l) && logpub_claim_read(l, now, all) &&
	    sizes_ok(l, all, n))
		rc = build(l, all, stream, now);
	if (rc != 1) {
		logpub_tree_free(l->tree);
		l->tree = NULL;
	}
	logpub_claim_clear(all);
	OPENSSL_free(all);
	return rc;
}
