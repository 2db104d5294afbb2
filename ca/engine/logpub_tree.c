#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/logpub_tree.h"

#define LEAF_ROOM 4096		/* of the bundle at first */

struct logpub_tree *
logpub_tree_new(logpub_tile_fn *full, void *arg)
{
	struct logpub_tree *t = OPENSSL_zalloc(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->full = full;
	t->arg = arg;
	return t;
}

void
logpub_tree_free(struct logpub_tree *t)
{
	if (t != NULL)
		OPENSSL_free(t->bundle);
	OPENSSL_free(t);
}

/* Two octets of length, and the leaf. */
static int
bundle_add(struct logpub_tree *t, const unsigned char *leaf, size_t len)
{
	size_t want = t->bundle_len + 2 + len, room = t->bundle_room;
	unsigned char *grown;

	if (len > LOG_LEAF_MAX) {
		ca_raise(CA_E_INTERNAL, "log.leaf: %zu octets are too many",
		    len);
		return 0;
	}
	if (want > room) {
		room = want < LEAF_ROOM ? LEAF_ROOM : 2 * want;
		grown = OPENSSL_realloc(t->bundle, room);
		if (grown == NULL)
			return 0;
		t->bundle = grown;
		t->bundle_room = room;
	}
	t->bundle[t->bundle_len] = (unsigned char)(len >> 8);
	t->bundle[t->bundle_len + 1] = (unsigned char)len;
	memcpy(t->bundle + t->bundle_len + 2, leaf, len);
	t->bundle_len = want;
	return 1;
}

/* The root over ${n} hashes, a power of two of them. */
static int
root_of(const struct log_hash *h, size_t n, struct log_hash *out)
{
	struct log_hash left, right;

	if (n == 1) {
		*out = *h;
		return 1;
	}
	return root_of(h, n / 2, &left) && root_of(h + n / 2, n / 2, &right) &&
	    log_node_hash(&left, &right, out);
}

static int
give_bundle(struct logpub_tree *t)
{
	struct log_tile tile = {LOG_LEVEL_ENTRIES,
	    t->size / LOG_TILE_WIDTH - 1, LOG_TILE_WIDTH};

	if (t->full != NULL && !t->full(&tile, t->bundle, t->bundle_len,
	    t->arg))
		return 0;
	t->bundle_len = 0;
	return 1;
}

/* A hash at each level; a tile that it makes full is one hash of the next. */
static int
add_hash(struct logpub_tree *t, struct log_hash h)
{
	struct logpub_level *l;
	struct log_tile tile = {.width = LOG_TILE_WIDTH};
	int i;

	for (i = 0; i < LOGPUB_LEVELS; i++) {
		l = &t->level[i];
		l->h[l->n++] = h;
		if (l->n < LOG_TILE_WIDTH)
			return 1;
		tile.level = i;
		tile.index = (t->size >> 8 * i) / LOG_TILE_WIDTH - 1;
		if (!root_of(l->h, l->n, &h) || (t->full != NULL &&
		    !t->full(&tile, l->h[0].b, sizeof(l->h), t->arg)))
			return 0;
		l->n = 0;
	}
	return 1;
}

int
logpub_tree_add(struct logpub_tree *t, const unsigned char *leaf, size_t len)
{
	struct log_hash h;

	if (!log_leaf_hash(leaf, len, &h) || !bundle_add(t, leaf, len))
		return 0;
	t->size++;
	return (t->size % LOG_TILE_WIDTH != 0 || give_bundle(t)) &&
	    add_hash(t, h);
}

int
logpub_tree_load(struct logpub_tree *t, uint64_t size, log_tile_fn *fetch,
    void *arg)
{
	struct log_tile tile;
	size_t len;
	uint64_t n;
	int i;

	for (i = 0; i < LOGPUB_LEVELS; i++) {
		n = size >> 8 * i;
		tile = (struct log_tile){i, n / LOG_TILE_WIDTH,
		    (unsigned)(n % LOG_TILE_WIDTH)};
		if (tile.width == 0)
			continue;
		if (!fetch(&tile, t->level[i].h[0].b, &len, arg))
			return 0;
		if (len != tile.width * (size_t)LOG_HASH) {
			ca_raise(CA_E_STORE, "log.tile: a tile of level %d is "
			    "cut", i);
			return 0;
		}
		t->level[i].n = tile.width;
	}
	t->size = size;
	return 1;
}

int
logpub_tree_refill(struct logpub_tree *t, uint64_t index,
    const unsigned char *leaf, size_t len)
{
	struct log_hash h;

	if (index >= t->size)
		return 1;
	if (!log_leaf_hash(leaf, len, &h) || !bundle_add(t, leaf, len))
		return 0;
	if (memcmp(&h, &t->level[0].h[index % LOG_TILE_WIDTH], sizeof(h)) == 0)
		return 1;
	ca_raise(CA_E_STORE, "log.tile: entry %llu of the store is not the one "
	    "of the tile", (unsigned long long)index);
	return 0;
}

/* A complete subtree at the end of the tree lies in one of its last tiles. */
static int
read_hash(unsigned level, uint64_t index, struct log_hash *out, void *arg)
{
	const struct logpub_tree *t = arg;
	size_t n = (size_t)1 << level % 8;
	size_t first = (size_t)((index << level % 8) % LOG_TILE_WIDTH);

	return root_of(&t->level[level / 8].h[first], n, out);
}

int
logpub_tree_root(const struct logpub_tree *t, struct log_hash *out)
{
	return log_root(t->size, read_hash, (void *)t, out);
}

int
logpub_tree_partial(const struct logpub_tree *t, logpub_tile_fn *cb, void *arg)
{
	struct log_tile tile = {LOG_LEVEL_ENTRIES, t->size / LOG_TILE_WIDTH,
	    (unsigned)(t->size % LOG_TILE_WIDTH)};
	int i;

	if (tile.width > 0 && !cb(&tile, t->bundle, t->bundle_len, arg))
		return 0;
	for (i = 0; i < LOGPUB_LEVELS; i++) {
		tile.level = i;
		tile.index = (t->size >> 8 * i) / LOG_TILE_WIDTH;
		tile.width = t->level[i].n;
		if (tile.width > 0 && !cb(&tile, t->level[i].h[0].b,
		    tile.width * (size_t)LOG_HASH, arg))
			return 0;
	}
	return 1;
}
