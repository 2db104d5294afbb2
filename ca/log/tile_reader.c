#include <inttypes.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/log/private.h"
#include "ca/log/tile.h"

/* A proof walks down to a leaf, or to two that are neighbours: two tiles of
   each level are enough for it to fetch none twice. */
#define LEVELS 8
#define SLOTS 2

struct slot {
	struct log_tile tile;	/* width 0: empty */
	unsigned char octets[LOG_TILE_OCTETS];
};

struct log_tile_reader {
	uint64_t size;
	log_tile_fn *fetch;
	void *arg;
	unsigned next[LEVELS];	/* slot to be filled */
	struct slot slot[LEVELS][SLOTS];
};

struct log_tile_reader *
log_tile_reader_new(uint64_t size, log_tile_fn *fetch, void *arg)
{
	struct log_tile_reader *r = OPENSSL_zalloc(sizeof(*r));

	if (r == NULL)
		return NULL;
	r->size = size;
	r->fetch = fetch;
	r->arg = arg;
	return r;
}

void
log_tile_reader_free(struct log_tile_reader *r)
{
	OPENSSL_free(r);
}

static int
fill(struct log_tile_reader *r, struct slot *s, const struct log_tile *t)
{
	char name[LOG_TILE_NAME_MAX];
	size_t len = 0;

	s->tile.width = 0;
	if (!r->fetch(t, s->octets, &len, r->arg))
		return 0;
	if (len != (size_t)t->width * LOG_HASH) {
		log_tile_name(t, name);
		return LOG_REFUSE("log.tile: %s has %zu octets, not %u", name,
		    len, t->width * LOG_HASH);
	}
	s->tile = *t;
	return 1;
}

/* The octets of a tile; NULL raised. */
static const unsigned char *
tile_at(struct log_tile_reader *r, int level, uint64_t index)
{
	struct log_tile t = {
	    level, index, log_tile_width(r->size, level, index)};
	struct slot *s = r->slot[level];
	unsigned i;

	for (i = 0; i < SLOTS; i++)
		if (s[i].tile.width > 0 && s[i].tile.index == index)
			return s[i].octets;
	i = r->next[level];
	r->next[level] = (i + 1) % SLOTS;
	return fill(r, &s[i], &t) ? s[i].octets : NULL;
}

/* The root over ${n} hashes, a power of two of them. */
static int
root_of(const unsigned char *hashes, size_t n, struct log_hash *out)
{
	struct log_hash left, right;

	if (n == 1) {
		memcpy(out->b, hashes, LOG_HASH);
		return 1;
	}
	return root_of(hashes, n / 2, &left) &&
	    root_of(hashes + n / 2 * LOG_HASH, n / 2, &right) &&
	    log_node_hash(&left, &right, out);
}

int
log_tile_hash(unsigned level, uint64_t index, struct log_hash *out, void *arg)
{
	struct log_tile_reader *r = arg;
	const unsigned char *octets;
	unsigned up = level % 8;
	uint64_t first;

	if (level > 63 || index >= r->size >> level) {
		ca_raise(CA_E_INTERNAL, "log: a tree of %" PRIu64 " leaves has "
		    "no hash %" PRIu64 " at level %u", r->size, index, level);
		return 0;
	}
	first = index << up;
	octets = tile_at(r, (int)(level / 8), first / LOG_TILE_WIDTH);
	return octets != NULL &&
	    root_of(octets + first % LOG_TILE_WIDTH * LOG_HASH,
		(size_t)1 << up, out);
}
