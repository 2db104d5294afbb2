#ifndef INKAN_CA_LOG_TILE_H
#define INKAN_CA_LOG_TILE_H

#include "ca/log/tree.h"

/*
 * Tiles (C2SP tlog-tiles): the tree cut into files of 256 hashes, and bundles
 * of 256 leaves. A full file never changes; a partial one belongs to the tree
 * sizes that end in it. Names are relative to the log's prefix:
 * "tile/0/x001/x234/067", "tile/1/000.p/17", "tile/entries/000".
 */

#define LOG_TILE_WIDTH 256
#define LOG_TILE_OCTETS (LOG_TILE_WIDTH * LOG_HASH)
#define LOG_TILE_NAME_MAX 64
/* Of a bundle: 256 leaves, each with two octets of length before it. */
#define LOG_LEAF_MAX 65535
#define LOG_LEVEL_ENTRIES -1	/* bundles, in place of a level */

struct log_tile {
	int level;		/* 0..7, or LOG_LEVEL_ENTRIES */
	uint64_t index;
	unsigned width;		/* 1..256: 256 is a full one */
};

/* Into out[LOG_TILE_NAME_MAX]. */
void log_tile_name(const struct log_tile *t, char *out);
/* 1, or 0 and nothing raised: not the name of a tile. Nothing but the one form
   that log_tile_name() writes is taken, so that a name can be a file's path. */
int log_tile_parse(const char *name, struct log_tile *out);
/* How many hashes (or leaves) tile ${index} of ${level} has in a tree of
   ${size}: 0 there is no such tile. */
unsigned log_tile_width(uint64_t size, int level, uint64_t index);
/* Calls ${cb} for each tile and bundle that a tree of ${to} leaves has and one
   of ${from} has not, level 0 first, each bundle before its tile; stops where
   it returns 0. 1, or what cb returned. */
int log_tile_new(uint64_t from, uint64_t to,
    int (*cb)(const struct log_tile *t, void *arg), void *arg);

/* Where tiles come from: octets of the tile as a log of ${size} leaves has it,
   into buf[LOG_TILE_OCTETS]; the reader compares lengths. 1, or 0 raised. A
   reader keeps the last tiles it was asked for (a small cache of its own), and
   believes them: only a root that comes out of them says that they are right.
   */
typedef int log_tile_fn(const struct log_tile *t, unsigned char *buf,
    size_t *len, void *arg);

struct log_tile_reader;
/* Freed with log_tile_reader_free(); NULL raised. */
struct log_tile_reader *log_tile_reader_new(uint64_t size, log_tile_fn *fetch,
    void *arg);
void log_tile_reader_free(struct log_tile_reader *r);
/* A log_read_fn whose ${arg} is a struct log_tile_reader. Raises
   "log.tile: ..." when a tile has another length than its width says. */
int log_tile_hash(unsigned level, uint64_t index, struct log_hash *out,
    void *arg);

/* The ${n}th leaf (from 0) of a bundle; borrows. 1, or 0 raised ("log.bundle:
   ...": cut, too few leaves). Octets behind the last leaf are the caller's to
   look for: ${leaf} + ${leaf_len} is where it ends. */
int log_bundle_leaf(const unsigned char *bundle, size_t len, unsigned n,
    const unsigned char **leaf, size_t *leaf_len);

#endif
