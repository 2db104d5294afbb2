#include <inttypes.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/audit/private.h"
#include "ca/error.h"

#define LEVELS 8

/* A level of tiles above the leaves: hashes wait until their tile is whole. */
struct level {
	uint64_t index;
	unsigned n;
	struct log_hash h[LOG_TILE_WIDTH];
};

struct published {
	struct audit *a;
	struct source *s;
	uint64_t size, first, next;
	unsigned char *bundle, *tile;	/* of the leaves at ${next} */
	size_t bundle_len, tile_len, at;
	struct level *up;		/* LEVELS of them; up[0] for the leaves */
	int broken;			/* a hash is not known: the levels above
					   cannot be made */
};

struct published *
published_new(struct audit *a, struct source *s, uint64_t from, uint64_t size)
{
	struct published *p = OPENSSL_zalloc(sizeof(*p));

	if (p == NULL ||
	    (p->up = OPENSSL_zalloc(LEVELS * sizeof(*p->up))) == NULL) {
		OPENSSL_free(p);
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	p->a = a;
	p->s = s;
	p->size = size;
	p->first = p->next = from;
	p->broken = from > 0;
	return p;
}

void
published_free(struct published *p)
{
	if (p == NULL)
		return;
	OPENSSL_free(p->bundle);
	OPENSSL_free(p->tile);
	OPENSSL_free(p->up);
	OPENSSL_free(p);
}

static struct log_tile
tile_of(const struct published *p, int level, uint64_t index)
{
	return (struct log_tile){
	    level, index, log_tile_width(p->size, level, index)};
}

/* What is there of a tile; that it is missing or cut is told. -1 raised. */
static int
load(struct published *p, const struct log_tile *t, unsigned char **out,
    size_t *len)
{
	char name[LOG_TILE_NAME_MAX];
	int found;

	OPENSSL_free(*out);
	*out = NULL;
	*len = 0;
	log_tile_name(t, name);
	found = source_tile(p->s, t, out, len);
	if (found == 0)
		audit_say(p->a, "missing", -1, NULL,
		    "%s: the file is not there", name);
	if (found == 1 && t->level != LOG_LEVEL_ENTRIES &&
	    *len != (size_t)t->width * LOG_HASH)
		audit_say(p->a, *len < (size_t)t->width * LOG_HASH ? "missing"
			: "extra", -1, NULL,
		    "%s: the tile has %zu octets, not %u: it was cut or added "
		    "to", name, *len, t->width * LOG_HASH);
	return found;
}

/* Leaves of a bundle that were read in an earlier time. */
static void
skip(struct published *p)
{
	const unsigned char *leaf = NULL;
	size_t len = 0;
	unsigned n = p->next % LOG_TILE_WIDTH;

	if (n == 0 || p->bundle == NULL)
		return;
	ERR_set_mark();
	if (log_bundle_leaf(p->bundle, p->bundle_len, n - 1, &leaf, &len))
		p->at = (size_t)(leaf + len - p->bundle);
	else
		p->at = p->bundle_len;
	ERR_pop_to_mark();
}

/* At the first leaf of a bundle, or the very first. */
static int
turn_over(struct published *p)
{
	uint64_t index = p->next / LOG_TILE_WIDTH;
	struct log_tile bundle = tile_of(p, LOG_LEVEL_ENTRIES, index);
	struct log_tile tile = tile_of(p, 0, index);

	p->at = 0;
	if (load(p, &bundle, &p->bundle, &p->bundle_len) < 0 ||
	    load(p, &tile, &p->tile, &p->tile_len) < 0)
		return 0;
	skip(p);
	return 1;
}

static const struct log_hash *
tile_hash(const struct published *p)
{
	size_t at = p->next % LOG_TILE_WIDTH * LOG_HASH;

	return p->tile != NULL && at + LOG_HASH <= p->tile_len
	    ? (const struct log_hash *)(p->tile + at)
	    : NULL;
}

/* The bundle cannot be read from here on: told once, then there is none. */
static void
give_up_bundle(struct published *p, const char *why)
{
	uint64_t end = (p->next / LOG_TILE_WIDTH + 1) * LOG_TILE_WIDTH;

	audit_say(p->a, "missing", (int64_t)p->next, NULL,
	    "the bundle %s: entries %" PRIu64 " to %" PRIu64
	    " cannot be read", why, p->next,
	    (end < p->size ? end : p->size) - 1);
	OPENSSL_free(p->bundle);
	p->bundle = NULL;
}

/* Is something behind the last leaf of a bundle that belongs to this size? */
static void
look_behind(struct published *p)
{
	int last = p->next + 1 == p->size ||
	    (p->next + 1) % LOG_TILE_WIDTH == 0;
	uint64_t index = p->next / LOG_TILE_WIDTH;
	struct log_tile t = tile_of(p, LOG_LEVEL_ENTRIES, index);
	unsigned char *octets = NULL;
	char name[LOG_TILE_NAME_MAX];
	size_t len = 0;

	if (!last || p->at == p->bundle_len)
		return;
	/* A full bundle may have taken the place of the partial one. */
	log_tile_name(&t, name);
	if (t.width == LOG_TILE_WIDTH ||
	    source_get(p->s, name, p->bundle_len, &octets, &len) == 1)
		audit_say(p->a, "extra", -1, NULL,
		    "%s: %zu octets behind its last leaf", name,
		    p->bundle_len - p->at);
	OPENSSL_free(octets);
}

static void
take_leaf(struct published *p, struct published_leaf *out)
{
	const unsigned char *leaf = NULL;
	size_t len = 0;

	if (p->bundle == NULL)
		return;
	ERR_set_mark();
	if (!log_bundle_leaf(p->bundle + p->at, p->bundle_len - p->at, 0, &leaf,
		&len)) {
		ERR_pop_to_mark();
		give_up_bundle(p, "is cut");
		return;
	}
	p->at += 2 + len;
	out->hashed = log_leaf_hash(leaf, len, &out->hash);
	out->known = log_leaf_decode(&out->leaf, leaf, len);
	ERR_pop_to_mark();
	if (!out->known)
		audit_say(p->a, "changed", out->index, NULL,
		    "what is published is not the leaf of an entry");
	else if (out->leaf.index != out->index)
		audit_say(p->a, "re-ordered", out->index, NULL,
		    "the leaf published here is that of entry %lld",
		    (long long)out->leaf.index);
	look_behind(p);
}

/* The leaf of the bundle and the hash of the tile: the tree goes by the tile,
   whose root was signed. */
static void
compare(struct published *p, struct published_leaf *out)
{
	const struct log_hash *h = tile_hash(p);

	if (h == NULL)
		return;
	if (out->hashed && memcmp(out->hash.b, h->b, LOG_HASH) != 0)
		audit_say(p->a, "changed", out->index, NULL,
		    "its leaf in the bundle is not the one of the tree%s%s",
		    out->known ? ": " : "", out->known ? out->leaf.kind : "");
	out->hash = *h;
	out->hashed = 1;
}

static int
root_of(const struct log_hash *h, size_t n, struct log_hash *out)
{
	struct log_hash l, r;

	if (n == 1) {
		*out = *h;
		return 1;
	}
	return root_of(h, n / 2, &l) && root_of(h + n / 2, n / 2, &r) &&
	    log_node_hash(&l, &r, out);
}

/* A tile above the leaves: made from what lies below it, and as published. */
static int
compare_level(struct published *p, int level)
{
	struct level *l = &p->up[level];
	struct log_tile t = {level, l->index, l->n};
	unsigned char *octets = NULL;
	char name[LOG_TILE_NAME_MAX];
	size_t len = 0, i;
	int found;

	found = load(p, &t, &octets, &len);
	log_tile_name(&t, name);
	for (i = 0; i < l->n && (i + 1) * LOG_HASH <= len; i++)
		if (memcmp(octets + i * LOG_HASH, l->h[i].b, LOG_HASH) != 0) {
			audit_say(p->a, "changed", -1, NULL,
			    "%s: hash %zu is not that of the level below it",
			    name, i);
			break;
		}
	OPENSSL_free(octets);
	return found >= 0;
}

/* One more hash of a level; a whole tile goes up as one. */
static int
climb(struct published *p, int level, const struct log_hash *h)
{
	struct level *l = &p->up[level];
	struct log_hash root;

	l->h[l->n++] = *h;
	if (l->n < LOG_TILE_WIDTH || level + 1 == LEVELS)
		return 1;
	if ((level > 0 && !compare_level(p, level)) ||
	    !root_of(l->h, LOG_TILE_WIDTH, &root))
		return 0;
	l->n = 0;
	l->index++;
	return climb(p, level + 1, &root);
}

static int
last_tiles(struct published *p)
{
	int level;

	for (level = 1; level < LEVELS && !p->broken; level++)
		if (p->up[level].n > 0 && !compare_level(p, level))
			return 0;
	return 1;
}

int
published_next(struct published *p, struct published_leaf *out)
{
	memset(out, 0, sizeof(*out));
	if (p->next == p->size)
		return 0;
	out->index = (int64_t)p->next;
	if ((p->next % LOG_TILE_WIDTH == 0 || p->next == p->first) &&
	    !turn_over(p))
		return -1;
	take_leaf(p, out);
	compare(p, out);
	p->broken |= !out->hashed;
	p->next++;
	if (!p->broken && !climb(p, 0, &out->hash))
		return -1;
	return p->next < p->size || last_tiles(p) ? 1 : -1;
}
