#ifndef INKAN_CA_ENGINE_LOGPUB_TREE_H
#define INKAN_CA_ENGINE_LOGPUB_TREE_H

#include "ca/log/tile.h"

/*
 * The log's tree while it grows: of each level the tile that is not full yet,
 * and the bundle of leaves that is not. It knows no files: what becomes full is
 * given to ${full}, and the tiles that are not are asked for when a checkpoint
 * is made. 70 KiB and a bundle, whatever the log's size.
 */

#define LOGPUB_LEVELS 8

/* Octets of a tile or bundle. 1, or 0 raised. */
typedef int logpub_tile_fn(const struct log_tile *t, const unsigned char *data,
    size_t len, void *arg);

struct logpub_level {
	unsigned n;		/* hashes in the tile at the end */
	struct log_hash h[LOG_TILE_WIDTH];
};

struct logpub_tree {
	uint64_t size;		/* leaves */
	struct logpub_level level[LOGPUB_LEVELS];
	unsigned char *bundle;
	size_t bundle_len, bundle_room;
	logpub_tile_fn *full;
	void *arg;
};

/* An empty one. Freed with logpub_tree_free(); NULL: out of memory. */
struct logpub_tree *logpub_tree_new(logpub_tile_fn *full, void *arg);
void logpub_tree_free(struct logpub_tree *t);	/* NULL is fine */

/* 1; 0 raised, and the tree is of no more use: a tile may be missing. */
int logpub_tree_add(struct logpub_tree *t, const unsigned char *leaf,
    size_t len);

/* An empty tree becomes one of ${size} leaves: the hashes at its end come from
   ${fetch}, and the leaves of its bundle are added by logpub_tree_refill(), in
   order. Nothing of it is to be believed before its root is the right one. */
int logpub_tree_load(struct logpub_tree *t, uint64_t size, log_tile_fn *fetch,
    void *arg);
/* ${index} is what was loaded, or more. 0 raised: "log.tile: ..." when it is not
   the leaf that the tile tells of. */
int logpub_tree_refill(struct logpub_tree *t, uint64_t index,
    const unsigned char *leaf, size_t len);

int logpub_tree_root(const struct logpub_tree *t, struct log_hash *out);
/* Bundle and tiles that are there and not full. */
int logpub_tree_partial(const struct logpub_tree *t, logpub_tile_fn *cb,
    void *arg);

#endif
